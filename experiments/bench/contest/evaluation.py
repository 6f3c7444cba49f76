"""Scores a candidate without Kapso's engine: the goal's commands in a plain folder, no sandbox around them.

The rivals are scored by this, and the real worth of noisy programs for all methods. What is read and when a
candidate is invalid is Kapso's own code, so that a score means the same for every method.
"""

from __future__ import annotations

import difflib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contest.task import Task
from kapso.evaluate.function import call_of, hand_key, read_answer
from kapso.evaluate.readings import Reading, read_scorer, why_invalid
from kapso.goal import Command

TRUTH_SAMPLES = 30
"""Evaluations whose mean stands for the real worth of a noisy program where the task has no `truth`."""

Files = Mapping[str, bytes]


class Failed(Exception):
    """The candidate did not get through one of the commands, or is invalid."""


@dataclass
class Usage:
    """What a command took; of several, the whole."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    max_rss_bytes: float = 0.0

    def measured(self) -> dict[str, float]:
        return {
            "run.seconds": self.seconds,
            "run.cpu_seconds": self.cpu_seconds,
            "run.max_rss_bytes": self.max_rss_bytes,
        }


def environment() -> dict[str, str]:
    """What commands see: this Python first on the path, so that no wrapper of pyenv costs its 50 ms."""
    path = f"{Path(sys.executable).resolve().parent}{os.pathsep}{os.environ['PATH']}"
    return {
        "PATH": path,
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",  # a .pyc is told by second and size, and candidates share both
    }


class Evaluator:
    """Scores candidates of one task in a folder of its own."""

    def __init__(self, task: Task, folder: Path) -> None:
        self.task = task
        self.goal = task.goal
        self.place = folder / "candidate"
        self.base = folder / "base"
        self.out = folder / "out"
        self.result = folder / "result"
        self.count = 0
        task.make_repository(self.base)
        shutil.copytree(self.base, self.place, ignore=shutil.ignore_patterns(".git"))
        if self.goal.setup is not None:
            for where in (self.base, self.place):
                self._run(self.goal.setup, where, 0)
        self._present: Files = task.editable
        self._clean = dict(self._stamps())
        self.baseline = self._metrics(task.editable, 0, {})
        self.start = self.baseline[self.goal.primary.name]

    def score(self, files: Files) -> float | None:
        """The score of a candidate with these editable files; None where it has no valid one."""
        self.count += 1
        try:
            return self._metrics(files, self.count, self.baseline)[self.goal.primary.name]
        except Failed:
            return None

    def worth(self, files: Files, is_noisy: bool) -> float | None:
        """What a candidate is really worth: its score where scores repeat, else the truth or a mean."""
        try:
            if self.task.truth is not None:
                command = Command(self.task.truth, self.goal.evaluate.timeout_s)
                return self._metrics(files, 0, self.baseline, command)[self.goal.primary.name]
            samples = range(1, TRUTH_SAMPLES + 1) if is_noisy else (0,)
            name = self.goal.primary.name
            return statistics.fmean(self._metrics(files, each, self.baseline)[name] for each in samples)
        except Failed:
            return None

    def is_noisy(self) -> bool:
        """Whether the base gets different scores in different evaluations."""
        name = self.goal.primary.name
        return any(self._metrics(self.task.editable, n, {})[name] != self.start for n in (0, 1, 2))

    def _metrics(
        self, files: Files, seed: int, baseline: Mapping[str, float], scorer: Command | None = None
    ) -> dict[str, float]:
        """The valid metrics of a candidate, the median of each over the goal's repeats; raises Failed."""
        self._write(files)
        if self.goal.build is not None:
            self._run(self.goal.build, self.place, seed)
        for check in self.goal.check:
            self._run(check, self.place, seed)
        given = [self._repeat(scorer, seed * 100 + n) for n in range(_repeats(self.goal.repeats))]
        names = set.intersection(*(set(metrics) for metrics, _ in given))
        metrics = {name: statistics.median(metrics[name] for metrics, _ in given) for name in names}
        metrics["diff.lines"] = float(self._changed_lines(files))
        reason = why_invalid(
            self.goal.metrics, self.goal.constraints, metrics, baseline or metrics, given[-1][1]
        )
        if reason is not None:
            raise Failed(reason)
        return metrics

    def _repeat(self, scorer: Command | None, seed: int) -> tuple[dict[str, float], Reading]:
        for folder in (self.out, self.result):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        usage = Usage()
        if self.goal.run is not None:
            self._run(self.goal.run, self.place, seed, usage)
        reading = self._judge(scorer or self.goal.evaluate, seed, usage)
        return {**reading.metrics, **usage.measured()}, reading

    def _judge(self, command: Command, seed: int, usage: Usage) -> Reading:
        """The scorer's word: in the base where the candidate has run already, else beside the candidate."""
        goal = self.goal
        if goal.run is not None:
            stdout = self._run(command, self.base, seed)
            return read_scorer(goal.metrics, stdout, self.result)
        if goal.function is not None and goal.program is not None and command is goal.evaluate:
            key = hand_key(self.result)
            call = call_of(goal.function, goal.program, sys.executable)
            self._run(Command(call, command.timeout_s), self.place, seed, usage)
            return read_answer(self.result, key)
        stdout = self._run(command, self.place, seed, usage)
        named = None if goal.result is None else (self.out, goal.result)
        return read_scorer(goal.metrics, stdout, self.result, named)

    def _write(self, files: Files) -> None:
        """Make the candidate's folder hold these editable files, and nothing that an earlier one left."""
        for path, stamp in self._stamps():
            if path in self._present or self._clean.get(path) == stamp:
                continue
            (self.place / path).unlink()
            if path in self._clean and (self.base / path).exists():
                shutil.copy2(self.base / path, self.place / path)
                self._clean[path] = _stamp(self.place / path)
        for path in set(self._present) - set(files):
            (self.place / path).unlink(missing_ok=True)
        for path, content in files.items():
            target = self.place / path
            if self._present.get(path) != content or not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        self._present = dict(files)

    def _stamps(self) -> list[tuple[str, tuple[int, int]]]:
        """Every file of the candidate's folder, with what tells whether it was written to."""
        found = []
        for place, _, names in os.walk(self.place):
            for name in names:
                path = Path(place) / name
                found.append((path.relative_to(self.place).as_posix(), _stamp(path)))
        return found

    def _changed_lines(self, files: Files) -> int:
        base = self.task.editable
        changed = [path for path in {*base, *files} if base.get(path) != files.get(path)]
        texts = [(base.get(path, b""), files.get(path, b"")) for path in changed]
        lines = [[text.decode("utf-8", "replace").splitlines() for text in pair] for pair in texts]
        differing = [line for old, new in lines for line in difflib.ndiff(old, new)]
        return sum(line.startswith(("+ ", "- ")) for line in differing)

    def _run(self, command: Command, where: Path, seed: int, usage: Usage | None = None) -> bytes:
        """What the command prints; raises Failed where it fails or takes too long."""
        variables = {
            **environment(),
            "KAPSO_SEED": str(seed),
            "KAPSO_OUT": str(self.out),
            "KAPSO_RESULT": str(self.result / "result.json"),
        }
        since = time.perf_counter()
        process = subprocess.Popen(
            ["/bin/sh", "-c", command.command],
            cwd=where,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            stdout, _ = process.communicate(timeout=command.timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Failed(f"`{command.command}` took too long") from None
        if usage is not None:
            usage.seconds += time.perf_counter() - since
        if process.returncode != 0:
            raise Failed(f"`{command.command}` failed")
        return stdout


def _stamp(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_mtime_ns, status.st_size


def _repeats(repeats: object) -> int:
    """How often the goal asks for a run; the rivals know no `auto` and evaluate once."""
    return repeats if isinstance(repeats, int) else 1
