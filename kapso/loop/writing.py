"""How an author (`llm`, `agent`) writes an attempt: beside everything else, and mending what failed."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kapso.attempt import Outcome
from kapso.evaluate.measured import Measured
from kapso.evaluate.stages import run_name
from kapso.loop.desks import RunDesk
from kapso.loop.graph import AttemptState, idea_of
from kapso.loop.workspace import CandidateWorkspace
from kapso.memory.episode import Stage
from kapso.propose.author import BudgetSpent, Failure, NoUsableEdit, Unavailable
from kapso.propose.protocol import Idea

if TYPE_CHECKING:
    from kapso.loop.run import Run

MENDED = (Outcome.CRASHED, Outcome.INVALID)
"""What goes back to its author where nothing was measured: it never ran as it should."""


class Writing:
    """Writes the attempts of a run's authors."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def begin(self, state: AttemptState, idea: Mapping[str, Any], parents: Sequence[int], name: str) -> None:
        """The author `name` is to write the attempt; the next one need not wait for it."""
        run, number = self._run, state["number"]
        calls = run.desks.calls(number)
        # An answer that waits there is for the idea that is kept already.
        if not calls.ended() or calls.idea() is None:
            told = {key: state.get(key) for key in ("chosen", "started", "known", "withheld")}
            calls.keep_idea({**told, "idea": dict(idea), "parents": list(parents), "proposer": name})
        run.allocation.take_turn(name, number)
        run.desks.note_start(number, parents)
        run.desks.sit_down(number, name)

    def write(self, state: AttemptState) -> AttemptState:
        """Have the candidate written; what cannot be written lands here, as what it is."""
        run, name = self._run, state["proposer"]
        desk = RunDesk(run, state)
        start = run.history.attempts[state["parents"][0]].commit
        if desk.failures:
            start = state["candidate"]
        workspace = CandidateWorkspace(
            run.repository, start, run.editable.editable, run.editable.files(start)
        )
        run.desks.sit_down(desk.number, name)
        try:
            with run.desks.pace.writing():
                idea = run.authors[name].write(idea_of(state), desk, workspace)
            run.desks.note_answer(name)
            if (reason := workspace.why_not()) is not None:
                raise NoUsableEdit(reason)
            if workspace.tree() == run.repository.tree_of(start):
                raise NoUsableEdit("what was written changes nothing")
        except NoUsableEdit as error:
            run.desks.note_answer(name)
            return self._end(state, Outcome.INVALID, str(error))
        except Unavailable as error:
            run.desks.note_lost(name, str(error))
            return self._end(state, Outcome.ABANDONED, str(error))
        except BudgetSpent as error:
            if desk.used:
                return self._end(state, Outcome.INVALID, str(error))
            run.desks.stand_up(desk.number)
            return {"idea": None, "unpaid": [*state.get("unpaid", []), name]}
        return self._take(state, desk, idea, workspace)

    def failures(self, state: AttemptState, measured: Measured) -> list[dict[str, Any]] | None:
        """What an author is told so that it mends its candidate; None where it is not asked to."""
        run = self._run
        author = run.authors.get(state["proposer"])
        if not idea_of(state).details:
            return None  # taken over from git alone: nobody knows what was asked
        if author is None or measured.outcome not in MENDED or not run.purse.affords(author.most_cost):
            return None
        if run.goal.primary.name in measured.metrics or RunDesk(run, state).repairs <= 0:
            return None  # it ran as it should, and that it broke a limit is a result; or it was mended enough
        failure = Failure(measured.reason or str(measured.outcome), self._feedback(measured))
        error = f"{failure.reason}\n{failure.feedback or ''}"
        lessons = run.memory.on_error(state["number"], state["proposer"], error)
        failure = dataclasses.replace(failure, lessons=lessons)
        return [*state.get("failures", []), dataclasses.asdict(failure)]

    def close_gaps(self, waiting: Collection[int]) -> None:
        """Land what came to nothing, where later attempts landed or calls were paid: numbers have no hole but
        what is `waiting` for a human."""
        run = self._run
        paid = {number for number, calls in run.desks.unlanded() if number > 0 and calls.ended()}
        gaps = {*range(1, max(run.history.attempts)), *paid} - run.history.attempts.keys()
        for number in sorted(gaps.difference(waiting)):
            if (state := run.desks.begun(number)) is None:
                continue
            outcome, reason = Outcome.ABANDONED, "the run ended before anything was written"
            if number in paid:
                outcome, reason = Outcome.INVALID, "all that was written is known from other attempts"
            self._end(state, outcome, reason)
            attempt = run.history.attempts[number]
            run.observe(attempt)
            run.keep_episode(attempt, ())

    def _take(
        self, state: AttemptState, desk: RunDesk, idea: Idea, workspace: CandidateWorkspace
    ) -> AttemptState:
        """Keep what was written as the candidate, unless the program is known."""
        run, number, name = self._run, state["number"], state["proposer"]
        tree, program = workspace.tree(), workspace.program()
        with run.lock:
            twin = run.known_number(tree, number, program)
            if twin is None:
                run.note_candidate(number, tree, program)
        run.desks.note_written(name, is_known=twin is not None)
        if twin is not None:
            if state.get("failed"):
                return self._end(state, Outcome.INVALID, f"what was mended is what attempt {twin} has")
            run.desks.stand_up(number)
            known = {**state["known"], name: [*state["known"].get(name, []), twin]}
            return {"idea": None, "known": known, "calls": _calls(state, desk)}
        withheld = state.get("withheld") or ()
        candidate = run.keep_candidate(
            number, tree, state["parents"], name, idea, state["started"], withheld=withheld
        )
        written = dict(vars(idea))
        return {
            "candidate": candidate,
            "calls": _calls(state, desk),
            "idea": written,
            "is_failed": False,
            "produced": None,
        }

    def _end(self, state: AttemptState, outcome: Outcome, reason: str) -> AttemptState:
        """Land an attempt that nothing is to be run of: as its last candidate failed, or its parent is."""
        run, failed = self._run, state.get("failed")
        if failed:
            stages = tuple(Stage(**stage) for stage in failed["stages"])
            measured = Measured(**{**failed, "outcome": Outcome(failed["outcome"]), "stages": stages})
            measured = dataclasses.replace(measured, reason=f"{measured.reason}; not mended: {reason}")
            candidate = state["candidate"]
        else:
            measured = Measured(outcome, reason=reason)
            idea = idea_of(state)
            title = idea.title or ("no answer" if outcome is Outcome.ABANDONED else "no usable edit")
            tree = run.history.attempts[state["parents"][0]].tree
            candidate = run.commit_candidate(
                state["number"],
                tree,
                state["parents"],
                state["proposer"],
                dataclasses.replace(idea, title=title),
                state["started"],
            ).commit
        run.land(run.attempt_of({**state, "candidate": candidate}, measured), candidate)
        run.desks.stand_up(state["number"])
        stages_json = [dataclasses.asdict(stage) for stage in measured.stages]
        return {"landed": True, "is_failed": False, "measured": {"stages": stages_json}}

    def _feedback(self, measured: Measured) -> str | None:
        """What its own commands said; what a scorer that it cannot see says stays with the scorer."""
        goal = self._run.goal
        own = {"build", "check", *(run_name(stage) for stage in goal.all_stages)}
        failed = measured.stages[-1].name if measured.stages else ""
        parts = [measured.feedback]
        if not goal.is_judged_apart or failed in own:
            parts.append(measured.said)
        return "\n".join(part for part in parts if part) or None


def _calls(state: AttemptState, desk: RunDesk) -> dict[str, int]:
    return {**state.get("calls", {}), state["proposer"]: desk.used}
