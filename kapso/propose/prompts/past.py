"""Earlier attempts in the order in which prompts look for them, kept up as they land.

A prompt tells of a few; to look through all of them for each took as long as everything else at 1,000.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from kapso.attempt import HUMAN, Attempt, Outcome, Verdict
from kapso.goal import Metric

AUTHORED = ("llm", "agent", HUMAN)
"""Proposers whose titles are ideas, not settings."""
FAILED = (Outcome.INVALID, Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.REJECTED)
MOST_LATEST = 200
"""Of failures, and of what was tried, so many of the latest are looked at."""


class Past:
    """The attempts of one run. Calls of `take` come one at a time, and before all others."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric
        self._forget()

    def _forget(self) -> None:
        self.by_number: dict[int, Attempt] = {}
        self._barred: frozenset[int] = frozenset()
        self._latest: Attempt | None = None
        self._count = 0
        self._better: list[tuple[float, int, Attempt]] = []
        self._failed: list[Attempt] = []
        self._edits: list[Attempt] = []
        self._failed_from: defaultdict[int, list[Attempt]] = defaultdict(list)
        self._edits_from: defaultdict[int, list[Attempt]] = defaultdict(list)

    def take(self, attempts: Sequence[Attempt], barred: Collection[int]) -> None:
        """Take what has landed since, of all attempts in the order in which they landed.

        What is `barred` has another verdict than it had, so all is taken anew when that changes.
        """
        is_longer = len(attempts) >= self._count
        is_same = is_longer and (not self._count or attempts[self._count - 1] is self._latest)
        if not is_same or self._barred != frozenset(barred):
            self._forget()
            self._barred = frozenset(barred)
        for attempt in attempts[self._count :]:
            self._add(attempt)
        self._count = len(attempts)
        self._latest = attempts[-1] if attempts else None

    def _add(self, attempt: Attempt) -> None:
        self.by_number[attempt.number] = attempt
        parent = attempt.parents[0] if attempt.parents else None
        if attempt.verdict is Verdict.BETTER and parent is not None and attempt.number not in self._barred:
            place = (-(self.gain(attempt) or 0.0), self._count + len(self._better), attempt)
            insort(self._better, place, key=lambda each: each[:2])
        if not self._is_edit(attempt):
            return
        if attempt.outcome in FAILED:
            self._failed.append(attempt)
        if attempt.outcome is not Outcome.ABANDONED:
            self._edits.append(attempt)
        if parent is not None and attempt.outcome in FAILED:
            self._failed_from[parent].append(attempt)
        if parent is not None and attempt.outcome is not Outcome.ABANDONED:
            self._edits_from[parent].append(attempt)

    def failed(self, start: int) -> list[Attempt]:
        """Failures, those of ideas and of the same start first, then the latest."""
        return _nearest(start, self._failed_from.get(start, ()), self._failed)

    def edits(self, start: int) -> list[Attempt]:
        """What was tried, in the same order."""
        return _nearest(start, self._edits_from.get(start, ()), self._edits)

    def better(self, line: Collection[int], most: int) -> list[Attempt]:
        """What was better than its parent: what is not in `line` first, then by gain."""
        found = [each for each in self._in_turn(line, most, is_in=False)]
        return [*found, *self._in_turn(line, most - len(found), is_in=True)]

    def _in_turn(self, line: Collection[int], most: int, *, is_in: bool) -> Iterator[Attempt]:
        for _, _, attempt in self._better:
            if most <= 0:
                return
            if (attempt.number in line) is is_in:
                most -= 1
                yield attempt

    def gain(self, attempt: Attempt) -> float | None:
        """By how much it is better than its first parent."""
        parent = self.by_number.get(attempt.parents[0]) if attempt.parents else None
        if parent is None or parent.score is None or attempt.score is None:
            return None
        gain = attempt.score - parent.score
        return gain if self._metric.goal == "maximize" else -gain

    def _is_edit(self, attempt: Attempt) -> bool:
        """Whether it changed anything: a reply that was of no use says nothing about its idea."""
        parent = self.by_number.get(attempt.parents[0]) if attempt.parents else None
        return parent is None or parent.tree != attempt.tree


def _nearest(start: int, near: Sequence[Attempt], latest: Sequence[Attempt]) -> list[Attempt]:
    looked_at = {each.number: each for each in (*near[-MOST_LATEST:], *latest[-MOST_LATEST:])}

    def nearness(attempt: Attempt) -> tuple[int, int]:
        is_near = start in attempt.parents[:1]
        return 2 * (attempt.proposer in AUTHORED) + is_near, attempt.number

    return sorted(looked_at.values(), key=nearness, reverse=True)
