"""Everything about the attempt that is picked, in tabs: each is read in a worker when it is looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rich.cells import set_cell_size
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import OptionList, Static, Tab, Tabs
from textual.widgets.option_list import Option

from kapso.attempt import BASELINE
from kapso.errors import KapsoError
from kapso.wording import number as told
from kapso.wording import printable
from kapso_tui.glyphs import glyphs
from kapso_tui.steady import Steady
from kapso_tui.watch.attempt import AttemptReader
from kapso_tui.watch.run import News, RunWatch
from kapso_tui.widgets.tabs import contents
from kapso_tui.widgets.tabs.lineage import Relative
from kapso_tui.widgets.tabs.page import Page
from kapso_tui.widgets.tabs.rows import Row, row, trouble

if TYPE_CHECKING:
    from kapso_tui.app import KapsoApp

NAMES = ("idea", "diff", "metrics", "logs", "prompt", "lineage")
DEBOUNCE_S = 0.1
"""How long a pick has to stand before it is read: an arrow key that is held down reads nothing."""
SLOW_S = 0.3
"""From when on the page says that it is being read, instead of what it showed before."""
TAIL_S = 0.5
MOST_KEPT = 24
MOST_ROWS = 40_000


Rows = Sequence[Row] | Sequence[Relative]


@dataclass(frozen=True)
class Wish:
    """What is to be shown: a tab of an attempt, in so many cells."""

    number: int
    tab: str
    width: int
    to_base: bool = False


class AttemptTabs(Steady, Vertical):
    """Idea, diff, metrics, logs, prompt and reply, lineage of one attempt."""

    app: KapsoApp
    ALLOW_MAXIMIZE = True

    class Wanted(Message):
        """The user goes to another attempt from here."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    DEFAULT_CSS = """
    AttemptTabs { padding-left: 1; }
    AttemptTabs > #who { height: 1; text-style: bold; }
    AttemptTabs > Tabs { height: 1; }
    AttemptTabs > Tabs Underline { display: none; }
    AttemptTabs > Tabs Tab { padding: 0 1; height: 1; }
    AttemptTabs > Tabs Tab.-active { text-style: bold reverse; }
    AttemptTabs > OptionList {
        height: 1fr; padding: 0; background: transparent; display: none;
        &, &:focus { border: none; }
    }
    """

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.watched = watch
        self.reader = AttemptReader(watch)
        self.number: int | None = None
        self.to_base = False
        """Whether the diff is the one against the base."""
        self.shown: Wish | None = None
        self._kept: OrderedDict[Wish, Rows] = OrderedDict()
        self._timer: Timer | None = None
        self._lines: Sequence[Relative] = ()
        self._log_size = -1
        self._said: set[str] = set()

    def compose(self) -> ComposeResult:
        yield Static("", id="who", markup=False)
        tabs = Tabs(*(Tab(name, id=name) for name in NAMES))
        tabs.can_focus = False
        yield tabs
        yield Page()
        yield OptionList(markup=False)

    def on_mount(self) -> None:
        self.set_interval(TAIL_S, self._tail)

    @property
    def tab(self) -> str:
        """The tab that is looked at."""
        return self.query_one(Tabs).active or NAMES[0]

    def pick(self, number: int) -> None:
        """Show the attempt `number`, landed or in flight."""
        self.number = number
        self._say_who()
        self.refill(wait=True)

    def show(self, news: News) -> None:
        """The run moved on: what is shown may have changed."""
        if news.is_reloaded:
            self._kept.clear()
        elif news.attempts or news.has_flights:
            best = self.watched.summary.best_attempt if self.watched.summary else None
            moved = {*news.attempts, *self.watched.flights}
            is_new_best = best in news.attempts
            for wish in [w for w in self._kept if w.number in moved or (is_new_best and w.tab != "diff")]:
                del self._kept[wish]
        else:
            return
        if self.number is not None:
            self._say_who()
            self.refill(keep_place=True)

    def turn(self, by: int) -> None:
        """Go to the next tab, or the one before."""
        self.open(NAMES[(NAMES.index(self.tab) + by) % len(NAMES)])

    def open(self, name: str) -> None:
        """Go to a tab."""
        self.query_one(Tabs).active = name

    def toggle_base(self) -> None:
        """The diff against the parent, or against the base."""
        self.to_base = not self.to_base
        self.open("diff")
        self.refill()

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        event.stop()
        self.refill()

    def on_resize(self) -> None:
        self._say_who()

    def on_page_resized(self) -> None:
        self.refill(wait=self.shown is not None, keep_place=True)

    def refill_in_place(self) -> None:
        """Read again what is looked at."""
        self.refill(keep_place=True)

    def refill(self, *, wait: bool = False, keep_place: bool = False) -> None:
        """Show what is to be shown: at once where it is known, else as soon as it is read."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if self.number is None or not self.is_mounted:
            return
        page = self.query_one(Page)
        tab = self.tab
        page.display, self.query_one(OptionList).display = tab != "lineage", tab == "lineage"
        width = 0 if tab == "lineage" else page.width
        wish = Wish(self.number, tab, width, self.to_base and tab == "diff")
        if (rows := self._kept.get(wish)) is not None:
            self._kept.move_to_end(wish)
            return self._fill(wish, rows, keep_place=keep_place)
        if wait:
            self._timer = self.set_timer(DEBOUNCE_S, lambda: self._ask(wish, keep_place))
        else:
            self._ask(wish, keep_place)

    def _ask(self, wish: Wish, keep_place: bool) -> None:
        self._timer = self.set_timer(SLOW_S, lambda: self._say_slow(wish))
        self.read(wish, keep_place)

    @work(thread=True, exclusive=True, group="attempt", exit_on_error=False)
    def read(self, wish: Wish, keep_place: bool) -> None:
        """Read a tab, in a thread."""
        is_kept = True
        try:
            rows: Rows = contents.read(self.reader, wish.number, wish.tab, wish.width, to_base=wish.to_base)
        except KapsoError as error:
            rows, is_kept = trouble(error, wish.width), False
        except Exception as error:  # what git, logs or a pulled run hold may be anything
            what = KapsoError(f"this cannot be shown: {type(error).__name__}: {error}")
            rows, is_kept = trouble(what, wish.width), False
        self.app.from_thread(self._take, wish, rows, keep_place, is_kept)

    def _take(self, wish: Wish, rows: Rows, keep_place: bool, is_kept: bool) -> None:
        """What was read; shown where it is still wanted."""
        if is_kept and (wish.tab == "diff" or (wish.number in self.watched.attempts and wish.width)):
            self._keep(wish, rows)
        self._say_trouble()
        if (wish.number, wish.tab) != (self.number, self.tab):
            return
        if self._timer is not None:
            self._timer.stop()
        if wish.width in (0, self.query_one(Page).width):
            self._fill(wish, rows, keep_place=keep_place)
        else:  # the terminal was resized meanwhile
            self.refill(keep_place=keep_place)

    def _keep(self, wish: Wish, rows: Rows) -> None:
        self._kept[wish] = rows
        while len(self._kept) > MOST_KEPT or sum(map(len, self._kept.values())) > MOST_ROWS:
            self._kept.popitem(last=False)

    def _fill(self, wish: Wish, rows: Rows, *, keep_place: bool) -> None:
        page = self.query_one(Page)
        is_same = self.shown is not None and (self.shown.number, self.shown.tab) == (wish.number, wish.tab)
        if wish.tab == "lineage":
            self.shown = wish
            return self._fill_lineage(cast(Sequence[Relative], rows), keep_place=keep_place and is_same)
        if keep_place and is_same and rows == page.rows:
            return
        follows = wish.tab == "logs" and wish.number in self.watched.flights
        at_end = follows and (not is_same or page.is_at_end)
        at = page.scroll_offset.y if keep_place and is_same else 0
        self.shown = wish
        page.fill(cast(Sequence[Row], rows), at=at, at_end=at_end)

    def _say_slow(self, wish: Wish) -> None:
        if (wish.number, wish.tab) == (self.number, self.tab) and self.shown != wish:
            self.shown = None
            self.query_one(Page).fill([row("reading it", "dim")])

    def _say_trouble(self) -> None:
        """Once, why the episodic log could not be asked."""
        why = self.reader.trouble
        if why is not None and why not in self._said:
            self._said.add(why)
            self.notify(f"{why}; read from git, without the commands", severity="warning", markup=False)

    def _say_who(self) -> None:
        if self.number is not None:
            line = who(self.watched, self.number)
            self.query_one("#who", Static).update(
                set_cell_size(line, max(self.container_size.width - self.gutter.width, 1))
            )

    def _fill_lineage(self, lines: Sequence[Relative], *, keep_place: bool) -> None:
        if keep_place and lines == self._lines:
            return
        self._lines, options = lines, self.query_one(OptionList)
        at = options.highlighted if keep_place else None
        options.clear_options()
        options.add_options([_option(place, each) for place, each in enumerate(lines)])
        options.highlighted = min(at or 1, len(lines) - 1)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option.id is not None:
            self.post_message(self.Wanted(int(event.option.id.partition("-")[2])))

    def _tail(self) -> None:
        """Read on in a log that still grows, while somebody looks."""
        if self.tab == "logs" and self.number in self.watched.flights:
            self.grow(self.number)

    @work(thread=True, exclusive=True, group="tail", exit_on_error=False)
    def grow(self, number: int) -> None:
        """Look whether the log has grown, in a thread."""
        size = self.reader.log_size(number)
        if size != self._log_size:
            self._log_size = size
            self.app.from_thread(self.refill_in_place)


def _option(at: int, each: Relative) -> Option:
    identity = None if each.number is None else f"{at}-{each.number}"
    return Option(each.text, id=identity, disabled=each.number is None)


def who(watch: RunWatch, number: int) -> str:
    """An attempt in one line."""
    name = "baseline" if number == BASELINE else f"#{number}"
    if (landed := watch.attempts.get(number)) is not None:
        score = f" {told(landed.score)}" if landed.is_scored else ""
        verdict = f", {landed.verdict}" if landed.verdict else ""
        best = f" {glyphs().best} best" if watch.summary and watch.summary.best_attempt == number else ""
        return f"{name} {landed.outcome}{verdict}{score}{best}  {printable(landed.title)}"
    if (flight := watch.flights.get(number)) is not None:
        state = "waits for approval: a approves, r rejects" if flight.is_waiting else "in flight"
        return f"{name} {state}  {printable(flight.title)}"
    return f"{name} is not in git any more"
