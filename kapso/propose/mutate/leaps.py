"""How far to go along a term that an expression grew by: a small step tells the way, a large one the bend,
and the top of the parabola through what was measured is the third.

So a term gets its number within three attempts; what is left to gain is for `tune`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_FURTHER = 10.0
_LARGEST = 1e4
_MOST = 3
"""Points along one term; then it is left to `tune`."""
_COMPARED = 4
"""Terms that are looked at before one of them is followed, so that it is a steep one."""
_FLAT = 0.2
"""A small step that hurt says little of the other way unless it is this steep beside the steepest."""


@dataclass(frozen=True)
class Leap:
    """A step along `theme` from the attempt `parent`, and the gain that it promises where that is known."""

    parent: int
    theme: str
    step: float
    hope: float | None


class Leaps:
    """The steps that were measured, by the attempt that they were made from and the term."""

    def __init__(self) -> None:
        self._points: defaultdict[int, dict[str, dict[float, float]]] = defaultdict(dict)
        self._steepest = 0.0

    def learn(self, parent: int, theme: str, step: float, gain: float) -> None:
        """Take in that a step from `parent` made the score better by `gain`, worse where that is negative."""
        self._points[parent].setdefault(theme, {})[step] = gain
        self._steepest = max(abs(gain / step), 0.9 * self._steepest)

    def open(self, parents: Collection[int]) -> Iterator[Leap]:
        """What to try from these attempts, those first that promise most."""
        found = [
            (max(abs(gain / step) for step, gain in points.items()), Leap(parent, theme, *leap))
            for parent in parents
            for theme, points in self._points.get(parent, {}).items()
            if len(self._points[parent]) >= _COMPARED or len(points) > 1
            if (leap := self._next(points)) is not None
        ]
        found.sort(key=lambda each: (-(each[1].hope or 0.0), -each[0], -each[1].parent, each[1].theme))
        return (leap for _, leap in found)

    def begun(self, parents: Collection[int]) -> Iterator[tuple[int, Collection[str]]]:
        """The attempts from which too few terms were measured yet to tell which is steep, and these terms."""
        for parent in parents:
            if 0 < len(self._points.get(parent, {})) < _COMPARED:
                yield parent, self._points[parent]

    def _next(self, points: dict[float, float]) -> tuple[float, float | None] | None:
        if len(points) == 1:
            ((step, gain),) = points.items()
            if gain == 0 or (gain < 0 and -gain / abs(step) < _FLAT * self._steepest):
                return None
            return (_FURTHER if gain > 0 else -_FURTHER) * step, None
        if len(points) >= _MOST:
            return None
        (one, gain_one), (two, gain_two) = sorted(points.items(), key=lambda each: abs(each[0]))[:2]
        bend = (gain_two / two - gain_one / one) / (two - one)
        slope = gain_one / one - bend * one
        if bend >= 0:
            return (_FURTHER * two, None) if gain_two > max(0.0, gain_one) and abs(two) < _LARGEST else None
        top = -slope / (2 * bend)
        hope = slope * top / 2
        is_new = all(abs(top - each) > 0.1 * abs(each) for each in points) and 1e-3 < abs(top) < _LARGEST
        return (top, hope) if is_new and hope > 1.02 * max(gain_one, gain_two, 0.0) else None
