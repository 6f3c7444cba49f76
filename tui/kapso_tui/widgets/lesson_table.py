"""The lessons, a row each; what changed is written in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import DataTable

from kapso.memory.lessons import in_words
from kapso.memory.lessons.lesson import Lesson, Status
from kapso.wording import printable

_COLUMNS = (
    ("kind", "KIND", 6),
    ("status", "STATUS", 11),
    ("confidence", "CONF", 5),
    ("value", "VALUE", 6),
    ("attempts", "ATT", 5),
    ("statement", "STATEMENT", 40),
)
_RIGHT = {"confidence", "value", "attempts"}
_LEAST = 20


class LessonTable(DataTable[Text]):
    """Says which lesson is picked, and by what it is to be sorted."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "Evidence")]
    DEFAULT_CSS = "LessonTable { overflow-x: hidden; scrollbar-gutter: stable; scrollbar-size-vertical: 1; }"

    class Picked(Message):
        """Another lesson is under the cursor."""

    class Entered(Message):
        """Somebody wants to see the evidence of the lesson under the cursor."""

    class Sorted(Message):
        """The lessons are to be sorted by `order`."""

        def __init__(self, order: str) -> None:
            super().__init__()
            self.order = order

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=False)
        self._cells: dict[str, tuple[str, ...]] = {}

    def on_mount(self) -> None:
        for key, label, width in _COLUMNS:
            self.add_column(label, key=key, width=width)

    def on_resize(self, event: events.Resize) -> None:
        """The statement takes what the other columns leave."""
        others = sum(width + 2 * self.cell_padding for _, _, width in _COLUMNS[:-1])
        column = next(each for each in self.ordered_columns if each.key == "statement")
        width = self.scrollable_content_region.width - others - 2 * self.cell_padding
        column.width = max(width, _LEAST)
        self._clear_caches()
        self._require_update_dimensions = True
        self.refresh()

    @property
    def picked(self) -> str | None:
        """The id of the lesson under the cursor."""
        if not self.row_count:
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def show(self, lessons: Sequence[Lesson]) -> None:
        """Show these; the cursor stays on its lesson, and where that went, on its row."""
        rows = {each.id: _row(each) for each in lessons}
        if list(rows) == list(self._cells):
            self._change(rows, lessons)
        else:
            self._fill(rows, lessons)
        self._cells = rows

    def _change(self, rows: dict[str, tuple[str, ...]], lessons: Sequence[Lesson]) -> None:
        for each in lessons:
            if rows[each.id] == self._cells[each.id]:
                continue
            for (key, _, _), cell in zip(_COLUMNS, rows[each.id], strict=True):
                self.update_cell(each.id, key, _cell(key, cell, each))

    def _fill(self, rows: dict[str, tuple[str, ...]], lessons: Sequence[Lesson]) -> None:
        picked, at = self.picked, self.cursor_row
        self.clear()
        for each in lessons:
            cells = zip(_COLUMNS, rows[each.id], strict=True)
            self.add_row(*(_cell(key, cell, each) for (key, _, _), cell in cells), key=each.id)
        if rows:
            at = list(rows).index(picked) if picked in rows else min(at, len(rows) - 1)
            self.move_cursor(row=at, animate=False)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        self.post_message(self.Picked())

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.post_message(self.Entered())

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        event.stop()
        if event.column_key.value is not None:
            self.post_message(self.Sorted(event.column_key.value))


def _row(lesson: Lesson) -> tuple[str, ...]:
    return (
        str(lesson.kind),
        f"{'*' if lesson.is_pinned else ''}{lesson.status}",
        f"{lesson.confidence:.2f}",
        "-" if lesson.value is None else f"{lesson.value:+.2f}",
        str(in_words.attempts(lesson)),
        printable(lesson.statement),
    )


def _cell(key: str, cell: str, lesson: Lesson) -> Text:
    is_out = lesson.status in (Status.RETIRED, Status.QUARANTINED)
    style = "dim" if is_out else "bold" if key == "status" and lesson.status is Status.ACTIVE else ""
    return Text(cell, style, justify="right" if key in _RIGHT else "left", no_wrap=True, overflow="ellipsis")
