"""Where along a long diff the score changes: what most of it does is found by leaving out all before a place.

From one such program to the next the score changes only where something that matters was passed: between two
places with the same score all is idle. A binary search for the places where it changes tells of both halves
of a stretch by one attempt, and edits that matter stand near each other, so that hundreds that do not go in a
dozen attempts. For scores that repeat exactly alone. One loss may hide another (a score that cannot get any
worse): what seems idle counts when the subject was measured without it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kapso.propose.ablate.findings import Finding, Pieces

LONG = 48
"""A diff of fewer edits is taken apart without."""
_FINE = 4
"""A stretch of no more edits is left to be looked at one by one."""
_VAIN = 16
"""It is given up where one place in so many leads to an idle stretch, or fewer do: then most edits matter."""
_BROKEN = 4
"""It is given up where the program breaks without what stands before so many places."""
_TRIES = 8
"""So many places near the middle of a stretch are looked at for one where the program parses."""


@dataclass(frozen=True)
class _Stretch:
    """The pieces from place `low` to `high`; `is_idle`: the score is the same before and after."""

    low: int
    high: int
    is_idle: bool

    @property
    def size(self) -> int:
        return self.high - self.low


class Sweep:
    """The places of a diff. Pieces are numbered in order; place `n` has the first `n` before it.

    Two gains that differ by no more than `tie` are the same.
    """

    def __init__(self, hunks: Sequence[Pieces], tie: float) -> None:
        self._order = sorted(frozenset[int]().union(*hunks))
        sizes = [len(hunk) for hunk in hunks]
        self._edges = {sum(sizes[:at]) for at in range(1, len(sizes))}
        self._tie = tie

    def before(self, place: int) -> Pieces:
        return frozenset(self._order[:place])

    def place_of(self, removed: Pieces) -> int | None:
        """The place that all of `removed`, and nothing else, stands before."""
        place = len(removed)
        is_whole = place == 0 or (place <= len(self._order) and max(removed) == self._order[place - 1])
        return place if is_whole else None

    def idle(self, found: Mapping[Pieces, Finding]) -> Pieces:
        """What seems to do nothing."""
        idle = (self._order[each.low : each.high] for each in self._stretches(found, ()) if each.is_idle)
        return frozenset[int]().union(*idle)

    def next(
        self,
        found: Mapping[Pieces, Finding],
        busy: Collection[Pieces],
        is_open: Callable[[Pieces], bool],
    ) -> Pieces | None:
        """All before the place to look at next; None where it is known well enough, or there is no use."""
        stretches = list(self._stretches(found, busy))
        if self._is_vain(found, stretches):
            return None
        rough = [each for each in stretches if not each.is_idle and each.size > _FINE]
        for stretch in sorted(rough, key=lambda each: (-each.size, each.low)):
            for place in self._middles(stretch):
                if is_open(removed := self.before(place)):
                    return removed
        return None

    def _is_vain(self, found: Mapping[Pieces, Finding], stretches: Sequence[_Stretch]) -> bool:
        measured = self._measured(found)
        if measured.get(len(self._order)) is None:
            return True  # the base itself has no score
        idle = sum(each.is_idle for each in stretches)
        return list(measured.values()).count(None) >= _BROKEN or (len(measured) - 2 >= _VAIN * (idle + 1))

    def _measured(self, found: Mapping[Pieces, Finding]) -> dict[int, float | None]:
        """The gain without all before each place that was looked at; None where the program breaks."""
        places = ((self.place_of(removed), each) for removed, each in found.items())
        known = {
            place: each.gain
            for place, each in places
            if place is not None and (place == 0 or each.number is not None)
        }
        return dict(sorted(known.items()))

    def _stretches(self, found: Mapping[Pieces, Finding], busy: Collection[Pieces]) -> Iterator[_Stretch]:
        """Those between places that were looked at or are about to be."""
        gains = self._measured(found)
        waiting = {place for each in busy if (place := self.place_of(each)) is not None}
        for low, high in pairwise(sorted(gains.keys() | waiting)):
            before, after = gains.get(low), gains.get(high)
            is_same = before is not None and after is not None and abs(before - after) <= self._tie
            yield _Stretch(low, high, is_same)

    def _middles(self, stretch: _Stretch) -> list[int]:
        """Places amid a stretch, where a hunk begins if one does."""
        inside = range(stretch.low + 1, stretch.high)
        middle = (stretch.low + stretch.high) / 2
        return sorted(self._edges.intersection(inside) or inside, key=lambda at: abs(at - middle))[:_TRIES]
