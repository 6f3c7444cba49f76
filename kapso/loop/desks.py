"""What a run's authors are writing, and what that costs: the desks of a run, and the desk of one attempt.

An attempt that is being written holds back neither the next one nor, as a rule, a place for evaluations.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kapso.git.attempts import read_pending
from kapso.loop.calls import Calls, reply_of
from kapso.loop.graph import AttemptState
from kapso.loop.pace import Pace
from kapso.loop.workspace import CandidateWorkspace
from kapso.propose import FINISHERS
from kapso.propose.author import Author, Desk, Failure, Reply, Unavailable
from kapso.propose.protocol import Proposer, Workspace
from kapso.wording import number as shown_number

if TYPE_CHECKING:
    from kapso.loop.run import Run

REPAIR = "repair"
"""The purpose of a call that mends what an earlier one wrote."""
CHECKED = "models.checked"
"""The event that tells what it cost to find out that the models answer."""
LOST = "author.lost"
"""The event that tells that an author is asked no more in this session."""
MOST_LOST = 3
"""After so many attempts in a row that found no provider, an author is asked no more in this session."""
RESTS = "author.rests"
"""The event that tells that an author is asked no more until there is a new best."""
REPETITIONS = 20
"""After so many ideas in a row that merely repeat a known program, a proposer rests."""
PAID_REPETITIONS = 5
"""The same for one that has to be paid: it is not asked twenty times for nothing."""

AWAITED_S = 5.0
"""So long an author waits for what is being evaluated, as its prompt is better for knowing the result."""


class Desks:
    """As many as may write at once, `count` of them. The run's lock guards them."""

    def __init__(self, run: Run, count: int) -> None:
        self._run = run
        self.count = count
        self._writing: set[int] = set()
        self._started: set[int] = set()
        self._proposed: set[int] = set()
        self._repeated: dict[str, tuple[int, int]] = {}
        self._lost: Counter[str] = Counter()
        self.checked = 0.0
        """Dollars that it cost, in all sessions, to find out that the models answer."""
        self._calls: dict[int, Calls] = {}
        self.pace = Pace()

    @property
    def taken(self) -> int:
        """How many attempts are being written, or wait for a place to be evaluated in."""
        return len(self._writing)

    @property
    def has_free(self) -> bool:
        return len(self._writing) < self.count

    @property
    def is_cost_spent(self) -> bool:
        """Whether the budget of dollars has come to its end: no author can pay for a call any more."""
        run = self._run
        if run.purse.limit is None or not run.authors or self._writing or run.purse.is_held:
            return False
        return not any(run.purse.affords(author.most_cost) for author in run.authors.values())

    @property
    def hold_up_all(self) -> bool:
        """Whether every proposer is an author that waits for a desk: an attempt that begins has no idea."""
        return all(self.must_wait_for(proposer) for proposer in self._run.proposers)

    @property
    def may_begin(self) -> bool:
        """Whether an attempt may begin without a place to be evaluated in: an author could write it, and what
        is being evaluated takes longer than is worth waiting for."""
        return self.has_free and any(
            not self.needs_slot(author)
            and not self.rests(name)
            and not self.passes(author)
            and (self._run.slots.busy_s >= AWAITED_S or self._outruns(author))
            for name, author in self._run.authors.items()
        )

    @property
    def outrun_results(self) -> bool:
        """Whether nobody who proposes waits for results that come soon."""
        authors = self._run.authors
        return all(each.name in authors and self._outruns(authors[each.name]) for each in self._run.proposers)

    def _outruns(self, author: Author) -> bool:
        """Whether it would do little but wait, is free, as no token is paid for a prompt that could soon say
        more, and disturbs no time that is measured."""
        return not author.is_paid and not self.needs_slot(author) and self.pace.is_set_by_evaluations

    def needs_slot(self, proposer: Proposer) -> bool:
        """Whether an attempt of this proposer begins only where it can be evaluated: its ideas follow from
        the latest results, or its writing would disturb times that are measured."""
        author = self._run.authors.get(proposer.name)
        if author is not None:
            return author.works_here and self._run.goal.uses_time
        return proposer.name not in FINISHERS  # whose ideas are asked for first, and seldom there

    def must_wait_for(self, proposer: Proposer) -> bool:
        """Whether it is the turn of an author, and all desks are taken.

        Attempts that are counted are shared out by merit, not by who is quick: then nobody takes its turn.
        """
        return self._is_busy(proposer) and self._run.goal.budget.attempts is not None

    def passes(self, proposer: Proposer) -> bool:
        """Whether its turn is another's: the run is over, it cannot be paid for, or time counts and all desks
        are taken."""
        author = self._run.authors.get(proposer.name)
        if author is None:
            return False
        return (
            self._run.is_over()
            or not self._run.purse.affords(author.most_cost)
            or (self._is_busy(proposer) and not self.must_wait_for(proposer))
        )

    def sit_down(self, number: int, name: str) -> None:
        """The author `name` writes attempt `number` from now on."""
        run = self._run
        if number in self._writing:
            return
        with run.lock:
            self._writing.add(number)
            run.in_flight[number] = f"{name} is writing"
        if not self.needs_slot(run.authors[name]):
            run.slots.give_back(number)
        run.on_proposed(number)

    def stand_up(self, number: int) -> None:
        """Attempt `number` is written, or will not be."""
        with self._run.lock:
            self._writing.discard(number)
        self._run.on_proposed(number)

    def rests(self, name: str) -> bool:
        """Whether the author has no provider, or all that it wrote lately was known.

        Its calls are paid: no attempt begins to count anew. A new best is worth one more try.
        """
        if self._lost[name] >= MOST_LOST:
            return True
        times, best = self._repeated.get(name, (0, 0))
        return times >= self.repetitions(name) and best == self._run.history.best_number

    def repetitions(self, name: str) -> int:
        """After how many programs in a row that are known a proposer rests."""
        author = self._run.authors.get(name)
        return PAID_REPETITIONS if author is not None and author.is_paid else REPETITIONS

    def note_written(self, name: str, *, is_known: bool) -> None:
        """The author wrote a program, which is known or new."""
        with self._run.lock:
            had_rested = self.rests(name)
            times, _ = self._repeated.pop(name, (0, 0))
            if is_known:
                self._repeated[name] = (times + 1, self._run.history.best_number)
            is_over = self.rests(name) and not had_rested
        if is_over:
            self._run.journal.write(RESTS, proposer=name, repetitions=times + 1)

    def note_answer(self, name: str) -> None:
        """The author's provider answered."""
        with self._run.lock:
            self._lost[name] = 0

    def note_lost(self, name: str, reason: str) -> None:
        """An attempt of the author is abandoned. Calls that come to nothing use up the budget of attempts."""
        with self._run.lock:
            self._lost[name] += 1
            is_last = self._lost[name] == MOST_LOST
        if is_last:
            self._run.journal.write(LOST, proposer=name, reason=reason)

    def note_start(self, number: int, parents: Sequence[int]) -> None:
        """Tell of an attempt's start, once."""
        if number not in self._started:
            self._started.add(number)
            self._run.journal.write("attempt.started", attempt=number, parents=list(parents))

    def note_proposal(self, number: int) -> bool:
        """Whether this is the first candidate of an attempt, and none that mends another."""
        is_first = number not in self._proposed
        self._proposed.add(number)
        return is_first

    def calls(self, number: int) -> Calls:
        """The calls of an attempt that is under way; `forget` lets go of them."""
        return self._calls.setdefault(number, Calls(self._run.folder.attempt(number)))

    def forget(self, number: int) -> None:
        """The attempt has landed."""
        self._calls.pop(number, None)

    def cost(self, number: int) -> float | None:
        """What the calls of an attempt cost, in dollars; None without any, or where no price is known."""
        return self.calls(number).cost if self._run.authors else None

    def spent(self, pending: Mapping[int, str]) -> float:
        """What the run has cost so far, in dollars, with what calls may have cost that a kill cut short.

        The calls are kept in a folder that may be deleted: of a `pending` candidate, git knows as well.
        """
        run = self._run
        landed = [attempt.cost or 0.0 for attempt in run.history.attempts.values()]
        costs = {number: calls.cost or 0.0 for number, calls in self.unlanded()}
        for number, commit in pending.items():
            known = read_pending(run.repository, commit).cost or 0.0
            costs[number] = max(costs.get(number, 0.0), known)
        return math.fsum([*landed, self.checked, *costs.values()])

    def note_check(self, cost: float, told: float) -> None:
        """Checks of the models cost so much in this session; `told` is what the records say of earlier ones.

        The journal knows of those too whose session was killed, and may be deleted.
        """
        run = self._run
        past = math.fsum(entry["cost"] for entry in run.journal.past if entry["event"] == CHECKED)
        self.checked = max(past, told) + cost
        if cost:
            run.journal.write(CHECKED, cost=cost)

    def unlanded(self) -> Iterator[tuple[int, Calls]]:
        """The calls of attempts that have not landed."""
        if not self._run.authors:
            return
        for folder in sorted((self._run.folder.path / "attempts").glob("[0-9]*")):
            if folder.name.isdigit() and int(folder.name) not in self._run.history.attempts:
                yield int(folder.name), Calls(folder)

    def unfinished(self, pending: Collection[int]) -> dict[int, AttemptState]:
        """The attempts that were being written when the run was left, as they go on."""
        numbers = [number for number, _ in self.unlanded() if number > 0 and number not in pending]
        return {number: state for number in numbers if (state := self.begun(number)) is not None}

    def begun(self, number: int) -> AttemptState | None:
        """An attempt as its author began to write it: the calls that it made since have their answers."""
        told = Calls(self._run.folder.attempt(number)).idea()
        if not told or told.get("proposer") not in self._run.authors:
            return None
        state: AttemptState = {**told, "number": number}  # type: ignore[typeddict-item]
        return state

    def _is_busy(self, proposer: Proposer) -> bool:
        return proposer.name in self._run.authors and not self.has_free


