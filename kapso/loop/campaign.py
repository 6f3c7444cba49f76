"""The campaign: keeps attempts in flight without a barrier between them, within budget and stop rules.

Proposing is done one attempt at a time, so that numbers have no hole and a seed gives one sequence;
evaluating overlaps. A number is given out when the attempt before it is safe under its pending ref, or with
its author. Where no place for evaluations is free, an author may write the next one meanwhile.

With `approve: true`, attempts wait at the gate without being in flight, and time in which nothing else goes
on does not count. A run that has launched all it may waits for what waits; one whose time is over, or that is
stopped or interrupted, leaves it pending, and `kapso resume` takes it up.
"""

from __future__ import annotations

import queue
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from kapso.attempt import HUMAN
from kapso.errors import Interrupted
from kapso.loop.checkpoints import Checkpoints
from kapso.loop.gate import Gate, Waits
from kapso.loop.graph import AttemptState, build_graph
from kapso.loop.human import take_up
from kapso.loop.run import Run
from kapso.loop.slots import Slots
from kapso.loop.steps import AttemptSteps
from kapso.loop.stored import raise_limits, stored_goal
from kapso.loop.takeover import take_over

if TYPE_CHECKING:
    from langgraph.checkpoint.memory import InMemorySaver

TICK_S = 0.1
"""How often control file, clock and display are looked at while attempts run."""


class Ending(StrEnum):
    """Why a campaign launches no more attempts; `BASELINE`: why there never was one."""

    ATTEMPTS = "attempts"
    TIME = "time"
    COST = "cost"
    TARGET = "target"
    PATIENCE = "patience"
    EXHAUSTED = "exhausted"
    STOPPED = "stopped"
    SERVED = "served"
    INTERRUPTED = "interrupted"
    BASELINE = "baseline"


@dataclass(frozen=True)
class Proposed:
    """An attempt is safe under its pending ref, or with its author: the next one may be proposed."""

    number: int


@dataclass(frozen=True)
class Ended:
    """An attempt's thread has ended; `failure` is what ended it too early."""

    number: int
    failure: BaseException | None


AWAITS = (Ending.ATTEMPTS, Ending.COST)
"""What ends launching alone: what was proposed, and perhaps paid for, is still worth deciding about."""


class Display(Protocol):
    """Whoever shows progress; called by the main thread."""

    def tick(self, campaign: Campaign) -> None: ...


