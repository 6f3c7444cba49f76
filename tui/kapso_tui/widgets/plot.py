"""The score chart as text: each cell is a sign and a tone, worked out from what the report charts, too.

Attempts are signs by proposer, so that no colour is needed; the best so far is a line of braille dots, four
to a row, so that small gains show. Outliers are left out of the scale as in the report, and counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rich.cells import cell_len

from kapso.attempt import BASELINE, Attempt
from kapso.report.chart import score_domain, ticks, worked_s
from kapso.report.facts import Facts
from kapso.report.tallies import held_out
from kapso.wording import duration, number
from kapso_tui.glyphs import Glyphs

Piece = tuple[str, str]
"""Text and the tone of it."""
KNOWN = ("tune", "mutate", "recipe", "combine", "ablate", "llm", "agent", "human")
"""Proposers have the same signs in every run; others take what is left."""
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


def sign_of(proposer: str, proposers: Sequence[str]) -> int:
    """Which sign and tone a proposer has."""
    if proposer in KNOWN:
        return KNOWN.index(proposer)
    others = [each for each in proposers if each not in KNOWN]
    return (others.index(proposer) if proposer in others else 0) % len(KNOWN)


@dataclass
class Canvas:
    """Rows and columns of cells; what is set later covers what was set before."""

    rows: int
    columns: int
    cells: dict[tuple[int, int], Piece] = field(default_factory=dict)

    def put(self, row: int, column: int, sign: str, tone: str) -> None:
        if 0 <= row < self.rows and 0 <= column < self.columns:
            self.cells[row, column] = (sign, tone)

    def across(self, row: int, sign: str, tone: str) -> None:
        for column in range(self.columns):
            self.put(row, column, sign, tone)

    def line(self, row: int) -> list[Piece]:
        """The row as pieces, neighbours of a tone together."""
        pieces: list[Piece] = []
        for column in range(self.columns):
            sign, tone = self.cells.get((row, column), (" ", ""))
            if pieces and pieces[-1][1] == tone:
                pieces[-1] = (pieces[-1][0] + sign, tone)
            else:
                pieces.append((sign, tone))
        return pieces


@dataclass(frozen=True)
class Scale:
    """From scores and positions to dots: four rows and two columns of them to a cell."""

    low: float
    high: float
    last: float
    rows: int
    columns: int

    def row(self, score: float) -> int:
        """The row of dots of a score, the highest 0; what is beyond the scale is at its edge."""
        share = (self.high - score) / ((self.high - self.low) or 1.0)
        return min(max(round(share * (4 * self.rows - 1)), 0), 4 * self.rows - 1)

    def column(self, value: float) -> int:
        return min(max(round(value / (self.last or 1.0) * (2 * self.columns - 1)), 0), 2 * self.columns - 1)

    def holds(self, score: float) -> bool:
        return self.low <= score <= self.high


def plot(
    facts: Facts, by: str, width: int, height: int, signs: Glyphs, *, target: float | None = None
) -> list[list[Piece]]:
    """`height` lines of at most `width` cells; `by` is attempts or time."""
    scored = [each for each in facts.attempts if each.is_scored and each.score is not None]
    if not scored or width < 24 or height < 4:
        return [[("no score yet" if not scored else "too small for the chart", "axis")]]
    scores = [each.score for each in scored if each.score is not None]
    held = _held(facts)
    near = [*scores, *held.values(), *([target] if target is not None else [])]
    low, high = score_domain(facts, near, ())
    has_failed = len(scored) < len(facts.attempts)
    rows = height - 2 - has_failed
    labels = {v: number(v) for v in ticks(low, high, max(rows // 3, 1))}
    gutter = max(map(len, labels.values()), default=0) + 1
    places = _places(facts, by)
    scale = Scale(low, high, max([*places, 1.0]), rows, width - gutter)
    canvas = Canvas(rows + has_failed, width - gutter)
    _draw_levels(canvas, scale, facts, target, signs)
    names = list(dict.fromkeys(each.proposer for each in facts.attempts if each.number != BASELINE))
    _draw_attempts(canvas, scale, facts, places, names, signs)
    at = {each.number: place for each, place in zip(facts.attempts, places, strict=True)}
    leaders = _leaders(facts, scale, places)
    _put_dots(canvas, _steps(leaders, scale), signs)
    for each, value in held.items():
        if scale.holds(value) and each in at:
            canvas.put(scale.row(value) // 4, scale.column(at[each]) // 2, signs.holdout, "holdout")
    for attempt, column, row in leaders[1:]:
        index = sign_of(attempt.proposer, names)
        canvas.put(row // 4, column // 2, signs.dots[index], f"leader-{index}")
    best = facts.best
    if best is not None and best.score is not None and best.number != BASELINE:
        canvas.put(scale.row(best.score) // 4, scale.column(at[best.number]) // 2, signs.best, "best")
    lines = [[(_label(row, scale, labels, gutter), "axis"), *canvas.line(row)] for row in range(canvas.rows)]
    lines.append([(" " * gutter + _axis(scale, by), "axis")])
    beyond = sum(not scale.holds(score) for score in scores)
    lines.append(
        _legend(facts, names, signs, width, held=len(held), target=target, beyond=beyond, scale=scale)
    )
    return lines


def _held(facts: Facts) -> dict[int, float]:
    """The score that the hold-out gave, by attempt."""
    metric = facts.run.metric or "score"
    found = {each: held_out(said).get(metric) for each, said in facts.holdout.items()}
    return {each: value for each, value in found.items() if value is not None and math.isfinite(value)}


def _places(facts: Facts, by: str) -> list[float]:
    return worked_s(facts) if by == "time" else [float(each.number) for each in facts.attempts]


def _draw_levels(canvas: Canvas, scale: Scale, facts: Facts, target: float | None, signs: Glyphs) -> None:
    baseline = facts.baseline.score if facts.baseline else None
    for value, sign, tone in ((baseline, signs.across, "axis"), (target, signs.target, "target")):
        if value is not None and scale.holds(value):
            canvas.across(scale.row(value) // 4, sign, tone)


def _draw_attempts(
    canvas: Canvas, scale: Scale, facts: Facts, places: Sequence[float], names: Sequence[str], signs: Glyphs
) -> None:
    """A sign for the proposer that has most attempts in a cell; those without a score are ticks below."""
    counts: dict[tuple[int, int], dict[str, int]] = {}
    for attempt, place in zip(facts.attempts, places, strict=True):
        if attempt.number == BASELINE:
            continue
        column = scale.column(place) // 2
        if not attempt.is_scored or attempt.score is None:
            canvas.put(scale.rows, column, signs.tick, "failed")
        elif scale.holds(attempt.score):
            here = counts.setdefault((scale.row(attempt.score) // 4, column), {})
            here[attempt.proposer] = here.get(attempt.proposer, 0) + 1
    for (row, column), here in counts.items():
        index = sign_of(max(here, key=here.__getitem__), names)
        canvas.put(row, column, signs.dots[index], f"proposer-{index}")


def _leaders(facts: Facts, scale: Scale, places: Sequence[float]) -> list[tuple[Attempt, int, int]]:
    """The baseline and the attempts that moved the best so far, each with its column and row of dots."""
    found = [
        (attempt, scale.column(place), scale.row(attempt.score))
        for attempt, place in zip(facts.attempts, places, strict=True)
        if attempt.score is not None
        and attempt.is_scored
        and (attempt.number in facts.improvements or attempt.number == BASELINE)
    ]
    return sorted(found, key=lambda each: each[1])


def _steps(leaders: Sequence[tuple[Attempt, int, int]], scale: Scale) -> set[tuple[int, int]]:
    """The dots of the best so far: flat until an attempt moves it."""
    dots: set[tuple[int, int]] = set()
    ends = [column for _, column, _ in leaders[1:]] + [2 * scale.columns - 1]
    for (_, column, row), end in zip(leaders, ends, strict=True):
        dots.update((row, x) for x in range(column, end + 1))
    for (_, _, before), (_, column, row) in pairwise(leaders):
        dots.update((y, column) for y in range(min(before, row), max(before, row) + 1))
    return dots


def _put_dots(canvas: Canvas, dots: Iterable[tuple[int, int]], signs: Glyphs) -> None:
    masks: dict[tuple[int, int], int] = {}
    for y, x in dots:
        cell = (y // 4, x // 2)
        masks[cell] = masks.get(cell, 0) | _BITS[x % 2][y % 4]
    for (row, column), mask in masks.items():
        canvas.put(row, column, chr(0x2800 + mask) if signs.is_braille else "_", "line")


def _label(row: int, scale: Scale, labels: dict[float, str], gutter: int) -> str:
    here = [text for value, text in labels.items() if scale.row(value) // 4 == row and row < scale.rows]
    return (here[0] if here else "").rjust(gutter - 1) + " "


def _axis(scale: Scale, by: str) -> str:
    """Labels under their places, none over another, and what the axis is."""
    name: Callable[[float], str] = duration if by == "time" else number
    title = "time" if by == "time" else "attempt"
    line = ""
    for value in ticks(0, scale.last, max(scale.columns // 10, 1), whole=by != "time"):
        text, at = name(value), scale.column(value) // 2
        start = max(at - len(text) // 2, 0)
        if start >= len(line) + (2 if line else 0) and start + len(text) <= scale.columns - len(title) - 1:
            line = line.ljust(start) + text
    return line.ljust(scale.columns - len(title)) + title


def _legend(
    facts: Facts,
    names: Sequence[str],
    signs: Glyphs,
    width: int,
    *,
    held: int,
    target: float | None,
    beyond: int,
    scale: Scale,
) -> list[Piece]:
    pieces: list[Piece] = []
    for name in names:
        index = sign_of(name, names)
        pieces.append((f"{signs.dots[index]} {name}", f"proposer-{index}"))
    pieces.append((("⠒⠒" if signs.is_braille else "__") + " best so far", "line"))
    failed = sum(not each.is_scored for each in facts.attempts)
    if beyond:
        pieces.append((f"{beyond:,} off the scale", "axis"))
    if held:
        pieces.append((f"{signs.holdout} hold-out", "holdout"))
    if failed:
        pieces.append((f"{signs.tick} {failed:,} unscored", "failed"))
    if target is not None:
        where = "" if scale.holds(target) else ", off the scale"
        pieces.append((f"{signs.target} target {number(target)}{where}", "target"))
    if facts.baseline is not None and facts.baseline.score is not None:
        pieces.append((f"{signs.across} baseline", "axis"))
    pieces.append(("higher is better" if facts.run.maximize else "lower is better", "axis"))
    return _joined(pieces, width)


def _joined(pieces: list[Piece], width: int) -> list[Piece]:
    """With gaps, as many as fit."""
    line: list[Piece] = []
    taken = 0
    for text, tone in pieces:
        if taken + cell_len(text) > width:
            continue
        line += [(text, tone), ("  ", "")]
        taken += cell_len(text) + 2
    return line[:-1]
