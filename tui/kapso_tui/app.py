"""The Textual app: four places, the keys that lead to them, and errors as toasts that name the remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import App
from textual.binding import Binding, BindingType

from kapso.errors import KapsoError
from kapso_tui.screens.lessons import LessonsScreen
from kapso_tui.screens.library import LibraryScreen
from kapso_tui.screens.run import RunScreen
from kapso_tui.screens.runs import RunsScreen

if TYPE_CHECKING:
    from kapso.git.repository import Repository

T = TypeVar("T")


class KapsoApp(App[None]):
    """The dashboard of one repository. `goal` is offered as a new run, `run` is opened at once."""

    TITLE = "kapso"
    CSS_PATH: ClassVar = [Path(__file__).parent / "styles" / "kapso.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "go('runs')", "Runs", show=False),
        Binding("2", "go('run')", "Run", show=False),
        Binding("3", "go('lessons')", "Lessons", show=False),
        Binding("4", "go('library')", "Library", show=False),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, repository: Repository, *, goal: Path | None = None, run: str | None = None) -> None:
        super().__init__()
        self.repository = repository
        self.goal_file = goal
        self.last_run = run
        """The run that was looked at last."""

    def on_mount(self) -> None:
        self.push_screen(RunsScreen(self.repository))
        if self.last_run is not None:
            self.open_run(self.last_run)

    def open_run(self, run: str) -> None:
        """Show a run, upon the list of all."""
        self.last_run = run
        self._upon_runs(RunScreen(self.repository, run))

    def action_go(self, place: str) -> None:
        """Go to one of the four places."""
        if place == "runs":
            self._upon_runs(None)
        elif place == "lessons":
            self._upon_runs(LessonsScreen(self.repository))
        elif place == "library":
            self._upon_runs(LibraryScreen(self.repository))
        elif self.last_run is not None:
            self.open_run(self.last_run)

    def _upon_runs(self, screen: RunScreen | LessonsScreen | LibraryScreen | None) -> None:
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if screen is not None:
            self.push_screen(screen)

    def complain(self, error: KapsoError) -> None:
        """Show what went wrong, and the remedy."""
        lines = [error.message, *([f"→ {error.help}"] if error.help else [])]
        self.notify("\n".join(lines), severity="error", timeout=12, markup=False)

    def attempt(self, work: Callable[[], T]) -> T | None:
        """What `work` returns; None after a toast where it cannot be done. `work` must be quick."""
        try:
            return work()
        except KapsoError as error:
            self.complain(error)
            return None
