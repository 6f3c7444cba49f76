"""How attempts ended, in the four words that lessons expect, and tallies of them."""

from __future__ import annotations

from collections.abc import Iterable

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.memory.lessons.lesson import Tally

EVENTS = ("better", "failed", "worse", "same")

_FIELDS = ("total", "better", "same", "worse", "failed", "scored", "gain", "square")


def result_of(attempt: Attempt) -> str | None:
    """better, same, worse or failed; None where the machine or a human ended it, which teaches nothing."""
    if attempt.outcome in (Outcome.ABANDONED, Outcome.REJECTED):
        return None
    if attempt.outcome is Outcome.CUT:
        return "worse"
    if not attempt.is_scored:
        return "failed"
    return str(attempt.verdict or Verdict.BETTER)


class Counts:
    """A tally that grows."""

    __slots__ = ("row",)

    def __init__(self, row: Iterable[float] = (0.0,) * 8) -> None:
        self.row = list(row)

    def add(self, result: str, gain: float | None = None) -> None:
        """One more attempt; `gain` where it has a score."""
        row = self.row
        row[0] += 1
        row[_PLACE[result]] += 1
        if gain is not None:
            row[5] += 1
            row[6] += gain
            row[7] += gain * gain

    def join(self, other: Counts) -> None:
        """Count what `other` counts, too."""
        self.row = [mine + its for mine, its in zip(self.row, other.row, strict=True)]

    def less(self, other: Counts) -> Counts:
        """Without what `other` counts."""
        return Counts(mine - its for mine, its in zip(self.row, other.row, strict=True))

    def tally(self) -> Tally:
        total, better, same, worse, failed, scored = (int(each) for each in self.row[:6])
        return Tally(total, better, same, worse, failed, scored, round(self.row[6], 6), round(self.row[7], 6))


_PLACE = {event: _FIELDS.index(event) for event in EVENTS}


def count(tally: Tally, event: str) -> int:
    """How many ended so."""
    return int(getattr(tally, event))
