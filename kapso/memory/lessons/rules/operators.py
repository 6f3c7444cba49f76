"""Kinds of edits, and recipes: which help, which break the program, against others of the same proposer."""

from __future__ import annotations

from collections.abc import Iterable

from kapso.memory.features import Features
from kapso.memory.lessons.lesson import About, Line, Subject
from kapso.memory.lessons.rules.background import Background
from kapso.memory.lessons.rules.base import Contrast, Found, Seen


class Operators:
    def __init__(self) -> None:
        self._contrast = Contrast()

    def know(self, line: Line) -> None:
        """Nothing to prepare."""

    def subjects(self, features: Features) -> Iterable[Subject]:
        if features.operator is not None:
            told = {"proposer": features.proposer, "operator": features.operator}
            yield Subject(About.OPERATOR, told)

    def observe(self, seen: Seen, background: Background) -> Iterable[Found]:
        for subject in self.subjects(seen.features):
            yield self._contrast.add(subject, seen, background)
