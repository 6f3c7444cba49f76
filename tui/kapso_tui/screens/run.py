"""One run: its attempts on the left, the one that is picked on the right, chart and budget above.

The screen polls the run in a thread; the parts are shown what changed and never read the disk themselves
on the app's own thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.reactive import var
from textual.widgets import Footer

from kapso.errors import KapsoError
from kapso_tui.screens.run_keys import RunKeys
from kapso_tui.watch.run import News, RunWatch
from kapso_tui.widgets.attempt_list import AttemptList
from kapso_tui.widgets.attempt_tabs import AttemptTabs
from kapso_tui.widgets.run_header import RunHeader

if TYPE_CHECKING:
    from kapso.git.repository import Repository

POLL_S = 0.5


class RunScreen(RunKeys):
    """One run, live."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.go('runs')", "Runs")]
    selected: var[int | None] = var(None)
    """The attempt that is picked: its number, of one that landed or is in flight."""

    def __init__(self, repository: Repository, run: str) -> None:
        super().__init__()
        self.watch_ = RunWatch(repository, run)

    def compose(self) -> ComposeResult:
        yield RunHeader(self.watch_)
        with Horizontal(id="panes"):
            yield AttemptList(self.watch_)
            yield AttemptTabs(self.watch_)
        yield Footer()

    def on_mount(self) -> None:
        self.look(is_first=True)
        self.set_interval(POLL_S, self.look)

    @work(thread=True, exclusive=True, group="watch")
    def look(self, is_first: bool = False) -> None:
        """Read what is new, in a thread, and show it."""
        try:
            news = self.watch_.load() if is_first else self.watch_.poll()
        except KapsoError as error:
            self.app.call_from_thread(self.app.complain, error)  # type: ignore[attr-defined]
            return
        if news:
            self.app.call_from_thread(self.show, news)

    def show(self, news: News) -> None:
        """Hand on what changed."""
        for note in news.notes:
            self.notify(note, severity="warning", markup=False)
        self.query_one(RunHeader).show(news)
        self.query_one(AttemptList).show(news)
        self.query_one(AttemptTabs).show(news)
        self.heed(news)

    def on_attempt_list_picked(self, event: AttemptList.Picked) -> None:
        self.selected = event.number

    def watch_selected(self, number: int | None) -> None:
        if number is not None:
            self.query_one(AttemptTabs).pick(number)
