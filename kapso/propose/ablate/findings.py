"""What is known about a subject's pieces: what leaving them out did, what can go, what is needed, what earns.

All of it is a function of what was noted.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean

Pieces = frozenset[int]
"""Numbers of pieces of the subject's diff."""

_FAR = 2.5
"""Standard deviations at which a score is no longer explained by noise."""
_BASELINE = 4
"""Degrees of freedom of the noise as the baseline showed it."""
_SETTLING = 5


@dataclass(frozen=True)
class Finding:
    """What became of the subject without some pieces.

    `gain` is by how much the subject without them is better than the subject (worse: less than 0), None where
    it has no score; `number` is the attempt that showed it, None where it would not even parse. `is_ours`: it
    was asked for, and is no step that led to the subject.
    """

    keeps: bool
    gain: float | None = None
    number: int | None = None
    is_ours: bool = True


class Findings:
    """What was found by what was left out.

    `sigma` is the noise of one score. Where there is any, all that keeps the score counts as one program that
    was measured again: together they tell its level better than the subject does, whose own score was lucky.
    """

    def __init__(self, hunks: Sequence[Pieces], sigma: float = 0.0) -> None:
        self.hunks = list(hunks)
        self.edits = [frozenset({piece}) for hunk in hunks for piece in sorted(hunk)]
        self.all: Pieces = frozenset[int]().union(*hunks)
        self.sigma = sigma
        self.found: dict[Pieces, Finding] = {frozenset(): Finding(True, 0.0, is_ours=False)}
        self.kept: set[Pieces] = {frozenset()}
        """What can be left out without losing the score."""
        self.removed: Pieces = frozenset()
        """The most of it; of equals, what scored better."""
        self._lost: set[Pieces] = set()

    def note(self, removed: Pieces, finding: Finding) -> None:
        """Take a finding in; the first about the same program stands."""
        if removed in self.found and self.found[removed].number is not None:
            return
        self.found[removed] = finding
        self.kept = self._that_keep()
        self.removed = self._most(self.kept)
        while self.sigma and (more := self._rescued()) is not None:
            self.kept.add(more)
            self.removed = more
        lost = (each - self.removed for each in self.found if each not in self.kept)
        self._lost = {each for each in lost if each}

    def _that_keep(self) -> set[Pieces]:
        """What keeps the score: as it was judged, or, where there is noise, by the level of all that does."""
        kept = {removed for removed, found in self.found.items() if found.keeps}
        for _ in range(_SETTLING if self.sigma else 0):
            before, least = kept, self._least(kept)
            kept = {frozenset()} | {
                removed
                for removed, found in self.found.items()
                if found.gain is not None and found.gain >= least
            }
            if kept == before:
                break
        return kept

    def _most(self, kept: Collection[Pieces]) -> Pieces:
        return max(kept, key=lambda each: (len(each), self.found[each].gain or 0.0))

    def _rescued(self) -> Pieces | None:
        """What looked like a loss and is none, going by all programs that lack a piece and idle ones."""
        level, sigma, count = self.level(self.kept)
        for unit in (*self.hunks, *self.edits):
            if (removed := self.removed | unit) not in self.found or removed in self.kept:
                continue
            if len(gains := self.gains_without(unit)) > 1:
                if fmean(gains) >= level - _FAR * sigma * math.sqrt(1 / count + 1 / len(gains)):
                    return removed
        return None

    def _least(self, kept: Collection[Pieces]) -> float:
        """The lowest gain that noise explains, if all in `kept` is one program measured again."""
        level, sigma, count = self.level(kept)
        return level - _FAR * sigma * math.sqrt(1 + 1 / count)

    def level(self, kept: Collection[Pieces]) -> tuple[float, float, int]:
        """Mean, standard deviation and number of the gains in `kept`; the subject's own counts only at first.

        The deviation rests on the baseline's evaluations as well, which were few.
        """
        gains = [gain for each in kept if each and (gain := self.found[each].gain) is not None]
        gains = gains if len(gains) > 1 else [0.0, *gains]
        level = fmean(gains)
        squares = _BASELINE * self.sigma**2 + sum((gain - level) ** 2 for gain in gains)
        return level, math.sqrt(squares / (_BASELINE + len(gains) - 1)), len(gains)

    def is_needed(self, unit: Pieces) -> bool:
        """Whether leaving out no more than `unit`, beyond what can go, lost the score."""
        return any(lost <= unit for lost in self._lost)

    def gains_without(self, unit: Pieces) -> list[float]:
        """What the subject scored without `unit` and, beyond it, without idle pieces alone."""
        most = self.removed | unit
        found = ((each, finding.gain) for each, finding in self.found.items())
        return [gain for each, gain in found if gain is not None and unit <= each <= most]

    def earned(self, unit: Pieces) -> bool:
        """Whether it was seen to earn, as a whole or edit by edit, on the way to the subject at least."""
        margin = 2 * math.sqrt(2) * self.sigma
        gains = (self.gain(each) or 0.0 for each in (unit, *(frozenset({edit}) for edit in unit)))
        return next(gains) > margin or (len(unit) > 1 and all(gain > margin for gain in gains))

    def gain(self, unit: Pieces) -> float | None:
        """By how much the score is worse without `unit` than with it, all else equal; None where unmeasured.

        Measured as near as can be to the smallest set that keeps the score.
        """
        gone = self.removed - unit
        if self.sigma and (pooled := self._pooled_gain(unit)) is not None:
            return pooled
        best: tuple[int, float] | None = None
        for removed, finding in self.found.items():
            without = self.found.get(removed | unit)
            if removed & unit or finding.gain is None or without is None or without.gain is None:
                continue
            distance = len(removed ^ gone)
            if best is None or distance < best[0]:
                best = distance, finding.gain - without.gain
        return None if best is None else best[1]

    def _pooled_gain(self, unit: Pieces) -> float | None:
        """The difference between all that keeps the score with `unit` and the same programs without it."""
        most = self.removed | unit
        within = [(each, found.gain) for each, found in self.found.items() if each <= most]
        with_it = [gain for each, gain in within if gain is not None and not each & unit]
        without = [gain for each, gain in within if gain is not None and unit <= each]
        return fmean(with_it) - fmean(without) if with_it and without else None
