"""Parameters: whether changing them pays, and on which side values break the program or cost the score.

Which values are good is told by the run as a whole, see `ranges`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kapso.memory.features import Features
from kapso.memory.lessons.evidence import log_factor
from kapso.memory.lessons.lesson import About, Line, Subject, Tally
from kapso.memory.lessons.outcomes import Counts, count
from kapso.memory.lessons.rules.background import Background
from kapso.memory.lessons.rules.base import Contrast, Found, Seen, Spoke
from kapso.memory.lessons.rules.ranges import holds, is_number, latest_detail

_MOST = 8
"""A change of more parameters says little about each,"""
_BLAMED = 3
"""and one of more than these not which of them broke the program."""
_MOVES = 64
_HARMS = ("failed", "worse")
_Side = tuple[str, str]
"""Event and side."""


class _Move(NamedTuple):
    value: float
    spoke: Spoke
    gain: float | None


class Parameters:
    def __init__(self) -> None:
        self._contrast = Contrast()
        self._values = Contrast()
        self._moves: dict[str, deque[_Move]] = {}
        self._bounds: dict[str, dict[_Side, tuple[Subject, float]]] = {}
        self._broken: dict[str, list[Subject]] = {}
        self._good: dict[str, Mapping[str, Any]] = {}

    def know(self, line: Line) -> None:
        told, detail = line.subject.told, latest_detail(line)
        name, side = str(told.get("parameter")), told.get("side")
        if side == "at":
            known = self._broken.setdefault(name, [])
            if line.subject not in known:
                known.append(line.subject)
        elif side is not None:
            if is_number(detail.get("bound")):
                place = (str(told.get("event")), str(side))
                self._bounds.setdefault(name, {})[place] = line.subject, float(detail["bound"])
        elif "alone" in detail:
            self._good[name] = detail

    def subjects(self, features: Features) -> Iterable[Subject]:
        if len(features.moved) > _MOST:
            return
        for name, (old, new) in sorted(features.moved.items()):
            good = self._good.get(name)
            if good is None or (holds(good, new) and not holds(good, old)):
                yield Subject(About.PARAMETER, {"parameter": name})
            for (_, side), (subject, bound) in self._bounds.get(name, {}).items():
                if is_number(new) and _is_beyond(new, side, bound):
                    yield subject
            for subject in self._broken.get(name, ()):
                if subject.told.get("value") == new:
                    yield subject

    def now(self, subject: Subject, background: Background) -> Found | None:
        """How changes of a parameter have ended so far."""
        return self._contrast.now(subject, background)

    def observe(self, seen: Seen, background: Background) -> Iterable[Found]:
        moved = seen.features.moved
        if len(moved) > _MOST:
            return
        for name, (_, new) in sorted(moved.items()):
            yield self._contrast.add(Subject(About.PARAMETER, {"parameter": name}), seen, background)
            if len(moved) > _BLAMED:
                continue
            if is_number(new):
                yield from self._sides(name, float(new), seen, background)
            elif isinstance(new, bool | str):
                for event in _HARMS:
                    told = {"parameter": name, "event": event, "side": "at", "value": new}
                    yield self._values.add(Subject(About.PARAMETER, told), seen, background)

    def _sides(self, name: str, value: float, seen: Seen, background: Background) -> Iterable[Found]:
        moves = self._moves.setdefault(name, deque(maxlen=_MOVES))
        spoke = Spoke(seen.attempt.number, seen.attempt.commit, seen.result)
        moves.append(_Move(value, spoke, seen.gain))
        known = self._bounds.get(name, {})
        events = [event for event in _HARMS if event == seen.result]
        wanted = [(event, side) for event in events for side in ("above", "below")]
        every = background.since(seen.features.proposer, 1)
        for event, side in dict.fromkeys([*wanted, *known]):
            bound = known.get((event, side))
            best = _best_bound(moves, event, side, every, bound[1] if bound else None)
            if best is not None:
                told = {"parameter": name, "event": event, "side": side}
                yield _found(Subject(About.PARAMETER, told), moves, side, best, every)


def _is_beyond(value: float, side: str, bound: float) -> bool:
    return value >= bound if side == "above" else value <= bound


def _best_bound(
    moves: Iterable[_Move], event: str, side: str, every: Counts, known: float | None
) -> float | None:
    """The value beyond which most ended so, and few others did."""
    all_hits = count(every.tally(), event)
    best: tuple[float, float] | None = None
    hits = total = 0
    ordered = sorted(moves, key=lambda each: each.value, reverse=side == "above")
    for at, move in enumerate(ordered):
        hits, total = hits + (move.spoke.result == event), total + 1
        is_last_of_value = at + 1 == len(ordered) or ordered[at + 1].value != move.value
        if not is_last_of_value or (move.spoke.result != event and move.value != known):
            continue
        factor = log_factor(event, hits, total, all_hits - hits, every.row[0] - total)
        if best is None or factor > best[0]:
            best = factor, move.value
    return known if best is None else best[1]


def _found(subject: Subject, moves: Iterable[_Move], side: str, bound: float, every: Counts) -> Found:
    counts = Counts()
    beyond = [each for each in moves if _is_beyond(each.value, side, bound)]
    for each in beyond:
        counts.add(each.spoke.result, each.gain)
    others: Tally = every.less(counts).tally()
    remembered = tuple(each.spoke for each in beyond[-8:])
    return Found(subject, counts.tally(), others, remembered, {"bound": bound})
