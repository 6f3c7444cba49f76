"""Two best-so-far lines in one chart of text: a heavy and a light one, so that no colour is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rich.text import Text

from kapso.report.chart import domain
from kapso.wording import number
from kapso_tui.glyphs import glyphs


class Line(Protocol):
    """`steps` are the attempts that moved the best, with their scores; `last` is the last attempt of all."""

    @property
    def steps(self) -> Sequence[tuple[int, float]]: ...

    @property
    def last(self) -> int: ...


STYLES = ("cyan", "yellow")


def two_curves(a: Line, b: Line, width: int, height: int) -> Text:
    """Both lines over the attempts, with the scores at the left; each ends with its last attempt."""
    attempts = max(a.last, b.last, 1)
    scores = [score for _, score in (*a.steps, *b.steps)]
    if not scores:
        return Text("nothing was scored")
    low, high = domain(scores, scores)
    labels = number(float(f"{high:.5g}")), number(float(f"{low:.5g}"))
    margin = max(map(len, labels)) + 1
    width, height = max(width - margin, 8), max(height, 3)
    cells: dict[tuple[int, int], tuple[str, str]] = {}
    for line, sign, style in (
        (b, glyphs().light, STYLES[1]),
        (a, glyphs().heavy, STYLES[0]),
    ):  # the first lies on top
        rows = _rows(line, attempts, width, height, low, high)
        for place, mark in _line(rows, sign).items():
            cells[place] = (mark, style)
    text = Text()
    for row in range(height):
        label = labels[0] if row == 0 else labels[1] if row == height - 1 else ""
        text.append(label.rjust(margin - 1) + " ", style="dim")
        for column in range(width):
            text.append(*cells.get((row, column), (" ", "")))
        text.append("\n")
    text.append(" " * margin + "0".ljust(width - len(str(attempts))) + str(attempts), style="dim")
    return text


def legend(a: str, b: str) -> Text:
    """Which line is whose."""
    signs = glyphs().heavy, glyphs().light
    parts = [
        (f"{sign[0] * 3} {name}", style) for sign, name, style in zip(signs, (a, b), STYLES, strict=True)
    ]
    return Text("   ").join(Text(text, style=style) for text, style in parts)


def _rows(line: Line, attempts: int, width: int, height: int, low: float, high: float) -> list[int | None]:
    """The row of the best so far in each column; None before the first score and after the last attempt."""
    rows: list[int | None] = []
    for column in range(width):
        until = attempts * column / max(width - 1, 1)
        best = [score for attempt, score in line.steps if attempt <= until]
        if until > max(line.last, attempts / width):
            best = []
        share = (best[-1] - low) / (high - low) if best else 0.0
        rows.append(round((1 - min(max(share, 0.0), 1.0)) * (height - 1)) if best else None)
    return rows


def _line(rows: Sequence[int | None], signs: Sequence[str]) -> dict[tuple[int, int], str]:
    """The characters of one line by row and column."""
    flat, up, from_below, from_above, to_above, to_below = tuple(signs)
    cells: dict[tuple[int, int], str] = {}
    before: int | None = None
    for column, row in enumerate(rows):
        if row is None:
            continue
        if before is None or before == row:
            cells[row, column] = flat
        else:
            rises = row < before
            for between in range(min(row, before) + 1, max(row, before)):
                cells[between, column] = up
            cells[before, column] = to_below if rises else from_above
            cells[row, column] = from_below if rises else to_above
        before = row
    return cells
