"""The form for a new run: a goal file with its mistakes shown where they are, and limits beside it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Horizontal, VerticalScroll
from textual.widgets import Button, Checkbox, Input, Label, OptionList, Static

from kapso.errors import KapsoError
from kapso.wording import duration, number, printable
from kapso_tui.actions.processes import Launch, Options, start_run
from kapso_tui.glyphs import glyphs
from kapso_tui.screens.acting import Acting
from kapso_tui.screens.place import Place
from kapso_tui.watch.goals import Checked, check_goal, find_goals, is_dirty, line_of
from kapso_tui.widgets.calm_footer import CalmFooter
from kapso_tui.widgets.goal_text import GoalText

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Goal

LOOK_S = 0.3
FIELDS = {
    "attempts": "attempts",
    "time": "such as 90s, 10m, 2h",
    "cost": "dollars",
    "parallel": "auto, or a number",
    "seed": "a whole number",
    "propose": "such as tune,mutate",
}


class Choice(Checkbox):
    """One whose cross is there only when it is chosen: without colour the other kind cannot be read."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class NewRunScreen(Place, Acting):
    """Starts a run as a process of its own."""

    HELP = """\
Pick a goal file, or type the path of one; mistakes are shown at their lines, and the text is read again
whenever the file changes, by your editor (ctrl+o) or otherwise. What is typed below replaces the
goal's own values for this run."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", key_display="ctrl+s or enter"),
        Binding("ctrl+o", "edit", "Edit", tooltip="Open the goal in $VISUAL or $EDITOR"),
        Binding("escape", "leave", "Back"),
    ]
    DEFAULT_CSS = """
    NewRunScreen OptionList { height: auto; max-height: 6; border: none; }
    NewRunScreen #path { margin: 0 0 1 0; }
    NewRunScreen VerticalScroll { height: 1fr; min-height: 3; }
    NewRunScreen #fields { height: auto; grid-size: 3; grid-rows: 1; grid-gutter: 0 1; }
    NewRunScreen.-narrow #fields { grid-size: 2; }
    NewRunScreen #fields Horizontal { height: 1; }
    NewRunScreen #fields Label { width: 10; }
    NewRunScreen #fields Input { width: 1fr; }
    NewRunScreen #end { height: 1; }
    NewRunScreen #end Button { margin: 0 2 0 0; }
    NewRunScreen #said { height: auto; max-height: 8; color: $text-muted; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012

    def __init__(self, repository: Repository, given: Path | None = None) -> None:
        super().__init__(repository)
        self._given = given
        self._checked: Checked | None = None
        self._stamp: object = None
        self._launch: Launch | None = None
        self._is_starting = False
        self._is_looking = False

    def compose(self) -> ComposeResult:
        yield OptionList(id="goals")
        yield Input(placeholder="the path of a goal.yaml, or of its folder", id="path", compact=True)
        with VerticalScroll(can_focus=True):
            yield GoalText()
        with Grid(id="fields"):
            for name, hint in FIELDS.items():
                with Horizontal():
                    yield Label(name)
                    yield Input(placeholder=hint, id=name, compact=True)
        yield Choice("take uncommitted changes into the base (--dirty)", id="dirty", compact=True)
        yield Static("", id="said", markup=False)
        with Horizontal(id="end"):
            yield Button("Start", id="start", variant="primary", compact=True)
            yield Button("Back", id="leave", compact=True)
        yield CalmFooter()

    def on_mount(self) -> None:
        self.query_one("#goals").display = self.query_one("#dirty").display = False
        self.apart("find", self._find, self._offer)
        self.set_interval(LOOK_S, self._look)

    def _find(self) -> list[str]:
        found, given = find_goals(self.repository), self._given
        if given is not None:
            shown = os.path.relpath(given / "goal.yaml" if given.is_dir() else given, self.repository.root)
            found = [shown if not shown.startswith("..") else str(given), *(n for n in found if n != shown)]
        return found

    def _offer(self, found: list[str]) -> None:
        goals, path = self.query_one(OptionList), self.query_one("#path", Input)
        for name in found:
            goals.add_option(printable(name))
        self._names = found
        goals.display = len(found) > 1
        if found and not path.value:
            path.value = found[0]
        if not found:
            self._say("no goal.yaml was found here: `kapso init` writes one, or type the path of one")
        (goals if goals.display else path).focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self.query_one("#path", Input).value = self._names[event.option_index]

    def on_option_list_option_selected(self) -> None:
        self.query_one("#attempts").focus()

    # the goal

    @property
    def options(self) -> Options:
        """As typed."""
        typed = {name: self.query_one(f"#{name}", Input).value for name in FIELDS}
        dirty = self.query_one("#dirty", Checkbox)
        return Options(**typed, dirty=bool(dirty.display and dirty.value))

    def on_input_changed(self) -> None:
        self._look()

    def _look(self) -> None:
        """Look at the goal again where it, or what is typed, has changed; or at the process that starts."""
        if self._is_looking:
            return
        self._is_looking = True
        if (launch := self._launch) is not None:
            seen = partial(_seen, launch)
            self.apart("look", seen, self._tell, last=self._rest)
        else:
            typed = self.query_one("#path", Input).value.strip()
            self.apart("look", partial(self._check, typed, self.options), self._show, last=self._rest)

    def _rest(self) -> None:
        self._is_looking = False

    def _check(self, typed: str, options: Options) -> tuple[Checked, bool, object] | None:
        """The goal as it stands, and whether there are uncommitted changes; None where nothing is new."""
        if not typed:
            return None
        file = self.repository.root / os.path.expanduser(typed)
        try:
            stamp = typed, options, os.stat(file / "goal.yaml" if file.is_dir() else file).st_mtime_ns
        except (OSError, ValueError):  # the latter: a null character
            stamp = typed, options, 0
        if stamp == self._stamp:
            return None
        checked = check_goal(file, options)
        return checked, is_dirty(self.repository, checked), stamp

    def _show(self, found: tuple[Checked, bool, object] | None) -> None:
        if found is None:
            return
        checked, is_dirty, self._stamp = found
        self._checked = checked
        self.query_one("#dirty").display = is_dirty
        error = checked.error
        self.query_one(GoalText).show(checked.text, error, checked.line)
        if checked.goal is not None:
            self._say(_told(checked.goal))
        elif error is not None and checked.line is None:
            self._say(_lines(error))
        else:
            self._say("")

    def _say(self, text: str) -> None:
        self.query_one("#said", Static).update(text)

    def action_edit(self) -> None:
        """Let the user's editor have the goal; what was changed is read when it ends."""
        from kapso_tui.actions.outside import editor

        if self._checked is None:
            self.dashboard.note("type the path of a goal.yaml first")
        elif (command := self.dashboard.attempt(editor)) is not None:
            self.in_terminal([*command, str(self._checked.file)], self.repository.root)

    # the process

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.action_start()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "start":
            self.action_start()
        else:
            self.action_leave()

    def action_start(self) -> None:
        """Start the run; mistakes in the goal are told instead."""
        if self._launch is not None or self._is_starting:
            self.dashboard.note("it is starting already")
        elif self._checked is None:
            self.dashboard.note("type the path of a goal.yaml first")
        elif self._checked.error is not None:
            self.dashboard.complain(self._checked.error)
        else:
            self._is_starting = True
            self._say("starting…")
            start = partial(start_run, self.repository, self._checked.file, self.options)
            self.apart("start", start, self._started)

    def _started(self, launch: Launch) -> None:
        self._launch = launch

    def _tell(self, seen: tuple[Launch, bool, list[str]]) -> None:
        launch, has_begun, said = seen
        if self._launch is not launch:
            return
        if (error := launch.error()) is not None:
            self._launch = None
            launch.forget()
            self._refuse(error)
        elif launch.run and (has_begun or launch.exit_code is not None):
            self._hand_over()
            self.dashboard.open_run(launch.run)
        elif launch.exit_code is not None:
            self._launch = None
            self._refuse(KapsoError("the run was interrupted before it began"))
        else:
            self._say("\n".join(["starting: the baseline is evaluated first", *map(printable, said)]))

    def _fail(self, error: Exception) -> None:
        self._is_starting = False
        super()._fail(error)

    def _refuse(self, error: KapsoError) -> None:
        """Where the file is at fault, there; in any case in words."""
        self._is_starting = False
        checked, line = self._checked, line_of(error)
        if checked is not None and line is not None and checked.file.name in (error.where or ""):
            self.query_one(GoalText).show(checked.text, error, line)
        self._say(_lines(error))
        self.dashboard.complain(error)

    def _hand_over(self) -> None:
        """From now on the app tells how the process ends."""
        if self._launch is not None:
            self.dashboard.follow(self._launch)
            self._launch = None

    def action_leave(self) -> None:
        if self._launch is not None:
            self.dashboard.note("the run goes on; the list shows it once its baseline is there")
            self._hand_over()
        self.dashboard.action_go("runs")


def _lines(error: KapsoError) -> str:
    return "\n".join([error.message, *([f"{glyphs().arrow} {error.help}"] if error.help else [])])


def _seen(launch: Launch) -> tuple[Launch, bool, list[str]]:
    """How far the process is, and what it said last."""
    return launch, launch.has_begun(), launch.said(6)


def _told(goal: Goal) -> str:
    """What the run will be, in a line."""
    budget = goal.budget
    limits = [f"{budget.attempts} attempts"] if budget.attempts is not None else []
    limits += [duration(budget.time_s)] if budget.time_s is not None else []
    limits += [f"${number(budget.cost)}"] if budget.cost is not None else []
    names = ", ".join(spec.name for spec in goal.propose) or "every offline proposer that applies"
    way = f"{goal.primary.goal} {goal.primary.name}"
    return printable(f"{goal.name}: {way}; at most {', '.join(limits) or 'no limit'}; by {names}")
