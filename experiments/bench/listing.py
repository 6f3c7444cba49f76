"""Times `kapso ls RUN` on a run of many attempts, the process's start included.

    .venv/bin/python experiments/bench/listing.py [ATTEMPTS]

in sync      the log shows what git holds, as after a run
first look   the engine wrote the log, and the run was never looked at
deleted      the state folder is gone: everything is read from git
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.git.attempts import commit_attempt
from kapso.git.landing import start_run
from kapso.git.layout import RunRefs
from kapso.git.ledger import write_records
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry
from kapso.memory import DiffSize, Episode, Episodes, Stage, trusted_source

RUN = "bench-0000"
STARTED = datetime(2026, 11, 1, tzinfo=UTC)


def make_run(folder: Path, count: int) -> tuple[Repository, list[Attempt]]:
    """A repository whose one run has `count` attempts with records, made without the engine."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    (folder / "program.py").write_text("".join(f"X{line} = 0\n" for line in range(200)))
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (["add", "-A"], [*identity, "commit", "-q", "-m", "start"]):
        subprocess.run(["git", "-C", folder, *command], check=True)
    repository = Repository.open(folder)
    base = repository.resolve("HEAD")
    start_run(repository, RUN, {"run.json": json.dumps({"run": RUN, "goal": "bench"}).encode()}, base)
    attempts: list[Attempt] = []
    with repository.refs.transaction() as moves:
        for number in range(count + 1):
            attempts.append(_commit(repository, base, number, attempts))
            slug = "baseline" if number == 0 else "try"
            moves.create(RunRefs(RUN).branch(number, slug), attempts[-1].commit)
    records = {f"{attempt.number:04d}.json": record_of(attempt) for attempt in attempts}
    records["run.json"] = json.dumps({"status": "finished", "best": count}).encode()
    write_records(repository, RUN, records)
    return repository, attempts


def record_of(attempt: Attempt) -> bytes:
    return json.dumps({**attempt.to_json(), "parameters": {}}).encode()


def _commit(repository: Repository, base: str, number: int, attempts: list[Attempt]) -> Attempt:
    lines = [f"X{line} = {number if line == number % 200 else 0}\n" for line in range(200)]
    blob = repository.write_blob("".join(lines).encode())
    parent = attempts[number // 2].commit if number else base
    attempt = Attempt(
        run=RUN,
        number=number,
        branch=f"kapso/{RUN}/{number:04d}-{'try' if number else 'baseline'}",
        commit="",
        tree=repository.write_tree(base, {"program.py": Entry(FILE, blob)}),
        parents=(number // 2,) if number else (),
        proposer="tune",
        title=f"X{number % 200}: 0 → {number}",
        hypothesis="It may help.",
        outcome=Outcome.SCORED,
        verdict=Verdict.BETTER,
        score=float(number),
        metrics={"score": float(number), "run.seconds": 0.1, "run.cpu_seconds": 0.09, "diff.lines": 2.0},
        started=STARTED + timedelta(seconds=number),
        finished=STARTED + timedelta(seconds=number + 1),
        duration_s=1.5,
        evaluator="9c1f04d2ab7e",
        sandbox="bubblewrap",
    )
    return commit_attempt(repository, attempt, [parent])


def seconds(folder: Path, before: Callable[[], object] = lambda: None, times: int = 5) -> str:
    """Median and worst of `kapso ls RUN --json`."""
    command = [
        sys.executable,
        "-c",
        "from kapso.cli import main; main()",
        "-C",
        str(folder),
        "ls",
        RUN,
        "--json",
    ]
    measured = []
    for _ in range(times):
        before()
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=Path(__file__).parents[2])
        measured.append(time.perf_counter() - started)
    return f"{statistics.median(measured):.2f} s (worst {max(measured):.2f})"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        repository, attempts = make_run(folder, count)
        stages = (
            Stage("run", "./pack", 0, 0.1, 0.09, 10**7),
            Stage("evaluate", "python e.py", 0, 0.1, 0.09, 10**7),
        )
        episodes = [
            Episode(a, DiffSize(1, 1, 1), stages, source=trusted_source(a.commit, record_of(a)))
            for a in attempts
        ]

        def delete() -> None:
            shutil.rmtree(repository.state_dir, ignore_errors=True)

        def write_as_the_engine() -> None:
            delete()
            log = Episodes(repository.state_dir / "kapso.duckdb")
            for start in range(0, len(episodes), 500):
                log.record(episodes[start : start + 500])

        print(f"kapso ls of {count} attempts, process start included")
        print("in sync     ", seconds(folder))
        print("first look  ", seconds(folder, write_as_the_engine, 3))
        print("deleted     ", seconds(folder, delete, 3))
        started = time.perf_counter()
        write_as_the_engine()
        print(f"recording    {(time.perf_counter() - started) * 1000 / len(episodes):.2f} ms an episode")


if __name__ == "__main__":
    main()
