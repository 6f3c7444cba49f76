"""How a run's attempts end, by proposer: what lessons are compared with, and what is usual by now."""

from __future__ import annotations

from array import array
from collections.abc import Mapping

from kapso.memory.lessons.evidence import USUAL
from kapso.memory.lessons.outcomes import EVENTS, Counts

_AROUND = 20
"""So many attempts of a proposer before the first that a subject is about are compared with it, too."""
_KEPT = 0.97
_STRENGTH = 3.0
_WIDTH = 8


class Background:
    """Tallies by proposer as they were after each of its attempts, and shares of its latest ones.

    A search finds less the longer it lasts, so attempts are compared with others of their time.
    """

    def __init__(self) -> None:
        self._sums: dict[str, array[float]] = {}
        self._recent: dict[str, dict[str, float]] = {}

    def add(self, proposer: str, result: str, gain: float | None) -> None:
        """One more attempt by `proposer`."""
        sums = self._sums.setdefault(proposer, array("d", [0.0] * _WIDTH))
        latest = Counts(sums[-_WIDTH:])
        latest.add(result, gain)
        sums.extend(latest.row)
        recent = self._recent.setdefault(proposer, dict.fromkeys(EVENTS, 0.0))
        for event in EVENTS:
            recent[event] = _KEPT * recent[event] + (event == result)

    def count(self, proposer: str) -> int:
        """How many attempts it made."""
        sums = self._sums.get(proposer)
        return len(sums) // _WIDTH - 1 if sums else 0

    def since(self, proposer: str, first: int) -> Counts:
        """Its attempts from a little before its `first`-th (from 1) on."""
        sums = self._sums[proposer]
        start = max(0, first - 1 - _AROUND) * _WIDTH
        return Counts(sums[-_WIDTH:]).less(Counts(sums[start : start + _WIDTH]))

    def usual(self, proposer: str, event: str, prior: float | None = None) -> float:
        """How often its attempts end so by now; `prior` is what earlier runs say."""
        recent: Mapping[str, float] = self._recent.get(proposer, {})
        total = sum(recent.values())
        before = USUAL[event] if prior is None else prior
        return (recent.get(event, 0.0) + _STRENGTH * before) / (total + _STRENGTH)
