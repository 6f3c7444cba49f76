"""The diff of an attempt: unified, or side by side where there is room; signs tell what changed, too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from kapso.wording import plural
from kapso_tui.glyphs import glyphs
from kapso_tui.widgets.tabs.highlight import Painter
from kapso_tui.widgets.tabs.rows import EMPTY, TAB, Row, Span, chopped, filled, row, wrapped

if TYPE_CHECKING:
    from kapso.report.code import FileDiff, Hunk, Line
    from kapso_tui.watch.attempt import Change

SIDE_BY_SIDE = 104
"""Cells from which on old and new stand beside each other."""
MOST_LINES = 3_000
_SIGNS = {"+": "added", "-": "removed"}

Spans = tuple[Span, ...]


def diff_rows(change: Change, width: int) -> list[Row]:
    """The diff; what is too long to read is cut, and said."""
    from kapso.report.code import parse_diff

    files, is_long = parse_diff(change.text, MOST_LINES)
    count = f"{plural(len(files), 'file')}, +{sum(f.added for f in files)} -{sum(f.removed for f in files)}"
    is_cut = is_long or change.is_cut
    rows = list(wrapped(f"against {change.against}: {'more than ' if is_cut else ''}{count}", width, "dim"))
    if not files:
        return [row(f"the same files as {change.against}", "dim")]
    painter = Painter()
    draw = _beside if width >= SIDE_BY_SIDE else _unified
    for file in files:
        rows.append(EMPTY)
        rows.append(_title(file, width))
        rows += (row(note, "dim") for note in file.notes)
        for hunk in file.hunks:
            rows.append(row(set_cell_size(f"@@ {hunk.title}".rstrip(), width), "hunk"))
            rows += draw(hunk, _painted(hunk, file.path, painter), width)
    if is_cut:
        rows += [EMPTY, *wrapped("and more than is shown here: `d` shows all of it", width, "strong")]
    return rows


def _title(file: FileDiff, width: int) -> Row:
    """Path and extent, the beginning of a long path left out: its end tells more."""
    extent = f"  +{file.added} -{file.removed}"
    path, room = file.path, max(width - len(extent) - 2, 1)
    while cell_len(path) > room:
        path = path[1:]
    return filled(row(f" {glyphs().cut if path != file.path else ''}{path}{extent}", "file"), width, "file")


def _painted(hunk: Hunk, path: str, painter: Painter) -> list[Spans]:
    """The spans of each line; old and new side are read apart, each as the text that it is."""
    new = iter(painter.paint(path, [_text(line) for line in hunk.lines if line.sign in " +"]))
    old = iter(painter.paint(path, [_text(line) for line in hunk.lines if line.sign in " -"]))
    painted: list[Spans] = []
    for line in hunk.lines:
        if line.sign == "+":
            painted.append(next(new))
        elif line.sign == "-":
            painted.append(next(old))
        elif line.sign == " ":
            next(old)
            painted.append(next(new))
        else:
            painted.append(((_text(line), "dim"),))
    return painted


def _text(line: Line) -> str:
    return line.text.expandtabs(TAB)


def _numbers(hunk: Hunk) -> Iterator[tuple[int, int]]:
    """The number of each line in the older and in the newer file."""
    old = hunk.old_at
    for line in hunk.lines:
        yield old, line.at
        old += line.sign in " -"


def _unified(hunk: Hunk, painted: Sequence[Spans], width: int) -> Iterator[Row]:
    digits = max((len(str(line.at)) for line in hunk.lines), default=1)
    for line, spans, (old, new) in zip(hunk.lines, painted, _numbers(hunk), strict=True):
        number = old if line.sign == "-" else new
        yield from _code(f"{number:>{digits}} ", line.sign, spans, width)


def _code(number: str, sign: str, spans: Spans, width: int) -> Iterator[Row]:
    """A line of code behind its number and its sign, in as many rows as it takes."""
    style = _SIGNS.get(sign, "")
    coloured = tuple((text, f"{style} {own}".strip()) for text, own in spans)
    for at, piece in enumerate(chopped(coloured, max(width - len(number) - 1, 1))):
        first, mark = (number, sign) if at == 0 else (" " * len(number), " ")
        yield filled(((first, "dim"), (mark, f"{style} strong"), *piece), width, style)


def _beside(hunk: Hunk, painted: Sequence[Spans], width: int) -> Iterator[Row]:
    """Old on the left, new on the right; what replaces something stands beside it."""
    half = (width - 1) // 2
    digits = len(str(hunk.old_at + len(hunk.lines) + max((line.at for line in hunk.lines), default=0)))
    removed: list[list[Row]] = []
    added: list[list[Row]] = []
    for line, spans, (old, new) in zip(hunk.lines, painted, _numbers(hunk), strict=True):
        if line.sign == "-":
            removed.append(list(_code(f"{old:>{digits}} ", "-", spans, half)))
        elif line.sign == "+":
            added.append(list(_code(f"{new:>{digits}} ", "+", spans, half)))
        else:
            yield from _pairs(removed, added, half)
            removed, added = [], []
            left = list(_code(f"{old:>{digits}} ", line.sign, spans, half))
            yield from _pairs([left], [list(_code(f"{new:>{digits}} ", line.sign, spans, half))], half)
    yield from _pairs(removed, added, half)


def _pairs(left: list[list[Row]], right: list[list[Row]], half: int) -> Iterator[Row]:
    blank: Row = ((" " * half, ""),)
    upright = glyphs().light[1]
    for at in range(max(len(left), len(right))):
        olds = left[at] if at < len(left) else []
        news = right[at] if at < len(right) else []
        for place in range(max(len(olds), len(news))):
            a = olds[place] if place < len(olds) else blank
            b = news[place] if place < len(news) else blank
            yield (*a, (upright, "dim"), *b)
