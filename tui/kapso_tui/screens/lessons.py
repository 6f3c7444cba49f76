"""Lessons: what was learnt, what speaks for and against it, and what people decide about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widgets import Input, Static

from kapso.memory.lessons.export import likely
from kapso.memory.lessons.lesson import Lesson, Status
from kapso.memory.lessons.marks import QUARANTINE, RESTORE, TRUST, latest
from kapso.wording import plural
from kapso_tui.actions.lessons import decided, exported
from kapso_tui.screens.dialogs import Ask, AskLine
from kapso_tui.screens.place import Place
from kapso_tui.watch.lessons import ORDERS, LessonsWatch, wanted
from kapso_tui.widgets.calm_footer import CalmFooter
from kapso_tui.widgets.lesson_table import LessonTable
from kapso_tui.widgets.lesson_view import LessonView

if TYPE_CHECKING:
    from kapso.git.repository import Repository

POLL_S = 1.0
PLAYBOOK = "lessons.md"
EMPTY = """\
No lessons yet: they come about by themselves.

Each attempt that ends is an episode; Kapso counts over them what made attempts better, what made them fail \
and what changed nothing, and keeps that as a lesson with its evidence. Later attempts are told of what \
fits; by lot, some are not: so what a lesson is worth is measured.

Start a run (1, then n), or bring the lessons of others: kapso lessons pull."""


class LessonsScreen(Place):
    """The lessons of the repository, live."""

    HELP = """\
