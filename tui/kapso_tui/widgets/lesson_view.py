"""One lesson whole: what it says and what that is worth, its evidence, what was decided about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import DataTable, Static

from kapso.memory.lessons import in_words
from kapso.memory.lessons.guard import foreign_runs
from kapso.wording import printable

if TYPE_CHECKING:
    from kapso.memory.lessons.lesson import Lesson, Sighting

NOT_HERE = "not here: `kapso pull` brings runs"


class LessonView(VerticalScroll):
    """The lesson that is picked."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "evidence", "Evidence", show=False)]
    DEFAULT_CSS = """
    LessonView { padding: 0 1; scrollbar-size-vertical: 1; }
    LessonView Static { width: 100%; height: auto; }
    LessonView #evidence { height: auto; margin: 1 0; }
    """

    class Opened(Message):
        """Somebody wants to see the attempt that speaks for or against the lesson."""

        def __init__(self, run: str, attempt: int) -> None:
            super().__init__()
            self.run, self.attempt = run, attempt

    def __init__(self) -> None:
        super().__init__()
        self._places: list[tuple[str, int]] = []

    def compose(self) -> ComposeResult:
        yield Static(id="words", markup=False)
        yield DataTable(id="evidence", cursor_type="row", zebra_stripes=False)
        yield Static(id="history", markup=False)

    def on_mount(self) -> None:
        self._table.add_columns("SPEAKS", "ATTEMPT", "RUN", "COMMIT")

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#evidence", DataTable)

    def show(self, lesson: Lesson | None, branch_of: Mapping[tuple[str, int], str]) -> None:
        """Show a lesson; nothing where there is none."""
        self.query_one("#words", Static).update(Content("\n").join(_words(lesson)) if lesson else "")
        self.query_one("#history", Static).update(Content("\n").join(_history(lesson)) if lesson else "")
        self._show_evidence(lesson, branch_of)

    def focus_evidence(self) -> bool:
        """Go to the evidence; whether there is any."""
        if self._places:
            self._table.focus()
        return bool(self._places)

    def action_evidence(self) -> None:
        self.focus_evidence()

    def _show_evidence(self, lesson: Lesson | None, branch_of: Mapping[tuple[str, int], str]) -> None:
        found = [(each, one) for each in _sightings(lesson) for one in each.examples]
        places = [(each.run, one.attempt) for each, one in found]
        rows = [
            [
                one.speaks,
                branch_of.get(place, f"{one.attempt}, {NOT_HERE}").rpartition("/")[2],
                printable(each.run),
                one.commit[:12],
            ]
            for (each, one), place in zip(found, places, strict=True)
        ]
        table = self._table
        table.display = bool(rows)
        is_same = places == self._places
        self._places = places
        at = table.cursor_row if is_same else 0
        table.clear()
        for row in rows:
            table.add_row(*(Text(cell, no_wrap=True) for cell in row))
        table.move_cursor(row=at, animate=False)

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.post_message(self.Opened(*self._places[event.cursor_row]))


def _sightings(lesson: Lesson | None) -> list[Sighting]:
    return list(lesson.line.sightings.values()) if lesson else []


def _words(lesson: Lesson) -> Iterator[Content]:
    yield Content.assemble((printable(lesson.statement), "bold"))
    yield Content("")
    why = f": {printable(lesson.why)}" if lesson.why else ""
    yield _fact("kind", f"{lesson.id}, {lesson.kind}{', pinned' if lesson.is_pinned else ''}")
    yield _fact("status", f"{lesson.status}{why}")
    yield _fact("confidence", f"{lesson.confidence:.2f}")
    if lesson.expects is not None:
        yield _fact("value", in_words.worth(lesson))
    yield _fact("scope", printable(in_words.scope(lesson)))
    subject = lesson.line.subject
    yield _fact("about", f"{subject.about}: {printable(in_words.brief(subject.told))}")
    if lesson.expects is not None:
        yield _fact("predicted", in_words.record(lesson))
    foreign = foreign_runs(lesson.line)
    for run, each in lesson.line.sightings.items():
        yield Content("")
        pulled = ", pulled" if run in foreign else ""
        yield Content.assemble((f"{printable(run)} ({printable(each.goal)}{pulled})", "bold"))
        yield _fact("concerned", in_words.ends(each.concerned))
        if each.others.total:
            yield _fact("others", in_words.ends(each.others))
        if each.detail:
            yield _fact("found", printable(in_words.brief(each.detail)))


def _history(lesson: Lesson) -> Iterator[Content]:
    if not lesson.line.marks:
        return
    yield Content.assemble(("history", "bold"))
    for mark in lesson.line.marks:
        said = f": {printable(mark.why)}" if mark.why else ""
        when = printable(mark.time[:19].replace("T", " "))
        yield Content(f"{when}  {printable(mark.change)} by {printable(mark.by)}{said}")


def _fact(name: str, told: str) -> Content:
    return Content.assemble((f"{name:<12}", "dim"), told)
