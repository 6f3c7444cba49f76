"""`tree`: best first, with exploration of good attempts that few others were made from.

An upper confidence bound over the best scored attempts: rank stands for value, children for visits
(after UCB1, Auer et al. 2002). Bounded, so that choosing costs the same after 10 and 10,000 attempts.
"""

from __future__ import annotations

import bisect
import math
import random
from collections import Counter

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Metric

KEPT = 12
"""How many of the best attempts may be built on."""
EXPLORATION = 0.35
EXPLOITED = 0.7
"""Share of attempts made from the best itself, whatever the others promise."""


class Tree:
    """Keeps the `KEPT` best distinct scores and how often each was built on."""

    def __init__(self, metric: Metric) -> None:
        self._sign = -1.0 if metric.goal == "maximize" else 1.0
        self._front: list[tuple[float, int]] = []
        self._children: Counter[int] = Counter()

    def select(self, seed: int) -> tuple[int, ...]:
        if not self._front:
            return (BASELINE,)
        if random.Random(seed).random() < EXPLOITED:
            return (self._front[0][1],)
        total = 1 + sum(self._children[number] for _, number in self._front)
        bounds = [
            (
                1
                - rank / len(self._front)
                + EXPLORATION * math.sqrt(math.log(total + 1) / (1 + self._children[number])),
                -rank,
                number,
            )
            for rank, (_, number) in enumerate(self._front)
        ]
        return (max(bounds)[2],)

    def observe(self, attempt: Attempt) -> None:
        if attempt.parents:
            self._children[attempt.parents[0]] += 1
        if not attempt.is_scored or attempt.score is None:
            return
        key = self._sign * attempt.score
        if any(key == known for known, _ in self._front):
            return  # an equal score promises nothing that its elder does not
        bisect.insort(self._front, (key, attempt.number))
        del self._front[KEPT:]
