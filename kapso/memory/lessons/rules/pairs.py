"""Two functions changed at once: whether that does what changing either alone does not."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import combinations

from kapso.memory.features import Features
from kapso.memory.lessons.lesson import About, Line, Subject
from kapso.memory.lessons.outcomes import Counts
from kapso.memory.lessons.rules.background import Background
from kapso.memory.lessons.rules.base import Found, Seen, Spoke

_MOST = 3
_REMEMBERED = 8
Place = tuple[str, str]


class Pairs:
    def __init__(self) -> None:
        self._alone: dict[Place, Counts] = {}
        self._both: dict[tuple[Place, Place], tuple[Counts, deque[Spoke]]] = {}

    def know(self, line: Line) -> None:
        """Nothing to prepare."""

    def subjects(self, features: Features) -> Iterable[Subject]:
        for first, second in combinations(_places(features), 2):
            yield Subject(About.PAIR, {"first": list(first), "second": list(second)})

    def observe(self, seen: Seen, background: Background) -> Iterable[Found]:
        places = _places(seen.features)
        if len(places) == 1:
            self._alone.setdefault(places[0], Counts()).add(seen.result, seen.gain)
        for pair, subject in zip(combinations(places, 2), self.subjects(seen.features), strict=True):
            both, spoken = self._both.setdefault(pair, (Counts(), deque(maxlen=_REMEMBERED)))
            both.add(seen.result, seen.gain)
            spoken.append(Spoke(seen.attempt.number, seen.attempt.commit, seen.result))
            others = Counts()
            for place in pair:
                others.join(self._alone.get(place, Counts()))
            yield Found(subject, both.tally(), others.tally(), tuple(spoken))


def _places(features: Features) -> list[Place]:
    """In order of names; none where there are too many to tell anything."""
    found = sorted({place for place in features.places if place[1]})
    return found if len(found) <= _MOST and features.proposer != "ablate" else []
