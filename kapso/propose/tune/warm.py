"""Warm start: the best vectors of earlier runs are tried first, and their attempts count as seen.

Scores are taken over where the evaluation is the same and the programs can be told to be: begun from the
same base, or at a vector that the earlier run had measured. Scores of another evaluation rank vectors; once
one of these is better than the baseline here, too, they are taken over in the proportion of the two gains.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kapso.attempt import BASELINE
from kapso.propose.earlier import EarlierAttempt, EarlierRun
from kapso.propose.tune.axes import Axis
from kapso.propose.tune.family import Trial
from kapso.propose.tune.slots import Value, is_same
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

_TRIED, _KIN_TRIED = 3, 2
"""So many vectors are tried again, and of other evaluations."""


class Warm:
    """The arm of what was good before."""

    name = "recall"

    def __init__(self, sign: float) -> None:
        self._sign = sign
        self._runs: Sequence[EarlierRun] = ()
        self._tries = 0
        self._kin: list[EarlierRun] = []
        """Those whose evaluation is another one, while nobody knows whether their scores say anything."""

    def take(self, runs: Sequence[EarlierRun]) -> None:
        """Earlier runs, the one that counts most first."""
        self._runs = runs
        self._kin = [each for each in runs if not each.is_comparable and each.baseline is not None]

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Count its own."""
        self._tries += trial.arm == self.name and trial.number > 0

    @property
    def has_runs(self) -> bool:
        """Whether any earlier run is known."""
        return bool(self._runs)

    @property
    def _most(self) -> int:
        return _TRIED if any(each.is_comparable for each in self._runs) else _KIN_TRIED

    def trials(self, baseline: Trial, axes: Mapping[str, Axis]) -> Iterator[Trial]:
        """The attempts of earlier runs as if this run had made them; their numbers lie below 0."""
        for run in self._runs[::-1]:
            shift = self._shift(run, baseline)
            if shift is not None:
                yield from self._as_here(run, baseline, axes, 1.0, shift)

    def confirmed(self, trial: Trial, baseline: Trial, axes: Mapping[str, Axis]) -> list[Trial]:
        """What runs of other evaluations tell as soon as `trial` confirms one: a vector that was better than
        the base there is so here."""
        found: list[Trial] = []
        if trial.number <= 0 or trial.height is None or baseline.height is None:
            return found
        gain = trial.height - baseline.height
        for run in [each for each in self._kin if gain > 0 and _is_from(each, baseline)]:
            names = baseline.values.keys() & trial.values.keys()
            there = self._gain(run, {name: trial.values[name] for name in names})
            if there > 0 and run.baseline is not None:
                self._kin.remove(run)
                shift = baseline.height - gain / there * self._sign * run.baseline
                found += self._as_here(run, baseline, axes, gain / there, shift)
        return found

    def _gain(self, run: EarlierRun, values: Mapping[str, Value]) -> float:
        """The most that these values gained in an earlier run; 0 where they gained nothing."""
        gains = [0.0]
        for each in run.attempts:
            known = each.parameters
            is_alike = all(name in known and is_same(value, known[name]) for name, value in values.items())
            if is_alike and each.score is not None and run.baseline is not None:
                gains.append(self._sign * (each.score - run.baseline))
        return max(gains)

    def _as_here(
        self, run: EarlierRun, baseline: Trial, axes: Mapping[str, Axis], slope: float, shift: float
    ) -> Iterator[Trial]:
        place = next(at for at, each in enumerate(self._runs) if each is run)
        number = -sum(len(each.attempts) for each in self._runs[: place + 1])
        numbers = {BASELINE: BASELINE} if _is_from(run, baseline) else {}
        for attempt in run.attempts:
            number += 1
            # What other edits gained is no matter of the parameters; what broke beside them says nothing.
            beside = 0.0 if attempt.is_plain else None if run.is_comparable else attempt.beside
            if beside is None or (attempt.is_broken and not attempt.is_plain):
                continue
            values = {n: v for n, v in attempt.parameters.items() if n in axes}
            if not attempt.is_plain:
                values = {n: v for n, v in values.items() if n in baseline.values}
            if values.keys() != baseline.values.keys():
                continue
            if not all(is_allowed(axes[name], value) for name, value in values.items()):
                continue
            score = None if attempt.score is None else self._sign * (attempt.score - beside)
            numbers[attempt.number] = number - 1
            yield Trial(
                number=number - 1,
                values=values,
                parent=numbers.get(attempt.parent),
                changed=(),
                height=None if score is None else slope * score + shift,
                is_better=attempt.is_better,
                is_broken=attempt.is_broken,
                arm=attempt.arm,
            )

    def _shift(self, run: EarlierRun, baseline: Trial) -> float | None:
        """What to add to its heights; None where they say nothing here."""
        if not run.is_comparable or baseline.height is None:
            return None
        if run.is_same_base:
            return None if run.baseline is None else baseline.height - self._sign * run.baseline
        for attempt in run.attempts:
            if attempt.score is not None and _agree(attempt.parameters, baseline.values):
                return baseline.height - self._sign * attempt.score
        return None

    def propose(self, view: View) -> Move | None:
        """The next of the best vectors: what it changed, on the parent."""
        if self._tries >= self._most:
            return None
        for run, attempt in self._best():
            values = {
                name: value
                for name, value in attempt.parameters.items()
                if name in view.base
                and is_allowed(view.axes[name], value)
                and (name not in run.base or not is_same(run.base[name], value))
            }
            move = view.move_to(values, f"good in {run.run}, attempt {attempt.number}")
            if move is not None:
                return move
        return None

    def _best(self) -> list[tuple[EarlierRun, EarlierAttempt]]:
        """The best of each run, then the next ones of the first."""
        ranked: list[tuple[int, int, EarlierRun, EarlierAttempt]] = []
        for order, run in enumerate(self._runs):
            scored = [each for each in run.attempts if each.score is not None]
            scored.sort(key=lambda each: (-self._sign * (each.score or 0.0), each.number))
            ranked += [(place, order, run, each) for place, each in enumerate(scored[:_TRIED])]
        ranked.sort(key=lambda each: each[:2])
        return [(run, attempt) for _, _, run, attempt in ranked]


def _is_from(run: EarlierRun, baseline: Trial) -> bool:
    return run.is_same_base or _agree(run.base, baseline.values)


def _agree(values: Mapping[str, Any], others: Mapping[str, Value]) -> bool:
    return values.keys() == others.keys() and all(is_same(values[name], others[name]) for name in values)


def is_allowed(axis: Axis, value: Any) -> bool:
    """Whether the axis, as it is marked and typed today, has this value."""
    if axis.choices:
        return any(is_same(choice, value) for choice in axis.choices)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if isinstance(axis.first, int) and not isinstance(value, int):
        return False
    return axis.bounds[0] <= value <= axis.bounds[1]
