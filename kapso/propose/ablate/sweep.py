"""Where along a long diff the score changes: what most of it does is found by leaving out all before a place.

From one such program to the next the score changes only where something that matters was passed: between two
places with the same score all is idle. A binary search for the places where it changes tells of both halves
of a stretch by one attempt, and edits that matter stand near each other, so that hundreds that do not go in a
dozen attempts. Where what stretches bring adds up, one attempt halves several, as in quantitative group
testing (Bshouty 2009), but for noisy scores, which do not show whose halves they were. One loss may hide
another, and noise a small one: what seems idle counts when the subject was measured without it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, pairwise, product

from kapso.propose.ablate.findings import Finding, Pieces

LONG = 48
"""A diff of fewer edits is taken apart without."""
_FINE, _FINE_OF_FEW, _FEW_HUNKS = 4, 16, 4
"""A stretch of no more edits, or in few hunks, is left to be looked at one by one."""
_VAIN = 16
"""It is given up where one place in so many leads to an idle stretch, or fewer do: then most edits matter."""
_BROKEN = 4
"""It is given up where the program breaks without what stands before so many places."""
_TRIES = 8
"""So many places near the middle of a stretch are looked at for one where the program parses."""
_ROOMY = 12
"""Stretches of more edits are halved together: what matters in one stands in one of its halves, mostly."""
_FIRST_IDLE = 2
"""So many idle stretches show before that what matters stands in few places."""
_MOST_AT_ONCE = 6
_NEAR = 1e-4
"""What adds up does so but for such a part of the least that is added."""


@dataclass(frozen=True)
class _Stretch:
    """The pieces from place `low` to `high`, and what the program gains without all before either."""

    low: int
    high: int
    before: float | None
    after: float | None
    is_idle: bool

    @property
    def gain(self) -> float:
        assert self.before is not None and self.after is not None
        return self.after - self.before


@dataclass
class _Known:
    """The gain without all before each place, measured or concluded; None where the program breaks.

    `riddles` counts attempts that left out parts of several stretches, and do not add up so far.
    """

    gains: dict[int, float | None]
    riddles: int = 0
    stretches: list[_Stretch] = field(default_factory=list)

    @property
    def idle(self) -> list[_Stretch]:
        return [each for each in self.stretches if each.is_idle]


class Sweep:
    """The places of a diff. Pieces are numbered in order; place `n` has the first `n` before it.

    It reads `found` as it grows. Two gains that differ by no more than `tie` are the same.
    """

    def __init__(
        self, hunks: Sequence[Pieces], tie: float, found: Mapping[Pieces, Finding], is_exact: bool = True
    ) -> None:
        self._order = sorted(frozenset[int]().union(*hunks))
        self._index = {piece: at for at, piece in enumerate(self._order)}
        sizes = [len(hunk) for hunk in hunks]
        self._edges = {sum(sizes[:at]) for at in range(1, len(sizes))}
        self._tie = tie
        self._is_exact = is_exact
        self._found = found
        self._last_known: _Known | None = None

    def note(self) -> None:
        """Something was found."""
        self._last_known = None

    def is_part(self, removed: Pieces) -> bool:
        """Whether to leave out these is to ask where what matters stands, and not whether they do."""
        if self._place_of(removed) is not None:
            return True
        covered = self._covered(removed, self._known)
        return covered is not None and any(not stretch.is_idle for stretch, _ in covered)

    @property
    def idle(self) -> Pieces:
        """What seems to do nothing."""
        return frozenset(piece for each in self._known.idle for piece in self._order[each.low : each.high])

    @property
    def harmful(self) -> list[Pieces]:
        """What seems better left out, the worst first."""
        scored = [each for each in self._known.stretches if None not in (each.before, each.after)]
        worse = [each for each in scored if each.gain > self._tie]
        return [self._pieces(each.low, each.high) for each in sorted(worse, key=lambda each: -each.gain)]

    def next(
        self, busy: Collection[Pieces], gone: Pieces, is_open: Callable[[Pieces], bool]
    ) -> Pieces | None:
        """What to leave out to know more of where it stands; None where that is known, or there is no use.

        What is `gone` anyway is of no interest.
        """
        known = self._known
        if self._is_vain(known):
            return None
        waiting = {place: None for each in busy if (place := self._place_of(each)) is not None}
        stretches = self._stretches(waiting | known.gains) if waiting else known.stretches
        sized = [(each, self._left(each, gone)) for each in stretches if not each.is_idle]
        rough = [(each, left) for each, left in sized if not self._is_fine(each, left)]
        rough.sort(key=lambda each: (-len(each[1]), each[0].low))
        at_once = self._at_once(known, rough) if self._is_exact and not busy else ()
        one_by_one = (self._pieces(0, place) for each, left in rough for place in self._middles(each, left))
        return next(filter(is_open, (*at_once, *one_by_one)), None)

    def _at_once(self, known: _Known, rough: Iterable[tuple[_Stretch, list[int]]]) -> Iterator[Pieces]:
        """The first halves of several stretches, where nothing speaks against that their gains add up."""
        roomy = [
            (each, left)
            for each, left in rough
            if len(left) > _ROOMY and None not in (each.before, each.after)
        ]
        if len(roomy) > 1 and len(known.idle) >= _FIRST_IDLE and not known.riddles:
            halves = (
                self._pieces(each.low, self._middles(each, left)[0]) for each, left in roomy[:_MOST_AT_ONCE]
            )
            yield frozenset[int]().union(*halves)

    def _is_vain(self, known: _Known) -> bool:
        if known.gains.get(len(self._order)) is None:
            return True  # the base itself has no score
        broken = sum(gain is None for gain in known.gains.values())
        return broken >= _BROKEN or len(known.gains) - 2 >= _VAIN * (len(known.idle) + 1)

    @property
    def _known(self) -> _Known:
        """All that the findings tell."""
        if self._last_known is None:
            self._last_known = self._read()
        return self._last_known

    def _read(self) -> _Known:
        measured: dict[int, float | None] = {}
        others: list[tuple[int, Pieces, float | None]] = []
        for removed, each in self._found.items():
            place = self._place_of(removed)
            if place is not None and (place == 0 or each.number is not None):
                measured[place] = each.gain
            elif each.is_ours and each.number is not None:
                others.append((each.number, removed, each.gain))
        known = _Known(measured)
        is_new = True
        while is_new:
            known.stretches = self._stretches(known.gains)
            concluded: dict[int, float | None] = {}
            known.riddles = 0
            for _, removed, gain in sorted(others, key=lambda each: each[0]):
                told = self._concluded(removed, gain, known)
                concluded |= told or {}
                known.riddles += told is None
            is_new = bool(concluded)
            known.gains |= concluded
        return known

    def _left(self, stretch: _Stretch, gone: Pieces) -> list[int]:
        """The places in a stretch of what is not gone."""
        return [at for at in range(stretch.low, stretch.high) if self._order[at] not in gone]

    def _is_fine(self, stretch: _Stretch, left: Sequence[int]) -> bool:
        hunks = 1 + len(self._edges.intersection(range(stretch.low + 1, stretch.high)))
        return len(left) <= (_FINE_OF_FEW if hunks <= _FEW_HUNKS else _FINE)

    def _concluded(
        self, removed: Pieces, gain: float | None, known: _Known
    ) -> dict[int, float | None] | None:
        """The gains before places amid stretches, of each of which the first part was left out.

        None where it does not add up; nothing is concluded from what is no such attempt.
        """
        covered = self._covered(removed, known)
        if covered is None:
            return {}
        if gain is None or any(None in (stretch.before, stretch.after) for stretch, _ in covered):
            return None
        left = gain - sum(stretch.gain for stretch, place in covered if place == stretch.high)
        cut = [(stretch, place) for stretch, place in covered if place < stretch.high and not stretch.is_idle]
        gains = [stretch.gain for stretch, _ in covered if not stretch.is_idle]
        near = self._tie * (1 + len(covered)) + _NEAR * min(map(abs, gains), default=0.0)
        ways = product((False, True), repeat=len(cut))
        fit = [
            way for way in ways if abs(left - sum(stretch.gain for stretch, _ in compress(cut, way))) <= near
        ]
        if len(fit) != 1:
            return {} if len(cut) == 1 else None
        return {
            place: stretch.after if is_in else stretch.before
            for is_in, (stretch, place) in zip(fit[0], cut, strict=True)
        }

    def _covered(self, removed: Pieces, known: _Known) -> list[tuple[_Stretch, int]] | None:
        """The stretches that `removed` has from their start to a place; None where it is made otherwise."""
        covered = []
        rest = len(removed)
        for stretch in known.stretches:
            place = stretch.low
            while place < stretch.high and self._order[place] in removed:
                place += 1
            if place > stretch.low:
                covered.append((stretch, place))
                rest -= place - stretch.low
        return covered if rest == 0 and sum(p < s.high for s, p in covered) <= _MOST_AT_ONCE else None

    def _stretches(self, gains: Mapping[int, float | None]) -> list[_Stretch]:
        found = []
        for low, high in pairwise(sorted(gains)):
            before, after = gains[low], gains[high]
            is_idle = before is not None and after is not None and abs(before - after) <= self._tie
            found.append(_Stretch(low, high, before, after, is_idle))
        return found

    def _middles(self, stretch: _Stretch, left: Sequence[int]) -> list[int]:
        """Places amid a stretch with as much on either side that is not gone, where hunks begin if any do."""
        inside = range(stretch.low + 1, stretch.high)
        middle = (left[(len(left) - 1) // 2] + left[len(left) // 2] + 1) / 2
        return sorted(self._edges.intersection(inside) or inside, key=lambda at: abs(at - middle))[:_TRIES]

    def _pieces(self, low: int, high: int) -> Pieces:
        return frozenset(self._order[low:high])

    def _place_of(self, removed: Pieces) -> int | None:
        """The place that all of `removed`, and nothing else, stands before."""
        place = len(removed)
        return place if place == 0 or self._index[max(removed)] == place - 1 else None
