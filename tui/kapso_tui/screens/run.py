"""One run: its attempts on the left, the one that is picked on the right, chart and budget above.

The screen polls the run in a thread; the parts are shown what changed and never read the disk themselves
on the app's own thread.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
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

    HELP = """\
The attempts of one run, as a table that any column sorts or as a tree by parents, and all about the one that
is picked. Above: the score over attempts or time, the budget, and what is in flight. Keys act on the attempt
that is picked; your files stay as they are until you apply one."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.go('runs')", "Runs"),
        Binding("v", "tree", "Tree"),
        Binding("o", "sort", "Sort"),
        Binding("O", "reverse", "Reverse", show=False),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("g", "number", "Go to", show=False),
        Binding("c", "chart", "Chart"),
        Binding("f", "follow", "Follow"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-usual"), (160, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (14, "-low"), (30, "-tall"), (50, "-high")]
    selected: var[int | None] = var(None, bindings=True)
    """The attempt that is picked: its number, of one that landed or is in flight."""

    def __init__(self, repository: Repository, run: str, attempt: int | None = None) -> None:
        super().__init__()
        self._first = attempt
        self.watch_ = RunWatch(repository, run)
        self._reading = threading.Lock()
        self._complaint = ""

    def compose(self) -> ComposeResult:
        yield RunHeader(self.watch_)
        with Container(id="panes"):
            yield AttemptList(self.watch_, self._first)
            yield AttemptTabs(self.watch_)
        yield Footer()

    def on_mount(self) -> None:
        self.look()
        self.set_interval(POLL_S, self.look)

    @work(thread=True, group="watch", exit_on_error=False)
    def look(self) -> None:
        """Read what is new, in a thread, and show it. What goes wrong is said once, and tried again."""
        if not self._reading.acquire(blocking=False):
            return  # the last look has not ended: a large run is being read
        try:
            news = self.watch_.poll()
        except KapsoError as error:
            self.app.call_from_thread(self._complain, error)
            return
        except Exception as error:  # noqa: BLE001 (a reader of files that anyone may change must not end the app)
            told = KapsoError(f"the run cannot be read: {type(error).__name__}: {error}")
            self.app.call_from_thread(self._complain, told)
            return
        finally:
            self._reading.release()
        self._complaint = ""
        if news:
            self.app.call_from_thread(self.show, news)

    def _complain(self, error: KapsoError) -> None:
        if error.message != self._complaint:
            self._complaint = error.message
            self.app.complain(error)

    def show(self, news: News) -> None:
        """Hand on what changed."""
        if not self.is_mounted:
            return
        for note in news.notes:
            self.notify(note, severity="warning", markup=False, timeout=12)
        self.query_one(RunHeader).show(news)
        self.query_one(AttemptList).show(news)
        self.query_one(AttemptTabs).show(news)
        self.heed(news)

    def on_attempt_list_picked(self, event: AttemptList.Picked) -> None:
        self.selected = event.number

    def watch_selected(self, number: int | None) -> None:
        if number is not None:
            self.query_one(AttemptTabs).pick(number)

    def action_tree(self) -> None:
        self.query_one(AttemptList).toggle_tree()

    def action_sort(self) -> None:
        self.query_one(AttemptList).sort_next()

    def action_reverse(self) -> None:
        self.query_one(AttemptList).reverse()

    def action_filter(self) -> None:
        self.query_one(AttemptList).ask_filter()

    def action_number(self) -> None:
        self.query_one(AttemptList).ask_number()

    def action_follow(self) -> None:
        self.query_one(AttemptList).toggle_follow()

    def action_chart(self) -> None:
        self.query_one(RunHeader).next_chart()
