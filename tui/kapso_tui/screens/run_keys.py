"""What the keys of the run's screen do to the run: a word to its process, or a process of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from kapso.errors import UsageError
from kapso_tui.actions import steering, trying
from kapso_tui.actions.bookmarks import Bookmarks
from kapso_tui.actions.processes import Launch, Options, resume_run
from kapso_tui.actions.reporting import write_page
from kapso_tui.screens.attempt_keys import AttemptKeys
from kapso_tui.screens.dialogs import Ask, AskLine
from kapso_tui.screens.raise_budget import RaiseBudget

if TYPE_CHECKING:
    from kapso_tui.watch.run import News


class RunKeys(AttemptKeys):
    """The keys of a screen that shows the run `watch_`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "approve", "Approve", tooltip="Let the attempt run that waits"),
        Binding("r", "reject", "Reject", tooltip="Say no to the attempt that waits, and why"),
        Binding("p", "pause", "Pause", tooltip="Pause the run, let it go on, or resume it"),
        Binding("s", "steer", "Steer", tooltip="Give models and agents a hint"),
        Binding("x", "stop", "Stop", tooltip="End the run once what is in flight has ended"),
        Binding("A", "apply", "Apply", tooltip="Bring the attempt home, with a preview"),
        Binding("t", "try", "Try", tooltip="Evaluate a revision of your own, or the working tree"),
        Binding("d", "difftool", "Diff", tooltip="The diff in git's difftool, else in the pager"),
        Binding("e", "edit", "Editor", tooltip="Open a changed file, read-only, in $VISUAL or $EDITOR"),
        Binding("y", "copy_branch", "Copy", tooltip="Copy the name of its branch"),
        Binding("b", "bookmark", "Mark", tooltip="Mark the attempt, or take the mark away"),
        Binding("B", "base", "Base", tooltip="The diff against the base, or against the parent"),
        Binding("z", "zoom", "Zoom", tooltip="The attempt alone, over the whole screen, or beside the list"),
        Binding("Y", "copy_command", "Copy command", show=False, tooltip="Copy the git command of the diff"),
        Binding("L", "whole_log", "Whole log", show=False, tooltip="The whole log in $PAGER"),
        Binding("w", "report", "Report", show=False, tooltip="Write the HTML report, and say where it is"),
        Binding("left_square_bracket", "turn(-1)", "Tab before", show=False, key_display="["),
        Binding("right_square_bracket", "turn(1)", "Next tab", show=False, key_display="]"),
    ]

    def heed(self, news: News) -> None:
        """Say what the user should know of what changed."""
        watch = self.watch_
        if news.is_reloaded:
            self.act(lambda: Bookmarks(watch.folder.path).all(), self._take_bookmarks)
        elif news.has_status and watch.status == "interrupted":
            self.say(f"{watch.run} was interrupted; nothing is lost: p goes on with it", is_warning=True)
        self.refresh_keys()

    def _take_bookmarks(self, marked: frozenset[int]) -> None:
        if marked != self.watch_.bookmarks:
            self.watch_.bookmarks = marked
            self.refresh_list()

    def action_pause(self) -> None:
        watch = self.watch_
        self.act(lambda: steering.pause_or_release(watch.repository, watch.run), self._paused)

    def _paused(self, said: str | None) -> None:
        """Nobody works on the run where there is nothing to say: resume it."""
        summary = self.watch_.summary
        if said is not None:
            self.say(said)
        elif summary is not None and summary.status == "finished":
            self.app.push_screen(RaiseBudget(summary), self._resume)
        else:
            self._resume(Options())

    def _resume(self, options: Options | None) -> None:
        watch = self.watch_

        def begun(launch: Launch) -> None:
            self.app.follow(launch)
            self.say(f"{watch.run} goes on, in a process of its own")

        if options is not None:
            self.act(lambda: resume_run(watch.repository, watch.run, options), begun)

    def action_stop(self) -> None:
        watch = self.watch_

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.act(lambda: steering.stop(watch.repository, watch.run), self.say)

        if not watch.is_live:
            return self.app.complain(UsageError(f"`{watch.run}` is not running", help="p goes on with it"))
        question = f"End {watch.run} once what is in flight has ended? Its best is confirmed then."
        self.app.push_screen(Ask(question, "Stop"), answered)

    def action_steer(self) -> None:
        from kapso.cli.steer import checked

        watch = self.watch_

        def send(text: str) -> list[str]:
            if watch.summary is None:
                raise UsageError(f"`{watch.run}` cannot be read yet", help="s again in a moment")
            return steering.hint(watch.repository, replace(watch.summary, status=watch.status), text)

        def given(text: str | None) -> None:
            if text is not None:
                self.act(lambda: send(text), self._steered)

        title = f"A hint for the models and agents of {watch.run}: every later prompt carries it."
        self.app.push_screen(AskLine(title, "such as: start from a hexagonal arrangement", checked), given)

    def _steered(self, lines: list[str]) -> None:
        first, *notes = lines
        self.say(first)
        for note in notes:
            self.say(note, is_warning=True)

    def action_try(self) -> None:
        watch = self.watch_

        def given(revision: str | None) -> None:
            if revision is not None:
                self.act(lambda: trying.ask(watch, revision), self._asked)

        title = "Evaluate a revision of your own as an attempt: a branch, a tag or a commit."
        hint = "empty: the working tree as it stands"
        self.app.push_screen(AskLine(title, hint, str.strip), given)

    def _asked(self, asked: trying.Asked) -> None:
        if asked.launch is not None:
            self.app.follow(asked.launch)
        for line in asked.said:
            self.say(line)
        if asked.known is not None:
            self.go_to(asked.known)

    def action_report(self) -> None:
        watch = self.watch_
        self.act(lambda: write_page(watch.repository, watch.run), self._written)

    def _written(self, file: Path) -> None:
        self.say(f"the report is {file}")
