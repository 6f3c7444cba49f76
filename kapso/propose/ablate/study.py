"""Which pieces of a subject to leave out next.

Delta debugging (Zeller and Hildebrandt, 2002) towards a smallest set of pieces that keeps the score, with
chunks sized as in group testing (Hwang, 1972): where most pieces earn, one at a time, so that each gets its
figure; where few do, many at once. Whole hunks first, then the edits within those that are needed. A long
diff is swept before.

All of it is a function of what was found: asked again after a kill, it asks for the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from functools import partial
from statistics import fmean

from kapso.propose.ablate.findings import Finding, Findings, Pieces
from kapso.propose.ablate.sweep import LONG, Sweep

_Step = Callable[[Sequence[Pieces], Collection[Pieces]], Pieces | None]
_CLEAR = 5.0
"""Standard errors at which a loss is not measured again."""
MOST_SAMPLES = 4
"""How often a loss that noise could explain is measured, each time with other idle pieces."""
MOST_PAIRS = 12
"""How many pairs of pieces are left out together because leaving out either breaks the program."""
_HEAD = 2
"""So many hunks stand first in a diff."""
_MOST_SWEEPS = 8
"""Attempts for each time that a long diff can be halved: so many places where something matters, about."""
_MOSTLY_GONE = 0.5
"""When so much of a long diff is gone, what is most likely to harm is looked at before the rest."""
_PROVED_AT = 0.6
"""What seems idle is proved so when it is such a part of what is left."""
_FEW_EARN = 12
"""Before anything is known of many pieces, about one of so many is taken to be needed."""


class Study(Findings):
    """The findings on one subject, and the strategy.

    `tie` is how far two scores of one program may differ; they are `is_exact` where they repeat.
    """

    def __init__(
        self,
        hunks: Sequence[Pieces],
        is_sound: Callable[[Pieces], bool],
        sigma: float = 0.0,
        tie: float = 0.0,
        is_exact: bool = True,
    ) -> None:
        super().__init__(hunks, sigma)
        self._is_sound = is_sound
        self.hint: Pieces = frozenset()
        """What did nothing in the program that the subject was made from."""
        self._sweep = Sweep(hunks, tie, self.found, is_exact) if len(self.edits) >= LONG else None

    def next(
        self, busy: Collection[Pieces], *, thrifty: bool = False, is_last: bool = False
    ) -> Pieces | None:
        """What to leave out in the next attempt, None where all is known; `busy` is under way.

        `thrifty`: nothing is asked about what was seen to earn on the way, and nothing is proved. `is_last`:
        there will be no other attempt.
        """
        swept, chunk = partial(self._swept, is_last=is_last), partial(self._chunk, thrifty=thrifty)
        search: Sequence[_Step] = (self._together, self._halved, self._promising, swept, chunk)
        proof: Sequence[_Step] = () if thrifty else (self._sampled, self._checked, self._paired)
        for steps in (search, proof):
            for units in (self.hunks, self.edits):
                for step in steps:
                    if (found := step(units, busy)) is not None:
                        return found
        return None

    def note(self, removed: Pieces, finding: Finding) -> None:
        super().note(removed, finding)
        if self._sweep is not None:
            self._sweep.note()

    @property
    def idle(self) -> Pieces:
        """What does nothing, or seems so."""
        return self.removed | (self._sweep.idle | self.hint if self._sweep is not None else frozenset())

    def is_swept(self, removed: Pieces) -> bool:
        """Whether to leave out these tells where what matters stands, rather than whether they do."""
        return self._sweep is not None and self._sweep.is_part(removed)

    @property
    def open(self) -> int:
        """About how many attempts it takes at most to decide about every edit that was not seen to earn."""
        decided = (edit <= self.removed or self.is_needed(edit) or self.earned(edit) for edit in self.edits)
        count = sum(not each for each in decided)
        return (
            min(count, int(_MOST_SWEEPS * math.log2(len(self.edits)))) if self._sweep is not None else count
        )

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
        for removed, finding in self.found.items():
            if removed in self.kept or not finding.is_ours or self.is_swept(removed):
                continue  # a step on the way was never thought idle
            inside = [unit for unit in units if unit - gone and unit - gone <= removed]
            if len(inside) > 1 and not any(map(self.is_needed, inside)):
                chunks.append(inside)
        for inside in sorted(chunks, key=len):
            middle = len(inside) // 2
            for half in (inside[:middle], inside[middle:]):
                if self._is_open(removed := gone.union(*half), busy):
                    return removed
        return None

    def _promising(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """Once most of a long diff is gone: what seems to harm, and what stands first.

        Settings that all the rest hangs on stand there.
        """
        gone = self.removed
        if self._sweep is None or len(gone) < _MOSTLY_GONE * len(self.all):
            return None
        first = [unit for unit in self.hunks[:_HEAD] if not self.is_needed(unit)]
        open_ = (gone | each for each in (*self._sweep.harmful, *first))
        return next((removed for removed in open_ if self._is_open(removed, busy)), None)

    def _swept(
        self, units: Sequence[Pieces], busy: Collection[Pieces], is_last: bool = False
    ) -> Pieces | None:
        """All before the next place of a sweep, or what seems idle by it, to prove that it is."""
        if self._sweep is None:
            return None
        gone = self.removed
        needed = frozenset[int]().union(*filter(self.is_needed, self.edits))
        idle = (self._sweep.idle | self.hint) - needed - gone
        further = self._sweep.next(busy, gone, lambda removed: self._is_open(removed, busy))
        is_due = is_last or further is None or len(idle) >= _PROVED_AT * len(self.all - gone)
        if idle and is_due and self._is_open(gone | idle, busy):
            return gone | idle
        return None if is_last else further

    def _chunk(
        self, units: Sequence[Pieces], busy: Collection[Pieces], thrifty: bool = False
    ) -> Pieces | None:
        """The next of those about which nothing is known yet, the least promising first."""
        gone = self.removed
        under_way = frozenset[int]().union(*busy)
        waiting = [unit for unit in units if not unit <= gone | under_way and not self.is_needed(unit)]
        if thrifty:
            waiting = [unit for unit in waiting if not self.earned(unit)]
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
        if busy or not self.sigma:
            return None
        level, sigma, count = self.level(self.kept)
        doubtful = []
        for unit in units:
            gains = self.gains_without(unit)
            if unit - self.removed and 0 < len(gains) < MOST_SAMPLES:
                error = sigma * math.sqrt(1 / count + 1 / len(gains))
                if (clear := (level - fmean(gains)) / error) < _CLEAR:
                    doubtful.append((clear, unit))
        for _, unit in sorted(doubtful, key=lambda each: each[0]):
            if (fresh := self._fresh(unit)) is not None:
                return fresh
        return None

    def _fresh(self, unit: Pieces) -> Pieces | None:
        """The subject without `unit` and idle pieces, as it was not measured yet; the most of them first."""
        gone = self.removed - unit
        idle = [each & gone for each in self.hunks if each & gone]
        fewer = [gone, *(gone - each for each in idle), *(gone - a - b for a in idle for b in idle)]
        return next((each | unit for each in fewer if self._is_open(each | unit, ())), None)

    def _checked(self, units: Sequence[Pieces], busy: Collection[Pieces]) -> Pieces | None:
        """What was needed while more was there may be idle now, as a helper without its caller is.

        Not where a part of it alone is known to earn.
        """
        if busy:
            return None
        gone = self.removed
        told = {
            lost
            for removed, finding in self.found.items()
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
            if unit - gone and (finding := self.found.get(gone | unit)) is not None and finding.gain is None
        ]
        pairs = [(a, b) for at, a in enumerate(broken) for b in broken[at + 1 :]]
        if len(broken) > 2:
            pairs.insert(0, (frozenset[int]().union(*broken), frozenset()))
        open_ = (gone | a | b for a, b in pairs[:MOST_PAIRS])
        return next((removed for removed in open_ if self._is_open(removed, busy)), None)

    def _chunk_size(self, units: Sequence[Pieces]) -> int:
        """As many as go together in one of two cases, judging by those that are decided (Laplace's rule)."""
        gone = self.removed
        told = self._sweep.idle if self._sweep is not None else frozenset[int]()
        units = [unit for unit in units if not unit <= told]
        idle = sum(unit <= gone for unit in units)
        decided = idle + sum(map(self.is_needed, units))
        before = 1.0 if told else max(1.0, len(units) / _FEW_EARN)
        share = (idle + before) / (decided + before + 1)
        return max(1, int(math.log(0.5) / math.log(share)))

    def _is_open(self, removed: Pieces, busy: Collection[Pieces]) -> bool:
        """Whether it is worth an attempt: not known, not under way, and fit to be parsed."""
        if removed in self.found or removed in busy:
            return False
        if self._is_sound(removed):
            return True
        self.note(removed, Finding(False))
        return False
