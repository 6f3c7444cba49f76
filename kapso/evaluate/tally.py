"""Whether cheap stages are worth it: what they cut, how well they order, how long they take."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from kapso.attempt import BASELINE, Attempt, Outcome
from kapso.evaluate.stages import metric_of, run_name
from kapso.goal import EvaluationStage, Goal
from kapso.memory.episode import Stage

LEAST_COMPARED, MOST_COMPARED = 8, 200
"""Attempts that an agreement needs, and the latest that it is told from: pairs grow with their square."""


@dataclass(frozen=True)
class StageTally:
    """How many of all attempts a cheap stage cut, and how well it told them apart.

    `saved_s`: the seconds that full evaluations of them would have taken, by those of the others.
    `agreement`: of the pairs of scored attempts, the share that it orders as the full evaluation does; None
    where there are too few. It says nothing about those that were cut, whom the full one never saw.
    """

    name: str
    attempts: int
    cut: int
    saved_s: float
    agreement: float | None


def tally(goal: Goal, attempts: Iterable[Attempt]) -> tuple[StageTally, ...]:
    """What each cheap stage did, in their order; nothing where the evaluation has but one."""
    cheap = goal.all_stages[:-1]
    tried = [each for each in attempts if each.number != BASELINE] if cheap else []
    reached = {each.number: _reached(cheap, each) for each in tried}
    tallies: list[StageTally] = []
    for place, stage in enumerate(cheap, start=1):
        cut = [each for each in tried if each.outcome is Outcome.CUT and reached[each.number] == place]
        agreement = _agreement(goal, stage, tried)
        tallies.append(StageTally(stage.name, len(tried), len(cut), _saved_s(cut, tried), agreement))
    return tuple(tallies)


def weak_stages(goal: Goal, metrics: Mapping[str, float], commands: Sequence[Stage]) -> list[str]:
    """What an evaluation of the unchanged program tells against cheap stages: slow, or cutting it."""
    full_s = _seconds(goal.all_stages[-1], commands)
    found: list[str] = []
    for stage in goal.all_stages[:-1]:
        if (own_s := _seconds(stage, commands)) > full_s / 2:
            found.append(
                f"the stage `{stage.name}` takes {own_s:.2g} s and the full evaluation {full_s:.2g} s: it "
                "saves little"
            )
        own = {rule.metric: metrics[metric_of(stage, rule.metric)] for rule in stage.rules}
        found += [
            f"the stage `{stage.name}` would cut the unchanged program: `{rule.text}` does not hold, as it "
            f"is {own[rule.metric]:.6g}"
            for rule in stage.rules
            if not rule.holds(own, own)
        ]
    return found


def _reached(cheap: Sequence[EvaluationStage], attempt: Attempt) -> int:
    """How many cheap stages gave metrics to it; where it was cut, the last of them did that."""
    return sum(any(name.startswith(f"{stage.name}.") for name in attempt.metrics) for stage in cheap)


def _saved_s(cut: Sequence[Attempt], tried: Sequence[Attempt]) -> float:
    took = [each.duration_s for each in tried if each.is_scored and each.duration_s is not None]
    usual = statistics.median(took) if took else 0.0
    return round(sum(max(usual - (each.duration_s or 0.0), 0.0) for each in cut), 3)


def _seconds(stage: EvaluationStage, commands: Sequence[Stage]) -> float:
    return sum(each.seconds or 0.0 for each in commands if each.name in (stage.name, run_name(stage)))


def _agreement(goal: Goal, stage: EvaluationStage, attempts: Sequence[Attempt]) -> float | None:
    name = metric_of(stage, goal.primary.name)
    known = [
        (each.metrics[name], each.score)
        for each in attempts
        if each.is_scored and each.score is not None and name in each.metrics
    ][-MOST_COMPARED:]
    pairs = [(cheap - other) * (full - another) for (cheap, full), (other, another) in combinations(known, 2)]
    told = [each for each in pairs if each]
    return sum(each > 0 for each in told) / len(told) if len(known) >= LEAST_COMPARED and told else None
