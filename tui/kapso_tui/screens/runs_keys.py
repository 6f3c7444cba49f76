"""The keys of the list that act on runs: start, resume, pause, stop, mark and compare."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from kapso.errors import UsageError
from kapso_tui.actions.processes import Options, resume_run
from kapso_tui.screens.place import Place

if TYPE_CHECKING:
    from kapso_tui.watch.runs import Listed


class RunsKeys(Place):
    """What the list does to the run under the cursor."""

    marked: list[str]

    @property
    def picked(self) -> Listed | None:
        """The run under the cursor."""
        raise NotImplementedError

    def show(self, notes: Any = ()) -> None:
        """Show the list as it stands."""
        raise NotImplementedError

    def action_new(self) -> None:
        self.dashboard.action_new_run()

    def action_resume(self) -> None:
        """Go on with a run; one that has used its budget up is asked for a larger one first."""
        if (run := self._picked_or_said()) is None:
            return
        if run.status == "running":
            self.dashboard.complain(UsageError(f"`{run.run}` is running", help="`enter` opens it"))
        elif run.status == "finished":
            from kapso_tui.screens.raise_budget import RaiseBudget

            def go_on(given: Options | None) -> None:
                if given is not None:
                    self._resume(run.run, given)

            self.dashboard.push_screen(RaiseBudget(run.summary), go_on)
        else:
            self._resume(run.run, Options())

    def _resume(self, run: str, options: Options) -> None:
        self.apart("resume", lambda: resume_run(self.repository, run, options), self.dashboard.follow)

    def action_pause(self) -> None:
        """Hold a running run; let a paused one go on."""
        from kapso_tui.actions.steering import pause_or_release

        if (run := self._picked_or_said()) is not None:
            name = run.run
            self.apart("tell", lambda: pause_or_release(self.repository, name), partial(self._told, name))

    def action_stop(self) -> None:
        """End a run once what is in flight has ended."""
        from kapso_tui.actions.steering import stop
        from kapso_tui.screens.dialogs import Ask

        if (run := self._picked_or_said()) is None:
            return
        name = run.run
        if not run.is_live:
            return self._told(name, None)

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                self.apart("tell", lambda: stop(self.repository, name), partial(self._told, name))

        question = f"End {name} once what is in flight has ended? Its best is confirmed then."
        self.app.push_screen(Ask(question, "Stop"), answered)

    def _told(self, run: str, said: str | None) -> None:
        if said is None:
            self.dashboard.complain(UsageError(f"`{run}` is not running", help="`u` goes on with it"))
        else:
            self.dashboard.note(said)

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
            self.dashboard.note("mark a run with `m`, move to another one, and compare them with `C`")
            return
        from kapso_tui.screens.compare import CompareScreen

        self.dashboard.push_screen(CompareScreen(self.dashboard.repository, *pair))

    def _picked_or_said(self) -> Listed | None:
        if self.picked is None:
            self.dashboard.note("there is no run to do that to")
        return self.picked
