"""Kapso itself: `kapso run` in a scratch repository, one evaluation at a time, read from its events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contest.evaluation import Evaluator, Files, environment
from contest.task import Task
from contest.trace import Ledger, Trace

ROOT = Path(__file__).resolve().parents[3]
ENDED_WELL = {0, 3}
Event = dict[str, Any]


class KapsoFailed(Exception):
    """`kapso run` ended with an error; the message is what it said."""


def run_kapso(task: Task, seed: int, budget: int, folder: Path) -> Trace:
    """Kapso with the proposers and the policy that the goal names, or else its defaults.

    What it holds for the best after each evaluation is its choice; what it ends with, after it has confirmed
    it, is the final one. An attempt counts for as many evaluations as it took (`repeats`).
    """
    repository = task.make_repository(folder / task.name)
    command = [sys.executable, "-m", "kapso", "run", "--json", "--parallel", "1"]
    command += ["--seed", str(seed), "--attempts", str(budget)]
    attempts: dict[int, Event] = {}
    bests: list[tuple[int, int]] = []
    spent = before = 0
    finished: Event = {}
    for event in _events(command, repository, folder):
        number = event.get("attempt")
        if event["event"] == "attempt.started" and number == 1:
            before = _runs_of_the_scorer(repository, task)
        elif event["event"] == "attempt.evaluated":
            attempts[int(event["attempt"])] = event
            spent = _spent(task, attempts, repository, before)
        elif event["event"] == "best.improved":
            bests.append((spent, int(event["attempt"])))
        elif event["event"] == "run.finished":
            finished = event
    in_all = _runs_of_the_scorer(repository, task)
    is_cut = spent > budget
    within = [(at, number) for at, number in bests if at <= budget]
    last = within[-1][1] if within else 0
    final = last if is_cut else int(finished["best_attempt"] or 0)
    worth = _Worth(task, folder / "scoring", repository, attempts)
    return Trace(
        task.name,
        "kapso",
        seed,
        budget,
        worth.of(0),
        [(at, worth.of(number)) for at, number in within],
        worth.of(final),
        min(spent, budget),
        {"baseline": before, "confirmation": max(0, in_all - before - spent)},
    )


def _spent(task: Task, attempts: Mapping[int, Event], repository: Path, before: int) -> int:
    """Evaluations since the first attempt began; one that failed early counts like any other.

    With `repeats: auto` an attempt takes as many as it needs, and its parent is evaluated again: then the
    logs are counted, in which every run of the scorer stands.
    """
    repeats: object = task.goal.repeats
    if isinstance(repeats, int):
        return repeats * (len(attempts) - 1)
    return max(len(attempts) - 1, _runs_of_the_scorer(repository, task) - before)


def _events(command: list[str], repository: Path, folder: Path) -> Iterator[Event]:
    variables = {
        **os.environ,
        **environment(),
        "PYTHONPATH": os.pathsep.join(str(ROOT / each) for each in ("", "knowledge", "tui")),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "GIT_AUTHOR_NAME": "Bench",
        "GIT_AUTHOR_EMAIL": "bench@localhost",
        "GIT_COMMITTER_NAME": "Bench",
        "GIT_COMMITTER_EMAIL": "bench@localhost",
    }
    said = folder / "said"
    with said.open("w") as errors:
        process = subprocess.Popen(
            command, cwd=repository, env=variables, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                yield json.loads(line)
        process.wait()
    if process.returncode not in ENDED_WELL:
        raise KapsoFailed(f"`kapso run` ended with {process.returncode}: {said.read_text()[-1500:]}")


def _runs_of_the_scorer(repository: Path, task: Task) -> int:
    """How often the scorer has run so far, by the logs of the attempts."""
    line = f"$ {task.goal.evaluate.command}".split("\n")[0]
    logs = (repository / ".git/kapso/runs").glob("*/attempts/*/*")
    return sum(text.split("\n").count(line) for text in (log.read_text(errors="replace") for log in logs))


class _Worth:
    """What attempts are really worth: their score where the scorer repeats itself."""

    def __init__(self, task: Task, folder: Path, repository: Path, attempts: dict[int, Event]) -> None:
        self._task = task
        self._repository = repository
        self._attempts = attempts
        self._ledger = Ledger(Evaluator(task, folder), 0)
        self._known: dict[int, float] = {}

    def of(self, number: int) -> float:
        if number not in self._known:
            event = self._attempts[number]
            score = float(event["score"])
            if self._ledger.is_noisy:
                worth = self._ledger.evaluator.worth(self._files(event["commit"]), True)
                score = score if worth is None else worth
            self._known[number] = score
        return self._known[number]

    def _files(self, commit: str) -> Files:
        """The editable files of a commit."""
        git = ["git", "-C", str(self._repository)]
        listed = subprocess.run(
            [*git, "ls-tree", "-rz", "--name-only", commit], capture_output=True, check=True
        )
        paths = [path for path in listed.stdout.decode().split("\0") if path and self._task.may_change(path)]
        return {
            path: subprocess.run([*git, "show", f"{commit}:{path}"], capture_output=True, check=True).stdout
            for path in paths
        }
