"""One run: everything that its attempts share, and how an attempt lands.

Git comes first and decides; history, journal, episodes and records follow it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from kapso.attempt import BASELINE, Attempt, Verdict, now
from kapso.evaluate.evaluator import Evaluator
from kapso.evaluate.measured import Measured
from kapso.git import attempts as commits
from kapso.git import landing, ledger
from kapso.git.layout import RunRefs, short_name, slug
from kapso.git.repository import Repository
from kapso.goal import Goal
from kapso.loop.desks import Desks
from kapso.loop.graph import AttemptState
from kapso.loop.hints import Hints
from kapso.loop.history import History
from kapso.loop.memory import Memory
from kapso.loop.purse import Purse
from kapso.loop.run_folder import Journal, RunFolder
from kapso.loop.slots import Slots
from kapso.loop.twins import Twins
from kapso.loop.workspace import EditableIndex
from kapso.memory.episode import Episode, Stage, trusted_source
from kapso.memory.hunks import Diffs, with_diff
from kapso.memory.recorder import Recorder
from kapso.propose import FINISHERS
from kapso.propose.author import Author
from kapso.propose.protocol import Context, Idea, Promising, Proposer
from kapso.propose.recalled import NOTHING, Recalled
from kapso.search import Allocation, Policy
from kapso.search.front import front, seeks_front

RECORDS_EVERY = 200
"""Records wait in memory (and in the journal) until so many have come together, or the run ends."""


class Run:
    """The shared state of a run. `lock` guards the history, the proposers and their allocation."""

    def __init__(
        self,
        *,
        name: str,
        goal: Goal,
        repository: Repository,
        base: str,
        identity: str,
        evaluator: Evaluator,
        editable: EditableIndex,
        policy: Policy,
        proposers: Sequence[Proposer],
        folder: RunFolder,
        journal: Journal,
        recorder: Recorder,
        sandbox_level: str,
        writers: int = 1,
    ) -> None:
        self.name = name
        self.goal = goal
        self.repository = repository
        self.base = base
        self.identity = identity
        self.evaluator = evaluator
        self.editable = editable
        self.policy = policy
        self.proposers = proposers
        self.folder = folder
        self.journal = journal
        self.recorder = recorder
        self.sandbox_level = sandbox_level
        self.history = History(goal.primary, by_verdict=goal.repeats is None)
        self.twins = Twins(editable)
        shared = [each.name for each in proposers if each.name not in FINISHERS]
        files = editable.files(base)
        promised = {each.name: each.promise(files) for each in proposers if isinstance(each, Promising)}
        self.allocation = Allocation(shared, goal.primary, promised, goal.budget)
        self.lock = threading.RLock()
        self.cancel = threading.Event()
        self.on_proposed: Callable[[int], None] = lambda number: None
        self.elapsed_s: Callable[[], float] = lambda: 0.0
        self.is_over: Callable[[], bool] = lambda: False
        """Whether its time is used up or it is to stop, so that nothing more is to be paid for."""
        self.in_flight: dict[int, str] = {}
        self.slots = Slots(1)
        self.hints = Hints(repository, name)
        self.purse = Purse(goal.budget.cost)
        authors = [each for each in proposers if isinstance(each, Author)]
        self.authors: Mapping[str, Author] = {each.name: each for each in authors}
        """The proposers whose edits a model or an agent writes, by name."""
        self.desks = Desks(self, writers)
        self.best_left_in: Path | None = None
        self.memory = Memory(self)
        self.recall: Callable[[Context], Recalled] = lambda context: NOTHING
        self.diffs = Diffs(repository)
        self._records: dict[str, bytes] = {}

    def proposer(self, name: str) -> Proposer:
        return next(each for each in self.proposers if each.name == name)

    def known_number(self, tree: str, number: int, program: str | None = None) -> int | None:
        """The attempt, landed or in flight, that has this very tree, or this program if one is given."""
        twin = self.history.known(tree)
        if twin is not None:
            return twin.number
        other = self.history.in_flight.get(tree)
        if other not in (None, number):
            return other
        return None if program is None else self.twins.known(program, number)

    def note_candidate(self, number: int, tree: str, program: str) -> None:
        """Nobody else is to evaluate what attempt `number` is about to."""
        self.history.in_flight[tree] = number
        self.twins.claim(number, program)

    def in_turn(self, number: int, is_last: bool = False) -> list[Proposer]:
        """The proposers as they are asked for attempt `number`.

        Finishers, who decide by themselves when they have ideas, come before the others, and behind them in
        the last round.
        """
        finishers = [each for each in self.proposers if each.name in FINISHERS]
        others = [self.proposer(name) for name in self.allocation.order(number)]
        return [*others, *finishers] if is_last else [*finishers, *others]

    def left(self, number: int) -> int | None:
        """About how many attempts there are from `number` on, by budget and patience; None: no limit."""
        history, budget, patience = self.history, self.goal.budget, self.goal.stop.patience
        made, limits = number - 1, []
        if budget.attempts is not None:
            limits.append(budget.attempts - (made - history.by_hand))
        if budget.time_s is not None and made:
            limits.append(int((budget.time_s - self.elapsed_s()) * made / max(self.elapsed_s(), 1e-9)))
        if patience is not None:
            limits.append(patience - history.without_better - (made - history.count))
        return max(1, min(limits)) if limits else None

    def keep_candidate(
        self,
        number: int,
        tree: str,
        parents: Sequence[int],
        proposer: str,
        idea: Idea,
        started: str,
        also_from: Sequence[str] = (),
        withheld: Sequence[str] = (),
    ) -> str:
        """Keep a candidate under its pending ref, before anything runs, and tell of it; returns its commit.

        `also_from` are commits beyond this run that it was made from, too; `withheld` the lessons that it was
        not told of by lot.
        """
        pending = self.commit_candidate(number, tree, parents, proposer, idea, started, also_from)
        landing.set_pending(self.repository, self.name, number, pending.commit)
        self.desks.note_start(number, parents)
        note = self.memory.note(number, pending, parents, idea, withheld)
        self.journal.write(
            "attempt.proposed" if self.desks.note_proposal(number) else "attempt.repaired",
            attempt=number,
            proposer=pending.proposer,
            title=pending.title,
            hypothesis=pending.hypothesis,
            commit=pending.commit,
            withheld=list(note.withheld),
            predicted=dict(note.predicted),
        )
        self.note_in_flight(number, pending)
        self.on_proposed(number)
        return pending.commit

    def commit_candidate(
        self,
        number: int,
        tree: str,
        parents: Sequence[int],
        proposer: str,
        idea: Idea,
        started: str,
        also_from: Sequence[str] = (),
    ) -> commits.Pending:
        """The candidate as a commit, that no ref holds yet."""
        return commits.commit_pending(
            self.repository,
            commits.Pending(
                run=self.name,
                number=number,
                commit="",
                tree=tree,
                parents=(*(self.history.attempts[each].commit for each in parents), *also_from),
                proposer=proposer,
                title=idea.title,
                hypothesis=idea.hypothesis,
                recalled=tuple(idea.rests_on),
                started=datetime.fromisoformat(started),
                cost=self.desks.cost(number),
            ),
        )

    def note_in_flight(self, number: int, candidate: commits.Pending) -> None:
        """The attempt is under way, and its proposer has had its turn."""
        self.in_flight[number] = candidate.title
        self.twins.add(number, candidate.commit)
        with self.lock:
            self.allocation.take_turn(candidate.proposer, number)

    def attempt_of(self, state: AttemptState, measured: Measured, verdict: Verdict | None = None) -> Attempt:
        """The attempt that ended, not committed yet; `verdict` where pairs have told it."""
        idea = Idea(**{**(state.get("idea") or {"title": ""}), "rests_on": ()})
        pending = commits.read_pending(self.repository, state["candidate"])
        # The folder of its calls may have been deleted since.
        costs = [each for each in (self.desks.cost(state["number"]), pending.cost) if each is not None]
        finished, note = now(), self.memory.noted(state["number"])
        score = measured.metrics.get(self.goal.primary.name) if measured.outcome == "scored" else None
        if verdict is None and state["parents"]:
            verdict = self.history.verdict(score, state["parents"][0])
        return Attempt(
            run=self.name,
            number=state["number"],
            branch="",
            commit="",
            tree=pending.tree,
            parents=tuple(state["parents"]),
            proposer=pending.proposer,
            title=pending.title,
            hypothesis=pending.hypothesis,
            outcome=measured.outcome,
            started=pending.started,
            finished=max(finished, pending.started),
            verdict=verdict,
            score=score,
            metrics=dict(measured.metrics),
            reason=measured.reason,
            duration_s=round(sum(stage.seconds or 0.0 for stage in measured.stages), 6),
            cost=max(costs) if costs else None,
            recalled=pending.recalled,
            evaluator=self.identity,
            sandbox=self.sandbox_level,
            parameters=idea.parameters,
            feedback=measured.feedback,
            withheld=note.withheld or tuple(state.get("withheld") or ()),
            predicted=note.predicted,
        )

    def land(self, attempt: Attempt, pending: str) -> Attempt:
        """Make the attempt final (branch, best, event, pending ref removed), once, whatever kills it."""
        with self.lock:
            parents = tuple(str(each) for each in self.repository.objects.commit(pending).parent_ids)
            branch = self._branch(attempt)
            final = commits.commit_attempt(self.repository, replace(attempt, branch=branch), parents)
            is_best = attempt.number == BASELINE or self.history.would_be_best(final)
            previous = self.history.best.score if is_best and attempt.number != BASELINE else None
            landed = landing.land(
                self.repository,
                self.name,
                attempt.number,
                pending,
                final,
                final.commit if is_best else None,
                lambda: self.journal.announce(final.number, announcement(final)),
            )
            self.best_left_in = landed.best_left_in or (None if is_best else self.best_left_in)
            final = replace(final, commit=landed.commit, branch=short_name(landed.branch))
            self.twins.add(final.number, final.commit)
            if self.history.add(final):
                self.journal.write(
                    "best.improved",
                    attempt=final.number,
                    score=final.score,
                    previous=previous,
                    baseline=self.history.baseline.score,
                    title=final.title,
                    branch=final.branch,
                )
            self.in_flight.pop(final.number, None)
            self.desks.forget(final.number)
            self.keep_record(final)
            return final

    def observe(self, attempt: Attempt) -> None:
        """Stages, policy and proposers learn of an attempt."""
        with self.lock:
            self.evaluator.ladder.observe(attempt)
            self.allocation.observe(attempt)
            self.policy.observe(attempt)
            is_lucky = attempt.number in self.history.passed_over and not seeks_front(self.goal)
            if attempt.number in self.history.demoted or is_lucky:
                self.policy.forget(attempt.number)
            for proposer in self.proposers:
                proposer.observe(attempt)
            self.memory.observe(attempt)

    def demote(self, number: int) -> None:
        """The lead of an attempt did not hold: it is the best no more, and nothing more is made from it."""
        self.keep_record(self.history.demote(number))
        self.policy.forget(number)

    def front(self) -> list[Attempt]:
        """What none beats in every metric; nothing where the policy is not after that."""
        if not seeks_front(self.goal):
            return []
        return front(self.history.attempts.values(), self.goal.metrics, self.history.demoted)

    def keep_episode(self, attempt: Attempt, stages: tuple[Stage, ...]) -> None:
        """Write what happened into the episodic log; the change is looked at behind the run's back."""
        source = trusted_source(attempt.commit, self.record(attempt))
        is_demoted = attempt.number in self.history.demoted
        is_passed_over = attempt.number in self.history.passed_over
        episode = Episode(attempt, None, stages, is_demoted, is_passed_over, source)
        if not attempt.parents:
            self.recorder.add(episode)
            return
        parent = self.history.attempts[attempt.parents[0]].commit
        self.recorder.add(episode, lambda episode: with_diff(episode, parent, self.repository, self.diffs))

    def keep_record(self, attempt: Attempt) -> None:
        """Keep the attempt's record for the next batch."""
        self._records[ledger.record_name(attempt.number)] = self.record(attempt)
        if len(self._records) >= RECORDS_EVERY:
            self.write_records()

    def record(self, attempt: Attempt) -> bytes:
        """All that `ls --json` shows, more: parameters and feedback, whether its lead holds or did not, and
        the identity of its program."""
        number, history = attempt.number, self.history
        beyond = {
            **_beyond_json(attempt),
            "demoted": number in history.demoted,
            "passed_over": number in history.passed_over,
            "proven": number in history.proven,
            "program": self.twins.program(number),
        }
        return _to_bytes({**attempt.to_json(), **beyond})

    def write_records(self, run: Mapping[str, Any] | None = None) -> None:
        """Write the waiting records, and `run`, how the run ended, if that is known."""
        with self.lock:
            files = {**self._records, **({"run.json": _to_bytes(run)} if run is not None else {})}
            self._records = {}
            if files:
                ledger.write_records(self.repository, self.name, files)

    def conditions(self) -> dict[str, Any]:
        """What was found out about evaluations beside the baseline, for the run's records."""
        found = {**self.history.noise.to_json(), "pinned_threads": self.evaluator.pinning.threads}
        return {**found, "checks_cost": self.desks.checked or None, "cost": self.cost}

    @property
    def cost(self) -> float | None:
        """Dollars that models and agents took; None where none was asked, or no price is known."""
        costs = [attempt.cost for attempt in self.history.attempts.values() if attempt.cost is not None]
        return round(self.purse.spent, 9) if costs or self.purse.spent else None

    def keep_holdout(self, number: int, said: Mapping[str, Any]) -> None:
        """Keep a hold-out result where no proposer, prompt or trailer sees it."""
        ledger.write_holdout(self.repository, self.name, {ledger.record_name(number): _to_bytes(said)})

    def _branch(self, attempt: Attempt) -> str:
        names = RunRefs(self.name)
        if attempt.number == BASELINE:
            return short_name(names.baseline)
        return short_name(names.branch(attempt.number, slug(commits.clip_title(attempt.title))))


def announcement(attempt: Attempt) -> dict[str, Any]:
    """What `attempt.evaluated` says beside time, event, run and attempt: all that `ls --json` shows."""
    details = {**attempt.to_json(), **_beyond_json(attempt)}
    return {name: value for name, value in details.items() if name not in ("run", "attempt")}


def _beyond_json(attempt: Attempt) -> dict[str, Any]:
    return {
        "parameters": dict(attempt.parameters),
        "feedback": attempt.feedback,
        "withheld": list(attempt.withheld),
        "predicted": dict(attempt.predicted),
    }


def _to_bytes(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8", "backslashreplace")
