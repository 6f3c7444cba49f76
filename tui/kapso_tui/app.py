"""The Textual app: four places, the keys that lead to them, and errors as toasts that name the remedy."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.notifications import SeverityLevel
from textual.screen import Screen

from kapso.attempt import now
from kapso.errors import KapsoError
from kapso_tui.screens.runs import RunsScreen
from kapso_tui.steady import SteadyApp

if TYPE_CHECKING:
    from textual.command import Provider

    from kapso.git.repository import Repository
    from kapso_tui.actions.processes import Launch

T = TypeVar("T")

THEMES = {"dark": "textual-dark", "light": "textual-light"}
LOOK_S = 1.0
AGAIN_S = 30.0
"""What was said is not said again for so long."""


def _palette() -> type[Provider]:
    from kapso_tui.palette import Everything

    return Everything


class KapsoApp(SteadyApp):
    """The dashboard of one repository. `goal` is offered as a new run, `run` is opened at once."""

    TITLE = "kapso"
    CSS_PATH: ClassVar = [Path(__file__).parent / "styles" / "kapso.tcss"]
    COMMANDS: ClassVar = {_palette}
    HELP = "Runs (1), the run that was looked at last (2), lessons (3) and the library (4) are a key away."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "go('runs')", "Runs", show=False),
        Binding("2", "go('run')", "Run", show=False),
        Binding("3", "go('lessons')", "Lessons", show=False),
        Binding("4", "go('library')", "Library", show=False),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(
        self,
        repository: Repository,
        *,
        goal: Path | None = None,
        run: str | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        super().__init__()
        self.repository = repository
        self.goal_file = goal
        self.last_run = run
        """The run that was looked at last."""
        self.clock = clock
        self._launches: list[Launch] = []
        self._said: dict[str, float] = {}

    def on_mount(self) -> None:
        self.theme = chosen_theme()
        self.push_screen(RunsScreen(self.repository))
        if self.last_run is not None:
            self.open_run(self.last_run)
        elif self.goal_file is not None:
            self.action_new_run()
        self.set_interval(LOOK_S, self._look_at_launches)

    # places

    def open_run(self, run: str, attempt: int | None = None) -> None:
        """Show a run, upon the list of all; at an attempt, or at what there is to see."""
        from kapso_tui.screens.run import RunScreen

        self.last_run = run
        self._upon_runs(RunScreen(self.repository, run, attempt))

    def action_go(self, place: str) -> None:
        """Go to one of the four places."""
        if place == "lessons":
            from kapso_tui.screens.lessons import LessonsScreen

            self._upon_runs(LessonsScreen(self.repository))
        elif place == "library":
            from kapso_tui.screens.library import LibraryScreen

            self._upon_runs(LibraryScreen(self.repository))
        elif place == "run" and self.last_run is not None:
            self.open_run(self.last_run)
        elif place == "run":
            self.note("no run was opened yet: `enter` opens the one under the cursor")
        else:
            self._upon_runs(None)

    def _upon_runs(self, screen: Screen[Any] | None) -> None:
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if screen is not None:
            self.push_screen(screen)

    def action_new_run(self) -> None:
        """The form for a new run."""
        from kapso_tui.screens.new_run import NewRunScreen

        self._upon_runs(NewRunScreen(self.repository, self.goal_file))

    def action_help(self) -> None:
        """The keys for where the user is."""
        from kapso_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def action_theme(self, name: str) -> None:
        """Light or dark."""
        self.theme = THEMES[name]

    # runs that were started from here

    def follow(self, launch: Launch) -> None:
        """Tell when the process fails, whatever is looked at then."""
        self._launches.append(launch)

    @property
    def going_on(self) -> list[str]:
        """The runs that were started from here and go on."""
        return [each.run for each in self._launches if each.run is not None and each.exit_code is None]

    def _look_at_launches(self) -> None:
        for launch in [each for each in self._launches if each.exit_code is not None]:
            self._launches.remove(launch)
            if (error := launch.error()) is not None:
                self.complain(error)

    # what is said

    def note(self, line: str, severity: SeverityLevel = "information") -> None:
        """Show a line for a moment; the same line again and again is shown once."""
        moment = time.monotonic()
        if moment - self._said.get(line, -AGAIN_S) >= AGAIN_S:
            self._said[line] = moment
            self.notify(line, severity=severity, markup=False)

    def attempt(self, work: Callable[[], T]) -> T | None:
        """What `work` returns; None after a toast where it cannot be done. `work` must be quick."""
        try:
            return work()
        except KapsoError as error:
            self.complain(error)
            return None

    def from_thread(self, show: Callable[..., object], *arguments: Any) -> None:
        """Call `show` on the app's own thread; nothing where the app has ended meanwhile."""
        if self.is_running:
            self.call_from_thread(show, *arguments)


def chosen_theme() -> str:
    """As `KAPSO_THEME` says (light, dark, or a theme of Textual), else as the terminal tells, else dark."""
    from textual.theme import BUILTIN_THEMES

    wanted = os.environ.get("KAPSO_THEME", "")
    if wanted in BUILTIN_THEMES:
        return wanted
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    is_light = background in ("7", "9", "10", "11", "12", "13", "14", "15")
    return THEMES.get(wanted) or THEMES["light" if is_light else "dark"]
