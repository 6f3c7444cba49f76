"""What a run may spend: each call holds back the most that it may cost until it is known what it did cost."""

from __future__ import annotations

import threading

from kapso.propose.author import BudgetSpent

_ROUNDING = 1e-9
"""Sums of prices are not exact: a budget that ten equal calls use up allows the tenth."""


class Purse:
    """`limit` dollars in all, None for no limit; `spent` is what earlier sessions paid. Thread-safe."""

    def __init__(self, limit: float | None, spent: float = 0.0) -> None:
        self.limit = limit
        self.spent = spent
        self._held = 0.0
        self._calls = 0
        self._lock = threading.Lock()

    def affords(self, most: float | None) -> bool:
        """Whether a call may be made now that costs `most` at most; None, not known, needs no limit."""
        if self.limit is None:
            return True
        return most is not None and self.spent + self._held + most <= self.limit + _ROUNDING

    @property
    def is_held(self) -> bool:
        """Whether calls are under way that may turn out cheaper than what they hold."""
        return self._calls > 0

    def hold(self, most: float | None) -> float:
        """Hold back `most` dollars for a call. BudgetSpent where they may not be spent."""
        with self._lock:
            if not self.affords(most):
                left = max((self.limit or 0.0) - self.spent - self._held, 0.0)
                asked = "an unknown price" if most is None else f"up to ${most:.4f}"
                raise BudgetSpent(f"a call at {asked} could pass what is left of `budget.cost`, ${left:.4f}")
            self._held += most or 0.0
            self._calls += 1
            return most or 0.0

    def settle(self, held: float, cost: float | None) -> None:
        """A call has ended: what it held is free again, what it cost is spent."""
        with self._lock:
            self._calls -= 1
            self._held = self._held - held if self._calls else 0.0
            self.spent += cost or 0.0
