"""`islands`: several populations side by side, each on a lineage of its own; their best migrate in a ring.

After the island model of genetic algorithms (Tanese 1989; Whitley, Rana & Heckendorn 1999). Attempts take
turns among the islands by number, and the island of an attempt follows from its number and its first parent
alone: in whatever order attempts land or are read again, parents first, the islands are the same.

What it costs is depth: in runs of 60 attempts it found less than `tree` (`experiments/bench/policies.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Metric
from kapso.search.ranking import Ranking
from kapso.search.tree import KEPT, choose

ISLANDS = 3
"""Budgets of 50 to 300 attempts leave more of them too little each."""
EVERY = 10 * ISLANDS
"""After so many attempts, each island lets its best of that moment into the next one."""


class Islands:
    """One ranking an island, the baseline in each."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._islands = [Ranking(metrics[0], KEPT) for _ in range(ISLANDS)]
        self._children: Counter[int] = Counter()
        self._home: dict[int, int] = {}

    def select(self, number: int, seed: int) -> tuple[int, ...]:
        return (choose(self.members(number), self._children, seed),)

    def observe(self, attempt: Attempt) -> None:
        self._children.update(attempt.parents[:1])
        if attempt.number == BASELINE:
            for island in self._islands:
                island.add(attempt)
            return
        home = self._home[attempt.number] = self._home_of(attempt)
        self._islands[home].add(attempt)

    def forget(self, number: int) -> None:
        for island in self._islands:
            island.remove(number)

    def home(self, number: int) -> int | None:
        """The island of an attempt; None for the baseline, which is at home on all of them."""
        return self._home.get(number)

    def members(self, number: int) -> list[int]:
        """What attempt `number` may be made from, the best first: those of its island, and the migrant."""
        here = number % ISLANDS
        entries = self._islands[here].entries
        migrant = self._migrant(_upstream(here), number - number % EVERY)
        return [each for _, each in sorted({*entries, *migrant})]

    def _migrant(self, island: int, before: int) -> list[tuple[float, int]]:
        """The best of an island among the attempts before that number; the baseline is nowhere a stranger."""
        settled = (entry for entry in self._islands[island].entries if BASELINE < entry[1] < before)
        return list(settled)[:1]

    def _home_of(self, attempt: Attempt) -> int:
        """Where it was its turn, unless its proposer made it from what never could come there.

        So the children of a migrant settle where it came to, and those of a lineage that a proposer went
        back to stay with that.
        """
        turn = attempt.number % ISLANDS
        origin = self._home.get(attempt.parents[0], turn) if attempt.parents else turn
        return turn if origin == _upstream(turn) else origin


def _upstream(island: int) -> int:
    return (island - 1) % ISLANDS
