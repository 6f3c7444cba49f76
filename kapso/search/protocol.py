"""The seam between the loop and whatever chooses parents."""

from __future__ import annotations

from typing import Protocol

from kapso.attempt import Attempt


class Policy(Protocol):
    """Chooses what the next attempt is made from. Called by one thread at a time."""

    def select(self, seed: int) -> tuple[int, ...]:
        """The numbers of the parents, the first one the one to edit; all randomness comes from `seed`."""

    def observe(self, attempt: Attempt) -> None:
        """An attempt has landed, the baseline first; called in order of landing."""
