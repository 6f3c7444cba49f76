"""All runs of the repository, live: what each is at, how its best came about, and the keys for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Input, Static

from kapso.errors import KapsoError
from kapso.wording import age, dollars, number, plural, printable
from kapso_tui.glyphs import glyphs
from kapso_tui.screens.runs_keys import RunsKeys
from kapso_tui.watch.runs import Listed, RunsWatch
from kapso_tui.widgets.calm_footer import CalmFooter
from kapso_tui.widgets.sparkline import STYLES, shorten, sparkline, status_text

if TYPE_CHECKING:
    from kapso.git.repository import Repository

LOOK_S = 1.0
CURVE = 10
EMPTY = "no runs yet: `n` starts one from a goal.yaml"
NARROWEST = 16
"""Cells that the name of a run gets, however narrow the terminal."""
Row = tuple[Text, ...]
Columns = tuple[tuple[str, int], ...]
"""Titles, and how many cells each column takes."""


class RunTable(DataTable[Text]):
    """Its own key for a row, told in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "Open")]


class RunsScreen(RunsKeys):
    """The list of runs."""

    HELP = """\
Every run of this repository, the latest first. The curve shows the best so far over the attempts; those
that wait are for you to approve, on the run's own screen. A mark at the left edge is what `C` compares. A
run is a process of its own: closing the dashboard ends none."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New run"),
        Binding("u", "resume", "Resume"),
        Binding("p", "pause", "Pause"),
        Binding("x", "stop", "Stop"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("m", "mark", "Mark"),
        Binding("C", "compare", "Compare"),
        Binding("escape", "clear_filter", "All runs", show=False),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (10, "-tall")]
    DEFAULT_CSS = """
    RunsScreen #runs { height: 1fr; }
    RunsScreen #empty { height: 1fr; content-align: center middle; }
    RunsScreen.-low #about { display: none; }
    RunsScreen #about { height: auto; max-height: 3; padding: 0 1; color: $text-muted; }
    RunsScreen #filter { height: 1; border: none; padding: 0 1; }
    """

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository)
        self.watch_ = RunsWatch(repository)
        self.marked: list[str] = []
        self._columns: Columns = ()
        self._rows: dict[str, Row] = {}
        self._is_looking = False
        self._has_looked = False
        self._complaint = ""
        """What is wrong already; said once, not with every look."""

    def compose(self) -> ComposeResult:
        yield Static("reading the runs…", id="empty", markup=False)
        yield RunTable(id="runs", cursor_type="row")
        yield Static("", id="about", markup=False)
        yield Input(placeholder="filter: a name, a word of the objective, a status", id="filter")
        yield CalmFooter()

    def on_mount(self) -> None:
        self.table.display = self.filter.display = False
        self.look()
        self.set_interval(LOOK_S, self.look)

    def on_screen_resume(self) -> None:
        self.look()

    @property
    def table(self) -> RunTable:
        return self.query_one(RunTable)

    @property
    def filter(self) -> Input:
        return self.query_one("#filter", Input)

    def look(self) -> None:
        """Read what is new, in a thread, and show it; one look at a time."""
        if self.is_current and not self._is_looking:
            self._is_looking = True
            self.apart("runs", self.watch_.look, self._show_news, last=self._rest)

    def _show_news(self, notes: Sequence[str]) -> None:
        self._complaint, self._has_looked = "", True
        self.show(notes)

    def _rest(self) -> None:
        self._is_looking = False

    def _fail(self, error: Exception) -> None:
        if isinstance(error, KapsoError) and error.message == self._complaint:
            return  # it was said, and is still so
        self._complaint = error.message if isinstance(error, KapsoError) else ""
        super()._fail(error)

    def show(self, notes: Sequence[str] = ()) -> None:
        """Show the list as it stands."""
        for note in notes:
            self.dashboard.note(note, "warning")
        columns, rows = self._make_rows(self.shown())
        if columns == self._columns and list(rows) == list(self._rows):
            self._update(rows)
        else:
            self._fill(columns, rows)
        self._columns, self._rows = columns, rows
        self.table.display = bool(rows)
        if rows and self.focused is None:
            self.table.focus()
        self._say_why_empty(bool(rows))
        self._tell_about()

    def shown(self) -> list[Listed]:
        """The runs that the filter lets through."""
        words = self.filter.value.lower().split()
        return [run for run in self.watch_.runs if all(word in _searched(run) for word in words)]

    @property
    def picked(self) -> Listed | None:
        """The run under the cursor."""
        if not self._rows or not self.table.is_valid_row_index(self.table.cursor_row):
            return None
        name = list(self._rows)[self.table.cursor_row]
        return next((run for run in self.watch_.runs if run.run == name), None)

    def _say_why_empty(self, has_rows: bool) -> None:
        empty = self.query_one("#empty", Static)
        empty.display = not has_rows
        if self._has_looked and not has_rows:
            filtered = self.watch_.runs and f"no run fits `{printable(self.filter.value)}`: escape shows all"
            empty.update(filtered or EMPTY)

    # rows

    def _make_rows(self, runs: Sequence[Listed]) -> tuple[Columns, dict[str, Row]]:
        """The columns with the cells that each takes, and the rows; names get what the others leave."""
        moment = self.dashboard.clock()
        titles = _titles(has_cost := any(run.summary.cost for run in runs))
        rest = [_cells(run, moment, has_cost=has_cost) for run in runs]
        widths = [max(map(cell_len, each)) for each in zip(titles[2:], *map(_plain, rest), strict=True)]
        room = max(self.size.width - sum(widths) - 2 * len(titles) - 3, NARROWEST)
        names = [Text(shorten(printable(run.run), room), style="bold", no_wrap=True) for run in runs]
        longest = max((cell_len(name.plain) for name in names), default=0)
        rows = {
            run.run: (Text(self._mark(run.run)), name, *cells)
            for run, name, cells in zip(runs, names, rest, strict=True)
        }
        return tuple(zip(titles, (1, max(longest, 3), *widths), strict=True)), rows

    def _mark(self, run: str) -> str:
        return glyphs().mark if run in self.marked else " "

    def _update(self, rows: dict[str, Row]) -> None:
        """In place: only the cells that changed are painted."""
        keys = list(self.table.columns)
        for name, row in rows.items():
            for key, cell, before in zip(keys, row, self._rows[name], strict=True):
                if cell != before:
                    self.table.update_cell(name, key, cell)

    def _fill(self, columns: Columns, rows: dict[str, Row]) -> None:
        """Anew, in one paint, with the cursor on the run where it was."""
        before = self.picked.run if self.picked else None
        table = self.table
        with self.dashboard.batch_update():
            table.clear(columns=True)
            for title, width in columns:
                table.add_column(Text(title, style="dim"), key=title, width=width)
            for name, row in rows.items():
                table.add_row(*row, key=name)
            if before in rows:
                table.move_cursor(row=list(rows).index(before), animate=False)

    def on_resize(self) -> None:
        if self._rows:
            self.show()

    def on_data_table_row_highlighted(self) -> None:
        self._tell_about()

    def _tell_about(self) -> None:
        run = self.picked
        self.query_one("#about", Static).update(_about(run) if run else "")

    # keys

    def on_data_table_row_selected(self) -> None:
        if (run := self.picked) is not None:
            self.dashboard.open_run(run.run)

    def action_filter(self) -> None:
        self.filter.display = True
        self.filter.focus()

    def action_clear_filter(self) -> None:
        self.filter.value = ""
        self.filter.display = False
        self.table.focus()

    def on_input_changed(self) -> None:
        if self._has_looked:
            self.show()

    def on_input_submitted(self) -> None:
        self.filter.display = bool(self.filter.value)
        self.table.focus()


def _titles(has_cost: bool) -> tuple[str, ...]:
    change = f"BASELINE {glyphs().arrow} BEST"
    return ("", "RUN", "STATUS", "CURVE", change, "ATTEMPTS", *(("COST",) if has_cost else ()), "AGE")


def _plain(row: Row) -> list[str]:
    return [cell.plain for cell in row]


def _cells(run: Listed, moment: datetime, *, has_cost: bool) -> Row:
    """All but the mark and the name."""
    summary = run.summary
    cost = (Text(dollars(summary.cost), justify="right"),) if has_cost else ()
    started = (moment - summary.started).total_seconds() if summary.started else None
    return (
        Text(_status(run), style=STYLES.get(run.status, "")),
        Text(sparkline(run.steps, summary.attempts, CURVE), style="cyan"),
        Text(f"{number(summary.baseline)} {glyphs().arrow} {number(summary.best_score)}"),
        Text(str(summary.attempts), justify="right"),
        *cost,
        Text(age(started), justify="right"),
    )


def _status(run: Listed) -> str:
    """What it is at, and whether it needs a human."""
    count = len(run.waiting) if run.is_live else 0
    return status_text(run.status) + (f", {count} wait{'s' * (count == 1)}" if count else "")


def _about(run: Listed) -> str:
    from kapso.report.words import ENDINGS

    summary = run.summary
    ended = ENDINGS.get(summary.reason or "", "") if run.status == "finished" else ""
    way = f"{summary.metric or 'score'} ({'higher' if summary.maximize else 'lower'} is better)"
    best = (
        f"best: attempt {summary.best_attempt}" if summary.best_attempt else "no attempt beats the baseline"
    )
    waits = f"{plural(len(run.waiting), 'attempt')} to approve" if run.is_live and run.waiting else ""
    told = " · ".join(each for each in (way, best, plural(summary.attempts, "attempt"), ended, waits) if each)
    return f"{printable(' '.join((summary.objective or '').split()))}\n{printable(told)}"


def _searched(run: Listed) -> str:
    return f"{run.run} {run.summary.goal} {run.summary.objective or ''} {run.status}".lower()
