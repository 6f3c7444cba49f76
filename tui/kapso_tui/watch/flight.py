"""Attempts that have not landed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flight:
    """An attempt under way. `commit` is its candidate, None while that is being written.

    `started` is a moment as RFC 3339 has it.
    """

    number: int
    proposer: str
    title: str
    hypothesis: str
    commit: str | None
    parents: tuple[int, ...]
    started: str
    is_waiting: bool = False
    """Whether a human has to decide about its diff."""
