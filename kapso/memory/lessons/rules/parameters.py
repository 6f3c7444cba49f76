"""Parameters: whether changing them pays."""

from __future__ import annotations

from collections.abc import Iterable

from kapso.memory.features import Features
from kapso.memory.lessons.lesson import About, Line, Subject
from kapso.memory.lessons.rules.background import Background
from kapso.memory.lessons.rules.base import Contrast, Found, Seen

_MOST = 8
"""A change of more parameters says little about each."""


class Parameters:
    def __init__(self) -> None:
        self._contrast = Contrast()

    def know(self, line: Line) -> None:
        """Nothing to prepare."""

    def subjects(self, features: Features) -> Iterable[Subject]:
        if len(features.moved) <= _MOST:
            for name in sorted(features.moved):
                yield Subject(About.PARAMETER, {"parameter": name})

    def observe(self, seen: Seen, background: Background) -> Iterable[Found]:
        for subject in self.subjects(seen.features):
            yield self._contrast.add(subject, seen, background)
