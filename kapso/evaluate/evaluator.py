"""Evaluates candidates: build, checks, run and scoring in the sandbox; metrics and outcome from that.

The candidate is never asked for its score: with `run`, the scorer sees the base and what the candidate
left in `$KAPSO_OUT`, and nothing else of it. What the machine causes is raised; what the candidate
causes is returned.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kapso.attempt import BASELINE, Outcome
from kapso.errors import Interrupted, MachineError
from kapso.evaluate.base import BaseFiles
from kapso.evaluate.failures import Failure, failure_of
from kapso.evaluate.function import call_of, command_of, hand_key, read_answer
from kapso.evaluate.measured import Measured, conclude, declared, public, together
from kapso.evaluate.pinning import Pinning
from kapso.evaluate.readings import Reading, read_scorer
from kapso.evaluate.sandbox import CandidateFiles, CommandResult, Job, Limits, Lost, secrets_in
from kapso.evaluate.sandbox.outputs import take_over
from kapso.evaluate.sandbox.trees import remove_tree
from kapso.evaluate.stages import Climbed, Course, Ladder, run_name, why_no_result
from kapso.goal import Command, EvaluationStage, Function, Goal
from kapso.memory.episode import Stage

MAX_OUT_BYTES = 1 << 30
MAX_OUT_FILES = 10_000
MAX_DISK_BYTES = 4 << 30
FREE_BYTES = 64 << 20
"""With less left on the disk, a failure is the machine's and not the candidate's."""


@dataclass(frozen=True)
class Place:
    """Where one evaluation happens: its number, the slot that it has to itself, and its log.

    `beside` is the attempt for whose sake the program of attempt `number` is evaluated once more. Without a
    slot nothing can be run.
    """

    run: str
    number: int
    slot: int | None
    log: Path | None = None
    first_repeat: int = 0
    course: Course = Course.LAST
    beside: int | None = None


@dataclass(frozen=True)
class Produced:
    """What the candidate's own commands left: one output a repeat, or why there is none. All of it JSON.

    `metrics` and `feedback` are what the cheap stages gave.
    """

    outputs: list[dict[str, Any]] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)
    failure: Sequence[str] | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    feedback: str | None = None


class Evaluator:
    """Evaluates commits of one run. Thread-safe as long as no two calls share a slot."""

    def __init__(self, goal: Goal, files: BaseFiles, *, seed: int, memory_bytes: int) -> None:
        self.goal = goal
        self.files = files
        self.baseline_metrics: Mapping[str, float] = {}
        self.ladder = Ladder(goal)
        self._stages = goal.all_stages
        self._full = self._stages[-1]
        self._declared = declared(goal)
        self._counts_stages = any(
            name.startswith(f"{stage.name}.") for stage in self._stages[:-1] for name in self._declared
        )
        self.pinning = Pinning()
        self._seed = seed
        self._memory_bytes = memory_bytes
        self._environment = {name: os.environ[name] for name in goal.sandbox.env if name in os.environ}
        self._secrets = secrets_in(self._environment)

    @property
    def runs_more(self) -> bool:
        """Whether more may have to be run of a candidate that `produce` is done with."""
        goal = self.goal
        return goal.is_judged_apart or goal.holdout is not None or goal.repeats is None

    def prepare(self, place: Place, cancel: threading.Event) -> None:
        """Make the base ready; `setup`, if it has to run, sees the variables of `place`."""
        self.files.prepare(place.log, cancel, self._variables(place, 0))

    def evaluate(self, commit: str, place: Place, cancel: threading.Event) -> Measured:
        """Produce and score in one go; nothing of it stays on the disk."""
        try:
            return self.score(commit, self.produce(commit, place, cancel), place, cancel)
        finally:
            self.discard(place)

    def produce(self, commit: str, place: Place, cancel: threading.Event) -> Produced:
        """Build, check and run the candidate; judged together, the scorer runs here as well."""
        self.discard(place)
        stages: list[dict[str, Any]] = []
        outputs: list[dict[str, Any]] = []
        climbed = Climbed()
        with self._candidate(commit, place) as candidate:
            failure = self._prepare(candidate, place, stages, cancel)
            if failure is None and (place.course is not Course.LAST or self._counts_stages):
                failure = self._climb(candidate, place, climbed, stages, cancel)
            for repeat in range(self.goal.repeats_at_once):
                if failure is None:
                    failure = self._repeat(candidate, self._full, place, repeat, outputs, stages, cancel)
        return Produced(outputs, stages, failure, climbed.metrics, climbed.feedback if failure else None)

    def score(self, commit: str, produced: Produced, place: Place, cancel: threading.Event) -> Measured:
        """Metrics, outcome and reason; judged apart, the scorer reads what the candidate left."""
        stages = list(produced.stages)
        if produced.failure is not None:
            return _failed(Failure(*produced.failure), stages, produced)
        readings: list[tuple[dict[str, float], Reading]] = []
        for repeat, output in enumerate(produced.outputs):
            reading, failure = self._read(self._full, output, place, repeat, stages, cancel)
            if failure is not None:
                return _failed(failure, stages, produced)
            assert reading is not None
            measured = {**reading.metrics, **_measured(output), **produced.metrics}
            readings.append((measured, reading))
        changed = self.files.changed_lines(commit)
        return conclude(self.goal, readings, changed, _kept(stages), self._measure_of(place))

    def hold_out(
        self, commit: str, produced: Produced, place: Place, cancel: threading.Event
    ) -> dict[str, Any]:
        """What the hold-out command says about a candidate: `metrics`, or `reason` why there are none."""
        command = self.goal.holdout
        assert command is not None
        if self.goal.is_judged_apart:
            out = Path(produced.outputs[0]["out"])
            result, reading = self._judge(command, "holdout", out, place, 0, cancel)
        else:
            with self._candidate(commit, place) as candidate:
                if failure := self._prepare(candidate, place, [], cancel):
                    return {"metrics": {}, "reason": failure.reason}
                result, reading = self._judge_together(candidate, command, "holdout", place, 0, cancel)
        if not self._note("holdout", command, result, []):
            return {"metrics": {}, "reason": self._blame("holdout", command, result).reason}
        return {"metrics": dict(reading.metrics), "reason": reading.fault, "feedback": reading.feedback}

    def discard(self, place: Place) -> None:
        """Remove what `produce` left on the disk."""
        self.files.sandbox.discard(self._outputs(place))

    def discard_others(self, run: str, numbers: Collection[int]) -> None:
        """Remove what a killed process left of attempts that have landed since; `numbers` may go on."""
        kept = {f"{number:04d}" for number in numbers}
        with suppress(FileNotFoundError):
            for folder in (self.files.cache / "out" / run).iterdir():
                if folder.name not in kept:
                    self.files.sandbox.discard(folder)

    def has_outputs(self, produced: Produced) -> bool:
        """Whether what the candidate left is still there to be scored."""
        return all(output["out"] is None or Path(output["out"]).is_dir() for output in produced.outputs)

    # The candidate's own commands

    @contextmanager
    def _candidate(self, commit: str, place: Place) -> Iterator[CandidateFiles]:
        assert place.slot is not None
        with self.files.candidate(commit, place.slot) as candidate:
            yield candidate

    def _prepare(
        self, candidate: CandidateFiles, place: Place, stages: list[dict[str, Any]], cancel: threading.Event
    ) -> Failure | None:
        """Build and checks: each check starts from what the build left, not from an earlier check."""
        if (build := self.goal.build) is not None:
            result = candidate.build(self._job(build, place, self._folder(place, "build")), cancel)
            if not self._note("build", build, result, stages):
                return self._blame("build", build, result)
        for check in self.goal.check:
            result = candidate.run(self._job(check, place, self._folder(place, "check")), cancel)
            if not self._note("check", check, result, stages):
                failure = self._blame("check", check, result)
                return failure._replace(outcome="invalid") if result.stopped_by is None else failure
        return None

    def _climb(
        self,
        candidate: CandidateFiles,
        place: Place,
        climbed: Climbed,
        notes: list[dict[str, Any]],
        cancel: threading.Event,
    ) -> Failure | None:
        """Run through the cheap stages, one after the other, as far as they let the candidate."""
        for stage in self._stages[:-1]:
            outputs: list[dict[str, Any]] = []
            failure = self._repeat(candidate, stage, place, 0, outputs, notes, cancel)
            if failure is not None:
                return failure
            reading, failure = self._read(stage, outputs[0], place, 0, notes, cancel)
            if reading is None:
                return failure
            shown = public(reading.metrics, self._declared)
            metrics = {**{name: reading.metrics[name] for name in shown}, **_measured(outputs[0])}
            climbed.add(stage, metrics, reading)
            if (reason := why_no_result(stage, self.goal.primary, metrics, reading)) is not None:
                return Failure("invalid", reason)
            reason = self.ladder.why_cut(stage, metrics) if place.course is Course.GATED else None
            if reason is not None:
                return Failure("cut", reason)
        return None

    def _repeat(
        self,
        candidate: CandidateFiles,
        stage: EvaluationStage,
        place: Place,
        repeat: int,
        outputs: list[dict[str, Any]],
        stages: list[dict[str, Any]],
        cancel: threading.Event,
    ) -> Failure | None:
        """One repeat of `run` (or of the scorer, judged together); appends to `outputs`."""
        command = stage.run
        if command is None:
            result, reading = self._judge_together(
                candidate, stage.command, stage.name, place, repeat, cancel
            )
            if self.pinning.is_hindered(place.number, result):
                return self._repeat(candidate, stage, place, repeat, outputs, stages, cancel)
            if not self._note(stage.name, stage.command, result, stages):
                return self._blame(stage.name, stage.command, result)
            outputs.append({"out": None, **_usage(result), "reading": reading.to_json()})
            return None
        out = self._folder(place, f"out-{repeat}")
        name = run_name(stage)
        result = candidate.run(self._job(command, place, out, repeat, stage.name), cancel)
        if self.pinning.is_hindered(place.number, result):
            return self._repeat(candidate, stage, place, repeat, outputs, stages, cancel)
        if not self._note(name, command, result, stages):
            return self._blame(name, command, result)
        if (reason := _why_not_taken(out)) is not None:
            return Failure("invalid", f"what `{name}` left in `$KAPSO_OUT` is not acceptable: {reason}")
        outputs.append({"out": str(out), **_usage(result), "reading": None})
        return None

    # The scorer

    def _read(
        self,
        stage: EvaluationStage,
        output: Mapping[str, Any],
        place: Place,
        repeat: int,
        stages: list[dict[str, Any]],
        cancel: threading.Event,
    ) -> tuple[Reading | None, Failure | None]:
        if output["reading"] is not None:
            return Reading(**output["reading"]), None
        command = stage.command
        result, reading = self._judge(command, stage.name, Path(output["out"]), place, repeat, cancel)
        succeeded = self._note(stage.name, command, result, stages)
        if succeeded:
            return reading, None
        # Reasons reach proposers and lessons, and what a judge apart says may name what is hidden: its log
        # has it. Where the baseline fails, no proposer is asked, and whoever wrote the scorer is to mend it.
        is_told = place.number == BASELINE
        return None, self._blame(stage.name, command, result, is_told=is_told)

    def _judge(
        self, command: Command, name: str, out: Path, place: Place, repeat: int, cancel: threading.Event
    ) -> tuple[CommandResult, Reading]:
        """Run a scorer in the read-only base; it sees `out` read-only."""
        folder = self._folder(place, f"{name}-result-{repeat}")
        job = replace(
            self._job(command, place, out, repeat, name), out_writable=False, result=folder, network=False
        )
        result = self.files.base.run(job, cancel)
        return result, read_scorer(self.goal.metrics, result.stdout, folder)

    def _judge_together(
        self,
        candidate: CandidateFiles,
        command: Command,
        name: str,
        place: Place,
        repeat: int,
        cancel: threading.Event,
    ) -> tuple[CommandResult, Reading]:
        """Run a scorer that runs the candidate itself, and take its word from the source that counts."""
        folder = self._folder(place, f"{name}-result-{repeat}")
        out = self._folder(place, f"{name}-out-{repeat}")
        job = replace(self._job(command, place, out, repeat, name), result=folder)
        function, program = self._function_of(command), self.goal.program
        if function is not None and program is not None:
            key = hand_key(folder)
            call = call_of(function, program, self.files.interpreter)
            # All that are forked from one interpreter have its order of sets: let it hang on the seed alone.
            env = {"PYTHONHASHSEED": job.env["KAPSO_SEED"], **job.env}
            job = replace(job, command=command_of(call), shown=self._words(command), env=env)
            if not self.goal.uses_run:
                job = replace(job, call=call)
            try:
                result = candidate.run(job, cancel)
            except Lost:
                return self._judge_together(candidate, command, name, place, repeat, cancel)
            return result, read_answer(folder, key)
        result = candidate.run(job, cancel)
        path = self.goal.result
        if path is not None and command is self.goal.holdout and not os.path.lexists(out / path):
            path = None  # the hold-out may say it in another way
        named = None if path is None else (out, path)
        return result, read_scorer(self.goal.metrics, result.stdout, folder, named)

    def together(self, evaluations: Sequence[Measured], place: Place) -> Measured:
        """Several evaluations of one program as its repeats."""
        return together(self.goal, evaluations, self._measure_of(place))

    def _measure_of(self, place: Place) -> Mapping[str, float] | None:
        """The baseline is its own measure, also when it is evaluated once more beside its best."""
        return None if place.number == BASELINE else self.baseline_metrics

    # Shared

    def _function_of(self, command: Command) -> Function | None:
        return next((stage.function for stage in self._stages if stage.command is command), None)

    def _job(self, command: Command, place: Place, out: Path, repeat: int = 0, stage: str = "") -> Job:
        environment = {**self._environment, **self._variables(place, repeat)}
        if self.goal.stages and stage:
            environment["KAPSO_STAGE"] = stage
        is_timed = any(command is (each.run or each.command) for each in self._stages)
        limits = Limits(command.timeout_s, self._memory_bytes, self.goal.sandbox.processes, MAX_DISK_BYTES)
        return Job(
            command.command,
            self.files.prefix,
            environment,
            limits,
            out=out,
            network=self.goal.sandbox.network,
            log=place.log,
            core=self.pinning.core_for(place.number) if is_timed else None,
            secrets=self._secrets,
        )

    def _variables(self, place: Place, repeat: int) -> dict[str, str]:
        return {
            "KAPSO_RUN": place.run,
            "KAPSO_ATTEMPT": str(place.number),
            "KAPSO_SEED": str(self._repeat_seed(place.first_repeat + repeat)),
        }

    def _repeat_seed(self, repeat: int) -> int:
        digest = hashlib.sha256(f"{self._seed}:{repeat}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1

    def _outputs(self, place: Place) -> Path:
        beside = "" if place.beside is None else f"-beside-{place.beside:04d}"
        return self.files.cache / "out" / place.run / f"{place.number:04d}{beside}"

    def _folder(self, place: Place, name: str) -> Path:
        """A new, empty folder."""
        folder = self._outputs(place) / name
        remove_tree(folder)  # at level limits, a candidate may have put something else in its place
        folder.mkdir(parents=True)
        return folder

    def _note(self, name: str, command: Command, result: CommandResult, stages: list[dict[str, Any]]) -> bool:
        """Keep the stage; whether it succeeded. Raises Interrupted when Kapso itself ended it."""
        stages.append(
            {
                "name": name,
                "command": self._words(command),
                "exit_code": result.exit_code,
                "seconds": result.seconds,
                "cpu_seconds": result.cpu_seconds,
                "rss_bytes": result.max_rss_bytes,
                "stopped_by": result.stopped_by,
            }
        )
        if result.stopped_by == "cancel":
            raise Interrupted("the evaluation was cancelled")
        return result.succeeded

    def _words(self, command: Command) -> str:
        """A command as people read it."""
        function = self._function_of(command)
        if function is None:
            return command.command
        return f"{self.files.python} {function.written} {self.goal.program}"

    def _blame(self, name: str, command: Command, result: CommandResult, *, is_told: bool = True) -> Failure:
        """Outcome and reason; raises MachineError where the disk is full by no fault of the candidate."""
        free = shutil.disk_usage(self.files.cache).free
        if free < FREE_BYTES and result.stopped_by is None:
            raise MachineError(
                f"only {free >> 20} MB are left on the disk of `{self.files.cache}`",
                help="make room, then `kapso resume`: nothing is lost",
                slug="disk-full",
            )
        return failure_of(name, command, result, is_told=is_told)


def _failed(failure: Failure, stages: list[dict[str, Any]], produced: Produced) -> Measured:
    outcome, kept = Outcome(failure.outcome), _kept(stages)
    return Measured(outcome, produced.metrics, failure.reason, produced.feedback, kept, failure.said)


def _kept(stages: list[dict[str, Any]]) -> tuple[Stage, ...]:
    return tuple(Stage(**stage) for stage in stages)


def _why_not_taken(out: Path) -> str | None:
    if not os.path.lexists(out):  # possible at level limits alone
        return "the output folder was removed"
    return take_over(out, max_bytes=MAX_OUT_BYTES, max_files=MAX_OUT_FILES)


def _usage(result: CommandResult) -> dict[str, Any]:
    return {
        "seconds": result.seconds,
        "cpu_seconds": result.cpu_seconds,
        "max_rss_bytes": result.max_rss_bytes,
    }


def _measured(output: Mapping[str, Any]) -> dict[str, float]:
    return {
        "run.seconds": round(output["seconds"], 6),
        "run.cpu_seconds": round(output["cpu_seconds"], 6),
        "run.max_rss_bytes": float(output["max_rss_bytes"]),
    }
