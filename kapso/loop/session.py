"""A session of a run: start or resume it, go on until something ends it, confirm the best, say how."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from types import FrameType
from typing import Any

from kapso.attempt import BASELINE, Attempt, now, rfc3339
from kapso.errors import BaselineError, Interrupted, MachineError, UsageError
from kapso.evaluate.evaluator import Place
from kapso.evaluate.noise import Noise
from kapso.evaluate.sandbox.strays import end_strays
from kapso.evaluate.tally import StageTally, tally
from kapso.git import attempts as commits
from kapso.git import landing, ledger
from kapso.git.layout import RunRefs
from kapso.git.repository import Repository
from kapso.goal import Goal, Overrides
from kapso.loop.baseline import land_baseline
from kapso.loop.campaign import Campaign, Display, Ending
from kapso.loop.confirm import Confirmation, confirm, confirm_over
from kapso.loop.earlier import earlier_files, recall
from kapso.loop.history import parents_first
from kapso.loop.lesser import Lesser, hold_smallest
from kapso.loop.machine import machine_faults
from kapso.loop.memory import memory_files
from kapso.loop.origin import ask_again, bring
from kapso.loop.resumable import refuse_changed, refuse_finished, refuse_other_machine
from kapso.loop.run import Run
from kapso.loop.run_folder import Listener, RunFolder
from kapso.loop.setting import Say, Setting, describe_sandbox, new_run_id, open_run, settle
from kapso.loop.stored import facts_of, goal_files, raise_limits, read_end, read_facts, stored_goal
from kapso.loop.takeover import replay_landings
from kapso.propose.costs import check_costs
from kapso.propose.importance import importance
from kapso.recall.learning import learn_goal

IMPROVED, NOT_IMPROVED, INTERRUPTED, TERMINATED = 0, 3, 130, 143


TERM_GRACE_S = 4.5
"""SIGTERM promises an end within 5 seconds."""


@dataclass(frozen=True)
class Voice:
    """Who hears of a session: `say` gets lines for a person, `listener` events, `display` the clock.

    `called` is how the person calls the command line.
    """

    say: Say
    listener: Listener | None
    display: Display
    called: str = "kapso"


@dataclass(frozen=True)
class Result:
    """How a session ended. `confirmation` is None where it was interrupted before; `smallest` keeps the
    score of the best with less."""

    run: str
    ending: Ending
    exit_code: int
    baseline: Attempt | None
    best: Attempt | None
    attempts: int
    elapsed_s: float
    confirmation: Confirmation | None
    repository: str
    smallest: Lesser | None = None
    best_left_in: str | None = None
    front: int = 0
    """How many attempts none beats in every metric; 0 where the run is not after that."""

    cost: float | None = None
    """Dollars that models and agents took, None where none was asked or no price is known."""

    stages: tuple[StageTally, ...] = ()
    waiting: tuple[int, ...] = ()
    """The attempts that wait for a human."""

    importance: Mapping[str, float] = field(default_factory=dict)
    """The share of the score's variance that each parameter explains."""

    leave_by: float | None = None
    """When the process must have ended, as `time.monotonic` tells it, after SIGTERM."""

    def to_json(self) -> dict[str, Any]:
        """What the event `run.finished` says."""
        return {
            "status": "interrupted" if self.ending is Ending.INTERRUPTED else "finished",
            "reason": str(self.ending),
            "exit_code": self.exit_code,
            "baseline": self.baseline.score if self.baseline else None,
            "best_score": self.best.score if self.best else None,
            "best_attempt": self.best.number if self.best else None,
            "attempts": self.attempts,
            "waiting": list(self.waiting),
            "cost": self.cost,
            "elapsed": round(self.elapsed_s, 3),
            "confirmed": self.confirmation.to_json() if self.confirmation else None,
            "stages": [asdict(each) for each in self.stages],
            "smallest": self.smallest.to_json() if self.smallest else None,
            "importance": dict(self.importance) or None,
        }


def start(goal: Goal, voice: Voice, *, dirty: bool = False, best: Attempt | None = None) -> Result:
    """Run a goal from its beginning; `best` of an earlier run, if there is one, is scored again first."""
    with machine_faults():
        setting = settle(goal, dirty=dirty, say=voice.say)
        learn_goal(goal, setting.repository, voice.say)
        if best is not None and (origin := bring(setting, best, voice.say)) is not None:
            setting = replace(setting, origin=asdict(origin))
        name = new_run_id(setting.repository, goal.name)
        folder = RunFolder(setting.repository.state_dir, name)
    with machine_faults(), folder.lock():
        folder.tell("running")
        kept = goal_files(setting, name) | earlier_files(setting, best.run if best else None, voice.say)
        kept |= memory_files(setting, name, voice.say)
        landing.start_run(setting.repository, name, kept, setting.base)
        with open_run(setting, name, folder, voice.listener, voice.say) as run:
            recall(run.proposers, setting.repository, name)
            return _Session(run, setting, voice, {}).go()


