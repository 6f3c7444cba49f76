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

from kapso.errors import KapsoError
from kapso_tui.screens.run_keys import RunKeys
from kapso_tui.watch.run import News, RunWatch
from kapso_tui.widgets.attempt_list import AttemptList
from kapso_tui.widgets.attempt_tabs import AttemptTabs
from kapso_tui.widgets.calm_footer import CalmFooter
from kapso_tui.widgets.run_header import RunHeader

if TYPE_CHECKING:
    from kapso.git.repository import Repository

POLL_S = 0.5


class RunScreen(RunKeys):
    """One run, live."""

    HELP = """\
The attempts of one run, as a table that any column sorts or as a tree by parents, and all about the one that
is picked; your files stay as they are until you apply one. Marks: ★ the best, ▲ led when it landed, ▽ led
until fresh evaluations said no, ≈ leads, which may be luck, ⚑ your bookmark, ▸ in flight, ? waits for your
word. In the chart each proposer has a sign; ◇ is what the hold-out said."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.go('runs')", "Runs", tooltip="Back to the list of runs"),
        Binding("v", "tree", "Tree", tooltip="The attempts as a tree by parents, or as a table"),
        Binding("o", "sort", "Sort", tooltip="Sort by the next column; a click on its title does, too"),
        Binding("O", "reverse", "Reverse", show=False, tooltip="Sort the other way round"),
        Binding("slash", "filter", "Filter", key_display="/", tooltip="Words, outcome:crashed proposer:tune"),
        Binding("g", "number", "Go to", show=False, tooltip="Go to an attempt by its number"),
        Binding("c", "chart", "Chart", tooltip="The chart by attempts, by time, or none"),
        Binding("f", "follow", "Follow", tooltip="Pick the latest attempts as they land"),
    ]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-usual"), (160, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (14, "-low"), (30, "-tall"), (50, "-high")]
    selected: var[int | None] = var(None)
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
        yield CalmFooter()

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
            return self.app.from_thread(self._say_once, error)
        except Exception as error:  # anyone may change what is read here
            told = KapsoError(f"the run cannot be read: {type(error).__name__}: {error}")
            return self.app.from_thread(self._say_once, told)
        finally:
            self._reading.release()
        self._complaint = ""
        if news:
            self.app.from_thread(self.show, news)

    def _say_once(self, error: KapsoError) -> None:
        if error.message != self._complaint and self.is_attached:
            self._complaint = error.message
            self.app.complain(error)

    def show(self, news: News) -> None:
        """Hand on what changed."""
        if not self.is_attached:
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
        self.refresh_keys()

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
