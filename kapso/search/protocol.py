"""The seam between the loop and whatever chooses parents."""

from __future__ import annotations

from typing import Protocol

from kapso.attempt import Attempt


class Policy(Protocol):
    """Chooses what the next attempt is made from. Called by one thread at a time.

    All that it knows is a function of what it observed, so that a run that is taken up again goes on as
    it would have.
    """

    def select(self, number: int, seed: int) -> tuple[int, ...]:
        """The numbers of the parents of attempt `number`, the first one the one to edit.

        All randomness comes from `seed`. A proposer may still take other parents.
        """

    def observe(self, attempt: Attempt) -> None:
        """An attempt has landed, the baseline first; called in order of landing, after a resume by number."""

    def forget(self, number: int) -> None:
        """An attempt that was observed did not hold when it was confirmed: nothing more is made from it."""
