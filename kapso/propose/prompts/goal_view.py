"""The goal as templates see it: in words, without what proposers must not know (hold-out, hidden scorer)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kapso.goal import Command, Goal, Metric, format_duration
from kapso.goal.model import Constraint, EvaluationStage
from kapso.goal.protection import hidden_paths
from kapso.propose.blocks import evolve_blocks
from kapso.search.front import seeks_front
from kapso.wording import number, size


@dataclass(frozen=True)
class MetricView:
    """A metric: `direction` in words, `bounds` as `0 to 2.7` or empty."""

    name: str
    direction: str
    bounds: str = ""
    is_measured: bool = False


@dataclass(frozen=True)
class ConstraintView:
    """A constraint as it is written, and what a limit relative to the baseline comes to."""

    text: str
    limit: str = ""


@dataclass(frozen=True)
class Step:
    """One step of an evaluation: the command that runs, or in words what happens."""

    name: str
    command: str = ""
    limit: str = ""
    what: str = ""


@dataclass(frozen=True)
class GoalView:
    """What templates may say of the goal. `folder` is empty where it is the repository's root."""

    objective: str
    metrics: list[MetricView]
    constraints: list[ConstraintView]
    steps: list[Step]
    edit: str
    folder: str = ""
    has_network: bool = False
    has_blocks: bool = False
    memory: str = ""
    seeks_front: bool = False


def view_goal(goal: Goal, baseline: Mapping[str, float], files: Mapping[str, bytes]) -> GoalView:
    """The goal in words; `baseline` are the baseline's metrics, `files` what may be edited."""
    memory = goal.sandbox.memory_bytes
    return GoalView(
        objective=goal.objective.strip(),
        metrics=[_metric(metric) for metric in goal.metrics],
        constraints=[_constraint(each, baseline) for each in goal.constraints],
        steps=_steps(goal),
        edit=_patterns(goal),
        folder=prefix_of(goal),
        has_network=goal.sandbox.network,
        has_blocks=len(files) <= 50 and any(_has_blocks(files[path]) for path in files),
        memory=size(memory) if memory else "",
        seeks_front=seeks_front(goal),
    )


def visible(goal: Goal, files: Mapping[str, bytes]) -> list[str]:
    """The paths of `files` that are not hidden, sorted."""
    hidden = hidden_paths(goal, prefix_of(goal), files)
    return sorted(path for path in files if path not in hidden)


def prefix_of(goal: Goal) -> str:
    """The goal's folder, seen from the root of the repository that holds it."""
    return _prefix(goal.repo or goal.folder, goal.folder)


@lru_cache(maxsize=64)
def _prefix(start: Path, folder: Path) -> str:
    start = start.resolve()
    root = next((each for each in (start, *start.parents) if (each / ".git").exists()), None)
    if root is None or not folder.is_relative_to(root):
        return ""
    relative = folder.relative_to(root).as_posix()
    return "" if relative == "." else relative


def _patterns(goal: Goal) -> str:
    """`src/**`, but not `src/vendored/**`."""
    wanted = [f"`{pattern}`" for pattern in goal.edit if not pattern.startswith("!")]
    others = [f"`{pattern[1:]}`" for pattern in goal.edit if pattern.startswith("!")]
    return ", ".join(wanted) + (f", but not {', '.join(others)}" if others else "")


def _metric(metric: Metric) -> MetricView:
    low, high = (abs(each) != float("inf") for each in (metric.low, metric.high))
    bounds = f"{number(metric.low) if low else '-inf'} to {number(metric.high) if high else 'inf'}"
    return MetricView(
        metric.name,
        "higher is better" if metric.goal == "maximize" else "lower is better",
        bounds if low or high else "",
        metric.is_measured,
    )


def _constraint(constraint: Constraint, baseline: Mapping[str, float]) -> ConstraintView:
    limit = constraint.limit(baseline) if constraint.times_baseline else None
    said = "" if limit is None else f"{constraint.metric} {constraint.op} {number(limit)}"
    return ConstraintView(constraint.text, said)


def _steps(goal: Goal) -> list[Step]:
    """Build, checks and run with their commands; judged apart, the scorer stays unnamed."""
    steps = [_step("build", goal.build)] if goal.build else []
    steps += [_step("check", each) for each in goal.check]
    steps += [_cheap(stage) for stage in goal.stages[:-1]]
    if goal.run:
        what = "a scorer that the program cannot see reads what it left in `$KAPSO_OUT`"
        return [*steps, _step("run", goal.run), Step("evaluate", what=what)]
    if goal.function is not None:
        limit = format_duration(goal.evaluate.timeout_s)
        what = f"`{goal.function.written}` is called with the path of the program, `{goal.program}`"
        return [*steps, Step("evaluate", what=f"{what}, and returns its metrics (at most {limit})")]
    return [*steps, _step("evaluate", goal.evaluate)]


def _step(name: str, command: Command) -> Step:
    return Step(name, command.command.strip(), format_duration(command.timeout_s))


def _cheap(stage: EvaluationStage) -> Step:
    share = f", and of what it scores only the better {stage.share:.0%} go on" if stage.share else ""
    return Step(stage.name, what=f"a cheap stage comes first{share}")


def _has_blocks(content: bytes) -> bool:
    return b"EVOLVE-BLOCK" in content and evolve_blocks(content.decode("latin-1")) is not None
