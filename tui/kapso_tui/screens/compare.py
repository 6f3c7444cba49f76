"""Two runs side by side: how they went, what was set differently, which proposers earned it, both curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from kapso.wording import printable
from kapso_tui.glyphs import glyphs
from kapso_tui.screens.place import Place
from kapso_tui.watch.comparison import Comparison, Row, compare
from kapso_tui.widgets.calm_footer import CalmFooter
from kapso_tui.widgets.curves import legend, two_curves

if TYPE_CHECKING:
    from kapso.git.repository import Repository

LOOK_S = 5.0
CHART_ROWS = 9


class CompareScreen(Place):
    """The runs `a` and `b`."""

    HELP = """\
Two runs side by side, with the numbers of their reports. What differs has a sign at its left. The curves
show the best so far over the attempts: the heavy line is the first run, the light one the second."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.go('runs')", "Runs"),
        Binding("left_square_bracket", "open(0)", "Open first", key_display="["),
        Binding("right_square_bracket", "open(1)", "Open second", key_display="]"),
    ]
    DEFAULT_CSS = """
    CompareScreen VerticalScroll { height: 1fr; padding: 0 1; }
    CompareScreen Static { margin: 0 0 1 0; }
    CompareScreen #warning { color: $text-warning; }
    """

    def __init__(self, repository: Repository, a: str, b: str) -> None:
        super().__init__(repository)
        self.runs = a, b
        self._found: Comparison | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            for name in ("warning", "results", "chart", "settings", "proposers"):
                yield Static("", id=name, markup=False)
        yield CalmFooter()

    def on_mount(self) -> None:
        self.query_one("#results", Static).update("reading both runs…")
        self.look()
        self.set_interval(LOOK_S, self.look)

    def look(self) -> None:
        """Read both, in a thread, and show them."""
        self.apart("compare", lambda: compare(self.repository, *self.runs), self.show)

    def show(self, read: tuple[Comparison, Sequence[str]]) -> None:
        """Show what differs from what is shown."""
        found, notes = read
        for note in notes:
            self.dashboard.note(note, "warning")
        if found != self._found and self.is_mounted:
            self._found = found
            self._paint(found)

    def on_resize(self) -> None:
        if self._found is not None:
            self._paint(self._found)

    def _paint(self, found: Comparison) -> None:
        a, b = found.sides
        warning = self.query_one("#warning", Static)
        warning.display = found.warning is not None
        warning.update(f"! {found.warning}")
        self._table("results", "", found.results)
        self._table("settings", "SETTINGS THAT DIFFER", found.settings or (Row("none", "", ""),))
        self._table("proposers", "PROPOSERS", found.proposers)
        chart = two_curves(a, b, self.size.width - 4, CHART_ROWS)
        self.query_one("#chart", Static).update(Text("\n").join([legend(a.run, b.run), chart]))

    def _table(self, name: str, title: str, rows: Sequence[Row]) -> None:
        table = Table(box=None, expand=True, padding=(0, 1), show_edge=False)
        table.add_column(Text(title, style="dim"), width=min(24, self.size.width // 5), no_wrap=True)
        for run in self.runs:
            table.add_column(Text(printable(run), style="bold"), ratio=1, overflow="fold")
        for row in rows:
            sign = glyphs().differs if row.is_different else " "
            style = "bold" if row.is_different else ""
            cells = (Text(printable(each), style=style) for each in (row.a, row.b))
            table.add_row(Text(f"{sign} {printable(row.name)}", overflow="ellipsis"), *cells)
        self.query_one(f"#{name}", Static).update(table)

    def action_open(self, which: int) -> None:
        self.dashboard.open_run(self.runs[which])
