"""The score over attempts and over time, as numbers on a square of 1000 × 1000 that a page stretches.

Labels are percentages for HTML, so that text keeps its size on every screen. y grows downwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from kapso.attempt import BASELINE
from kapso.report.facts import Facts
from kapso.report.tallies import kind_of
from kapso.wording import duration, number

SIZE = 1000
PLOT = 930
"""Scores stand above this line, attempts without a score on a line of their own below."""
UNSCORED = 972
_MARGIN = 0.06
_PAUSE_S = 1800.0
_LARGEST, _SMALLEST = 1e150, 1e-150
"""Beyond these, arithmetic with scores would overflow."""


@dataclass(frozen=True)
class Tick:
    """A label at `at` percent of the axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Dots:
    """Attempts that are drawn alike: a path of strokes without length, which round caps turn into dots."""

    kind: str
    proposer: int
    path: str


@dataclass(frozen=True)
class View:
    """The chart over one x axis. `interval` is where the best lies by its confirmation, top to bottom."""

    name: str
    title: str
    ticks: tuple[Tick, ...]
    dots: tuple[Dots, ...]
    best_line: str
    best: tuple[float, float] | None
    x: tuple[int, ...]


@dataclass(frozen=True)
class Chart:
    """Both views with what they share. `y` is an attempt's height; `beyond` counts those off the scale."""

    views: tuple[View, ...]
    ticks: tuple[Tick, ...]
    baseline: float | None
    interval: tuple[float, float] | None
    y: tuple[int, ...]
    beyond: int


def score_chart(facts: Facts, proposers: Sequence[str]) -> Chart | None:
    """The chart of a run, or None where nothing was scored."""
    scores = [each.score for each in facts.attempts if each.is_scored and each.score is not None]
    if not scores:
        return None
    interval = _interval(facts)
    low, high = score_domain(facts, scores, interval or ())
    height = line(low, high, PLOT * (1 - _MARGIN), PLOT * _MARGIN)

    def y_of(score: float) -> float:
        return min(max(height(score), 8.0), PLOT - 8.0)

    heights = [
        round(y_of(each.score)) if each.is_scored and each.score is not None else UNSCORED
        for each in facts.attempts
    ]
    beyond = sum(not (PLOT * 0.005 <= height(score) <= PLOT * 0.995) for score in scores)
    baseline = facts.baseline.score if facts.baseline else None
    views = tuple(
        _view(facts, proposers, name, title, values, label, heights)
        for name, title, values, label in (
            ("attempts", "attempt", [float(each.number) for each in facts.attempts], number),
            ("time", "time since the start", worked_s(facts), duration),
        )
    )
    return Chart(
        views=views,
        ticks=tuple(Tick(height(v) / SIZE * 100, number(v)) for v in ticks(low, high, 6)),
        baseline=y_of(baseline) if baseline is not None else None,
        interval=(y_of(interval[1]), y_of(interval[0])) if interval else None,
        y=tuple(heights),
        beyond=beyond,
    )


def _view(
    facts: Facts,
    proposers: Sequence[str],
    name: str,
    title: str,
    values: Sequence[float],
    label: Callable[[float], str],
    heights: Sequence[int],
) -> View:
    last = max([*values, 1.0])
    place = line(0, last, 12, SIZE - 24)
    x = [round(place(value)) for value in values]
    groups: dict[tuple[str, int], list[str]] = {}
    for attempt, across, down in zip(facts.attempts, x, heights, strict=True):
        if attempt.number != BASELINE:
            key = kind_of(attempt, facts), proposers.index(attempt.proposer)
            groups.setdefault(key, []).append(f"M{across} {down}h0")
    at = {
        attempt.number: each
        for attempt, each in zip(facts.attempts, zip(x, heights, strict=True), strict=True)
    }
    return View(
        name=name,
        title=title,
        ticks=tuple(
            Tick(place(v) / SIZE * 100, label(v)) for v in ticks(0, last, 6, whole=name == "attempts")
        ),
        dots=tuple(
            Dots(kind, who, "".join(path)) for (kind, who), path in sorted(groups.items(), key=_later)
        ),
        best_line=_steps(facts, at, round(place(last))),
        best=at.get(facts.run.best_attempt) if facts.run.best_attempt is not None else None,
        x=tuple(x),
    )


