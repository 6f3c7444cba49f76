"""Above the attempts: what the run is at, its budget, what is in flight, and its score chart."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Container
from textual.strip import Strip
from textual.widget import Widget

from kapso_tui.glyphs import glyphs
from kapso_tui.watch.run import News, RunWatch
from kapso_tui.widgets.glance import Line, cut, glance
from kapso_tui.widgets.score_chart import ScoreChart


class Glance(Widget):
    """The lines of the header."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"glance--{name}" for name in ("bold", "dim", "good", "bad", "live")
    }
    DEFAULT_CSS = """
    Glance > .glance--bold { text-style: bold; }
    Glance > .glance--dim { color: $text-muted; }
    Glance > .glance--good { color: $text-success; text-style: bold; }
    Glance > .glance--bad { color: $text-error; text-style: bold; }
    Glance > .glance--live { color: $text-accent; }
    """

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.watched = watch
        self._lines: list[Line] = []

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)

    def on_resize(self) -> None:
        self.update()

    def update(self) -> None:
        """Say it as it is now."""
        lines = glance(self.watched, self.size.width, self.size.height, glyphs())
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def _tick(self) -> None:
        if self.watched.is_live:
            self.update()

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        pieces = cut(self._lines[y], width, glyphs()) if y < len(self._lines) else []
        segments = [Segment(text, base + self._tone(tone)) for text, tone in pieces]
        return Strip(segments).adjust_cell_length(width, base)

    def _tone(self, tone: str) -> Style:
        return self.get_component_rich_style(f"glance--{tone}") if tone else Style.null()


class RunHeader(Container):
    """The run at a glance, beside its chart where there is room."""

    DEFAULT_CSS = """
    RunHeader { layout: horizontal; height: 11; }
    RunHeader > Glance { width: 2fr; height: 1fr; margin-right: 1; }
    RunHeader > ScoreChart { width: 3fr; height: 1fr; }
    RunHeader.-bare > ScoreChart { display: none; }
    """

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.watched = watch

    def compose(self) -> ComposeResult:
        yield Glance(self.watched)
        yield ScoreChart(self.watched)

    def show(self, news: News) -> None:
        """Show what changed."""
        self.query_one(Glance).update()
        if news.attempts or news.is_reloaded or news.has_status:
            self.query_one(ScoreChart).redraw()

    def next_chart(self) -> None:
        """Over attempts, over time, none; where there is little room it begins with none."""
        chart = self.query_one(ScoreChart)
        if not chart.display or not chart.size.height:
            chart.by = "attempts"
            self.remove_class("-bare")
            self.add_class("-chart")
        elif chart.by == "attempts":
            chart.by = "time"
        else:
            self.remove_class("-chart")
            self.add_class("-bare")
        chart.redraw()