class Campaign:
    """Keeps up to `parallel` attempts of a run in flight, beside those that authors write.

    `elapsed_s` is what earlier sessions used. With `only_requests`, what the user asked for is evaluated and
    nothing else.
    """

    def __init__(
        self, run: Run, parallel: int, elapsed_s: float, display: Display, *, only_requests: bool = False
    ) -> None:
        self.run = run
        self.parallel = parallel
        self.is_interrupted = False
        self.only_requests = only_requests
        self._display = display
        self._elapsed_s = elapsed_s
        self._started = time.monotonic()
        self._paused_s = 0.0
        self._raised_at = run.folder.raised_at()
        self._news: queue.Queue[Proposed | Waits | Ended] = queue.Queue()
        run.on_proposed = lambda number: self._news.put(Proposed(number))
        run.elapsed_s = lambda: self.elapsed_s
        run.is_over = lambda: self._is_time_over or run.folder.control() == "stopping"
        run.slots = Slots(parallel)
        self._numbers: set[int] = set()
        self._by_hand: set[int] = set()
        self._proposing: int | None = None
        self._resting_since: tuple[int, ...] | None = None
        self._launched_at: dict[int, tuple[int, ...]] = {}
        self._low = 1
        self._checkpoints = Checkpoints(run.folder.checkpoints)
        self._steps = AttemptSteps(run)
        self.gate = Gate(run, parallel)
        self._saver = _saver() if self.gate.is_closed else None
        self._graph = build_graph(self._steps, self._checkpoints.keep, self._saver)

    def close(self) -> None:
        """Close the checkpoints."""
        self._checkpoints.close()

    @property
    def elapsed_s(self) -> float:
        """Seconds of the time budget that are used; pauses and waiting for a human alone are left out."""
        return self._elapsed_s + time.monotonic() - self._started - self._paused_s

    def recover(self, pending: dict[int, str]) -> None:
        """Finish what an earlier session left: pending candidates and what was being written go on; where
        others stood is forgotten."""
        standing = self._checkpoints.all()
        for number in standing.keys() - pending.keys():
            self._checkpoints.forget(number)
        self.gate.forget_others(pending)
        self._drive(pending, self.run.desks.unfinished(pending), standing)

    def go(self) -> Ending:
        """Launch attempts until something ends it; returns when none is in flight."""
        with self._threads_of_attempts(len(self.gate.waiting)) as pool:
            while True:
                ending = self.why_end()
                self._take_decisions(pool, ending)
                if (state := self._requested(ending)) is not None:
                    self._by_hand.add(state["number"])
                    self._launch(pool, state["number"], state)
                    continue
                if ending is None and self._may_launch():
                    number = self._next_number()
                    self._launch(pool, number, {"number": number})
                    continue
                if ending is not None and not (self._in_flight or self._awaits_human(ending)):
                    if ending not in (Ending.INTERRUPTED, Ending.SERVED):
                        self._steps.writing.close_gaps(self.gate.waiting)
                    return ending
                self._wait()

    # Scheduling

    def why_end(self) -> Ending | None:
        """What ends the campaign now, or None."""
        if self.run.cancel.is_set() or self.is_interrupted:
            return Ending.INTERRUPTED
        if self.only_requests:
            return Ending.SERVED
        if self._control() == "stopping":
            return Ending.STOPPED
        self._take_limits()
        goal, history = self.run.goal, self.run.history
        if goal.stop.target is not None and self._has_met(goal.stop.target):
            return Ending.TARGET
        launched = history.launched + len(self._numbers - self._by_hand)
        if goal.budget.attempts is not None and launched >= goal.budget.attempts:
            return Ending.ATTEMPTS
        if self._is_time_over:
            return Ending.TIME
        if self.run.desks.is_cost_spent:
            return Ending.COST
        if goal.stop.patience is not None and history.without_better >= goal.stop.patience:
            return Ending.PATIENCE
        if self._resting_since == self._standing and not self._numbers:
            return Ending.EXHAUSTED
        return None

    @property
    def _in_flight(self) -> set[int]:
        """The attempts on which something is being done."""
        return self._numbers - self.gate.waiting.keys()

    @property
    def is_idle(self) -> bool:
        """Whether nothing but waiting for a human goes on."""
        return bool(self.gate.waiting) and not self._in_flight

    def _awaits_human(self, ending: Ending) -> bool:
        return bool(self.gate.waiting) and ending in AWAITS

    def _take_decisions(self, pool: ThreadPoolExecutor, ending: Ending | None) -> None:
        """What a human decided about goes on; nothing begins anew in a run that holds or is left."""
        from langgraph.types import Command

        if not self.gate.waiting:
            return
        if ending in (Ending.INTERRUPTED, Ending.STOPPED) or self.run.folder.control() == "paused":
            return
        for number, decision in self.gate.decided(self.elapsed_s):
            pool.submit(self._attempt, number, Command(resume=asdict(decision)))

    @property
    def _is_time_over(self) -> bool:
        limit = self.run.goal.budget.time_s
        return limit is not None and self.elapsed_s >= limit

    @property
    def _standing(self) -> tuple[int, ...]:
        """What has to change before proposers that have no idea are asked again; without a slot, an attempt
        that begins is for authors alone."""
        return (self.run.history.count, self.run.desks.taken, self.run.slots.has_free)

    def _has_met(self, target: float) -> bool:
        score = self.run.history.best.score
        if score is None:
            return False
        return score == target or self.run.goal.primary.is_better(score, target)

    def _control(self) -> str:
        """What `kapso pause`, `stop` and `resume` say; while paused with nothing in flight, wait here."""
        folder = self.run.folder
        state = folder.control()
        if state != "paused" or self._in_flight:
            return state
        self.run.write_records()
        since = time.monotonic()
        while (state := folder.control()) == "paused" and not self._must_leave():
            time.sleep(TICK_S)
            self._display.tick(self)
        self._paused_s += time.monotonic() - since
        self.run.journal.write("run.continued", elapsed=round(self.elapsed_s, 3))
        return state

    def _take_limits(self) -> None:
        """What `kapso resume` raised while the run was held counts from now on."""
        folder = self.run.folder
        if folder.raised_at() != self._raised_at:
            goal, _ = raise_limits(stored_goal(self.run.repository, self.run.name), folder, {}, None)
            self.run.goal = replace(self.run.goal, budget=goal.budget)
            self.run.purse.limit = goal.budget.cost
            self._raised_at = folder.raised_at()  # it has been written anew

    def _must_leave(self) -> bool:
        return self.is_interrupted or self.run.cancel.is_set()

    def _may_launch(self) -> bool:
        run = self.run
        if self._proposing is not None or run.desks.hold_up_all:
            return False
        if not run.slots.has_free and not run.desks.may_begin:
            return False
        if not self.gate.has_room(self._numbers - self._by_hand):
            return False
        return self._resting_since != self._standing and self.run.folder.control() != "paused"

    def _requested(self, ending: Ending | None) -> AttemptState | None:
        """What the user asks for, whatever is left of the budget; it waits for a slot alone, and goes before
        what authors wrote."""
        if ending in (Ending.INTERRUPTED, Ending.STOPPED) or self.run.folder.control() == "paused":
            return None
        is_next = bool(self.run.desks.taken) and not self._by_hand & self._numbers
        if self._proposing is not None or not (self.run.slots.has_free or is_next):
            return None
        return take_up(self.run, self._next_number())

    def _next_number(self) -> int:
        """The least that is not taken: a number whose attempt came to nothing leaves no hole."""
        attempts = self.run.history.attempts
        while self._low in attempts:
            self._low += 1
        number = self._low
        while number in self._numbers or number in attempts:
            number += 1
        return number

    def _launch(self, pool: ThreadPoolExecutor, number: int, state: AttemptState | None) -> None:
        """Begin an attempt, with a slot if there is one: else an author may write it meanwhile."""
        *standing, _ = self._standing
        has_slot = self.run.slots.take_free(number)
        self._numbers.add(number)
        self._launched_at[number] = (*standing, has_slot)
        if state is not None and "candidate" not in state:
            self._proposing = number
        pool.submit(self._attempt, number, state)

    def _threads_of_attempts(self, left_over: int) -> ThreadPoolExecutor:
        """Never too few: an attempt that waits for its thread has a slot, which those that run wait for."""
        count = 2 * self.parallel + self.run.desks.count + self.gate.most + left_over
        return ThreadPoolExecutor(count, "kapso-attempt")

    def _attempt(self, number: int, state: Any) -> None:
        """One attempt in a thread of its own, from where it stands to its end, or to a human."""
        failure, waits = None, None
        try:
            with _untraced():
                waits = self._advance(number, state)
            if waits is None:
                self._checkpoints.forget(number)
        except BaseException as error:  # noqa: BLE001 - the main thread decides
            failure = error
        self.run.slots.give_back(number)
        if waits is not None:
            self.run.desks.stand_up(number)
        self._news.put(waits or Ended(number, failure))

    def _advance(self, number: int, state: Any) -> Waits | None:
        """Let the graph go on until the attempt has ended, or waits; LangGraph's thread lives as long."""
        if self._saver is None:
            self._graph.invoke(state, stream_mode="updates", output_keys=[])
            return None
        thread: Any = {"configurable": {"thread_id": str(number)}}
        waits = None
        try:
            self._graph.invoke(state, thread, stream_mode="updates", output_keys=[])
            if (standing := self._graph.get_state(thread)).interrupts:
                waits = Waits(number, standing.interrupts[0].value)
            return waits
        finally:
            if waits is None:
                self._saver.delete_thread(str(number))

    def _wait(self) -> None:
        """Until an attempt was proposed, waits or has ended, or a tick has passed."""
        since, is_idle = time.monotonic(), self.is_idle
        with suppress(queue.Empty):
            self._take(self._news.get(timeout=TICK_S))
            while True:
                self._take(self._news.get_nowait())
        if is_idle:
            self._paused_s += time.monotonic() - since
        self._display.tick(self)

    def _take(self, news: Proposed | Waits | Ended) -> None:
        if self._proposing == news.number:
            self._proposing = None
        if isinstance(news, Waits):
            self.gate.hold(news)
        if isinstance(news, Ended):
            self._numbers.discard(news.number)
            if news.number in self.run.history.attempts:
                self.gate.forget(news.number)
            if news.failure is not None:
                self._fail(news.failure)
            elif news.number not in self.run.history.attempts:
                self._come_to_nothing(news.number)

    def _come_to_nothing(self, number: int) -> None:
        """Nobody had an idea for the attempt, as things stood when it began: they may have changed since."""
        self._resting_since = self._launched_at[number]
        with self.run.lock:
            self.run.allocation.forget(number)

    def _fail(self, failure: BaseException) -> None:
        """Ends the campaign; whatever is in flight is stopped and stays pending."""
        if isinstance(failure, Interrupted):
            return
        self.run.cancel.set()
        while self._in_flight:
            news = self._news.get()
            if isinstance(news, Ended):
                self._numbers.discard(news.number)
            elif isinstance(news, Waits):
                self.gate.waiting[news.number] = news.candidate
        raise failure

    # Taking over

    def _drive(
        self, pending: dict[int, str], unfinished: dict[int, AttemptState], standing: dict[int, Any]
    ) -> None:
        waiting = sorted(pending.keys() | unfinished.keys())
        with self._threads_of_attempts(len(waiting)) as pool:
            while (waiting and not self._must_leave()) or self._in_flight:
                may_launch = self.run.slots.has_free and self._proposing is None
                if waiting and may_launch and not self._must_leave():
                    number = waiting.pop(0)
                    state = unfinished.get(number)
                    if state is None:
                        state = take_over(self.run, number, pending[number], standing)
                        if state["proposer"] == HUMAN:
                            self._by_hand.add(number)
                    self._launch(pool, number, state)
                else:
                    self._wait()


def _untraced() -> AbstractContextManager[object]:
    """LangGraph would send programs and prompts to LangSmith where a user's environment asks for tracing."""
    from langsmith.run_helpers import tracing_context  # comes with LangGraph

    return tracing_context(enabled=False)


def _saver() -> InMemorySaver:
    """What keeps an attempt at its interrupt while this process lives; `Checkpoints` does beyond that."""
    from langgraph.checkpoint.memory import InMemorySaver

    return InMemorySaver()
