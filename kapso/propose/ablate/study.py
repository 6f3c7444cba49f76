"""What is known about a subject's pieces, and which of them to leave out next.

Delta debugging (Zeller and Hildebrandt, 2002) towards a smallest set of pieces that keeps the score, with
chunks sized as in group testing (Hwang, 1972): where most pieces earn, one at a time, so that each gets its
figure; where few do, many at once. Whole hunks first, then the edits within those that are needed.

All of it is a function of what was found: asked again after a kill, it asks for the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from statistics import fmean

Pieces = frozenset[int]
"""Numbers of pieces of the subject's diff."""

MOST_PAIRS = 12
"""How many pairs of pieces are left out together because leaving out either breaks the program."""


@dataclass(frozen=True)
class Finding:
    """What became of the subject without some pieces.

    `gain` is by how much the subject without them is better than the subject (worse: less than 0), None where
    it has no score; `number` is the attempt that showed it, None where it would not even parse.
    """

    keeps: bool
    gain: float | None = None
    number: int | None = None


class Study:
    """The findings on one subject by what was left out, and the strategy.

    `sigma` is the noise of one score. Where there is any, all that keeps the score counts as one program that
    was measured again: together they tell its level better than the subject does, whose own score was lucky.
    """

    def __init__(
        self, hunks: Sequence[Pieces], is_sound: Callable[[Pieces], bool], sigma: float = 0.0
    ) -> None:
        self.hunks = list(hunks)
        self._edits = [frozenset({piece}) for hunk in hunks for piece in sorted(hunk)]
        self.all: Pieces = frozenset[int]().union(*hunks)
        self.findings: dict[Pieces, Finding] = {frozenset(): Finding(True, 0.0)}
        self.removed: Pieces = frozenset()
        """The most that can be left out, as far as is known; of equals, what scored better."""
        self.kept: set[Pieces] = {frozenset()}
        self._lost: set[Pieces] = set()
        self._is_sound = is_sound
        self._sigma = sigma

    def note(self, removed: Pieces, finding: Finding) -> None:
        """Take a finding in; the first about the same program stands."""
        if removed in self.findings and self.findings[removed].number is not None:
            return
        self.findings[removed] = finding
        self.kept = self._that_keep()
        self.removed = max(self.kept, key=lambda each: (len(each), self.findings[each].gain or 0.0))
        lost = (each - self.removed for each in self.findings if each not in self.kept)
        self._lost = {each for each in lost if each}

    def _that_keep(self) -> set[Pieces]:
        """What keeps the score: as it was judged, or by the level of all that does."""
        kept = {removed for removed, found in self.findings.items() if found.keeps}
        if not self._sigma:
            return kept
        level = [gain for removed in kept if (gain := self.findings[removed].gain) is not None]
        least = fmean(level) - 2 * self._sigma * math.sqrt(1 + 1 / len(level))
        return kept | {
            removed
            for removed, found in self.findings.items()
            if found.gain is not None and found.gain >= least
        }

    def next(self, busy: Collection[Pieces]) -> Pieces | None:
        """What to leave out in the next attempt, None where all is known; `busy` is under way."""
        for units in (self.hunks, self._edits):
            for removed in (self._together, self._halved, self._chunk, self._checked, self._paired):
                if (found := removed(units, busy)) is not None:
                    return found
        return None

    @property
    def open(self) -> int:
        """How many attempts it may take at most to decide about every single edit."""
        return sum(not (edit <= self.removed or self.is_needed(edit)) for edit in self._edits)

    def is_needed(self, unit: Pieces) -> bool:
        """Whether leaving out no more than `unit`, beyond what can go, lost the score."""
        return any(lost <= unit for lost in self._lost)

    # The strategy, from the surest bet on

    def _together(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """What could go apart from each other, which parallel attempts find, may go together."""
        gone = self.removed
        for removed in list(self.findings):
            both = gone | removed
            if removed in self.kept and both != gone and self._is_open(both, busy):
                return both
        return None

    def _halved(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """Half of a chunk that could not go: what is needed stands in one of the halves."""
        gone = self.removed
        chunks = []
        for removed in self.findings:
            if (
                removed in self.kept or removed == self.all
            ):  # the base says nothing about where the gain stands
                continue
            inside = [unit for unit in units if unit - gone and unit - gone <= removed]
            if len(inside) > 1 and not any(map(self.is_needed, inside)):
                chunks.append(inside)
        for inside in sorted(chunks, key=len):
            middle = len(inside) // 2
            for half in (inside[:middle], inside[middle:]):
                if self._is_open(removed := gone.union(*half), busy):
                    return removed
        return None

    def _chunk(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """The next of those about which nothing is known yet, the least promising first."""
        gone = self.removed
        waiting = [unit for unit in units if unit - gone and not self.is_needed(unit)]
        waiting.sort(key=lambda unit: self.gain(unit) or 0.0)
        size = self._chunk_size(units)
        for start in range(0, len(waiting), size):
            chunk = waiting[start : start + size]
            if self._is_open(removed := gone.union(*chunk), busy):
                return removed
        if size > 1:
            return next((gone | u for u in waiting if self._is_open(gone | u, busy)), None)
        return None

    def _checked(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """What was needed while more was there may be idle now, as a helper without its caller."""
        if busy:
            return None
        gone = self.removed
        open_ = (gone | unit for unit in units if unit - gone)
        return next((removed for removed in open_ if self._is_open(removed, busy)), None)

    def _paired(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """Two of which neither can go alone, because the program breaks, may go together."""
        if busy:
            return None
        gone = self.removed
        broken = [
            unit
            for unit in units
            if unit - gone
            and (finding := self.findings.get(gone | unit)) is not None
            and finding.gain is None
        ]
        pairs = [(a, b) for at, a in enumerate(broken) for b in broken[at + 1 :]]
        if len(broken) > 2:
            pairs.insert(0, (frozenset[int]().union(*broken), frozenset()))
        open_ = (gone | a | b for a, b in pairs[:MOST_PAIRS])
        return next((removed for removed in open_ if self._is_open(removed, busy)), None)

    def _chunk_size(self, units: Sequence[Pieces]) -> int:
        """As many as go together in one of two cases, judging by those that are decided (Laplace's rule)."""
        gone = self.removed
        idle = sum(unit <= gone for unit in units)
        decided = idle + sum(map(self.is_needed, units))
        share = (idle + 1) / (decided + 2)
        return max(1, int(math.log(0.5) / math.log(share)))

    def _is_open(self, removed: Pieces, busy: Collection[Pieces]) -> bool:
        """Whether it is worth an attempt: not known, not under way, and fit to be parsed."""
        if removed in self.findings or removed in busy:
            return False
        if self._is_sound(removed):
            return True
        self.note(removed, Finding(False))
        return False

    # What people want to know

    def gain(self, unit: Pieces) -> float | None:
        """By how much the score is worse without `unit` than with it, all else equal; None where unmeasured.

        Measured as near as can be to the smallest set that keeps the score.
        """
        gone = self.removed - unit
        if self._sigma and (pooled := self._pooled_gain(unit)) is not None:
            return pooled
        best: tuple[int, float] | None = None
        for removed, finding in self.findings.items():
            without = self.findings.get(removed | unit)
            if removed & unit or finding.gain is None or without is None or without.gain is None:
                continue
            distance = len(removed ^ gone)
            if best is None or distance < best[0]:
                best = distance, finding.gain - without.gain
        return None if best is None else best[1]

    def _pooled_gain(self, unit: Pieces) -> float | None:
        """The difference between all that keeps the score with `unit` and the same programs without it."""
        most = self.removed | unit
        within = [(each, found.gain) for each, found in self.findings.items() if each <= most]
        with_it = [gain for each, gain in within if gain is not None and not each & unit]
        without = [gain for each, gain in within if gain is not None and unit <= each]
        return fmean(with_it) - fmean(without) if with_it and without else None
