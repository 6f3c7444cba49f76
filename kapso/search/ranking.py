"""The best attempts of a run or of a part of it, bounded, so that 10,000 attempts cost what 10 do."""

from __future__ import annotations

import bisect

from kapso.attempt import Attempt
from kapso.goal import Metric


class Ranking:
    """The `kept` best distinct scores, whatever the order in which they come.

    The earliest stands for all with an equal score: they promise nothing that it does not.
    """

    def __init__(self, metric: Metric, kept: int) -> None:
        self._sign = -1.0 if metric.goal == "maximize" else 1.0
        self._kept = kept
        self.entries: list[tuple[float, int]] = []
        """(a key of the score, less is better; the attempt's number), the best first."""

    @property
    def numbers(self) -> list[int]:
        return [number for _, number in self.entries]

    def add(self, attempt: Attempt) -> None:
        """Take an attempt in where it has a valid score that is among the best."""
        if not attempt.is_scored or attempt.score is None:
            return
        entry = self._sign * attempt.score, attempt.number
        at = bisect.bisect_left(self.entries, (entry[0],))
        if at < len(self.entries) and self.entries[at][0] == entry[0]:
            self.entries[at] = min(self.entries[at], entry)
        else:
            self.entries.insert(at, entry)
            del self.entries[self._kept :]

    def remove(self, number: int) -> None:
        """Leave an attempt out."""
        self.entries = [entry for entry in self.entries if entry[1] != number]
