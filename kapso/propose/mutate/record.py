"""What mutate has learnt: which operators, regions, statements and edits earned something.

A function of the attempts that were observed, in order, so that a resumed run knows it again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.propose.recalled import NO_ADVICE, Advice


class Result(StrEnum):
    """What an edit did to the score; `broken` is whatever left no score."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One edit that may be tried. `spot` names its innermost statement, `around` that and those around it."""

    operator: str
    region: str
    spot: str
    around: tuple[str, ...]
    key: str
    prior: float
    theme: str = ""
    step: float = 0.0


@dataclass
class Tally:
    """How often edits of one kind had each result."""

    better: int = 0
    same: int = 0
    worse: int = 0
    broken: int = 0

    def add(self, result: Result) -> None:
        setattr(self, result, getattr(self, result) + 1)

    @property
    def total(self) -> int:
        return self.better + self.same + self.worse + self.broken

    @property
    def changed(self) -> int:
        """How often the score moved."""
        return self.better + self.worse


@dataclass(frozen=True, slots=True)
class _Step:
    """How a step did when it was last tried, and by how much the score moved for its length."""

    result: Result
    slope: float


class Record:
    """Tallies by operator, region and statement, and what each edit did when it was tried.

    `plain` counts the edits of single signs by region, `dry` those since one of them helped; what broke the
    program counts twice.
    """

    def __init__(self) -> None:
        self.operators: defaultdict[str, Tally] = defaultdict(Tally)
        self.regions: defaultdict[str, Tally] = defaultdict(Tally)
        self.spots: defaultdict[str, Tally] = defaultdict(Tally)
        self.plain: Counter[str] = Counter()
        self.dry = 0.0
        self._all = Tally()
        self._idle: set[str] = set()
        self._edits: dict[str, Result] = {}
        self._steps: dict[tuple[str, bool], _Step] = {}
        self._steepest = 0.0
        self._turned = Tally()
        self._advice = NO_ADVICE
        self._factors: dict[tuple[str, str], float] = {}

    def take_advice(self, advice: Advice) -> None:
        """What lessons say counts until they are asked for again."""
        self._advice, self._factors = advice, {}

    def factor(self, operator: str, region: str) -> float:
        """How much more or less than usual lessons promise of such an edit; 1 where none says anything."""
        if (key := (operator, region)) not in self._factors:
            path, _, name = region.partition(":")
            self._factors[key] = self._advice.factor("mutate", operator, path, name)
        return self._factors[key]

    def learn(self, told: Mapping[str, Any], attempt: Attempt, before: float | None) -> None:
        """Take in what an attempt's parameters say was edited; `before` is its parent's score."""
        result = result_of(attempt)
        if result is None or not all(isinstance(told.get(name), str) for name in FIELDS):
            return
        region = f"{told['path']}:{told['region']}"
        self._all.add(result)
        for tallies, name in (
            (self.operators, told["operator"]),
            (self.regions, region),
            (self.spots, told["spot"]),
        ):
            tallies[name].add(result)
        if told["operator"] in PLAIN:
            self.plain[region] += 1
            self.dry = 0.0 if result is Result.BETTER else self.dry + 1 + (result is Result.BROKEN)
        self._edits[told["edit"]] = result
        step = told.get("step")
        if isinstance(theme := told.get("theme"), str) and isinstance(step, int | float) and step:
            is_known = attempt.score is not None and before is not None
            slope = abs((attempt.score or 0.0) - (before or 0.0)) / abs(step) if is_known else 0.0
            other = self._steps.get((theme, step < 0))
            if other is not None and other.result is Result.WORSE:
                self._turned.add(result)
            self._steps[theme, step > 0] = _Step(result, slope)
            if result in (Result.BETTER, Result.WORSE):
                self._steepest = max(slope, 0.9 * self._steepest)
        if told["operator"] == "delete" and result is Result.SAME:
            self._idle.add(told["spot"])

    def weight(self, candidate: Candidate) -> float:
        """How promising an edit is by all that is known; never 0."""
        weight = candidate.prior * self._worth(candidate.operator) * self.region_weight(candidate.region)
        weight *= self.factor(candidate.operator, candidate.region)
        spot = self.spots.get(candidate.spot)
        if spot is not None and candidate.operator == "delete" and spot.same and not spot.changed:
            weight *= 2  # what can be changed without an effect may be idle work
        elif spot is not None:
            weight *= (1 + 3 * spot.better) / (1 + 1.5 * spot.same + 0.3 * spot.changed)
            weight /= 1 + 0.3 * spot.broken
        if self._idle and not self._idle.isdisjoint(candidate.around):
            weight *= 0.1
        if candidate.theme:
            weight *= self._outlook(candidate)
        known = self._edits.get(candidate.key)
        return weight if known is None else weight * (3.0 if known is Result.BETTER else 0.1)

    def _outlook(self, candidate: Candidate) -> float:
        """What is to be hoped for from a step, by how it and the one the other way did when last tried."""
        is_up = candidate.step > 0
        own, other = (self._steps.get((candidate.theme, each)) for each in (is_up, not is_up))
        if own is not None:
            return _AGAIN[own.result]
        if other is None:
            return 1.0
        if other.result is Result.WORSE and self._steepest:
            return (2 + 20 * other.slope / self._steepest) * min(1.0, self.trust)
        return _OTHER_WAY[other.result]

    @property
    def trust(self) -> float:
        """Whether the other way helps where one way hurt; what costs time, say, costs it both ways."""
        return (3 + 3 * self._turned.better) / (3 + self._turned.total)

    def region_weight(self, region: str) -> float:
        """Regions where edits helped come first, those last where nothing mattered or all of it hurt: what
        hurts wherever it is touched is right as it stands.
        """
        tally = self.regions.get(region)
        if tally is None:
            return 1.0
        missed = 0.7 * (tally.same + tally.worse) + 0.3 * tally.broken
        return max(0.1, min(4.0, (2 + 4 * tally.better) / (2 + missed)))

    def _worth(self, operator: str) -> float:
        tally = self.operators.get(operator)
        keeping = 1 + _KEEPING * self.strictness if operator in KEEPING else 1.0
        if tally is None:
            return keeping
        return keeping * (5 + 5 * tally.better) / (5 + tally.same + 0.5 * tally.worse + tally.broken)

    @property
    def strictness(self) -> float:
        """How far the program's results are checked, from 0 to 1: whatever changes them then breaks it."""
        tally = self._all
        return max(0.0, 2 * tally.broken - tally.total - 1) / (4 + tally.total)


