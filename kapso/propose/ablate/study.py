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
from functools import partial
from statistics import fmean

Pieces = frozenset[int]
"""Numbers of pieces of the subject's diff."""
_Step = Callable[[Sequence[Pieces], Collection[Pieces]], Pieces | None]

_FAR = 2.5
"""Standard deviations at which a score is no longer explained by noise."""
_CLEAR = 5.0
"""Standard errors at which a loss is not measured again."""
_BASELINE = 4
"""Degrees of freedom of the noise as the baseline showed it."""
_SETTLING = 5
MOST_SAMPLES = 4
"""How often a loss that noise could explain is measured, each time with other idle pieces."""
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
        self.removed = self._most(self.kept)
        while self._sigma and (more := self._rescued()) is not None:
            self.kept.add(more)
            self.removed = more
        lost = (each - self.removed for each in self.findings if each not in self.kept)
        self._lost = {each for each in lost if each}

    def _that_keep(self) -> set[Pieces]:
        """What keeps the score: as it was judged, or, where there is noise, by the level of all that does."""
        kept = {removed for removed, found in self.findings.items() if found.keeps}
        for _ in range(_SETTLING if self._sigma else 0):
            before, least = kept, self._least(kept)
            kept = {frozenset()} | {
                removed
                for removed, found in self.findings.items()
                if found.gain is not None and found.gain >= least
            }
            if kept == before:
                break
        return kept

    def _most(self, kept: Collection[Pieces]) -> Pieces:
        return max(kept, key=lambda each: (len(each), self.findings[each].gain or 0.0))

    def _rescued(self) -> Pieces | None:
        """What looked like a loss and is none, going by all programs that lack a piece and idle ones."""
        level, sigma, count = self._level(self.kept)
        for unit in (*self.hunks, *self._edits):
            gains = self._gains_without(unit)
            if (
                (removed := self.removed | unit) in self.findings
                and removed not in self.kept
                and len(gains) > 1
            ):
                if fmean(gains) >= level - _FAR * sigma * math.sqrt(1 / count + 1 / len(gains)):
                    return removed
        return None

    def _least(self, kept: Collection[Pieces]) -> float:
        """The lowest gain that noise explains, if all in `kept` is one program measured again."""
        level, sigma, count = self._level(kept)
        return level - _FAR * sigma * math.sqrt(1 + 1 / count)

    def _level(self, kept: Collection[Pieces]) -> tuple[float, float, int]:
        """Mean, standard deviation and number of the gains in `kept`; the subject's own counts only at first.

        The deviation rests on the baseline's evaluations as well, which were few.
        """
        gains = [gain for each in kept if each and (gain := self.findings[each].gain) is not None]
        gains = gains if len(gains) > 1 else [0.0, *gains]
        level = fmean(gains)
        squares = _BASELINE * self._sigma**2 + sum((gain - level) ** 2 for gain in gains)
        return level, math.sqrt(squares / (_BASELINE + len(gains) - 1)), len(gains)

    def next(self, busy: Collection[Pieces], *, thrifty: bool = False) -> Pieces | None:
        """What to leave out in the next attempt, None where all is known; `busy` is under way.

        `thrifty`: nothing is asked about what was seen to earn on the way, and nothing is proved.
        """
        chunk = partial(self._chunk, thrifty=thrifty)
        search: Sequence[_Step] = (self._together, self._halved, chunk)
        proof: Sequence[_Step] = () if thrifty else (self._sampled, self._checked, self._paired)
        for steps in (search, proof):
            for units in (self.hunks, self._edits):
                for step in steps:
                    if (found := step(units, busy)) is not None:
                        return found
        return None

    @property
    def open(self) -> int:
        """About how many attempts it takes at most to decide about every edit that was not seen to earn."""
        decided = (edit <= self.removed or self.is_needed(edit) or self._earned(edit) for edit in self._edits)
        return sum(not each for each in decided)

    def is_needed(self, unit: Pieces) -> bool:
        """Whether leaving out no more than `unit`, beyond what can go, lost the score."""
        return any(lost <= unit for lost in self._lost)

    # The strategy, from the surest bet on

    def _together(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """What could go apart from each other, which parallel attempts find, may go together."""
        gone = self.removed
        apart = [each for each in self.kept if not each <= gone]
        wider = [gone.union(*apart), *(gone | each for each in apart)] if apart else []
        return next((each for each in wider if self._is_open(each, busy)), None)

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

    def _chunk(
        self, units: Sequence[Pieces], busy: Collection[Pieces], thrifty: bool = False
    ) -> Pieces | None:
        """The next of those about which nothing is known yet, the least promising first."""
        gone = self.removed
        under_way = frozenset[int]().union(*busy)
        waiting = [unit for unit in units if not unit <= gone | under_way and not self.is_needed(unit)]
        if thrifty:
            waiting = [unit for unit in waiting if not self._earned(unit)]
        waiting.sort(key=lambda unit: self.gain(unit) or 0.0)
        size = self._chunk_size(units)
        for start in range(0, len(waiting), size):
            chunk = waiting[start : start + size]
            if self._is_open(removed := gone.union(*chunk), busy):
                return removed
        if size > 1:
            return next((gone | u for u in waiting if self._is_open(gone | u, busy)), None)
        return None

    def _sampled(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """A loss that noise could explain is measured again, on a program that differs in what is idle."""
        if busy or not self._sigma:
            return None
        level, sigma, count = self._level(self.kept)
        doubtful = []
        for unit in units:
            gains = self._gains_without(unit)
            if unit - self.removed and 0 < len(gains) < MOST_SAMPLES:
                error = sigma * math.sqrt(1 / count + 1 / len(gains))
                if (clear := (level - fmean(gains)) / error) < _CLEAR:
                    doubtful.append((clear, unit))
        for _, unit in sorted(doubtful, key=lambda each: each[0]):
            if (fresh := self._fresh(unit)) is not None:
                return fresh
        return None

    def _gains_without(self, unit: Pieces) -> list[float]:
        """What the subject scored without `unit` and, beyond it, without idle pieces alone."""
        most = self.removed | unit
        found = ((each, finding.gain) for each, finding in self.findings.items())
        return [gain for each, gain in found if gain is not None and unit <= each <= most]

    def _fresh(self, unit: Pieces) -> Pieces | None:
        """The subject without `unit` and idle pieces, as it was not measured yet; the most of them first."""
        gone = self.removed - unit
        idle = [each & gone for each in self.hunks if each & gone]
        fewer = [gone, *(gone - each for each in idle), *(gone - a - b for a in idle for b in idle)]
        return next((each | unit for each in fewer if self._is_open(each | unit, ())), None)

    def _earned(self, unit: Pieces) -> bool:
        """Whether it was seen to earn, as a whole or edit by edit, on the way to the subject at least."""
        return (self.gain(unit) or 0.0) > 0 or (
            len(unit) > 1 and all((self.gain(frozenset({edit})) or 0.0) > 0 for edit in unit)
        )

    def _checked(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """What was needed while more was there may be idle now, as a helper without its caller is.

        Not where a part of it alone is known to earn.
        """
        if busy:
            return None
        gone = self.removed
        told = {
            lost
            for removed, finding in self.findings.items()
            if removed not in self.kept and finding.gain is not None and (lost := removed - gone)
        }
        open_ = (
            gone | unit for unit in units if unit - gone and not any(lost < unit - gone for lost in told)
        )
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
