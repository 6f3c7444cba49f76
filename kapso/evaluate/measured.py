"""From what the repeats of an evaluation said to its metrics, outcome and reason; nothing is run here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kapso.attempt import Outcome
from kapso.evaluate.readings import PRIVATE, Reading, why_invalid
from kapso.goal import Goal
from kapso.memory.episode import Stage


@dataclass(frozen=True)
class Measured:
    """The end of an evaluation. `metrics` holds whatever was measured, also where it is not scored."""

    outcome: Outcome
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: str | None = None
    feedback: str | None = None
    stages: tuple[Stage, ...] = ()
    said: str = ""


def conclude(
    goal: Goal,
    readings: Sequence[tuple[Mapping[str, float], Reading]],
    changed_lines: int,
    stages: tuple[Stage, ...],
    baseline: Mapping[str, float] | None,
) -> Measured:
    """One value of each metric that every repeat gave, and whether all of it is valid.

    Without a `baseline`, the program is its own.
    """
    names = set.intersection(*(set(metrics) for metrics, _ in readings))
    metrics = _of_repeats(goal, [metrics for metrics, _ in readings], public(names, declared(goal)))
    metrics["diff.lines"] = float(changed_lines)
    worst = next((reading for given, reading in readings if _lacks(goal, given)), readings[0][1])
    reason = why_invalid(goal.metrics, goal.constraints, metrics, baseline or metrics, worst)
    feedback = next((reading.feedback for _, reading in readings if reading.feedback), None)
    return Measured(_outcome(reason), metrics, reason, feedback, stages)


def together(goal: Goal, evaluations: Sequence[Measured], baseline: Mapping[str, float] | None) -> Measured:
    """Several evaluations of one program as its repeats; the first one that gave no score decides."""
    stages = tuple(stage for each in evaluations for stage in each.stages)
    failed = next((each for each in evaluations if goal.primary.name not in each.metrics), None)
    if failed is not None:
        return replace(failed, stages=stages)
    given = [each.metrics for each in evaluations]
    metrics = _of_repeats(goal, given, set.intersection(*map(set, given)))
    reason = why_invalid(goal.metrics, goal.constraints, metrics, baseline or metrics, Reading())
    return replace(evaluations[0], outcome=_outcome(reason), metrics=metrics, reason=reason, stages=stages)


def declared(goal: Goal) -> set[str]:
    """The metrics that the goal names."""
    return {each.name for each in goal.metrics} | {each.metric for each in goal.constraints}


def public(names: Iterable[str], named: Collection[str]) -> set[str]:
    """Without what is private, unless the goal names it."""
    return {name for name in names if name in named or not name.startswith(PRIVATE)}


def _of_repeats(goal: Goal, given: Sequence[Mapping[str, float]], names: Iterable[str]) -> dict[str, float]:
    return {name: goal.of_repeats(name, [each[name] for each in given]) for name in sorted(names)}


def _lacks(goal: Goal, metrics: Mapping[str, float]) -> bool:
    return any(each.name not in metrics for each in goal.metrics if each.name != "diff.lines")


def _outcome(reason: str | None) -> Outcome:
    return Outcome.SCORED if reason is None else Outcome.INVALID
