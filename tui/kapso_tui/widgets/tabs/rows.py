"""Rows of a page: pieces of safe text with the names of their styles, cut and wrapped by cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.cells import cell_len, chop_cells

from kapso.errors import KapsoError
from kapso.wording import printable_lines
from kapso_tui.glyphs import glyphs

Span = tuple[str, str]
"""A piece of text, and the names of its styles with spaces between them."""
Row = tuple[Span, ...]

TAB = 4
EMPTY: Row = ()


def row(text: str, style: str = "") -> Row:
    """A row in one style."""
    return ((text, style),)


def safe(text: str) -> list[str]:
    """The lines of foreign text: control characters escaped, tabs as spaces."""
    return [line.expandtabs(TAB) for line in printable_lines(text).split("\n")]


def heading(title: str) -> Iterator[Row]:
    """A title, a free row before it."""
    yield EMPTY
    yield row(title, "heading")


def wrapped(text: str, width: int, style: str = "") -> Iterator[Row]:
    """Rows of a paragraph: broken between words, what follows as far in as the text begins."""
    if cell_len(text) <= width:
        yield row(text, style)
        return
    indent = " " * min(len(text) - len(text.lstrip()), max(width // 2, 1))
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line.strip() else line + (word or " ")
        if cell_len(longer) <= width:
            line = longer
            continue
        if line.strip():
            yield row(line, style)
        line = indent + word
        while cell_len(line) > width:
            head = chop_cells(line, width)[0]
            yield row(head, style)
            line = indent + line[len(head) :]
    yield row(line, style)


def chopped(spans: Iterable[Span], width: int) -> list[Row]:
    """The spans in rows of at most `width` cells, broken anywhere, as code is; at least one row."""
    rows: list[list[Span]] = [[]]
    room = width
    for text, style in spans:
        rest = text
        while rest:
            size = cell_len(rest)
            if size <= room:
                rows[-1].append((rest, style))
                room -= size
                break
            head = chop_cells(rest, room)[0] if room > 0 else ""
            if cell_len(head) > room:  # a wide character, and room for half of it
                head = ""
            if head:
                rows[-1].append((head, style))
                rest = rest[len(head) :]
            elif room == width:  # no row holds it
                break
            rows.append([])
            room = width
    return [tuple(each) for each in rows]


def filled(spans: Row, width: int, style: str) -> Row:
    """The row with blanks up to `width`."""
    missing = width - sum(cell_len(text) for text, _ in spans)
    return (*spans, (" " * missing, style)) if missing > 0 else spans


def trouble(error: KapsoError, width: int) -> list[Row]:
    """What is shown in place of what cannot be read: why, and the remedy."""
    lines = [f"! {error.message}", *([f"{glyphs().arrow} {error.help}"] if error.help else [])]
    return [each for line in lines for text in safe(line) for each in wrapped(text, width, "worse")]