def _later(group: tuple[tuple[str, int], list[str]]) -> tuple[int, str, int]:
    """What matters is painted last, on top."""
    (kind, who), _ = group
    order = ("worse", "same", "demoted", "better", "best")
    return (order.index(kind) if kind in order else -1, kind, who)


def _steps(facts: Facts, at: dict[int, tuple[int, int]], end: int) -> str:
    """The line of the best so far: flat until an attempt moves it."""
    stations = [at[n] for n in sorted({BASELINE, *facts.improvements}) if n in at]
    if not stations:
        return ""
    stations.sort(key=lambda place: place[0])
    return f"M{stations[0][0]} {stations[0][1]}" + "".join(f"H{x}V{y}" for x, y in stations[1:]) + f"H{end}"


def _interval(facts: Facts) -> tuple[float, float] | None:
    """Where the best's score lies by its lead over the baseline in fresh pairs, low to high."""
    found, baseline = facts.confirmation, facts.baseline
    if not facts.is_confirmed or found is None or baseline is None or baseline.score is None:
        return None
    if found.low is None or found.high is None or found.pairs == 0:
        return None
    ends = [
        baseline.score + gain if facts.run.maximize else baseline.score - gain
        for gain in (found.low, found.high)
    ]
    return min(ends), max(ends)


def score_domain(facts: Facts, scores: Sequence[float], also: Sequence[float]) -> tuple[float, float]:
    """Low and high of the scale of scores: all that led, `also`, and what is near; outliers are left out."""
    ordered = sorted(scores)
    shown = [*also, ordered[len(ordered) // 5], ordered[-1 - len(ordered) // 5]]
    shown += [
        each.score for each in (facts.baseline, facts.best) if each is not None and each.score is not None
    ]
    shown += [facts.by_number[n].score or 0.0 for n in facts.improvements]
    return domain(shown, scores)


def domain(shown: Sequence[float], scores: Sequence[float]) -> tuple[float, float]:
    """Low and high of a scale: all of `shown` and what is near it, so that no outlier flattens it."""
    low, high = _within(min(shown)), _within(max(shown))
    spread = _spread(low, high)
    inside = [score for score in scores if low - 0.6 * spread <= score <= high + 0.6 * spread]
    low, high = min([low, *inside]), max([high, *inside])
    return (low, high) if high - low >= spread else (low - spread / 2, low + spread / 2)


def _within(value: float) -> float:
    return min(max(value, -_LARGEST), _LARGEST)


def _spread(low: float, high: float) -> float:
    """How far apart they are; a tenth of them where that is nothing."""
    largest = max(abs(low), abs(high))
    return high - low if high - low > max(largest * 1e-12, _SMALLEST) else max(largest / 10, 1.0)


def worked_s(facts: Facts) -> list[float]:
    """When each attempt ended, in seconds since the start; long pauses between sessions are left out."""
    if not facts.attempts:
        return []
    start = min([facts.run.started or facts.attempts[0].started, facts.attempts[0].started])
    order = sorted(range(len(facts.attempts)), key=lambda at: facts.attempts[at].finished)
    gaps, previous = [], start
    for at in order:
        ended = max(facts.attempts[at].finished, previous)
        gaps.append((ended - previous).total_seconds())
        previous = ended
    usual = median(gaps)
    passed, worked = 0.0, [0.0] * len(order)
    for at, gap in zip(order, gaps, strict=True):
        passed += usual if gap > max(_PAUSE_S, 20 * usual) else gap
        worked[at] = passed
    return worked


def ticks(low: float, high: float, about: int, *, whole: bool = False) -> list[float]:
    """Round numbers between `low` and `high`, `about` so many."""
    raw = (high - low) / about
    if raw <= 0 or not math.isfinite(raw):
        return [low]
    power = 10 ** math.floor(math.log10(raw))
    steps = (1, 2, 5, 10) if whole else (1, 2, 2.5, 5, 10)
    step = next(power * each for each in steps if power * each >= raw * 0.999)
    step = max(step, 1.0) if whole else step
    first = math.ceil(low / step - 1e-9)
    found = [float(f"{(first + n) * step:.12g}") + 0.0 for n in range(about * 3)]
    return [value for value in found if value <= high + step * 1e-9]


def line(from_low: float, from_high: float, to_low: float, to_high: float) -> Callable[[float], float]:
    slope = (to_high - to_low) / ((from_high - from_low) or 1.0)
    return lambda value: to_low + (value - from_low) * slope
