"""A repository with a run whose every byte is known, made with the git engine: for pictures, and malice."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kapso.attempt import Attempt, Outcome, Verdict, rfc3339
from kapso.git.attempts import commit_attempt
from kapso.git.landing import start_run
from kapso.git.layout import RunRefs, slug
from kapso.git.ledger import write_holdout, write_records
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry
from kapso.memory.episode import Episode, Stage
from kapso.memory.episodes import Episodes
from kapso.memory.sync import open_synced

RUN = "demo-0001"
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
GOAL = """\
name: demo
objective: Make the search find more.
edit: ["*.py", "data.txt"]
run: python app.py
evaluate: python evaluate.py
holdout: python evaluate.py --split test
metrics:
  score: {goal: maximize, bounds: [0, 100]}
  run.seconds: minimize
constraints: ["run.seconds <= 1.5 * baseline"]
propose: [tune, mutate, combine, llm: {model: "openai:one", base_url: "http://127.0.0.1:1/v1"}]
budget: {attempts: 20}
"""
APP = '''\
"""Finds the best place."""

STEPS = 10  # how often it looks


def search(places: list[float]) -> float:
    best = places[0]
    for step in range(STEPS):
        best = max(best, places[step % len(places)])
    return best
'''
DATES = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
ESC, BIDI, BELL = "\x1b", "\u202e", "\x07"
HOSTILE = f"{ESC}[31mred{ESC}]0;title{BELL} {BIDI}txet 並列 [bold]markup[/] {ESC}[2J"
HOSTILE_LOG = f"$ python app.py\n{HOSTILE}\r\n" + "並" * 30_000 + f"\n{ESC}[2J" + "line\n" * 30_000
HOSTILE_CODE = APP.replace("# how often it looks", f"# {HOSTILE}") + f"\nWIDE = '{'並' * 700}'\n"
LONG = "".join(f"VALUE_{number} = {number}\n" for number in range(5_000))


@dataclass(frozen=True)
class Plan:
    """One attempt: what it changes, how it ends."""

    title: str
    proposer: str
    parents: tuple[int, ...]
    files: Mapping[str, str]
    score: float | None = None
    verdict: Verdict | None = None
    outcome: Outcome = Outcome.SCORED
    facts: Mapping[str, Any] = field(default_factory=dict)


PLANS = (
    Plan("the unchanged program", "baseline", (), {}, 10.0),
    Plan(
        *("STEPS 10 → 40", "tune", (0,), {"app.py": APP.replace("= 10", "= 40")}, 12.5, Verdict.BETTER),
        facts={"hypothesis": "More looks find more.", "parameters": {"app.py:STEPS": 40}},
    ),
    Plan(
        *("look at every place once", "llm", (1,)),
        {
            "app.py": APP.replace("for step in range(STEPS):", "for place in places:").replace(
                "places[step % len(places)]", "place"
            )
        },
        *(20.25, Verdict.BETTER),
        facts={"hypothesis": "The loop visits places again and again.\nEach needs one look.", "cost": 0.0031},
    ),  # fmt: skip
    Plan(
        *("both", "combine", (2, 1), {"app.py": APP.replace("= 10", "= 40") + "\nDONE = True\n"}),
        *(20.5, Verdict.SAME),
    ),
    Plan(
        *(HOSTILE, "mutate", (1,), {"app.py": HOSTILE_CODE}, None, None, Outcome.CRASHED),
        facts={
            "reason": f"`run` ended: {HOSTILE}",
            "feedback": HOSTILE,
            "hypothesis": HOSTILE,
        },
    ),
    Plan("a table", "mutate", (2,), {"table.py": LONG}, 5.0, Verdict.WORSE),
)
CALL = {
    "purpose": "ideate",
    "request": {
        "messages": [{"role": "user", "content": "Improve app.py.\nScore: 12.5"}],
        "temperature": 0.7,
    },
    "most_cost": 0.01,
    "sent": "2026-01-01T12:00:21Z",
    "reply": {
        "text": f"Look at every place once. {HOSTILE}",
        "model": "one",
        "input_tokens": 812,
        "output_tokens": 64,
        "cost": 0.0031,
        "seconds": 1.5,
    },
    "error": None,
    "ended": "2026-01-01T12:00:23Z",
}


def make(root: Path) -> Repository:
    """The repository at `root`, its run finished."""
    root.mkdir(parents=True)
    for name, text in {"goal.yaml": GOAL, "app.py": APP, "evaluate.py": "print(1)\n"}.items():
        (root / name).write_text(text)
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*identity, "commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=root, check=True, env={**os.environ, **DATES})
    repository = Repository.open(root)
    base = repository.resolve("HEAD")
    start_run(repository, RUN, {"goal.yaml": GOAL.encode(), "run.json": _facts(base)}, base)
    attempts = _landed(repository, base)
    records = {f"{each.number:04d}.json": _record(each) for each in attempts}
    end = {"status": "finished", "reason": "attempts", "best": 2, "elapsed": 60.0}
    write_records(repository, RUN, {**records, "run.json": json.dumps(end).encode()})
    held = {"outcome": "scored", "metrics": {"score": 19.75}}
    write_holdout(repository, RUN, {"0002.json": json.dumps(held).encode()})
    _leave(repository, attempts)
    return repository


def _facts(base: str) -> bytes:
    told = {"run": RUN, "goal": "demo", "objective": "Make the search find more.", "metric": "score"}
    rest = {"direction": "maximize", "base": base, "started": rfc3339(START), "file": "goal.yaml"}
    return json.dumps(told | rest).encode()


def _landed(repository: Repository, base: str) -> list[Attempt]:
    found: list[Attempt] = []
    for number, plan in enumerate(PLANS):
        files = {path: Entry(FILE, repository.write_blob(text.encode())) for path, text in plan.files.items()}
        started = START + timedelta(seconds=10 * number)
        attempt = Attempt(
            run=RUN,
            number=number,
            branch=f"kapso/{RUN}/{number:04d}-{slug(plan.title) if number else 'baseline'}",
            commit="",
            tree=repository.write_tree(repository.tree_of(base), files),
            parents=plan.parents,
            proposer=plan.proposer,
            title=plan.title,
            outcome=plan.outcome,
            score=plan.score,
            verdict=plan.verdict,
            started=started,
            finished=started + timedelta(seconds=4),
            metrics={} if plan.score is None else {"score": plan.score, "run.seconds": 1 + number / 8},
            duration_s=3.5,
            evaluator="9c1f04d2ab7e",
            sandbox="bubblewrap",
            **{"hypothesis": "", **plan.facts},
        )
        parents = [found[each].commit for each in plan.parents] or [base]
        found.append(commit_attempt(repository, attempt, parents))
    with repository.refs.transaction() as moves:
        for each in found:
            moves.create(f"refs/heads/{each.branch}", each.commit)
        moves.create(RunRefs(RUN).best, found[2].commit)
    return found


def _record(attempt: Attempt) -> bytes:
    told = {"parameters": dict(attempt.parameters), "feedback": attempt.feedback}
    return json.dumps({**attempt.to_json(), **told}).encode()


def _leave(repository: Repository, attempts: list[Attempt]) -> None:
    """What the engine leaves beside git: logs, calls, stages."""
    folder = repository.state_dir / "runs" / RUN / "attempts"
    for each in attempts:
        (folder / f"{each.number:04d}" / "calls").mkdir(parents=True)
        said = "found 20.25\n" if each.is_scored else HOSTILE_LOG
        log = HOSTILE_LOG if not each.is_scored else f"$ python app.py\n{said}[exit 0 after 1.25 s]\n"
        (folder / f"{each.number:04d}" / "log.txt").write_text(log, newline="")
    (folder / "0002" / "calls" / "1.json").write_text(json.dumps(CALL))
    open_synced(repository)
    stages = [
        Episode(each, stages=(Stage("run", "python app.py", 0 if each.is_scored else 1, 1.25, 1.0, 10**7),))
        for each in attempts
    ]
    Episodes(repository.state_dir / "kapso.duckdb").record(stages)
    open_synced(repository)
