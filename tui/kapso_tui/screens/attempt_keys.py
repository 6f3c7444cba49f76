"""What the keys of the run's screen do to the attempt that is picked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from kapso.errors import UsageError
from kapso_tui.actions import applying, outside
from kapso_tui.actions.bookmarks import Bookmarks
from kapso_tui.screens.acting import Acting
from kapso_tui.screens.apply import ApplyDialog
from kapso_tui.screens.dialogs import Ask, AskLine, Choose
from kapso_tui.watch.run import News
from kapso_tui.widgets.attempt_list import AttemptList
from kapso_tui.widgets.attempt_tabs import AttemptTabs

if TYPE_CHECKING:
    from kapso_tui.watch.flight import Flight
    from kapso_tui.watch.run import RunWatch

T = TypeVar("T")


class AttemptKeys(Acting):
    """Does things to the attempt `selected` of the run `watch_`; which key does which, `RunKeys` says."""

    watch_: RunWatch
    _has_waiting = False
    if TYPE_CHECKING:
        selected: int | None

    def show(self, news: News) -> None:
        """Hand on what changed to the parts of the screen."""
        raise NotImplementedError

    @property
    def tabs(self) -> AttemptTabs:
        """What is shown of the attempt."""
        return self.query_one(AttemptTabs)

    @property
    def waits(self) -> Flight | None:
        """The attempt that is picked, where it waits for a human."""
        flight = self.watch_.flights.get(-1 if self.selected is None else self.selected)
        return flight if flight is not None and flight.is_waiting else None

    @property
    def first_waiting(self) -> Flight | None:
        """The one that the header asks about."""
        waiting = (each for each in self.watch_.flights.values() if each.is_waiting)
        return min(waiting, key=lambda each: each.number, default=None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Approve and reject are keys only where something waits."""
        return self.first_waiting is not None if action in ("approve", "reject") else True

    def refresh_keys(self) -> None:
        """Show the keys that there are now. That makes the footer anew, which takes longer than all else that
        a key does; so only where some have come or gone."""
        if (has_waiting := self.waits is not None) != self._has_waiting:
            self._has_waiting = has_waiting
            self.refresh_bindings()

    def go_to(self, number: int) -> None:
        """Pick an attempt, in the list too where it shows it."""
        self.query_one(AttemptList).select(number)
        self.selected = number

    def on_attempt_tabs_wanted(self, event: AttemptTabs.Wanted) -> None:
        self.go_to(event.number)

    def action_turn(self, by: int) -> None:
        self.tabs.turn(by)

    def action_zoom(self) -> None:
        """All the screen for the attempt, or back."""
        if self.maximized is None:
            self.maximize(self.tabs, container=False)
        else:
            self.minimize()

    def action_base(self) -> None:
        self.tabs.toggle_base()

    # a human's word

    def action_approve(self) -> None:
        if (flight := self._shown_waiting("a", "approves")) is not None:
            self._decide(flight, None, is_approved=True)

    def action_reject(self) -> None:
        from kapso.loop.approval import checked

        if (flight := self._shown_waiting("r", "rejects")) is None:
            return

        def given(reason: str | None) -> None:
            if reason is not None:
                self._decide(flight, reason, is_approved=False)

        title = f"Say no to attempt {flight.number}? Models and agents are told why."
        self.app.push_screen(AskLine(title, "why not; may stay empty", checked), given)

    def _shown_waiting(self, key: str, does: str) -> Flight | None:
        """What is picked, where it waits; else show what does: nobody decides about what they did not see."""
        if (flight := self.waits) is not None or (first := self.first_waiting) is None:
            return flight
        self.go_to(first.number)
        self.say(f"attempt {first.number} waits: look at it, then {key} {does} it")
        return None

    def _decide(self, flight: Flight, reason: str | None, *, is_approved: bool) -> None:
        """Keep the decision about the very candidate that is shown."""
        from kapso.loop.approval import Approvals

        approvals = Approvals(self.watch_.repository.state_dir, self.watch_.run)
        number, commit = flight.number, flight.commit

        def decide() -> str:
            if is_approved:
                return approvals.approve(number, commit).word
            return approvals.reject(number, reason, commit).word

        def told(word: str) -> None:
            later = "" if self.watch_.is_live else "; it counts once the run goes on (p)"
            self.say(f"attempt {number} is {word}{later}")
            if number in self.watch_.flights:  # a run that nobody works on tells nobody
                decided = replace(self.watch_.flights[number], is_waiting=False)
                self.watch_.flights = {**self.watch_.flights, number: decided}
                self.show(News(has_flights=True))

        self.act(decide, told)

    # outside

    def action_edit(self) -> None:
        self.with_picked(
            lambda number: outside.changed_files(self.tabs.reader, number, to_base=self.tabs.to_base),
            self._choose_file,
        )

    def _choose_file(self, files: list[outside.Changed]) -> None:
        def chosen(at: int | None) -> None:
            if at is not None:
                self.act(
                    lambda: (outside.editor(), outside.copy_of(self.watch_.repository, files[at])), opened
                )

        def opened(found: tuple[list[str], object]) -> None:
            words, copy = found
            self.in_terminal([*words, str(copy)], self.watch_.repository.root)

        if len(files) == 1:
            return chosen(0)
        self.app.push_screen(
            Choose("Which file? A read-only copy is opened.", [f.path for f in files]), chosen
        )

    def action_difftool(self) -> None:
        tabs, repository = self.tabs, self.watch_.repository

        def command(number: int) -> list[str]:
            ends = tabs.reader.ends(number, to_base=tabs.to_base)
            if ends is None:
                raise UsageError(f"attempt {number} has no diff", help="pick one that changes something")
            if outside.has_difftool(repository):
                return outside.difftool(*ends[:2])
            return [*outside.pager(), str(outside.whole_diff(repository, *ends[:2]))]

        self.with_picked(command, lambda words: self.in_terminal(words, repository.root))

    def action_whole_log(self) -> None:
        folder = self.watch_.folder
        self.with_picked(
            lambda number: [*outside.pager(), str(outside.whole_log(folder.attempt(number) / "log.txt"))],
            lambda words: self.in_terminal(words, self.watch_.repository.root),
        )

    def action_copy_branch(self) -> None:
        self.with_picked(lambda number: self.tabs.reader.name(number), self._copy)

    def action_copy_command(self) -> None:
        tabs = self.tabs
        self.with_picked(lambda number: tabs.reader.command(number, to_base=tabs.to_base), self._copy)

    def _copy(self, text: str) -> None:
        """To the clipboard where the terminal takes it, and to the eye."""
        self.app.copy_to_clipboard(text)
        self.say(f"copied: {text}")

    def action_bookmark(self) -> None:
        marks = Bookmarks(self.watch_.folder.path)
        self.with_picked(lambda number: (number, marks.toggle(number), marks.all()), self._marked)

    def _marked(self, found: tuple[int, bool, frozenset[int]]) -> None:
        number, is_marked, self.watch_.bookmarks = found
        self.refresh_list()
        self.say(f"attempt {number} is {'marked' if is_marked else 'no longer marked'}")

    def refresh_list(self) -> None:
        """Show the list anew, as marks stand there."""
        self.query_one(AttemptList).show(News(has_flights=True))

    # home

    def action_apply(self) -> None:
        self.with_picked(lambda number: applying.plan(self.tabs.reader, number), self._offer)

    def _offer(self, plan: applying.Plan) -> None:
        self.app.push_screen(ApplyDialog(plan), lambda how: self._apply(plan, how))

    def _apply(self, plan: applying.Plan, how: str | None) -> None:
        if how == "branch":
            self.act(plan.to_branch, self.say)
        elif how == "patch":
            self.act(plan.to_patch, self.say)
        elif how == "smallest" and plan.smallest is not None:
            number = plan.smallest.attempt.number
            self.act(lambda: applying.plan(self.tabs.reader, number), self._offer)
        elif how == "worktree":

            def answered(is_yes: bool | None) -> None:
                if is_yes:
                    self.act(plan.to_worktree, self.say)

            root = plan.repository.root
            question = f"Change the files of {root} and stage them? Nothing is committed; it must be clean."
            self.app.push_screen(Ask(question, "Change them"), answered)

    def with_picked(self, do: Callable[[int], T], then: Callable[[T], object]) -> None:
        """Do something with the attempt that is picked, in a thread; say so where none is."""
        number = self.selected
        if number is None:
            return self.say("pick an attempt first", is_warning=True)
        self.act(lambda: do(number), then)