def resume(repository: Repository, name: str, voice: Voice, overrides: Overrides | None = None) -> Result:
    """Go on with a run after a stop, a pause, a crash or a kill; raised limits stay raised.

    Raises UsageError where the run is running, where its evaluation has changed, or where nothing is left.
    """
    folder = RunFolder(repository.state_dir, name)
    with machine_faults(), folder.lock():
        _clean_up(repository, name)
        refuse_finished(repository, name, folder, overrides)
        learn_goal(stored_goal(repository, name), repository, voice.say)
        with _reopened(repository, folder, voice, overrides) as session:
            return session.go()


def release(repository: Repository, name: str, overrides: Overrides | None = None) -> None:
    """Let a run go on that another process holds paused, with raised limits if there are any."""
    folder = RunFolder(repository.state_dir, name)
    raise_limits(stored_goal(repository, name), folder, read_end(repository, name), overrides)
    folder.tell("running")


def attend(repository: Repository, name: str, voice: Voice) -> Result:
    """Evaluate what waits in a run that nobody works on: what a kill left, and what the user asks for.

    Raises UsageError where the run is running or its evaluation has changed.
    """
    folder = RunFolder(repository.state_dir, name)
    with machine_faults(), folder.lock():
        _clean_up(repository, name)
        with _reopened(repository, folder, voice, None) as session:
            session.only_requests = True
            return session.go()


def _clean_up(repository: Repository, name: str) -> None:
    """What a killed process left of the run."""
    end_strays(name)
    landing.remove_stale_locks(repository, name)


@contextmanager
def _reopened(
    repository: Repository, folder: RunFolder, voice: Voice, overrides: Overrides | None
) -> Iterator[_Session]:
    """A session of the run whose lock is held, as git tells of it."""
    name = folder.run
    facts, end = read_facts(repository, name), read_end(repository, name)
    goal, raised = raise_limits(stored_goal(repository, name), folder, end, overrides)
    refuse_changed(repository, goal, facts)
    refuse_other_machine(goal, facts)
    setting = settle(goal, base=facts["base"], say=voice.say)
    folder.tell("running")
    with open_run(setting, name, folder, voice.listener, voice.say) as run:
        recall(run.proposers, repository, name)
        yield _Session(run, setting, voice, end | {"raised": raised}, is_resumed=True)