class RunDesk(Desk):
    """The desk of one attempt: `used` counts the calls whose answers were asked for."""

    def __init__(self, run: Run, state: AttemptState) -> None:
        self._run = run
        self.number: int = state["number"]
        self.folder: Path = run.folder.attempt(self.number)
        self._name: str = state["proposer"]
        self._calls = run.desks.calls(self.number)
        self._ended = [each for each in self._calls.ended() if each.get("proposer") == self._name]
        self.failures = [Failure(**each) for each in state.get("failures", [])]
        self.cancel: threading.Event = run.cancel
        self.used: int = state.get("calls", {}).get(self._name, 0)

    @property
    def repairs(self) -> int:
        """See Desk. Once the run is over nothing more is asked for; an answer that waits is used."""
        if self.used >= len(self._ended) and self._run.is_over():
            return 0
        made: int = sum(each["purpose"] == REPAIR for each in self._ended[: self.used])
        allowed: int = self._run.goal.search.repairs
        return max(allowed - made, 0)

    def call(
        self, purpose: str, request: Mapping[str, Any], most_cost: float | None, make: Callable[[], Reply]
    ) -> Reply:
        """See Desk."""
        if self.used < len(self._ended):
            told = self._ended[self.used]
            self.used += 1
            if told["reply"] is None:
                raise Unavailable(str(told["error"]))
            return reply_of(told)
        held = self._run.purse.hold(most_cost)
        cost = most_cost
        number = self._calls.begin(self._name, purpose, request, most_cost)
        try:
            reply = make()
            if reply.cost is not None:  # an agent that does not tell may have cost all that it might
                cost = reply.cost
            self._ended.append(self._calls.end(number, reply=reply, error=None, cost=cost))
        except Unavailable as error:
            cost = most_cost if error.cost is None else error.cost
            self._ended.append(self._calls.end(number, reply=None, error=str(error), cost=cost))
            raise
        finally:
            self._run.purse.settle(held, cost)
        self.used += 1
        return reply

    def show(self, line: str) -> None:
        """See Desk."""
        self._run.in_flight[self.number] = line

    def known(self, workspace: Workspace) -> str | None:
        """See Desk."""
        assert isinstance(workspace, CandidateWorkspace)
        run = self._run
        with run.lock:
            twin = run.known_number(workspace.tree(), self.number, workspace.program())
        if twin is None:
            return None
        run.desks.note_written(self._name, is_known=True)
        attempt = run.history.attempts.get(twin)
        if attempt is None:
            return f"the same program as attempt {twin}, which is being evaluated"
        if run.twins.program(twin) != workspace.program():
            return f"the same program as one that attempt {twin} began with, which failed"
        if attempt.score is None:
            return f"the same program as attempt {twin}, which ended as {attempt.outcome}: {attempt.reason}"
        verdict = f", {attempt.verdict} than its parent" if attempt.verdict in ("better", "worse") else ""
        return f"the same program as attempt {twin}, which scored {shown_number(attempt.score)}{verdict}"
