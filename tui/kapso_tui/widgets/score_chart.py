"""The score chart of a run, over attempts or over time: worked out in a thread, painted by lines."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.strip import Strip
from textual.widget import Widget

from kapso_tui.glyphs import glyphs
from kapso_tui.watch.run import RunWatch
from kapso_tui.widgets.plot import KNOWN, Piece, plot

_PLAIN = ("axis", "line", "best", "holdout", "target", "failed")


class ScoreChart(Widget):
    """Attempts by proposer, the best so far, baseline, target, and what the hold-out said."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"chart--{name}" for name in _PLAIN),
        *(f"chart--proposer-{index}" for index in range(len(KNOWN))),
    }
    DEFAULT_CSS = """
    ScoreChart { height: 1fr; }
    ScoreChart > .chart--axis { color: $text-muted; }
    ScoreChart > .chart--line { color: $foreground; text-style: bold; }
    ScoreChart > .chart--best { color: $text-success; text-style: bold; }
    ScoreChart > .chart--holdout { color: $text-accent; text-style: bold; }
    ScoreChart > .chart--target { color: $text-warning; }
    ScoreChart > .chart--failed { color: $text-error; }
    ScoreChart > .chart--proposer-0 { color: ansi_bright_blue; }
    ScoreChart > .chart--proposer-1 { color: ansi_yellow; }
    ScoreChart > .chart--proposer-2 { color: ansi_green; }
    ScoreChart > .chart--proposer-3 { color: ansi_magenta; }
    ScoreChart > .chart--proposer-4 { color: ansi_cyan; }
    ScoreChart > .chart--proposer-5 { color: ansi_red; }
    ScoreChart > .chart--proposer-6 { color: ansi_bright_magenta; }
    ScoreChart > .chart--proposer-7 { color: ansi_bright_cyan; }
    """

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.watched = watch
        self.by = "attempts"
        self.lines: list[list[Piece]] = []
        self._is_stale = False
        self._is_drawing = False

    def redraw(self) -> None:
        """What it shows has changed. While it is being drawn, only the last change counts."""
        self._is_stale = True
        if not self._is_drawing and self.display and self.size.height and self.watched.facts is not None:
            self._is_drawing, self._is_stale = True, False
            self._draw()

    def on_resize(self) -> None:
        self.redraw()

    def on_show(self) -> None:
        self.redraw()

    @work(thread=True, group="chart", exit_on_error=False)
    def _draw(self) -> None:
        facts, size, goal = self.watched.facts, self.size, self.watched.goal
        assert facts is not None
        lines: list[list[Piece]] = [[("the chart cannot be drawn", "failed")]]
        try:
            target = goal.stop.target if goal else None
            lines = plot(facts, self.by, size.width, size.height, glyphs(), target=target)
        finally:
            if self.app.is_running and self.is_attached:
                self.app.call_from_thread(self._drawn, lines)

    def _drawn(self, lines: list[list[Piece]]) -> None:
        self.lines, self._is_drawing = lines, False
        self.refresh()
        if self._is_stale:
            self.redraw()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        pieces = self.lines[y] if y < len(self.lines) else []
        base = self.rich_style
        segments = [Segment(text, base + self._tone(tone)) for text, tone in pieces]
        return Strip(segments).adjust_cell_length(width, base)

    def _tone(self, tone: str) -> Style:
        if not tone:
            return Style.null()
        if tone.startswith("leader-"):
            name = tone.replace("leader", "proposer")
            return self.get_component_rich_style(f"chart--{name}") + Style(bold=True)
        return self.get_component_rich_style(f"chart--{tone}")