class _Session:
    """From the first signal handler to the last record."""

    def __init__(
        self, run: Run, setting: Setting, voice: Voice, end: Mapping[str, Any], *, is_resumed: bool = False
    ) -> None:
        self.run = run
        self.is_resumed = is_resumed
        self._is_announced = False
        self.setting = setting
        self.voice = voice
        self.end = end
        self.only_requests = False
        self.exit_code = INTERRUPTED
        self.campaign: Campaign | None = None
        self._interrupts = 0
        self._leave_by: float | None = None

    def go(self) -> Result:
        run = self.run
        with self._signals():
            try:
                with machine_faults(run.evaluator.files.cache, run.folder.path):
                    return self._go()
            except Interrupted:
                if not self._interrupts and not run.cancel.is_set():
                    raise
                return self._end(Ending.INTERRUPTED, None)
            except (MachineError, BrokenPipeError):  # the latter: whoever read the events has gone
                with suppress(BrokenPipeError):
                    if run.repository.refs.get(RunRefs(run.name).goal) is None:
                        raise  # it never began
                    self.voice.say(f"nothing is lost; go on with: {self.voice.called} resume {run.name}")
                raise

    def _go(self) -> Result:
        run = self.run
        sandbox = run.evaluator.files.sandbox
        for line in describe_sandbox(sandbox):
            self.voice.say(line)
        cost = self._check_authors()
        self._announce()
        run.desks.note_check(cost, float(self.end.get("checks_cost") or 0.0))
        self._prepare()
        if run.goal.approve and not self.only_requests:
            ask = f"`{self.voice.called} approve {run.name}`"
            self.voice.say(f"approve: true, so each attempt waits for you before it runs: {ask} lists them")
        for proposer in [] if self.only_requests else run.proposers:
            if why := proposer.why_nothing(run.editable.files(run.base)):
                self.voice.say(f"{proposer.name}: {why}")
        # The time that sessions in other clones took is told by git alone.
        elapsed = run.journal.elapsed_s() or float(self.end.get("elapsed") or 0.0)
        self.campaign = Campaign(
            run, self.setting.parallel, elapsed, self.voice.display, only_requests=self.only_requests
        )
        try:
            pending = replay_landings(run, landing.pending(run.repository, run.name))
            run.evaluator.discard_others(run.name, pending)
            run.purse.spent = run.desks.spent(pending)
            self.campaign.recover(pending)
            ask_again(run, read_facts(run.repository, run.name).get("from"))
            return self._campaign(self.campaign)
        finally:
            self.campaign.close()

    def _check_authors(self) -> float:
        """A bad key, a model that is not there, a cost without bound: found before the run is announced.

        The dollars that finding out may have cost.
        """
        if self.only_requests:
            return 0.0
        try:
            check_costs(self.run.goal)
            return sum(author.check() for author in self.run.authors.values())
        except (MachineError, UsageError):
            if not commits.read_run(self.run.repository, self.run.name):
                _forget(self.run.repository, self.run.name)
            raise

    def _announce(self) -> None:
        """Tell, once, that the run goes on: what listens may count on it from now on."""
        run = self.run
        if not self._is_announced:
            if not run.journal.past:
                run.journal.write("run.started", **facts_of(self.setting, run.name))
            if self.is_resumed:
                run.journal.write("run.resumed")
            self._is_announced = True

    def _prepare(self) -> None:
        """The base, the baseline, and what earlier sessions landed."""
        run = self.run
        place = Place(run.name, BASELINE, 0, run.folder.log(BASELINE))
        known = commits.read_run(run.repository, run.name)
        try:
            run.evaluator.prepare(place, run.cancel)
            if not known or known[0].number != BASELINE:
                land_baseline(run, self.voice.say)
                run.observe(run.history.baseline)
                run.write_records({"status": "running", **run.conditions()})
                return
        except (BaselineError, UsageError) as error:
            if not known:
                _forget(run.repository, run.name)
                failed = Result(
                    run.name,
                    Ending.BASELINE,
                    error.exit_code,
                    None,
                    None,
                    0,
                    0.0,
                    None,
                    str(run.repository.root),
                )
                run.journal.write("run.finished", is_durable=True, **failed.to_json())
            raise
        with run.memory.replaying():
            self._replay(known)

    def _replay(self, known: list[Attempt]) -> None:
        """Let history, policy and proposers see every landed attempt, as they did before."""
        run = self.run
        run.evaluator.baseline_metrics = known[0].metrics
        end = read_end(run.repository, run.name)
        run.history.noise = Noise.from_json(end)
        run.evaluator.pinning.restore(end.get("pinned_threads"))
        told = {
            entry["attempt"]: entry for entry in run.journal.past if entry["event"] == "attempt.evaluated"
        }
        recorded = ledger.read_records(run.repository, run.name)
        best = run.repository.refs.get(RunRefs(run.name).best)
        for attempt in parents_first(known):
            entry = told.get(attempt.number, {})
            if not attempt.parameters and entry.get("parameters"):
                attempt = replace(attempt, parameters=entry["parameters"], feedback=entry.get("feedback"))
            record = recorded.get(ledger.record_name(attempt.number))
            if record is None:  # no batch of records was written since
                withheld, predicted = tuple(entry.get("withheld") or ()), entry.get("predicted") or {}
                attempt = replace(attempt, withheld=withheld, predicted=predicted)
            kept = json.loads(record) if record is not None else {}
            if kept.get("demoted"):
                run.history.demoted.add(attempt.number)
            if kept.get("proven") or attempt.commit == best:
                run.history.proven.add(attempt.number)
            run.twins.add(attempt.number, attempt.commit, kept.get("program"))
            run.history.add(attempt)
            run.observe(attempt)
            if record is None:
                run.keep_record(attempt)
        if self.only_requests and self.end.get("status") == "finished":
            run.history.best_number = self.end["best"]

    def _campaign(self, campaign: Campaign) -> Result:
        while True:
            ending = campaign.go()
            if ending is Ending.INTERRUPTED:
                return self._end(ending, None)
            if ending is Ending.SERVED:
                return self._end_visit()
            self.run.write_records({"status": "confirming", **self.run.conditions()})
            found = confirm(self.run, self.voice.say)
            if ending is Ending.TARGET and campaign.why_end() is None:
                continue  # what had met the target did not hold: the search goes on
            return self._end(ending, found, hold_smallest(self.run, found, self.voice.say))

    def _end(self, ending: Ending, found: Confirmation | None, smallest: Lesser | None = None) -> Result:
        run = self.run
        self._announce()
        history = run.history
        is_finished = ending is not Ending.INTERRUPTED
        if is_finished:
            self._hold_out_best()
        code = self._code(ending, found) if is_finished else self.exit_code
        result = replace(self._result(ending, found, code), smallest=smallest)
        if is_finished:
            result = replace(result, importance=importance(history.attempts.values()))
            run.memory.conclude(
                result.importance,
                is_confirmed=found is not None and found.is_confirmed,
                smallest=smallest.attempt if smallest else None,
            )
        else:
            run.memory.keep()
        if not run.recorder.flush(5.0 if is_finished else 1.0):
            self.voice.say("the episodic log is held by another process; it is read from git later")
        if BASELINE in history.attempts:
            run.write_records(
                {
                    "status": "finished" if is_finished else "interrupted",
                    "reason": str(ending),
                    "finished": rfc3339(now()) if is_finished else None,
                    "best": history.best_number,
                    **run.conditions(),
                    "confirmed": found.to_json() if found else None,
                    "smallest": smallest.to_json() if smallest else None,
                    "elapsed": round(result.elapsed_s, 3),
                    "importance": dict(result.importance) or None,
                    "raised": run.folder.raised() or self.end.get("raised") or None,
                }
            )
            if is_finished:
                landing.pack_refs(run.repository, run.name)
        run.journal.write("run.finished", is_durable=True, **result.to_json())
        return result

    def _end_visit(self) -> Result:
        """Only what was asked for was evaluated: the run stays as finished or unfinished as it was.

        A finished run has no best that was not confirmed, so a new one is confirmed at once.
        """
        run = self.run
        end = read_end(run.repository, run.name)
        is_finished = end.get("status") == "finished"
        found = confirm_over(run, end["best"], self.voice.say) if is_finished else None
        if is_finished:
            self._hold_out_best()
        run.recorder.flush(5.0)
        run.memory.keep()
        if found is not None:
            end["confirmed"] = found.to_json()
        if "best" in end:
            end["best"] = run.history.best_number
        run.write_records(end)
        result = self._result(Ending.SERVED, found, IMPROVED)
        status = {"status": "finished" if is_finished else "interrupted", "elapsed": end.get("elapsed")}
        run.journal.write("run.finished", is_durable=True, **result.to_json() | status)
        return result

    def _result(self, ending: Ending, found: Confirmation | None, exit_code: int) -> Result:
        run, history = self.run, self.run.history
        return Result(
            run=run.name,
            ending=ending,
            exit_code=exit_code,
            baseline=history.attempts.get(BASELINE),
            best=history.best if BASELINE in history.attempts else None,
            attempts=history.count,
            elapsed_s=self.campaign.elapsed_s if self.campaign else 0.0,
            confirmation=found,
            repository=str(run.repository.root),
            best_left_in=str(run.best_left_in) if run.best_left_in else None,
            front=len(run.front()),
            cost=run.cost,
            stages=tally(run.goal, history.attempts.values()),
            waiting=tuple(sorted(self.campaign.gate.waiting)) if self.campaign else (),
            leave_by=self._leave_by,
        )

    def _code(self, ending: Ending, found: Confirmation | None) -> int:
        if ending is Ending.TARGET and self.run.history.best_number == BASELINE:
            return IMPROVED  # the baseline meets the target already
        return IMPROVED if found is not None and found.is_confirmed else NOT_IMPROVED

    def _hold_out_best(self) -> None:
        """A best that a kill or a demotion brought up may not have met the hold-out yet."""
        run = self.run
        number = run.history.best_number
        if run.goal.holdout is None or ledger.record_name(number) in ledger.read_holdout(
            run.repository, run.name
        ):
            return
        place = Place(run.name, number, 0, run.folder.log(number))
        commit = run.base if number == BASELINE else run.history.best.commit
        produced = run.evaluator.produce(commit, place, run.cancel)
        if produced.failure is None:
            run.keep_holdout(number, run.evaluator.hold_out(commit, produced, place, run.cancel))
        run.evaluator.discard(place)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C once: finish what is in flight; twice, or SIGTERM: stop now, and resume later."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in before:
            signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += 1
        if number == signal.SIGTERM:
            self.exit_code = TERMINATED
            self._leave_by = self._leave_by or time.monotonic() + TERM_GRACE_S
        if self.campaign is not None:
            self.campaign.is_interrupted = True
        if number == signal.SIGTERM or self._interrupts > 1 or self.campaign is None:
            self.run.cancel.set()
        else:
            with suppress(RuntimeError):  # the main thread may be in the middle of printing
                self.voice.say("finishing what is in flight; Ctrl-C again stops at once")


def _forget(repository: Repository, name: str) -> None:
    """A run whose baseline cannot be evaluated leaves no ref behind; its log stays."""
    names = RunRefs(name)
    with repository.refs.transaction() as moves:
        for ref in (names.pending(BASELINE), names.records, names.holdout, names.goal):
            if repository.refs.get(ref) is not None:
                moves.delete(ref)
