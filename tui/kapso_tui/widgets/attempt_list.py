"""The attempts of a run: a table that any column sorts, or a tree by parents; filtered, followed."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from kapso_tui.watch.run import News, RunWatch
from kapso_tui.widgets.attempt_rows import BY_NAME, SORTABLE, Row, matcher, table_rows
from kapso_tui.widgets.attempt_tree import TreeState, tree_rows
from kapso_tui.widgets.rows import Rows

PICK_APART_S = 0.12
"""While a key is held down, what is picked is told no more often: others look it up."""


class AttemptList(Vertical):
    """Shows what landed and what is in flight; the rows are painted as they are scrolled to."""

    DEFAULT_CSS = """
    AttemptList { border: round $surface-lighten-2; }
    AttemptList:focus-within { border: round $primary; }
    AttemptList > Input { display: none; border: none; height: 1; padding: 0; background: $surface; }
    AttemptList.-prompting > Input { display: block; }
    """

    class Picked(Message):
        """Another attempt is picked."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, watch: RunWatch, first: int | None = None) -> None:
        super().__init__()
        self.watched = watch
        self.first = first
        """The attempt that is picked at the start, if somebody said which."""
        self.is_tree = False
        self.is_following = False
        self.filter = ""
        self.sort, self.is_reversed = "number", False
        self.tree_state = TreeState()
        self._prompt = ""
        self._has_chosen = False
        self._told: int | None = None
        self._waiting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Rows(self.watched)
        yield Input(compact=True)

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)
        self._title()

    @property
    def rows(self) -> Rows:
        return self.query_one(Rows)

    # What the run does

    def show(self, news: News) -> None:
        """Show what changed; `watched` holds everything."""
        if news.attempts or news.has_flights or news.has_status or news.is_reloaded:
            self._fill()
        if not self._has_chosen and self.watched.attempts:
            self._has_chosen = True
            self._choose_first()
        elif self.is_following and news.attempts:
            self.select(max(news.attempts), by_hand=False)

    def _choose_first(self) -> None:
        """At the start, what there is to see: the latest of a run that goes on, else the best."""
        if self.first is not None and self.select(self.first, by_hand=False):
            return
        best = self.watched.best
        number = max(self.watched.attempts) if self.watched.is_live or best is None else best.number
        self.select(number, by_hand=False)

    def select(self, number: int, *, by_hand: bool = True) -> bool:
        """Pick an attempt; False where it is not in the list, as a filter or a fold hides it."""
        at = self.rows.place_of(Row(number))
        if at is None and self.is_tree and number in self.watched.attempts:
            self.tree_state.reveal(self.watched, number)
            self._fill()
            at = self.rows.place_of(Row(number))
        if at is None:
            return False
        self.rows.go(at, by_hand=by_hand)
        return True

    def _fill(self) -> None:
        rows, fits = self.rows, matcher(self.filter)
        shown = [
            number
            for number, attempt in self.watched.attempts.items()
            if fits is None or fits(attempt, self.watched)
        ]
        if self.is_tree:
            found = tree_rows(self.watched, self.tree_state, None if fits is None else set(shown))
        else:
            found = table_rows(self.watched, self.sort, self.is_reversed, shown)
        rows.sort, rows.is_reversed = ("" if self.is_tree else self.sort), self.is_reversed
        rows.empty = self._why_empty()
        rows.fill(found, rows.current)
        self._title(len(shown) if fits else None)

    def _why_empty(self) -> str:
        if self.filter:
            return f"nothing fits `{self.filter}`: escape takes the filter away"
        return "no attempt has landed yet" if self.watched.is_loaded else "reading the run"

    def _title(self, found: int | None = None) -> None:
        landed = len(self.watched.attempts)
        noun = "attempt" if landed == 1 else "attempts"
        parts = [f"{landed:,} {noun}" if found is None else f"{found:,} of {landed:,} fit {self.filter}"]
        parts.append("tree" if self.is_tree else f"by {BY_NAME[self.sort].name}")
        if self.is_following:
            parts.append("following")
        self.border_title = " · ".join(parts).replace("[", "\\[")

    def _tick(self) -> None:
        """The time of what is in flight."""
        if self.watched.flights and not self.is_tree:
            self.rows.refresh_lines(1, min(len(self.watched.flights), self.rows.page))

    # What the user does

    @on(Rows.Moved)
    def _moved(self, event: Rows.Moved) -> None:
        event.stop()
        if event.by_hand and self.is_following:
            self.is_following = False
            self._title()
        if self._waiting is None:
            self._tell()
            self._waiting = self.set_timer(PICK_APART_S, self._tell_last)

    def _tell_last(self) -> None:
        self._waiting = None
        self._tell()

    def _tell(self) -> None:
        row = self.rows.current
        if row is not None and not row.folded and row.number != self._told:
            self._told = row.number
            self.post_message(self.Picked(row.number))

    @on(Rows.HeaderClicked)
    def _sort_by(self, event: Rows.HeaderClicked) -> None:
        event.stop()
        self.is_tree = False
        self.is_reversed = not self.is_reversed if event.column == self.sort else False
        self.sort = event.column
        self._fill()

    @on(Rows.Folded)
    def _fold(self, event: Rows.Folded) -> None:
        event.stop()
        if self.is_tree:
            self.tree_state.toggle(event.row, event.is_open)
            self._fill()

    def toggle_tree(self) -> None:
        """Table or tree."""
        self.is_tree = not self.is_tree
        self._fill()
        if (row := self.rows.current) and self._told is not None and row.number != self._told:
            self.select(self._told, by_hand=False)

    def sort_next(self) -> None:
        """Sort by the next column that is seen."""
        self.is_tree = False
        names = [column.name for column, _ in self.rows.columns() if column.name in SORTABLE]
        at = names.index(self.sort) if self.sort in names else -1
        self.sort, self.is_reversed = names[(at + 1) % len(names)], False
        self._fill()

    def reverse(self) -> None:
        """The other way round."""
        self.is_reversed = not self.is_reversed
        self._fill()

    def toggle_follow(self) -> None:
        """Pick the latest as they land, or stay."""
        self.is_following = not self.is_following
        if self.is_following and self.watched.attempts:
            self.select(max(self.watched.attempts), by_hand=False)
        self._title()

    def ask_filter(self) -> None:
        """Let the user type what the list shall show."""
        self._ask("filter", self.filter, "words, outcome:crashed proposer:tune verdict:better")

    def ask_number(self) -> None:
        """Let the user type where to go."""
        self._ask("number", "", "the number of an attempt")

    def _ask(self, what: str, value: str, hint: str) -> None:
        self._prompt = what
        self.add_class("-prompting")
        field = self.query_one(Input)
        field.value, field.placeholder = value, hint
        field.focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._prompt == "filter" and event.value != self.filter:
            self.filter = event.value
            self._fill()
        elif self._prompt == "number" and event.value.isdigit() and event.value.isascii():
            self.select(int(event.value[:9]))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._close_prompt()

    def _close_prompt(self) -> None:
        self._prompt = ""
        self.remove_class("-prompting")
        self.rows.focus()

    def on_key(self, event: events.Key) -> None:
        """Escape leaves the line that is typed and takes the filter away; else it leads out as everywhere."""
        if event.key != "escape" or not (self._prompt or self.filter):
            return
        event.stop()
        event.prevent_default()
        if self._prompt != "number" and self.filter:
            self.filter = ""
            self._fill()
        self._close_prompt()