_AGAIN = {Result.BETTER: 4.0, Result.SAME: 0.3, Result.WORSE: 0.4, Result.BROKEN: 0.2}
"""Of a step that the region does not hold: one that helped elsewhere may help here."""
_OTHER_WAY = {Result.BETTER: 0.4, Result.SAME: 0.5, Result.WORSE: 3.0, Result.BROKEN: 0.3}
PLAIN = frozenset({"compare", "logic", "step", "both", "swap"})
"""The operators whose edits mend a slip: of one sign, the same one made twice, or two lines the wrong way
round."""
KEEPING = frozenset({
    "exit", "less", "hoist", "first", "power", "guard", "precision", "cache", "lazy", "set", "move",
})  # fmt: skip
"""The operators that may save work without another result, which come first where results are checked."""
_KEEPING = 5.0
FIELDS = ("operator", "path", "region", "spot", "edit")
"""What an attempt's parameters must tell to be learnt from."""


def result_of(attempt: Attempt) -> Result | None:
    """None where the machine or a human ended it, which says nothing about the edit."""
    if attempt.outcome in (Outcome.ABANDONED, Outcome.REJECTED):
        return None
    if attempt.outcome is Outcome.CUT:
        return Result.WORSE
    if not attempt.is_scored:
        return Result.BROKEN
    return {Verdict.SAME: Result.SAME, Verdict.WORSE: Result.WORSE}.get(
        attempt.verdict or Verdict.BETTER, Result.BETTER
    )
