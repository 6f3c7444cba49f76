"""A family: the attempts whose programs differ in their parameters alone, and what it borrows from others.

With every structural edit a new family begins. It starts with the best and the latest of the family that
it came from: on the parameters that both share, shifted by what the edit itself did to the score, and
trusted less.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from kapso.attempt import BASELINE
from kapso.propose.tune.slots import Value

KEPT_BEST = 40
_BORROWED = 24
_LEAST_SHARED = 0.5
_DEEPEST = 8


@dataclass(frozen=True)
class Trial:
    """An attempt as tune sees it: `height` is the score, turned so that more is better; None: no score.

    `root` is the attempt that its program is from, but for the parameters. It `leads` if it is better than
    its parent and than all attempts before it. `room`: how far it is within the goal's constraints, below 0
    where it violates one; `outlook`: what its height would be if it might.
    """

    number: int
    values: Mapping[str, Value]
    parent: int | None
    changed: tuple[str, ...]
    height: float | None
    is_better: bool
    is_broken: bool
    arm: str
    is_cut: bool = False
    root: int = BASELINE
    leads: bool = False
    room: float | None = None
    outlook: float | None = None

    @property
    def is_beyond(self) -> bool:
        """Whether it was measured, and violates a constraint."""
        return self.is_broken and self.room is not None and self.room < 0 and self.outlook is not None

    @property
    def counts(self) -> bool:
        """Whether it says something about its values: neither abandoned nor turned down by a human."""
        return self.height is not None or self.is_broken or self.is_cut


class Family:
    """Trials of one program, in order of landing; the best are kept at hand.

    What it borrows follows from what its lender knew when it began, and is worked out when it is asked for:
    most families never are.
    """

    def __init__(self) -> None:
        self.all: list[Trial] = []
        self._varied: set[str] = set()
        self._best: list[tuple[float, int, Trial]] = []
        self._loan: tuple[Family, int, Trial, Trial] | None = None
        self._depth = 0

    @property
    def size(self) -> int:
        """How many trials speak of these parameters, borrowed ones included."""
        return len(self.all) + len(self.borrowed)

    @property
    def first(self) -> int | None:
        """The number of its first trial, which no other family shares."""
        return self.all[0].number if self.all else None

    def add(self, trial: Trial) -> None:
        self.all.append(trial)
        if trial.parent is not None and trial.number != trial.root:
            self._varied.update(trial.changed)
        if trial.height is not None:
            insort(self._best, (-trial.height, trial.number, trial))
            del self._best[KEPT_BEST:]

    def best(self, count: int, among: int | None = None) -> list[Trial]:
        """The best `count`, best first, the earlier of equals first; `among`: of the first so many alone."""
        if among is None or among == len(self.all):
            return [trial for _, _, trial in self._best[:count]]
        scored = [trial for trial in self.all[:among] if trial.height is not None]
        return heapq.nsmallest(count, scored, key=lambda trial: (-(trial.height or 0.0), trial.number))

    def borrow(self, other: Family, bridge: Trial, origin: Trial) -> None:
        """Take over what `other` knows; `bridge` is the attempt of this family made from its `origin`."""
        shared = bridge.values.keys() & origin.values.keys()
        if other is not self and len(shared) >= _LEAST_SHARED * len(bridge.values):
            self._loan = other, len(other.all), bridge, origin
            self._depth = other._depth + 1

    def borrow_anew(self) -> None:
        """Take over what its lender knows by now."""
        if self._loan is not None:
            other, _, bridge, origin = self._loan
            self._loan = other, len(other.all), bridge, origin
            for name in ("borrowed", "_varied_before"):
                self.__dict__.pop(name, None)

    @cached_property
    def borrowed(self) -> tuple[Trial, ...]:
        """Trials of the family that it came from, with the values of the bridge where they have none."""
        if self._loan is None:
            return ()
        other, count, bridge, origin = self._loan
        latest = other.all[max(0, count - _BORROWED) : count][::-1]
        # A long line of edits is not followed to its very beginning.
        before = other.borrowed if self._depth % _DEEPEST else ()
        likeliest = (*other.best(_BORROWED // 2, count), *latest, *before)
        chosen = dict(list({trial.number: trial for trial in likeliest}.items())[:_BORROWED])
        # Attempts that differ in what this family lacks would all be the same here, with other heights.
        lost = [name for name in origin.values if name not in bridge.values]
        shift = shift_of(bridge, origin)
        return tuple(
            replace(
                trial,
                values={name: trial.values.get(name, value) for name, value in bridge.values.items()},
                height=None if trial.height is None else trial.height + shift,
                outlook=None if trial.outlook is None else trial.outlook + shift,
            )
            for trial in chosen.values()
            if all(trial.values[name] == origin.values[name] for name in lost)
        )

    @cached_property
    def _varied_before(self) -> set[str]:
        bridge = self._loan[2].values if self._loan is not None else {}
        return {n for trial in self.borrowed for n, value in bridge.items() if trial.values[n] != value}

    @property
    def varied(self) -> set[str]:
        """The parameters that took more than one value."""
        return self._varied | self._varied_before


def shift_of(bridge: Trial, origin: Trial) -> float:
    """By how much the way from one family to the other changed the score; 0 where nobody knows."""
    if bridge.height is None or origin.height is None:
        return 0.0
    return bridge.height - origin.height
