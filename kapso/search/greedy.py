"""`greedy`: always build on the best."""

from __future__ import annotations

from collections.abc import Sequence

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Metric
from kapso.search.ranking import Ranking

KEPT = 12
"""Where the best does not hold, the next one takes its place."""


class Greedy:
    """Builds on the best alone; the earliest of equals stays."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._ranking = Ranking(metrics[0], KEPT)

    def select(self, number: int, seed: int) -> tuple[int, ...]:
        return tuple(self._ranking.numbers[:1]) or (BASELINE,)

    def observe(self, attempt: Attempt) -> None:
        self._ranking.add(attempt)

    def forget(self, number: int) -> None:
        self._ranking.remove(number)
