"""The six steps of an attempt. Each may be repeated after a kill: whatever it did before, it does again.

A failed candidate flows through as data; an exception means that Kapso, the machine or a signal ended it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING, Any

from kapso.attempt import HUMAN, Outcome, now, rfc3339
from kapso.evaluate.evaluator import Place, Produced
from kapso.evaluate.measured import Measured
from kapso.evaluate.stages import Course
from kapso.loop.approval import NO
from kapso.loop.graph import AttemptState, idea_of
from kapso.loop.pairs import Pairs
from kapso.loop.workspace import CandidateWorkspace
from kapso.loop.writing import Writing
from kapso.memory.episode import Stage
from kapso.propose.protocol import Context, Editor, Proposer
from kapso.propose.recalled import Recalled

if TYPE_CHECKING:
    from kapso.loop.run import Run


class AttemptSteps:
    """The steps on one run."""

    def __init__(self, run: Run) -> None:
        self.run_ = run
        self.pairs = Pairs(run)
        self.writing = Writing(run)

    def select(self, state: AttemptState) -> AttemptState:
        """Choose the parents."""
        run = self.run_
        with run.lock:
            parents = run.policy.select(state["number"], self._seed(state, "select"))
        return {"chosen": list(parents), "known": {}, "started": rfc3339(now())}

    def ideate(self, state: AttemptState) -> AttemptState:
        """Ask the proposers as they are due; no idea from any of them ends the attempt before it began.

        One that began early, before there is a place to evaluate it, is for those that need none yet.
        """
        run = self.run_
        is_early = state["number"] not in run.slots and not {"calls", "unpaid"} & state.keys()
        recalled: Recalled | None = None
        while True:
            with run.lock:
                turn = self._turn(state, is_early, recalled)
            if not isinstance(turn, Context):
                return turn
            recalled = run.recall(turn)  # without the lock: it may wait for who else uses the library

    def _turn(self, state: AttemptState, is_early: bool, recalled: Recalled | None) -> AttemptState | Context:
        """What the first proposer that has an idea makes of its turn; the context of one that needs to be
        told what is known first."""
        run = self.run_
        seed = run.memory.seed(state["number"])
        for is_last in (False, True):
            in_turn, missed = self._in_turn(state, is_last, seed)
            for proposer in in_turn:
                if self._rests(state, proposer):
                    continue
                if run.desks.must_wait_for(proposer) or (is_early and run.desks.needs_slot(proposer)):
                    return {"idea": None}
                context = self._context(state, proposer.name, is_last)
                is_author = proposer.name in run.authors
                if is_author and recalled is None:
                    return context
                lessons = run.memory.recalled(context, proposer.name, seed)
                if is_author and recalled is not None:
                    lessons = dataclasses.replace(lessons, knowledge=recalled.knowledge)
                if (idea := proposer.ideate(dataclasses.replace(context, recalled=lessons))) is None:
                    continue
                parents = list(idea.parents) or state["chosen"]
                withheld = [*lessons.withheld, *(each for each in missed if each not in idea.rests_on)]
                if not is_author:
                    told = dict.fromkeys([*(each.id for each in lessons.lessons), *idea.rests_on])
                    idea = dataclasses.replace(idea, rests_on=tuple(told))
                given = dict(vars(idea))
                if is_author:
                    begun: AttemptState = {**state, "withheld": withheld}
                    self.writing.begin(begun, given, parents, proposer.name)
                return {"proposer": proposer.name, "idea": given, "parents": parents, "withheld": withheld}
        return {"idea": None}

    def _in_turn(self, state: AttemptState, is_last: bool, seed: int) -> tuple[list[Proposer], list[str]]:
        """The proposers as they are asked; who knows of something that is to be tried at once goes first.

        With them, the lessons that tell of such a thing and were left out.
        """
        run = self.run_
        due = run.in_turn(state["number"], is_last)
        may = [each for each in due if not self._rests(state, each)]
        ahead, missed = run.memory.ahead(may, lambda name: self._context(state, name, is_last), seed)
        return [*ahead, *(each for each in due if each not in may)], missed

    def edit(self, state: AttemptState) -> AttemptState:
        """Make the candidate and keep it under its pending ref, before anything runs."""
        run = self.run_
        if state["proposer"] in run.authors:
            return self.writing.write(state)
        proposer = run.proposer(state["proposer"])
        assert isinstance(proposer, Editor)
        idea = idea_of(state)
        parent = run.history.attempts[state["parents"][0]]
        workspace = CandidateWorkspace(
            run.repository, parent.commit, run.editable.editable, run.editable.files(parent.commit)
        )
        proposer.edit(idea, workspace)
        tree, program = workspace.tree(), workspace.program()
        with run.lock:
            twin = run.known_number(tree, state["number"], program)
            if workspace.why_not() is not None:
                twin = parent.number
            if twin is not None:
                name = state["proposer"]
                known = {**state["known"], name: [*state["known"].get(name, []), twin]}
                return {"idea": None, "known": known}
            run.note_candidate(state["number"], tree, program)
        candidate = run.keep_candidate(
            state["number"],
            tree,
            state["parents"],
            state["proposer"],
            idea,
            state["started"],
            withheld=state.get("withheld", ()),
        )
        return {"candidate": candidate}

    def reject(self, state: AttemptState) -> AttemptState:
        """Land what a human said no to; nothing of it was run."""
        measured = Measured(Outcome.REJECTED, reason=state["decision"]["reason"] or NO)
        self.run_.land(self.run_.attempt_of(state, measured), state["candidate"])
        return {"measured": _as_json(measured)}

    def run(self, state: AttemptState) -> AttemptState:
        """Build, check and run the candidate in the sandbox."""
        run = self.run_
        run.slots.take(state["number"], run.cancel, is_first=state["proposer"] == HUMAN)
        run.desks.stand_up(state["number"])
        with run.desks.pace.evaluating():
            produced = run.evaluator.produce(state["candidate"], self._place(state), run.cancel)
        if run.desks.outrun_results and not run.evaluator.runs_more:
            run.slots.give_back(state["number"])  # the next one is evaluated while this one lands
            run.on_proposed(state["number"])
        return {"produced": dict(vars(produced))}

    def evaluate(self, state: AttemptState) -> AttemptState:
        """Score what the run produced, ask the hold-out about a new best, and land."""
        run = self.run_
        place = self._place(state)
        assert state["produced"] is not None
        produced = Produced(**state["produced"])
        if not run.evaluator.has_outputs(produced):  # the workspace was deleted between the two steps
            produced = run.evaluator.produce(state["candidate"], place, run.cancel)
        measured = run.evaluator.score(state["candidate"], produced, place, run.cancel)
        if (failures := self.writing.failures(state, measured)) is not None:
            run.evaluator.discard(place)
            failed = {**dataclasses.asdict(measured), "outcome": str(measured.outcome)}
            return {"failures": failures, "failed": failed, "is_failed": True}
        measured, verdict = self.pairs.compare(measured, state["candidate"], state["parents"], place)
        # Pairs run the last stage alone: what the cheap ones gave is added again.
        measured = dataclasses.replace(measured, metrics={**produced.metrics, **measured.metrics})
        attempt = run.attempt_of(state, measured, verdict)
        if run.goal.holdout is not None and run.history.would_be_best(attempt):
            said = run.evaluator.hold_out(state["candidate"], produced, place, run.cancel)
            run.keep_holdout(state["number"], said)
        run.land(attempt, state["candidate"])
        run.evaluator.discard(place)
        return {"measured": _as_json(measured), "is_failed": False}

    def learn(self, state: AttemptState) -> AttemptState:
        """Let policy and proposers see what happened, and write the episode."""
        run = self.run_
        attempt = run.history.attempts[state["number"]]
        run.observe(attempt)
        run.keep_episode(attempt, tuple(_stages(state)))
        return {}

    def _rests(self, state: AttemptState, proposer: Proposer) -> bool:
        """Whether it merely repeats itself, or cannot be paid for."""
        times = len(state["known"].get(proposer.name, []))
        desks = self.run_.desks
        if times >= desks.repetitions(proposer.name) or desks.rests(proposer.name):
            return True
        return proposer.name in state.get("unpaid", []) or desks.passes(proposer)

    def _context(self, state: AttemptState, proposer: str, is_last: bool) -> Context:
        run = self.run_
        known = state["known"].get(proposer, [])
        parents = [run.history.attempts[number] for number in state["chosen"]]
        return Context(
            goal=run.goal,
            number=state["number"],
            parents=parents,
            files=run.editable.files(parents[0].commit),
            attempts=list(run.history.attempts.values()),
            seed=self._seed(state, f"ideate {len(known)}"),
            known=[run.history.attempts[n] for n in known if n in run.history.attempts],
            is_last=is_last,
            best=run.history.best_number,
            left=run.left(state["number"]),
            noise=run.history.noise.sigma,
            barred=run.history.demoted,
            hints=[hint.text for hint in run.hints.all()] if run.authors else (),
        )

    def _place(self, state: AttemptState) -> Place:
        number = state["number"]
        course = Course.ALL if state["proposer"] == HUMAN else Course.GATED
        slots, log = self.run_.slots, self.run_.folder.log(number)
        slot = slots[number] if number in slots else None
        return Place(self.run_.name, number, slot, log, course=course)

    def _seed(self, state: AttemptState, purpose: str) -> int:
        text = f"{self.run_.goal.search.seed}:{state['number']}:{purpose}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _as_json(measured: Measured) -> dict[str, Any]:
    return {"stages": [dataclasses.asdict(stage) for stage in measured.stages]}


def _stages(state: AttemptState) -> list[Stage]:
    return [Stage(**stage) for stage in state["measured"]["stages"]]
