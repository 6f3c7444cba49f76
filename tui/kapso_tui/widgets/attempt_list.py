"""The attempts of a run: a table that any column sorts, or a tree by parents."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import DataTable

from kapso_tui.watch.run import News, RunWatch


class AttemptList(Vertical):
    """Shows what landed and what is in flight; the rows are painted as they are scrolled to."""

    class Picked(Message):
        """Another attempt is picked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.watched = watch

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        self.query_one(DataTable).add_columns("#", "OUTCOME", "SCORE", "TITLE")

    def show(self, news: News) -> None:
        """Show what changed; `watched` holds everything."""
        table = self.query_one(DataTable)
        table.clear()
        for number, each in self.watched.attempts.items():
            table.add_row(str(number), str(each.outcome), str(each.score), each.title, key=str(number))

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        if event.row_key is not None and event.row_key.value is not None:
            self.post_message(self.Picked(int(event.row_key.value)))
