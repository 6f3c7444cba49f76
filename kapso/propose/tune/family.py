"""A family: the attempts whose programs have the same parameters, and what it borrows from others.

When a structural edit adds or removes a literal, a new family begins. It starts with the best and the
latest of the family that it came from: on the parameters that both share, shifted by what the edit
itself did to the score, and trusted less.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from kapso.propose.tune.slots import Value

KEPT_BEST = 40
_BORROWED = 24
_LEAST_SHARED = 0.5


@dataclass(frozen=True)
class Trial:
    """An attempt as tune sees it: `height` is the score, turned so that more is better; None: no score."""

    number: int
    values: Mapping[str, Value]
    parent: int | None
    changed: tuple[str, ...]
    height: float | None
    is_better: bool
    is_broken: bool
    arm: str
    is_cut: bool = False

    @property
    def counts(self) -> bool:
        """Whether it says something about its values: neither abandoned nor turned down by a human."""
        return self.height is not None or self.is_broken or self.is_cut


class Family:
    """Trials with the same set of parameters, in order of landing; the best are kept at hand."""

    def __init__(self) -> None:
        self.all: list[Trial] = []
        self.borrowed: tuple[Trial, ...] = ()
        self.varied: set[str] = set()
        self._best: list[tuple[float, int, Trial]] = []

    @property
    def size(self) -> int:
        """How many trials speak of these parameters, borrowed ones included."""
        return len(self.all) + len(self.borrowed)

    def add(self, trial: Trial) -> None:
        self.all.append(trial)
        self.varied.update(trial.changed)
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
        if len(shared) < _LEAST_SHARED * len(bridge.values):
            return
        likeliest = (*other.best(_BORROWED // 2), *other.all[: -_BORROWED - 1 : -1], *other.borrowed)
        chosen = dict(list({trial.number: trial for trial in likeliest}.items())[:_BORROWED])
        # Attempts that differ in what this family lacks would all be the same here, with other heights.
        lost = [name for name in origin.values if name not in shared]
        kept = [t for t in chosen.values() if all(t.values[name] == origin.values[name] for name in lost)]
        self.take(kept, bridge, shift_of(bridge, origin))

    def take(self, trials: Iterable[Trial], bridge: Trial, shift: float) -> None:
        """Borrow these trials, with the values of `bridge` where they have none."""
        fresh = [
            replace(
                trial,
                values={name: trial.values.get(name, value) for name, value in bridge.values.items()},
                height=None if trial.height is None else trial.height + shift,
            )
            for trial in trials
        ]
        self.borrowed = (*self.borrowed, *fresh)
        for trial in fresh:
            self.varied.update(n for n, value in bridge.values.items() if trial.values[n] != value)


def shift_of(bridge: Trial, origin: Trial) -> float:
    """By how much the way from one family to the other changed the score; 0 where nobody knows."""
    if bridge.height is None or origin.height is None:
        return 0.0
    return bridge.height - origin.height
