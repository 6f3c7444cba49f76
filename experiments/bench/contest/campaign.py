"""Runs what is missing of tasks × methods × seeds, some at a time, and keeps every trace as it comes."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TextIO

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
    """One trace to make: its `place` in the campaign, and a `key` for all that it hangs on besides."""

    task: Task
    method: str
    seed: int
    budget: int
    place: str
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
        jobs = self._jobs()
        known = self._known()
        missing = [job for job in jobs if job.key not in known]
        _say(f"{len(jobs) - len(missing)} of {len(jobs)} traces are known, {len(missing)} to make")
        known |= self._make(missing)
        self._forget({job.place: job.key for job in jobs})
        return self._found(jobs, known)

    def known(self) -> list[Trace]:
        """Those of them that were made before."""
        return self._found(self._jobs(), self._known())

    def _found(self, jobs: Sequence[Job], known: Mapping[str, Trace | None]) -> list[Trace]:
        traces = [trace for trace in (known.get(job.key) for job in jobs) if trace is not None]
        return sorted(traces, key=lambda trace: (trace.task, list(METHODS).index(trace.method), trace.seed))

    def _jobs(self) -> list[Job]:
        """Seed by seed, so that what is cut off has whole seeds."""
        jobs = []
        for seed in range(1, self.seeds + 1):
            for task in self.tasks:
                for method in self.methods:
                    place = f"{task.name}:{method}:{seed}:{self.budget}"
                    key = f"{place}:{task.digest}:{version_of(method, task)}"
                    jobs.append(Job(task, method, seed, self.budget, place, key))
        return jobs

    def _lines(self) -> list[dict[str, Any]]:
        """What earlier calls left; of a line that was cut off in the middle, nothing."""
        path = self.out / TRACES
        lines = path.read_text().splitlines() if path.exists() else []
        return [given for given in map(_read, lines) if given is not None]

    def _known(self) -> dict[str, Trace | None]:
        return {
            given["key"]: None if given.get("none") else Trace.from_json(given) for given in self._lines()
        }

    def _forget(self, keys: Mapping[str, str]) -> None:
        """Drop traces that were made by other code, or for another state of the task."""
        kept = {
            given["key"]: json.dumps(given)
            for given in self._lines()
            if keys.get(given["key"].rsplit(":", 2)[0], given["key"]) == given["key"]
        }
        new = self.out / f"{TRACES}.new"
        new.write_text("".join(f"{line}\n" for line in kept.values()))
        new.replace(self.out / TRACES)

    def _make(self, jobs: Sequence[Job]) -> dict[str, Trace | None]:
        made: dict[str, Trace | None] = {}
        self.out.mkdir(parents=True, exist_ok=True)
        since = time.monotonic()
        with (self.out / TRACES).open("a") as file, ProcessPoolExecutor(self.parallel) as pool:
            file.write("\n")  # after a line that was cut off
            futures = {pool.submit(make, job, self.keep): job for job in jobs}
            try:
                for done, future in enumerate(as_completed(futures), 1):
                    left = (time.monotonic() - since) / done * (len(jobs) - done)
                    where = f"[{done}/{len(jobs)}, {left / 60:.1f} min left]"
                    self._keep(futures[future], future.result(), made, file, where)
            except KeyboardInterrupt:
                pool.shutdown(cancel_futures=True)
                raise SystemExit("interrupted; the same command goes on") from None
        return made

    def _keep(
        self, job: Job, result: Trace | str | None, made: dict[str, Trace | None], file: TextIO, where: str
    ) -> None:
        what = f"{where} {job.task.name} {job.method} {job.seed}"
        if isinstance(result, str):
            _say(f"{what} FAILED: {result}")
            return
        made[job.key] = result
        given = {"key": job.key, "none": True} if result is None else result.to_json()
        file.write(json.dumps(given) + "\n")
        file.flush()
        _say(
            f"{what}: " + ("does not apply" if result is None else f"{result.start:.6g} → {result.final:.6g}")
        )


def _read(line: str) -> dict[str, Any] | None:
    try:
        given = json.loads(line)
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


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
