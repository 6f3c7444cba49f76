"""`tree`: best first, with exploration of good attempts that few others were made from.

An upper confidence bound over the best scored attempts: rank stands for value, children for visits
(after UCB1, Auer et al. 2002). What is worse than the baseline is not built on: whoever mends what a
parent broke finds nothing.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Metric
from kapso.search.ranking import Ranking

KEPT = 12
"""How many of the best attempts may be built on."""
EXPLORATION = 0.35
EXPLOITED = 0.7
"""Share of attempts made from the best itself, whatever the others promise."""


class Tree:
    """Keeps the `KEPT` best distinct scores and how often each was built on."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._ranking = Ranking(metrics[0], KEPT)
        self._metric = metrics[0]
        self._start: float | None = None
        self._children: Counter[int] = Counter()

    def select(self, number: int, seed: int) -> tuple[int, ...]:
        return (choose(self._ranking.numbers, self._children, seed),)

    def observe(self, attempt: Attempt) -> None:
        self._children.update(attempt.parents[:1])
        if attempt.number == BASELINE:
            self._start = attempt.score
        if self._is_promising(attempt):
            self._ranking.add(attempt)

    def _is_promising(self, attempt: Attempt) -> bool:
        """Whether it is no worse than the baseline."""
        if self._start is None or attempt.score is None:
            return True
        return not self._metric.is_better(self._start, attempt.score)

    def forget(self, number: int) -> None:
        self._ranking.remove(number)


def choose(ranked: Sequence[int], children: Mapping[int, int], seed: int) -> int:
    """One of the attempts `ranked` (the best first): mostly the best, else by its confidence bound."""
    if not ranked:
        return BASELINE
    if random.Random(seed).random() < EXPLOITED:
        return ranked[0]
    made = [children.get(number, 0) for number in ranked]
    breadth = math.log(2 + sum(made))
    bounds = [
        1 - rank / len(ranked) + EXPLORATION * math.sqrt(breadth / (1 + count))
        for rank, count in enumerate(made)
    ]
    return ranked[bounds.index(max(bounds))]
