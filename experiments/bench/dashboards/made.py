"""A run of many attempts as a real one leaves it, made without evaluating anything; more that land later."""

from __future__ import annotations

import json
import math
import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kapso.attempt import Attempt, Outcome, Verdict, rfc3339
from kapso.git import landing
from kapso.git.attempts import commit_attempt, read_attempt
from kapso.git.landing import pack_refs, start_run
from kapso.git.layout import RunRefs, slug
from kapso.git.ledger import write_holdout, write_records
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry
from kapso.loop.run import announcement
from kapso.loop.run_folder import Journal, RunFolder
from kapso.memory import DiffSize, Episode, Episodes, Stage, trusted_source
from kapso.memory.sync import open_synced

RUN = "bench-0000"
STARTED = datetime(2026, 11, 1, tzinfo=UTC)
ATTEMPT_S = 3
GOAL = """\
name: bench
objective: Climb as high as a made-up program can, in many small steps.
edit: [program.py]
evaluate: python evaluate.py
holdout: python evaluate.py --split test
budget: {attempts: %d, time: 24h, cost: 50}
stop: {target: 120}
"""
PROPOSERS = ("tune", "mutate", "recipe", "combine", "llm")
WEIGHTS = (45, 38, 5, 8, 4)
LINES = 200
BATCH = 200


def make_run(folder: Path, count: int) -> Repository:
    """A repository whose one run has `count` attempts, with records, hold-out, log and journal."""
    subprocess.run(["git", "init", "-q", folder], check=True)
    (folder / "program.py").write_text("".join(f"X{line} = 0\n" for line in range(LINES)))
    (folder / "evaluate.py").write_text("print('{\"score\": 1}')\n")
    (folder / "goal.yaml").write_text(GOAL % (2 * count))
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (["add", "-A"], [*identity, "commit", "-q", "-m", "start"]):
        subprocess.run(["git", "-C", folder, *command], check=True)
    repository = Repository.open(folder)
    base = repository.resolve("HEAD")
    facts = {
        "run": RUN,
        "goal": "bench",
        "objective": "Climb as high as a made-up program can, in many small steps.",
        "metric": "score",
        "direction": "maximize",
        "base": base,
        "started": rfc3339(STARTED),
        "file": "goal.yaml",
    }
    goal = {"goal.yaml": (GOAL % (2 * count)).encode(), "run.json": json.dumps(facts).encode()}
    start_run(repository, RUN, goal, base)
    attempts = list(landed(repository, base, count))
    with repository.refs.transaction() as moves:
        for each in attempts:
            moves.create(f"refs/heads/{each.branch}", each.commit)
        moves.create(RunRefs(RUN).best, best(attempts).commit)
    records = {f"{each.number:04d}.json": record_of(each) for each in attempts}
    end = {"status": "interrupted", "best": best(attempts).number, "elapsed": ATTEMPT_S * count}
    names = list(records)
    for first in range(0, len(names), BATCH):  # as a run writes them; every write opens its files at once
        write_records(repository, RUN, {name: records[name] for name in names[first : first + BATCH]})
    write_records(repository, RUN, {"run.json": json.dumps(end).encode()})
    held = {f"{each.number:04d}.json": _held_out(each) for each in leaders(attempts)}
    write_holdout(repository, RUN, held)
    pack_refs(repository, RUN)
    log_of(repository).record([episode_of(each) for each in attempts])
    journal = repository.state_dir / "runs" / RUN / "events.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events(attempts)))
    open_synced(repository)
    return repository


def landed(repository: Repository, base: str, count: int, first: int = 0) -> Iterator[Attempt]:
    """The baseline (or attempt `first`) and what follows up to `count`; scores climb towards 100."""
    draw, tree = random.Random(7 + first), repository.tree_of(base)
    front = [read_attempt(repository, *landing.landed(repository, RUN)[0], {})] if first else []
    for number in range(first, count + 1):
        parent = front[-1 - min(int(draw.expovariate(0.7)), len(front) - 1)] if front else None
        made = _drawn(draw, number, parent, front[-1].score or 0.0 if front else 0.0)
        lines = [f"X{line} = {number if line == number % LINES else 0}\n" for line in range(LINES)]
        blob = repository.write_blob("".join(lines).encode())
        made = replace(made, tree=repository.write_tree(tree, {"program.py": Entry(FILE, blob)}))
        made = commit_attempt(repository, made, [parent.commit if parent else base])
        if not front or (made.score or -math.inf) > (front[-1].score or 0.0):
            front.append(made)
        if number % BATCH == 0:
            repository.sync()  # every object that is not on the disk yet is opened by the next sync
        yield made