What runs taught, those that count most first. CONF is the probability that a lesson is true, VALUE what
recalling it was worth in the share of better attempts, ATT how many attempts it is about; `*` is pinned.
The filter takes words and pairs: kind:avoid, status:active, goal:, run:, file:, proposer:, language:."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Filter", key_display="/"),
        Binding("R", "retire", "Retire", tooltip="Let no attempt be told of it, or take that back"),
        Binding("P", "pin", "Pin", tooltip="Hold it to be true, or let evidence decide again"),
        Binding("T", "trust", "Trust", tooltip="Let what others saw of it count as if it were seen here"),
        Binding("E", "export", "Export", tooltip="Write lessons as a playbook"),
        Binding("o", "sort", "Sort"),
        Binding("O", "reverse", "Reverse", show=False),
        Binding("escape", "back", "Back"),
    ]
    DEFAULT_CSS = """
    LessonsScreen #find { display: none; height: 1; margin: 0 1; background: $surface; }
    LessonsScreen #standing { height: 1; padding: 0 1; color: $text-muted; }
    LessonsScreen #both { layout: vertical; height: 1fr; }
    LessonsScreen DataTable { background: transparent; }
    LessonsScreen LessonTable { height: 2fr; }
    LessonsScreen LessonView { height: 3fr; border-top: solid $primary; }
    LessonsScreen #empty { display: none; height: 1fr; padding: 1 2; }
    LessonsScreen.-wide #both { layout: horizontal; }
    LessonsScreen.-wide LessonTable { width: 1fr; height: 1fr; }
    LessonsScreen.-wide LessonView { width: 1fr; height: 1fr; border-top: none; border-left: solid $primary; }
    LessonsScreen.-none #both { display: none; }
    LessonsScreen.-none #empty { display: block; }
    """
    HORIZONTAL_BREAKPOINTS: list[tuple[int, str]] | None = [(0, "-narrow"), (150, "-wide")]

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository)
        self.watched = LessonsWatch(repository)
        self.order = "use"
        self.is_reversed = False
        self.shown: list[Lesson] = []
        self._is_looking = False

    def compose(self) -> ComposeResult:
        yield Static("reading the lessons …", id="standing", markup=False)
        yield Input(
            placeholder="words, kind:avoid, status:active, goal:, run:, file:",
            id="find",
            compact=True,
        )
        with Container(id="both"):
            yield LessonTable()
            yield LessonView()
        with VerticalScroll(id="empty"):
            yield Static(EMPTY, markup=False)
        yield CalmFooter()

    def on_mount(self) -> None:
        self.query_one(LessonTable).focus()
        self._poll()
        self.set_interval(POLL_S, self._poll)

    def _poll(self) -> None:
        """Look for what is new, once the look before has ended."""
        if not self._is_looking:
            self._is_looking = True
            self.apart("watch", self.watched.poll, self._seen, last=self._looked)

    def _seen(self, has_changed: bool) -> None:
        if has_changed:
            self.show()

    def _looked(self) -> None:
        self._is_looking = False

    @property
    def picked(self) -> Lesson | None:
        """The lesson under the cursor."""
        id = self.query_one(LessonTable).picked
        return next((each for each in self.shown if each.id == id), None)

    def show(self) -> None:
        """Show the lessons as they stand, and as they are asked for."""
        known = self.watched.lessons
        text = self.query_one("#find", Input).value
        self.shown = wanted(known, text, self.order, self.is_reversed)
        self.set_class(not known, "-none")
        self.query_one(LessonTable).show(self.shown)
        self.query_one("#standing", Static).update(self._standing(len(known)))
        self._show_picked()
        self.refresh_bindings()

    def _standing(self, known: int) -> str:
        if not known:
            return "lessons"
        count = plural(known, "lesson")
        count = count if len(self.shown) == known else f"{len(self.shown)} of {count}"
        order = f"by {self.order}{', reversed' if self.is_reversed else ''}"
        return f"{count}, {order}" + ("" if self.shown else ": no lesson is like that (/ changes the filter)")

    def _show_picked(self) -> None:
        self.query_one(LessonView).show(self.picked, self.watched.branch_of)

    def on_lesson_table_picked(self) -> None:
        self._show_picked()
        self.refresh_bindings()

    def on_lesson_table_entered(self) -> None:
        if not self.query_one(LessonView).focus_evidence() and self.picked:
            self.notify("no single attempt is kept as its evidence", markup=False)

    def on_lesson_view_opened(self, event: LessonView.Opened) -> None:
        """Open the attempt that speaks for or against the lesson."""
        if (event.run, event.attempt) not in self.watched.branch_of:
            self.notify(
                f"{event.run} is not here\n→ `kapso pull` brings runs", severity="warning", markup=False
            )
            return
        self.dashboard.open_run(event.run, event.attempt)

    def action_find(self) -> None:
        find = self.query_one("#find", Input)
        find.display = True
        find.focus()

    def on_input_changed(self) -> None:
        self.show()

    def on_input_submitted(self) -> None:
        self.query_one(LessonTable).focus()

    def action_back(self) -> None:
        """Out of the filter, then out of the evidence, then out of here."""
        find, table = self.query_one("#find", Input), self.query_one(LessonTable)
        if find.display:
            find.value = ""
            find.display = False
            table.focus()
        elif self.focused is not None and self.focused is not table:
            table.focus()
        else:
            self.dashboard.action_go("runs")

    def action_sort(self) -> None:
        """Sort by what comes next."""
        names = list(ORDERS)
        self.order, self.is_reversed = names[(names.index(self.order) + 1) % len(names)], False
        self.show()

    def action_reverse(self) -> None:
        self.is_reversed = not self.is_reversed
        self.show()

    def on_lesson_table_sorted(self, event: LessonTable.Sorted) -> None:
        self.is_reversed = event.order == self.order and not self.is_reversed
        self.order = event.order
        self.show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Greyed out: what cannot be done about this lesson."""
        if action in ("retire", "pin") and not self.shown:
            return None
        if action == "trust" and (self.picked is None or self.picked.status is not Status.QUARANTINED):
            return None
        return None if action == "export" and not self.shown else True

    def action_retire(self) -> None:
        if (lesson := self.picked) is None:
            return
        if _can_be_restored(lesson):
            self._decide("restore", lesson)
            return

        def retire(why: str | None) -> None:
            if why is not None:
                self._decide("retire", lesson, why)

        question = f"Let no attempt be told of {lesson.id} any more? Why (may stay empty) is kept with it."
        self.app.push_screen(AskLine(question, "the parser is gone", _anything), retire)

    def action_pin(self) -> None:
        if (lesson := self.picked) is not None:
            self._decide("unpin" if lesson.is_pinned else "pin", lesson)

    def action_trust(self) -> None:
        if (lesson := self.picked) is not None:
            self._decide("trust", lesson)

    def _decide(self, change: str, lesson: Lesson, why: str = "") -> None:
        def done(told: str) -> None:
            self.notify(told, markup=False)
            self._poll()

        self.apart("decide", lambda: decided(self.repository, change, lesson, why), done)

    def action_export(self) -> None:
        """Write what is shown as a playbook: with a filter all of it, else what is likely."""
        is_chosen = bool(self.query_one("#find", Input).value.strip())
        chosen = self.shown if is_chosen else likely(self.shown)
        if not chosen:
            self.notify(
                "no lesson is likely enough to export\n→ choose some with the filter (/)",
                severity="warning",
                markup=False,
            )
            return
        which = "that are shown" if is_chosen else "that are active or rather true"
        question = (
            f"Write the {plural(len(chosen), 'lesson')} {which} as a playbook? `kapso learn FILE` takes it "
            f"into a library, `recipe: {{from: [FILE]}}` in a goal applies its changes. The file:"
        )

        def export(name: str | None) -> None:
            if name is not None:
                self._export(chosen, Path.cwd() / Path(name.strip() or PLAYBOOK).expanduser())

        self.app.push_screen(AskLine(question, PLAYBOOK, _anything), export)

    def _export(self, chosen: list[Lesson], file: Path) -> None:
        def write(is_sure: bool | None) -> None:
            if is_sure:
                self.apart(
                    "export", lambda: exported(chosen, file), lambda told: self.notify(told, markup=False)
                )

        if file.exists():
            self.app.push_screen(Ask(f"`{file}` is there. Replace it?", "Replace"), write)
        else:
            write(True)


def _can_be_restored(lesson: Lesson) -> bool:
    """Whether it is out because somebody said so, or because it retired; not because nothing bears it out."""
    said = latest(lesson.line, QUARANTINE, RESTORE, TRUST)
    return lesson.status is Status.RETIRED or (said is not None and said.change == QUARANTINE)


def _anything(text: str) -> None:
    """Any answer will do."""
