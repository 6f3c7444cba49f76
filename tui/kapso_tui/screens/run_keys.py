"""What the keys of the run's screen do to the run and to the attempt that is picked.

Each key asks what it has to ask, does its work in a thread, and says in a toast what came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import work
from textual.binding import Binding, BindingType
from textual.screen import Screen

from kapso.errors import KapsoError, UsageError
from kapso_tui.actions import applying, steering
from kapso_tui.screens.apply import ApplyDialog
from kapso_tui.screens.dialogs import Ask, AskLine
from kapso_tui.steady import Steady
from kapso_tui.widgets.attempt_tabs import AttemptTabs

if TYPE_CHECKING:
    from kapso_tui.app import KapsoApp
    from kapso_tui.watch.run import News, RunWatch

T = TypeVar("T")


class RunKeys(Steady, Screen[None]):
    """The keys of a screen that shows the run `watch_`, where `selected` is the attempt that is picked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause", tooltip="Pause the run, or let it go on"),
        Binding("s", "steer", "Steer", tooltip="Give models and agents a hint"),
        Binding("A", "apply", "Apply", tooltip="Bring the attempt home, with a preview"),
        Binding("x", "stop", "Stop", tooltip="End the run once what is in flight has ended"),
        Binding("left_square_bracket", "turn(-1)", "Tab before", show=False, key_display="["),
        Binding("right_square_bracket", "turn(1)", "Next tab", show=False, key_display="]"),
    ]
    if TYPE_CHECKING:
        watch_: RunWatch
        selected: int | None

    @property
    def kapso(self) -> KapsoApp:
        """The app, as what it is."""
        return self.app  # type: ignore[return-value]

    def heed(self, news: News) -> None:
        """Say what the user should know of what changed."""
        if news.has_status and not news.is_reloaded and self.watch_.status == "interrupted":
            self.say(f"{self.watch_.run} was interrupted; nothing is lost: p goes on with it")
        self.refresh_bindings()

    def say(self, text: str, *, is_warning: bool = False) -> None:
        """A toast."""
        self.notify(text, severity="warning" if is_warning else "information", markup=False, timeout=8)

    @work(thread=True, group="acts", exit_on_error=False)
    def act(self, do: Callable[[], T], then: Callable[[T], object]) -> None:
        """Do something in a thread, then tell of it; what cannot be done is told with the remedy."""
        try:
            done = do()
        except KapsoError as error:
            self._complain(error)
        except Exception as error:  # the dashboard stays up, whatever git or the disk holds
            self._complain(KapsoError(f"that failed unexpectedly: {type(error).__name__}: {error}"))
        else:
            if self.app.is_running:
                self.app.call_from_thread(then, done)

    def _complain(self, error: KapsoError) -> None:
        if self.app.is_running:
            self.app.call_from_thread(self.kapso.complain, error)

    def picked(self) -> int | None:
        """The attempt that a key is about; says so where none is picked."""
        if self.selected is None:
            self.say("pick an attempt first", is_warning=True)
        return self.selected

    # the run

    def action_pause(self) -> None:
        watch = self.watch_
        self.act(lambda: steering.pause_or_release(watch.repository, watch.run), self._paused)

    def _paused(self, said: str | None) -> None:
        if said is not None:
            self.say(said)
        else:
            self.say(f"nobody works on {self.watch_.run}: `kapso resume {self.watch_.run}` goes on with it")

    def action_stop(self) -> None:
        watch = self.watch_

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.act(lambda: steering.stop(watch.repository, watch.run), self.say)

        if watch.status not in ("running", "paused"):
            return self.kapso.complain(_not_running(watch.run))
        question = f"End {watch.run} once what is in flight has ended? Its best is confirmed then."
        self.app.push_screen(Ask(question, "Stop"), answered)

    def action_steer(self) -> None:
        from kapso.cli.steer import checked

        watch = self.watch_
        if watch.summary is None:
            return
        run = replace(watch.summary, status=watch.status)

        def given(text: str | None) -> None:
            if text is not None:
                self.act(lambda: steering.hint(watch.repository, run, text), self._steered)

        title = f"A hint for the models and agents of {watch.run}: every later prompt carries it."
        self.app.push_screen(AskLine(title, "Start from a hexagonal arrangement.", checked), given)

    def _steered(self, lines: list[str]) -> None:
        first, *notes = lines
        self.say(first)
        for note in notes:
            self.say(note, is_warning=True)

    # the attempt

    def action_turn(self, by: int) -> None:
        self.query_one(AttemptTabs).turn(by)

    def action_apply(self) -> None:
        if (number := self.picked()) is not None:
            self.offer(number)

    def offer(self, number: int) -> None:
        """Show what applying the attempt would change, and ask how."""
        reader = self.query_one(AttemptTabs).reader

        def planned(plan: applying.Plan) -> None:
            self.app.push_screen(ApplyDialog(plan), lambda how: self._apply(plan, how))

        self.act(lambda: applying.plan(reader, number), planned)

    def _apply(self, plan: applying.Plan, how: str | None) -> None:
        if how == "branch":
            self.act(plan.to_branch, self.say)
        elif how == "patch":
            self.act(plan.to_patch, self.say)
        elif how == "smallest" and plan.smallest is not None:
            self.offer(plan.smallest.attempt.number)
        elif how == "worktree":

            def answered(is_yes: bool | None) -> None:
                if is_yes:
                    self.act(plan.to_worktree, self.say)

            root = plan.repository.root
            question = f"Change the files of {root} and stage them? Nothing is committed; it must be clean."
            self.app.push_screen(Ask(question, "Change them"), answered)


def _not_running(run: str) -> KapsoError:
    return UsageError(f"`{run}` is not running", help="p goes on with it", slug="not-running")
