"""The keys of the list that act on runs: start, resume, pause, stop, mark and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import work
from textual.screen import Screen

from kapso.errors import KapsoError, UsageError
from kapso_tui.actions.processes import Options, resume_run, tell_run

if TYPE_CHECKING:
    from kapso_tui.app import KapsoApp
    from kapso_tui.watch.runs import Listed


class RunsKeys(Screen[None]):
    """What the list does to the run under the cursor."""

    app: KapsoApp
    marked: list[str]

    @property
    def picked(self) -> Listed | None:
        """The run under the cursor."""
        raise NotImplementedError

    def show(self, notes: Any = ()) -> None:
        """Show the list as it stands."""
        raise NotImplementedError

    def action_new(self) -> None:
        self.app.action_new_run()

    def action_resume(self) -> None:
        """Go on with a run; one that has used its budget up is asked for a larger one first."""
        if (run := self._picked_or_said()) is None:
            return
        if run.status == "running":
            self.app.complain(UsageError(f"`{run.run}` is running", help="`enter` opens it"))
        elif run.status == "finished":
            from kapso_tui.screens.raise_budget import RaiseBudget

            def go_on(given: Options | None) -> None:
                if given is not None:
                    self._resume(run.run, given)

            self.app.push_screen(RaiseBudget(run.summary), go_on)
        else:
            self._resume(run.run, Options())

    @work(thread=True, group="keys")
    def _resume(self, run: str, options: Options) -> None:
        try:
            launch = resume_run(self.app.repository, run, options)
        except KapsoError as error:
            self.app.from_thread(self.app.complain, error)
            return
        self.app.from_thread(self.app.follow, launch)

    def action_pause(self) -> None:
        """Hold a running run; let a paused one go on."""
        if (run := self._picked_or_said()) is not None:
            self._tell(run.run, "running" if run.status == "paused" else "paused")

    def action_stop(self) -> None:
        """End a run once what is in flight has ended."""
        if (run := self._picked_or_said()) is not None:
            self._tell(run.run, "stopping")

    @work(thread=True, group="keys")
    def _tell(self, run: str, state: str) -> None:
        try:
            said = tell_run(self.app.repository, run, state)
        except KapsoError as error:
            self.app.from_thread(self.app.complain, error)
            return
        self.app.from_thread(self.app.note, said)

    def action_mark(self) -> None:
        """Mark a run to be compared, or take the mark away; the last two marks count."""
        if (run := self._picked_or_said()) is None:
            return
        if run.run in self.marked:
            self.marked.remove(run.run)
        else:
            self.marked = [*self.marked[-1:], run.run]
        self.show()

    def action_compare(self) -> None:
        """Put the two marked runs side by side; with one mark, that one and the run under the cursor."""
        picked = [self.picked.run] if self.picked else []
        pair = list(dict.fromkeys([*self.marked, *picked]))[:2]
        if len(pair) < 2:
            self.app.note("mark a run with `m`, move to another one, and compare them with `C`")
            return
        from kapso_tui.screens.compare import CompareScreen

        self.app.push_screen(CompareScreen(self.app.repository, *pair))

    def _picked_or_said(self) -> Listed | None:
        if self.picked is None:
            self.app.note("there is no run to do that to")
        return self.picked
