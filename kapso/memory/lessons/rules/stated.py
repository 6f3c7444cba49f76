"""What a model stated: its words as they are, counted against the attempts that they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kapso.memory.features import Features
from kapso.memory.lessons.lesson import Line, Subject
from kapso.memory.lessons.rules.background import Background
from kapso.memory.lessons.rules.base import Contrast, Found, Seen

SELECTS = ("proposer", "operator", "path", "region", "parameter", "token", "kind")
_MOST = 50


class Stated:
    def __init__(self) -> None:
        self._contrast = Contrast()
        self._known: dict[str, Subject] = {}

    def know(self, line: Line) -> None:
        if len(self._known) < _MOST:
            self._known[line.subject.key] = line.subject

    def subjects(self, features: Features) -> Iterable[Subject]:
        for subject in self._known.values():
            if selects(subject.told.get("where"), features):
                yield subject

    def observe(self, seen: Seen, background: Background) -> Iterable[Found]:
        for subject in self.subjects(seen.features):
            yield self._contrast.add(subject, seen, background)


def selects(where: Any, features: Features) -> bool:
    """Whether an attempt is one of those that a selector means; an empty one means none."""
    if not isinstance(where, Mapping) or not where or not where.keys() <= set(SELECTS):
        return False
    path, region = where.get("path"), where.get("region")
    places = {place for place in features.places if path in (None, place[0]) and region in (None, place[1])}
    has = {
        "proposer": where.get("proposer") == features.proposer,
        "operator": where.get("operator") == features.operator,
        "path": bool(places),
        "region": bool(places),
        "parameter": where.get("parameter") in features.moved,
        "token": where.get("token") in features.tokens,
        "kind": where.get("kind") in features.kinds,
    }
    return all(has[name] for name in where)
