"""Functions and files: where edits help, where they change nothing, and where they break the program."""

from __future__ import annotations

from collections.abc import Iterable

from kapso.memory.features import Features
from kapso.memory.lessons.lesson import About, Line, Subject
from kapso.memory.lessons.rules.background import Background
from kapso.memory.lessons.rules.base import Contrast, Found, Seen

_MOST = 3
"""An edit of more places says little about each."""
_TAKE_BACK = frozenset({"ablate", "combine"})
"""Their edits are others' edits, and what they do to the score says how good those were."""


class Places:
    def __init__(self) -> None:
        self._contrast = Contrast()

    def know(self, line: Line) -> None:
        """Nothing to prepare."""

    def subjects(self, features: Features) -> Iterable[Subject]:
        if features.proposer in _TAKE_BACK:
            return
        regions = [place for place in dict.fromkeys(features.places) if place[1]]
        files = list(dict.fromkeys((path, "") for path, _ in features.places))
        for places in (regions, files):
            if len(places) <= _MOST:
                for path, region in places:
                    yield Subject(About.PLACE, {"path": path, "region": region})

    def observe(self, seen: Seen, background: Background) -> Iterable[Found]:
        for subject in self.subjects(seen.features):
            yield self._contrast.add(subject, seen, background)
