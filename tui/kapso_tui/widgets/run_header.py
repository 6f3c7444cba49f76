"""Above the attempts: what the run is at, its score chart, its budget, what is in flight."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from kapso_tui.watch.run import News, RunWatch


class RunHeader(Vertical):
    """The run at a glance."""

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.watched = watch

    def compose(self) -> ComposeResult:
        yield Static("", markup=False)

    def show(self, news: News) -> None:
        """Show what changed."""
        summary = self.watched.summary
        best = summary.best_score if summary else None
        self.query_one(Static).update(f"{self.watched.run}  {self.watched.status}  best {best}")
