"""What git holds about runs, as the episodic log needs it: read only, nothing is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kapso.errors import KapsoError
from kapso.git.layout import BRANCHES, HIDDEN, RunRefs, parse_branch
from kapso.git.ledger import record_name

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Goal

_MOST = 2**31 - 1
"""What the log's columns hold; no run gets there."""


@dataclass
class RunInGit:
    """A run's refs: `branches` maps an attempt's number to its ref, `commits` to the commit it stands at."""

    run: str
    goal: str | None = None
    records: str | None = None
    branches: dict[int, str] = field(default_factory=dict)
    commits: dict[int, str] = field(default_factory=dict)
    doubled: list[str] = field(default_factory=list)
    """Branches that claim the number of another attempt."""

    @property
    def source(self) -> str:
        """Changes whenever anything changes that the log shows about the run."""
        facts = json.dumps(
            [self.goal, self.records, sorted(self.branches.items()), sorted(self.commits.items())]
        )
        return hashlib.sha1(facts.encode(), usedforsecurity=False).hexdigest()


def runs_in_git(repository: Repository) -> dict[str, RunInGit]:
    """Every run that has a goal or an attempt."""
    runs: dict[str, RunInGit] = {}
    for ref, commit in repository.refs.list(BRANCHES).items():
        if (place := parse_branch(ref)) is None:
            continue
        name, number = place
        if number > _MOST:
            continue
        run = runs.setdefault(name, RunInGit(name))
        if number in run.branches:
            if run.commits[number] != commit:
                run.doubled.append(ref)
        else:
            run.branches[number], run.commits[number] = ref, commit
    for ref, commit in repository.refs.list(HIDDEN).items():
        name, _, kind = ref.removeprefix(HIDDEN).partition("/")
        if kind == "goal":
            runs.setdefault(name, RunInGit(name)).goal = commit
        elif kind == "records" and name in runs:
            runs[name].records = commit
    return runs


def read_json(repository: Repository, commit: str | None, path: str) -> dict[str, Any]:
    """The JSON object at `path`; empty where there is none that can be read."""
    if commit is None:
        return {}
    try:
        value = json.loads(repository.read(commit, path))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def read_goal(repository: Repository, commit: str | None, start: Mapping[str, Any]) -> Goal | None:
    """The goal that a run's goal commit keeps, `start` being its run.json; None where it cannot be read."""
    from kapso.goal import parse_goal

    if commit is None:
        return None
    file = start.get("file")
    try:
        text = repository.read(commit, "goal.yaml").decode()
        return parse_goal(text, repository.root / (file if isinstance(file, str) else "goal.yaml"))
    except (KapsoError, FileNotFoundError, ValueError):
        return None


def holdout_result(repository: Repository, run: str, number: int) -> Mapping[str, Any] | None:
    """What the hold-out said about an attempt, None where it was not asked."""
    return read_json(repository, repository.refs.get(RunRefs(run).holdout), record_name(number)) or None
