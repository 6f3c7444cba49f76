"""The lines of the list of attempts: a plain list of rows, of which those on the screen alone are painted.

10,000 attempts scroll like ten; what a line says is worked out when it is seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from kapso_tui.glyphs import glyphs
from kapso_tui.watch.run import RunWatch
from kapso_tui.widgets.attempt_rows import (
    SORTABLE,
    Column,
    Row,
    cells_of,
    first_width,
    fit,
    flight_cells,
    visible,
)


class Rows(ScrollView, can_focus=True):
    """The lines. `cursor` is the line that is picked; it is remembered by what it shows, not by its place."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "rows--header",
        "rows--cursor",
        "rows--good",
        "rows--bad",
        "rows--dim",
        "rows--live",
    }
    DEFAULT_CSS = """
    Rows { height: 1fr; scrollbar-size: 1 1; overflow-x: hidden; }
    Rows > .rows--header { text-style: bold; color: $text-muted; }
    Rows > .rows--cursor { background: $surface-lighten-2; }
    Rows:focus > .rows--cursor { background: $primary; color: $text; text-style: bold; }
    Rows > .rows--good { color: $text-success; }
    Rows > .rows--bad { color: $text-error; }
    Rows > .rows--dim { color: $text-muted; }
    Rows > .rows--live { color: $text-accent; text-style: italic; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False),
        Binding("home", "end(0)", "First", show=False),
        Binding("end,G", "end(-1)", "Last", show=False),
        Binding("enter,space", "fold", "Open or close a fold", show=False),
        Binding("right,l", "fold(True)", "Open a fold", show=False),
        Binding("left,h", "fold(False)", "Close a fold", show=False),
    ]

    class Moved(Message):
        """The cursor came to another row, by the user's hand or not."""

        def __init__(self, row: Row, *, by_hand: bool) -> None:
            super().__init__()
            self.row = row
            self.by_hand = by_hand

    class Folded(Message):
        """A fold is to be opened (True) or closed (False), or whichever it is not (None)."""

        def __init__(self, row: Row, is_open: bool | None) -> None:
            super().__init__()
            self.row = row
            self.is_open = is_open

    class HeaderClicked(Message):
        """Sort by this column."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.watched = watch
        self.rows: list[Row] = []
        self.cursor = 0
        self.sort = "number"
        self.is_reversed = False
        self._first = 3
        self._is_tree = False
        self.empty = ""
        """What stands where there is no row."""

    # Rows and cursor

    def fill(self, rows: list[Row], keep: Row | None) -> None:
        """Show `rows`; the cursor stays with what `keep` shows, on the same line of the screen.

        Rows that stand at the top stay there, as what is new comes in above them.
        """
        line = self.cursor - self.scroll_offset.y
        self.rows = rows
        self._first = max(first_width(rows), 3)
        self._is_tree = any(row.prefix for row in rows)
        at = self.place_of(keep) if keep else None
        self.cursor = min(self.cursor, max(len(rows) - 1, 0)) if at is None else at
        self.virtual_size = Size(self.size.width, len(rows) + 1)
        top = self.scroll_offset.y
        if at is not None and 0 <= line < self.page and (top or at >= self.page) and top + line != at:
            self.scroll_to(y=max(at - line, 0), animate=False, force=True, immediate=True)
        self.refresh()

    @property
    def current(self) -> Row | None:
        """The row that the cursor is on."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def place_of(self, row: Row) -> int | None:
        """Where the same thing stands now."""
        is_fold = bool(row.folded)
        found = (at for at, each in enumerate(self.rows) if each[0] == row[0] and bool(each[2]) is is_fold)
        return next(found, None)

    def go(self, at: int, *, by_hand: bool = True) -> None:
        """Move the cursor to a row, and the rows so that it is seen."""
        if not self.rows:
            return
        at = min(max(at, 0), len(self.rows) - 1)
        before, self.cursor = self.cursor, at
        height, top = self.page, self.scroll_offset.y
        if not by_hand and at < height and top:
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        elif at < top or at >= top + height:
            self.scroll_to(y=at if at < top else at - height + 1, animate=False, force=True, immediate=True)
        self.refresh_lines(before - self.scroll_offset.y + 1)
        self.refresh_lines(at - self.scroll_offset.y + 1)
        if at != before or not by_hand:
            self.post_message(self.Moved(self.rows[at], by_hand=by_hand))

    def refresh_lines(self, y_start: int, line_count: int = 1) -> None:
        """Lines of the screen; the rows scroll below a header that does not."""
        self.refresh(Region(0, y_start, self.size.width, line_count))

    @property
    def page(self) -> int:
        """How many rows are seen at once."""
        return max(self.size.height - 1, 1)

    def action_move(self, by: int) -> None:
        self.go(self.cursor + by)

    def action_page(self, by: int) -> None:
        self.go(self.cursor + by * max(self.page - 1, 1))

    def action_end(self, at: int) -> None:
        self.go(at if at == 0 else len(self.rows) - 1)

    def action_fold(self, is_open: bool | None = None) -> None:
        if self.current is not None:
            self.post_message(self.Folded(self.current, is_open))

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is None:
            return
        if place.y > 0:
            self.go(min(place.y - 1 + self.scroll_offset.y, len(self.rows) - 1))
            if event.chain > 1:
                self.action_fold()
            return
        across = 0
        for column, width in self.columns():
            across += width + 1
            if place.x < across:
                if column.name in SORTABLE:
                    self.post_message(self.HeaderClicked(column.name))
                return

    # Painting

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y == 0:
            return self._header(width)
        at = self.scroll_offset.y + y - 1
        if at >= len(self.rows):
            text = self.empty if at == 0 else ""
            return Strip([Segment(fit(text, width, glyphs()), self.rich_style + self._style("dim"))], width)
        return self._line(self.rows[at], width, is_cursor=at == self.cursor)

    def columns(self) -> list[tuple[Column, int]]:
        """What is seen, with the widths."""
        return visible(self.scrollable_content_region.width, self._first)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"rows--{name}", partial=name == "cursor")

    def _header(self, width: int) -> Strip:
        signs = glyphs()
        parts = []
        for column, size in self.columns():
            title = column.title
            if column.name == self.sort:
                title = f"{title}{signs.up if self.is_reversed else signs.down}"
            parts.append(fit(title, size, signs, is_right=column.is_right))
        return Strip(
            [Segment(fit(" ".join(parts), width, signs), self.rich_style + self._style("header"))], width
        )

    def _line(self, row: Row, width: int, *, is_cursor: bool) -> Strip:
        signs, base = glyphs(), self.rich_style
        cursor = self._style("cursor") if is_cursor else Style.null()
        columns = self.columns()
        attempt, flight = self.watched.attempts.get(row.number), self.watched.flights.get(row.number)
        if row.folded or (attempt is None and flight is None):
            text = fit(row.prefix, width, signs)
            return Strip([Segment(text, base + self._style("dim") + cursor)], width)
        cells = cells_of(attempt, self.watched, signs) if attempt else {}
        if attempt is None and flight is not None:
            cells = flight_cells(flight, self.watched, signs)
        tones = self._tones(cells, is_flight=attempt is None)
        segments = []
        for column, size in columns:
            prefix = row.prefix if column.name == "number" else ""
            is_right = column.is_right and not (self._is_tree and column.name == "number")
            text = fit(prefix + cells[column.name], size, signs, is_right=is_right)
            gap = " " if column.name != "title" else ""
            segments.append(Segment(text + gap, base + tones.get(column.name, Style.null()) + cursor))
        return Strip(segments, sum(size for _, size in columns) + len(columns) - 1).adjust_cell_length(
            width, base + cursor
        )

    def _tones(self, cells: Mapping[str, str], *, is_flight: bool) -> dict[str, Style]:
        if is_flight:
            return dict.fromkeys(cells, self._style("live"))
        result = cells["result"]
        tone = {"better": "good", "same": "dim", "worse": "dim", "baseline": "dim", "scored": "dim"}
        style = self._style(tone.get(result, "bad"))
        delta = self._style("good") if result == "better" else self._style("dim")
        return {"number": self._style("dim"), "result": style, "delta": delta, "proposer": self._style("dim")}
