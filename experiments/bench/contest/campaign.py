"""Runs what is missing of tasks × methods × seeds, some at a time, and keeps every trace as it comes."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from contest.kapso_side import ROOT
from contest.methods import METHODS
from contest.space import Space
from contest.task import Task
from contest.trace import Trace

TRACES = "search.jsonl"
_HERE = "experiments/bench/contest"
_COMMON = (f"{_HERE}/evaluation.py", f"{_HERE}/trace.py")


@dataclass(frozen=True)
class Job:
    """One trace to make. `key` stands for all that it depends on, `None` traces (no use) included."""

    task: Task
    method: str
    seed: int
    budget: int
    key: str


@dataclass(frozen=True)
class Campaign:
    """What is to be compared, and where its traces are kept."""

    tasks: Sequence[Task]
    methods: Sequence[str]
    seeds: int
    budget: int
    out: Path
    parallel: int
    keep: Path | None = None

    def run(self) -> list[Trace]:
        """Every trace asked for that could be made, in order of task, method and seed."""
        jobs = [job for seed in range(1, self.seeds + 1) for job in self._jobs(seed)]
        known = self._known()
        missing = [job for job in jobs if job.key not in known]
        _say(f"{len(jobs) - len(missing)} of {len(jobs)} traces are known, {len(missing)} to make")
        known |= self._make(missing)
        found = (known.get(job.key) for job in jobs)
        traces = [trace for trace in found if trace is not None]
        return sorted(traces, key=lambda trace: (trace.task, list(METHODS).index(trace.method), trace.seed))

    def _jobs(self, seed: int) -> list[Job]:
        jobs = []
        for task in self.tasks:
            for method in self.methods:
                version = version_of(method, task)
                key = f"{task.name}:{task.digest}:{method}:{seed}:{self.budget}:{version}"
                jobs.append(Job(task, method, seed, self.budget, key))
        return jobs

    def _known(self) -> dict[str, Trace | None]:
        """What an earlier call left; of a line that was cut off in the middle, nothing."""
        known: dict[str, Trace | None] = {}
        if not (self.out / TRACES).exists():
            return known
        for line in (self.out / TRACES).read_text().splitlines():
            try:
                given = json.loads(line)
            except ValueError:
                continue
            known[given["key"]] = None if given.get("none") else Trace.from_json(given)
        return known

    def _make(self, jobs: Sequence[Job]) -> dict[str, Trace | None]:
        made: dict[str, Trace | None] = {}
        self.out.mkdir(parents=True, exist_ok=True)
        since = time.monotonic()
        with (self.out / TRACES).open("a") as file, ProcessPoolExecutor(self.parallel) as pool:
            futures = {pool.submit(make, job, self.keep): job for job in jobs}
            for done, future in enumerate(as_completed(futures), 1):
                job = futures[future]
                left = (time.monotonic() - since) / done * (len(jobs) - done)
                result = future.result()
                if isinstance(result, str):
                    _say(f"{job.task.name} {job.method} seed {job.seed} FAILED: {result}")
                    continue
                made[job.key] = result
                given = {"key": job.key, "none": True} if result is None else result.to_json()
                file.write(json.dumps(given) + "\n")
                file.flush()
                final = "does not apply" if result is None else f"{result.start:.6g} → {result.final:.6g}"
                where = f"[{done}/{len(jobs)}, {left / 60:.1f} min left]"
                _say(f"{where} {job.task.name} {job.method} {job.seed}: {final}")
        return made


def make(job: Job, keep: Path | None) -> Trace | str | None:
    """The trace of one job, or what went wrong; in a process of its own."""
    since = time.monotonic()
    try:
        if keep is not None:
            folder = keep / f"{job.task.name}-{job.method}-{job.seed}"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            trace = METHODS[job.method].run(job.task, job.seed, job.budget, folder)
        else:
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                trace = METHODS[job.method].run(job.task, job.seed, job.budget, Path(name))
    except Exception:
        return traceback.format_exc()
    seconds = round(time.monotonic() - since, 2)
    return None if trace is None else replace(trace, seconds=seconds, key=job.key)


def version_of(method: str, task: Task) -> str:
    """What stands for all code that a method's results hang on; for who tunes, also for the space."""
    space = Space(task).digest if METHODS[method].tunes else ""
    return f"{_digest((*_COMMON, *METHODS[method].code))[:8]}{space[:8]}"


@cache
def _digest(places: tuple[str, ...]) -> str:
    whole = hashlib.sha256()
    for place in places:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            whole.update(file.read_bytes())
    return whole.hexdigest()


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)
