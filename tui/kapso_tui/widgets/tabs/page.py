"""A page of rows that scrolls: only what is on the screen is painted, however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from kapso_tui.steady import Steady
from kapso_tui.widgets.tabs.rows import Row

STYLES = (
    *("heading", "file", "dim", "strong", "better", "worse", "added", "removed", "hunk", "link"),
    *("keyword", "name", "string", "number", "comment"),
)


class Page(Steady, ScrollView, can_focus=True):
    """Shows rows. Their styles are component classes, so that they follow the theme."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"page--{name}" for name in STYLES}
    DEFAULT_CSS = """
    Page {
        height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        .page--heading { text-style: bold; color: $text-accent; }
        .page--file { text-style: bold reverse; }
        .page--dim { color: $foreground 60%; }
        .page--strong { text-style: bold; }
        .page--better { text-style: bold; color: $text-success; }
        .page--worse { text-style: bold; color: $text-error; }
        .page--added { background: $success-muted; }
        .page--removed { background: $error-muted; }
        .page--hunk { color: $text-primary; text-style: italic; }
        .page--link { text-style: underline; }
        .page--keyword { color: $text-primary; text-style: bold; }
        .page--name { color: $text-secondary; }
        .page--string { color: $text-success; }
        .page--number { color: $text-warning; }
        .page--comment { color: $foreground 60%; text-style: italic; }
    }
    """

    class Resized(Message):
        """There is room for rows of another width."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[Row] = ()
        self._looks: dict[str, Style] = {}

    @property
    def width(self) -> int:
        """Cells that a row may take, beside the scrollbar, whether that is shown or not."""
        return max(self.scrollable_content_region.width, 10)

    @property
    def is_at_end(self) -> bool:
        """Whether the last row is in sight."""
        return self.scroll_offset.y >= self.max_scroll_y

    def fill(self, rows: Sequence[Row], *, at: int = 0, at_end: bool = False) -> None:
        """Show these rows from the row `at` on, or their end."""
        self.rows = rows
        self.virtual_size = Size(self.width, len(rows))
        self.scroll_to(y=len(rows) if at_end else at, animate=False, immediate=True, force=True)
        self.refresh()

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        at = self.scroll_offset.y + y
        width = self.size.width
        if at >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        segments = [Segment(text, self._look(style)) for text, style in self.rows[at]]
        strip = Strip(segments).adjust_cell_length(width, self.rich_style).crop(0, width)
        if (selection := self.text_selection) is not None and (span := selection.get_span(at)) is not None:
            strip = _selected(strip, span, self.screen.get_component_rich_style("screen--selection"))
        return strip.apply_offsets(0, at)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that the mouse marked."""
        return selection.extract("\n".join("".join(text for text, _ in each) for each in self.rows)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def notify_style_update(self) -> None:
        self._looks.clear()
        super().notify_style_update()

    def _look(self, names: str) -> Style:
        if (known := self._looks.get(names)) is None:
            known = self.rich_style
            for name in names.split():
                known += self._own_look(f"page--{name}")
            self._looks[names] = known
        return known

    def _own_look(self, name: str) -> Style:
        """What a component class sets and no more; what lets the ground shine through is mixed with it."""
        own, mixed = (self.get_component_rich_style(name, partial=is_own) for is_own in (True, False))
        return own + Style(color=own.color and mixed.color, bgcolor=own.bgcolor and mixed.bgcolor)

    def scroll_row(self, row: int) -> None:
        """Bring a row to the top."""
        self.scroll_to(y=row, animate=False, immediate=True, force=True)


def _selected(strip: Strip, span: tuple[int, int], look: Style) -> Strip:
    """The strip with the characters from `span` on marked; -1 is the end."""
    text = strip.text
    first, last = span
    start = cell_len(text[:first])
    end = strip.cell_length if last == -1 else cell_len(text[:last])
    before, marked, after = strip.crop(0, start), strip.crop(start, end), strip.crop(end)
    return Strip.join([before, Strip(Segment.apply_style(marked, post_style=look)), after])
