"""A repository whose runs are always the same, written as the engine writes them: for pictures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kapso.attempt import Attempt, Outcome, Verdict, rfc3339
from kapso.git.attempts import commit_attempt
from kapso.git.landing import start_run
from kapso.git.layout import RunRefs, slug
from kapso.git.ledger import write_records
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry

STARTED = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 3, 9, tzinfo=UTC)
"""When the pictures are taken."""
GOAL = """\
name: {name}
objective: {objective}
edit: [params.json]
run: cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
metrics: {{score: {way}}}
propose: [{propose}]
search: {{seed: {seed}}}
budget: {{attempts: {attempts}}}
"""


def make_runs(root: Path) -> Repository:
    """Three runs of two goals: finished, interrupted, and one that found nothing."""
    root.mkdir(parents=True)
    (root / "params.json").write_text('{"x": 0}\n')
    (root / "score.sh").write_text("echo '{\"score\": 1}'\n")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    repository = Repository.open(root)
    pack = "Pack 26 circles into the unit square; maximise the sum of their radii."
    scores: list[float | None] = [1.5 + 0.02 * number * (number % 7 == 0) for number in range(41)]
    write_run(repository, "pack-3f9a", scores, hours=30, cost=0.004, objective=pack)
    few: list[float | None] = [1.5, None, 1.51, 1.4, 1.62, 1.62, None, 1.3]
    write_run(
        repository, "pack-77b0", few, hours=3, status="interrupted", seed=2, propose="tune", objective=pack
    )
    worse: list[float | None] = [12.0, 12.0, 14.5, None, 12.25]
    objective = "Sortiere 並列 schneller, ohne die Reihenfolge gleicher Schlüssel zu ändern."
    write_run(repository, "sort-c001", worse, hours=47, way="minimize", objective=objective)
    return repository


def write_run(
    repository: Repository,
    run: str,
    scores: Sequence[float | None],
    *,
    objective: str,
    hours: int = 1,
    way: str = "maximize",
    status: str = "finished",
    seed: int = 1,
    propose: str = "tune, mutate",
    cost: float | None = None,
) -> None:
    """A run that began `hours` before `LATER`; an attempt without a score crashed."""
    started = LATER - timedelta(hours=hours)
    name, base = run.rpartition("-")[0], repository.resolve("HEAD")
    options: dict[str, Any] = {"name": name, "objective": objective, "way": way, "propose": propose}
    goal = GOAL.format(**options, seed=seed, attempts=len(scores) - 1)
    facts = {"run": run, "goal": name, "objective": objective, "base": base, "seed": seed, "parallel": 1}
    facts |= {"metric": "score", "direction": way, "started": rfc3339(started), "file": "goal.yaml"}
    facts |= {"evaluator": f"of-{name}"}
    start_run(repository, run, {"goal.yaml": goal.encode(), "run.json": json.dumps(facts).encode()}, base)
    landed: list[Attempt] = []
    for number, score in enumerate(scores):
        landed.append(_land(repository, run, number, score, landed, started, way, base, cost))
    best = _best(landed, way)
    end: dict[str, Any] = {"status": status, "best": best.number, "elapsed": 10.0 * len(scores)}
    if status == "finished":
        finished = started + timedelta(seconds=10 * len(scores))
        end |= {"reason": "attempts", "finished": rfc3339(finished)}
    write_records(repository, run, {"run.json": json.dumps(end).encode()})
    with repository.refs.transaction() as moves:
        for each in landed:
            moves.create(f"refs/heads/{each.branch}", each.commit)
        moves.create(RunRefs(run).best, best.commit)


def _land(
    repository: Repository,
    run: str,
    number: int,
    score: float | None,
    before: Sequence[Attempt],
    started: datetime,
    way: str,
    base: str,
    cost: float | None,
) -> Attempt:
    parent = _best(before, way) if before else None
    blob = repository.write_blob(json.dumps({"x": number}).encode())
    title = f"x: 0 → {number}" if parent else "baseline"
    verdict = None
    if parent is not None and score is not None and parent.score is not None:
        gain = (score - parent.score) * (1 if way == "maximize" else -1)
        verdict = Verdict.BETTER if gain > 0 else Verdict.WORSE if gain < 0 else Verdict.SAME
    moment = started + timedelta(seconds=10 * number)
    attempt = Attempt(
        run=run,
        number=number,
        branch=f"kapso/{run}/{number:04d}-{slug(title)}",
        commit="",
        tree=repository.write_tree(repository.tree_of(base), {"params.json": Entry(FILE, blob)}),
        parents=(parent.number,) if parent else (),
        proposer=("tune", "mutate")[number % 2] if parent else "baseline",
        title=title,
        hypothesis="",
        outcome=Outcome.SCORED if score is not None else Outcome.CRASHED,
        started=moment,
        finished=moment + timedelta(seconds=8),
        verdict=verdict,
        score=score,
        metrics={} if score is None else {"score": score},
        reason=None if score is not None else "`run` ended with exit code 1",
        duration_s=8.0,
        cost=cost,
    )
    parents = [parent.commit if parent else base]
    return replace(attempt, commit=commit_attempt(repository, attempt, parents).commit)


def _best(attempts: Sequence[Attempt], way: str) -> Attempt:
    scored = [each for each in attempts if each.score is not None]
    return (max if way == "maximize" else min)(scored, key=lambda each: each.score or 0.0)