def _drawn(draw: random.Random, number: int, parent: Attempt | None, best: float) -> Attempt:
    drawn = draw.random()
    score: float | None = 10.0 if parent is None else (parent.score or 0.0) - draw.expovariate(0.4)
    outcome, verdict = Outcome.SCORED, None if parent is None else Verdict.WORSE
    if parent is not None and drawn < 0.02:
        score, verdict = best + (100 - best) * draw.uniform(0.001, 0.05), Verdict.BETTER
    elif parent is not None and drawn < 0.2:
        score, verdict = parent.score, Verdict.SAME
    elif parent is not None and drawn < 0.32:
        outcome = draw.choice((Outcome.CRASHED, Outcome.INVALID, Outcome.TIMED_OUT))
        score = verdict = None
    proposer = "baseline" if parent is None else draw.choices(PROPOSERS, WEIGHTS)[0]
    title = "baseline" if parent is None else f"X{number % LINES}: 0 → {number}, as 並列 searches do"
    started = STARTED + timedelta(seconds=ATTEMPT_S * number)
    return Attempt(
        run=RUN,
        number=number,
        branch=f"kapso/{RUN}/{number:04d}-{'baseline' if parent is None else slug(title)}",
        commit="",
        tree="",
        parents=(parent.number,) if parent else (),
        proposer=proposer,
        title=title,
        hypothesis="It may help, as what it changes is read often and what it leaves alone is not.",
        outcome=outcome,
        verdict=verdict,
        score=score,
        metrics={} if score is None else {"score": score, "run.seconds": 0.1, "run.cpu_seconds": 0.09},
        reason=None if score is not None else "`evaluate` ended with exit code 1: IndexError: list index",
        started=started,
        finished=started + timedelta(seconds=ATTEMPT_S),
        duration_s=1.5,
        cost=0.004 if proposer == "llm" else None,
        evaluator="9c1f04d2ab7e",
        sandbox="bubblewrap",
        parameters={f"program.py:X{number % LINES}": number},
        feedback=None if score is not None else "Traceback (most recent call last):\n  …\nIndexError\n" * 5,
    )


def best(attempts: list[Attempt]) -> Attempt:
    return max(attempts, key=lambda each: (-math.inf if each.score is None else each.score, -each.number))


def leaders(attempts: list[Attempt]) -> Iterator[Attempt]:
    """Those that moved the best so far."""
    most = -math.inf
    for each in attempts:
        if each.score is not None and each.score > most:
            most = each.score
            yield each


def _held_out(attempt: Attempt) -> bytes:
    score = (attempt.score or 0.0) - 0.3
    return json.dumps({"outcome": "scored", "metrics": {"score": score}}).encode()


def record_of(attempt: Attempt) -> bytes:
    told = {"parameters": dict(attempt.parameters), "feedback": attempt.feedback}
    return json.dumps({**attempt.to_json(), **told}).encode()


def episode_of(attempt: Attempt) -> Episode:
    stages = (Stage("evaluate", "python evaluate.py", 0, 0.1, 0.09, 10**7),)
    source = trusted_source(attempt.commit, record_of(attempt))
    return Episode(attempt, DiffSize(1, 1, 1), stages, source=source)


def log_of(repository: Repository) -> Episodes:
    return Episodes(repository.state_dir / "kapso.duckdb")


def events(attempts: list[Attempt]) -> Iterator[dict[str, object]]:
    """What the journal of such a run holds."""
    yield {"time": rfc3339(STARTED), "event": "run.started", "run": RUN}
    for each in attempts:
        yield from events_of(each, each.started, each.finished)


def events_of(each: Attempt, started: datetime, finished: datetime) -> Iterator[dict[str, object]]:
    one = {"run": RUN, "attempt": each.number}
    yield {"time": rfc3339(started), "event": "attempt.started", **one, "parents": list(each.parents)}
    yield {
        "time": rfc3339(started),
        "event": "attempt.proposed",
        **one,
        "proposer": each.proposer,
        "title": each.title,
        "hypothesis": each.hypothesis,
        "commit": each.commit,
    }
    yield {"time": rfc3339(finished), "event": "attempt.evaluated", **one, **announcement(each)}


def land(folder: Path, a_second: float, seconds: float) -> None:
    """Land attempts as a run does: branch, best, journal. The run's lock is held meanwhile."""
    with Repository.open(folder) as repository:
        run = RunFolder(repository.state_dir, RUN)
        journal = Journal(run.path / "events.jsonl", RUN)
        known = sorted(landing.landed(repository, RUN))
        base = repository.resolve("HEAD")
        made = landed(repository, base, known[-1] + int(a_second * seconds), first=known[-1] + 1)
        with run.lock():
            journal.write("run.resumed")
            print("landing", flush=True)
            since = time.perf_counter()
            for at, each in enumerate(made):
                time.sleep(max(since + at / a_second - time.perf_counter(), 0))
                with repository.refs.transaction() as moves:
                    moves.create(f"refs/heads/{each.branch}", each.commit)
                now = datetime.now(UTC)
                for event in events_of(replace(each, started=now, finished=now), now, now):
                    details = {name: told for name, told in event.items() if name not in ("time", "run")}
                    journal.write(str(details.pop("event")), **details)  # type: ignore[arg-type]
