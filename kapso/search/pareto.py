"""`pareto`: build on the front over all metrics, each of its attempts as likely as any other.

Proposers learn by the score alone, so the best by the primary metric keeps a share of its own. Even chances
covered more of a front than going first where few attempts were made or where it is thin.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Metric
from kapso.search.front import Values, covers, crowding, values_of

KEPT = 100
"""Beyond so many, the most crowded one gives way; the ends of every metric stay."""
PRIMARY = 0.4
"""Share of attempts made from the best by the primary metric, whatever its luck among the others."""


class Pareto:
    """Keeps the front of what was observed."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = tuple(metrics)
        self._front: dict[int, Values] = {}

    @property
    def front(self) -> list[int]:
        """What may be built on, the best by the primary metric first."""
        return sorted(self._front, key=lambda number: (self._front[number], number))

    def select(self, number: int, seed: int) -> tuple[int, ...]:
        members, draw = self.front or [BASELINE], random.Random(seed)
        return (members[0] if draw.random() < PRIMARY else draw.choice(members),)

    def observe(self, attempt: Attempt) -> None:
        values = values_of(attempt, self._metrics)
        if values is None:
            return
        own = values, attempt.number  # of equal values the earliest stays, in whatever order they come
        if any(covers(each, values) and (each, number) < own for number, each in self._front.items()):
            return
        self._front = {number: each for number, each in self._front.items() if not covers(values, each)}
        self._front[attempt.number] = values
        if len(self._front) > KEPT:
            room = crowding(self._front)
            del self._front[min(room, key=lambda number: (room[number], -number))]

    def forget(self, number: int) -> None:
        self._front.pop(number, None)
