"""The identity of an evaluation: what must be equal for two scores to be comparable."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kapso.git.repository import Repository
from kapso.goal import EvaluationStage, Goal, Metric
from kapso.goal.protection import protected_paths

LENGTH = 12


def identity_parts(goal: Goal, repository: Repository, base: str) -> dict[str, Any]:
    """Everything that the score depends on besides the candidate, by name, as JSON."""
    entries = repository.entries(base)
    prefix = goal.prefix(repository.root)
    protected = protected_paths(goal, prefix, entries)
    goal_file = f"{prefix}/{goal.file.name}" if prefix else goal.file.name
    return {
        "setup": _command(goal.setup),
        "build": _command(goal.build),
        "check": [_command(each) for each in goal.check],
        "run": _command(goal.run),
        "evaluate": _scorer(goal),
        **({"stages": [_stage(each) for each in goal.stages]} if goal.stages else {}),
        "holdout": _command(goal.holdout),
        "hide": list(goal.hide) if goal.hide is not None else None,
        "keep": list(goal.keep),
        "metrics": [_metric(metric) for metric in goal.metrics],
        "constraints": [constraint.text for constraint in goal.constraints],
        "repeats": goal.repeats or "auto",
        "sandbox": _sandbox(goal),
        "protected": {path: entries[path].oid for path in sorted(protected) if path != goal_file},
        "share": {path: _manifest(repository.root / prefix / path) for path in goal.share},
    }


def identity(parts: Mapping[str, Any]) -> str:
    """Twelve hex digits over the parts."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def what_changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names of the parts that differ, in the order of the goal."""
    return [name for name in now if then.get(name) != now[name]]


def _command(command: Any) -> list[Any] | None:
    return None if command is None else [command.command, command.timeout_s]


def _scorer(goal: Goal) -> list[Any]:
    """The command alone where it says everything: a run that began before the rest existed can go on."""
    rest = [goal.function and goal.function.written, goal.program, goal.result]
    return [goal.evaluate.command, goal.evaluate.timeout_s, *(rest if any(rest) else [])]


def _stage(stage: EvaluationStage) -> list[Any]:
    """What decides what a stage measures and whom it lets through."""
    function = stage.function and stage.function.written
    rules = [rule.text for rule in stage.rules]
    return [stage.name, _command(stage.command), function, _command(stage.run), repr(stage.share), rules]


def _metric(metric: Metric) -> list[Any]:
    """`take` alone where it is not the default: a run that began before it existed can go on."""
    take = [] if metric.take == "median" else [metric.take]
    return [metric.name, metric.goal, metric.regex, repr(metric.low), repr(metric.high), *take]


def _sandbox(goal: Goal) -> list[Any]:
    chosen = goal.sandbox
    return [
        chosen.level,
        chosen.network,
        chosen.memory_bytes,
        chosen.processes,
        list(chosen.read),
        chosen.gpu,
        list(chosen.env),
    ]


def _manifest(path: Path) -> str:
    """A digest of names, sizes and times: what is shared is too large to read at every start."""
    digest = hashlib.sha256()
    for each in sorted([path, *path.rglob("*")]) if path.is_dir() else [path]:
        try:
            status = os.lstat(each)
        except OSError:
            continue
        size = status.st_size if not each.is_dir() else 0
        time = status.st_mtime_ns if not each.is_dir() else 0
        digest.update(f"{each.relative_to(path.parent)}\0{size}\0{time}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:LENGTH]
