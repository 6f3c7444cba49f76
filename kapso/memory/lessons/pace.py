"""When a run commits what it has learnt: news at once, counts less often, and never for much of its time.

Git keeps every state of what is written: so many would cost more than they are worth. Whatever a kill loses
is learnt again from the attempts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY, SOON = 20, 1
"""Counts are committed after so many attempts, a lesson that is new or has changed after its own."""
SHARE = 50
"""It waits so many times as long as the last commit took."""


class Pace:
    """`now` tells the time in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._waiting = 0
        self._has_news = False
        self._not_before = float("-inf")

    def note(self, *, has_news: bool) -> None:
        """An attempt was learnt from."""
        self._waiting += 1
        self._has_news |= has_news

    @property
    def is_due(self) -> bool:
        """Whether to commit now."""
        is_enough = self._waiting >= (SOON if self._has_news else EVERY)
        return is_enough and self._now() >= self._not_before

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Around a commit, whether it was due or not."""
        since = self._now()
        self._waiting, self._has_news = 0, False
        yield
        self._not_before = self._now() + SHARE * (self._now() - since)
