"""Everything about the attempt that is picked, in tabs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from kapso_tui.watch.run import News, RunWatch


class AttemptTabs(Vertical):
    """Idea, diff, metrics, logs, prompt and reply, lineage of one attempt."""

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.watched = watch
        self.number: int | None = None

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def pick(self, number: int) -> None:
        """Show the attempt `number`, landed or in flight."""
        self.number = number
        found = self.watched.attempts.get(number)
        self.query_one(Static).update(found.title if found else f"attempt {number}")

    def show(self, news: News) -> None:
        """The run moved on: what is shown may have changed."""
        if self.number in news.attempts or news.is_reloaded:
            if self.number is not None:
                self.pick(self.number)
