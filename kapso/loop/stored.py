"""What a run keeps of its goal: as it was resolved at the start, with the limits that were raised since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kapso.attempt import now, rfc3339
from kapso.git import landing, ledger
from kapso.git.repository import Repository
from kapso.goal import Goal, Overrides, dump_goal, parse_goal
from kapso.loop.machine import machine
from kapso.loop.run_folder import RunFolder

if TYPE_CHECKING:
    from kapso.loop.setting import Setting  # 900 ms with all that evaluates and proposes

_LIMITS = ("attempts", "time_s", "cost")


def goal_files(setting: Setting, name: str) -> dict[str, bytes]:
    """What `start_run` keeps: the goal as resolved, and what was decided beside it."""
    return {
        "goal.yaml": dump_goal(setting.goal).encode(),
        "run.json": (json.dumps(facts_of(setting, name), indent=1, sort_keys=True) + "\n").encode(),
    }


def facts_of(setting: Setting, name: str) -> dict[str, Any]:
    """What is decided when a run starts."""
    goal = setting.goal
    try:
        file = goal.file.relative_to(setting.repository.root).as_posix()
    except ValueError:
        file = str(goal.file)
    return {
        "run": name,
        "goal": goal.name,
        "objective": goal.objective,
        "base": setting.base,
        "seed": goal.search.seed,
        "parallel": setting.parallel,
        "metric": goal.primary.name,
        "direction": goal.primary.goal,
        "started": rfc3339(now()),
        "file": file,
        "evaluator": setting.identity,
        "identity": setting.parts,
        "from": setting.origin,
        "approve": goal.approve,
        "machine": machine(),
    }


def read_facts(repository: Repository, run: str) -> dict[str, Any]:
    """What was decided when the run started: base, seed, identity, and so on."""
    facts: dict[str, Any] = json.loads(landing.read_goal(repository, run)["run.json"])
    return facts


def read_end(repository: Repository, run: str) -> dict[str, Any]:
    """How the run's last session left it: status, reason, best, noise; empty before the first one ends."""
    told: dict[str, Any] = json.loads(ledger.read_records(repository, run).get("run.json", b"{}"))
    return told


def stored_goal(repository: Repository, run: str) -> Goal:
    """The goal as the run started. Its repository is this one, wherever the run was started."""
    files = landing.read_goal(repository, run)
    facts = json.loads(files["run.json"])
    goal = parse_goal(files["goal.yaml"].decode(), repository.root / facts["file"])
    return replace(goal, repo=repository.root)


def raise_limits(
    goal: Goal, folder: RunFolder, end: Mapping[str, Any], overrides: Overrides | None
) -> tuple[Goal, dict[str, Any]]:
    """`goal` with the limits that this or an earlier `resume` raised, and those limits.

    The state folder knows of the latest; `end`, which travels with the run, of those of its last session.
    """
    raised = folder.raised() or dict(end.get("raised") or {})
    given = {name: value for name in _LIMITS if (value := getattr(overrides, name, None)) is not None}
    raised |= given
    if not raised:
        return goal, raised
    applied = Overrides(**raised).apply(goal)  # refuses what is senseless before it is kept
    folder.keep_raised(raised)
    return applied, raised
