"""`greedy`: always build on the best."""

from __future__ import annotations

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Metric


class Greedy:
    """Holds the best alone; the earliest of equals stays."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._best: Attempt | None = None

    def select(self, seed: int) -> tuple[int, ...]:
        return (self._best.number if self._best else BASELINE,)

    def observe(self, attempt: Attempt) -> None:
        if not attempt.is_scored or attempt.score is None:
            return
        best = self._best.score if self._best else None
        if best is None or self._metric.is_better(attempt.score, best):
            self._best = attempt
