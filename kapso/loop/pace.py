"""How long the latest attempts took to be written and evaluated: whether a result is worth waiting for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

OF_LATEST = 10
"""So many attempts tell the pace, and fewer tell nothing."""

WORTH = 0.5
"""A result is waited for where evaluating takes less than this part of what writing takes."""


class Pace:
    """The pace of one session of a run."""

    def __init__(self) -> None:
        self._written_s: deque[float] = deque(maxlen=OF_LATEST)
        self._evaluated_s: deque[float] = deque(maxlen=OF_LATEST)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """An author writes an attempt meanwhile."""
        with _timed(self._written_s):
            yield

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """A candidate is evaluated meanwhile."""
        with _timed(self._evaluated_s):
            yield

    @property
    def is_set_by_evaluations(self) -> bool:
        """Whether authors that waited for results would often do nothing else."""
        if min(len(self._written_s), len(self._evaluated_s)) < OF_LATEST:
            return False
        return sum(self._evaluated_s) > WORTH * sum(self._written_s)


@contextmanager
def _timed(spans: deque[float]) -> Iterator[None]:
    since = monotonic()
    yield
    spans.append(monotonic() - since)
