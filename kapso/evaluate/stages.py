"""Staged evaluation: cheap scorers first, and only the promising go on to the full one.

Asynchronous successive halving (ASHA; Li et al. 2020), with one difference: an attempt ends once, so who is
cut stays cut. The decision falls at once, against what the same stage has said about the attempts that have
landed, and waits for no batch; it is a function of those attempts alone, so that git rebuilds it.

- Every stage but the last is cheap. It runs the candidate (its own `run`, or the goal's with `KAPSO_STAGE`
  set to the stage's name) and its scorer once, from the state that the build left. `repeats`, constraints,
  bounds and the hold-out belong to the last stage, which alone gives the score.
- A cheap stage must give what decides: the primary metric, unless rules alone do, and what the rules name.
  All that it gives is kept with the attempt as `STAGE.METRIC`, and compared only with the same stage of
  others.
- Rules (`score >= 0.9 * baseline`) come first. Of those that meet them, the better `share` of the latest
  results goes on, equal ones included, the candidate itself among them; while there are too few for one of
  them to be that share, all do. The latest, because a search gets better: against all of its past,
  everything would go on. With the policy `pareto`, only who is worse in no metric stands before another.
- Who does as well at the stage as the best attempt did goes on, too: a stage that misjudges the best must
  not cut all that is made from it.
- Attempts that failed later are no measure for others. The baseline and what a user brings run through all
  stages and are never cut; confirmation and hold-out run the last stage alone.
- Whoever fails in a stage (error, time limit, no metric) ends with that outcome, as in any evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from kapso.attempt import BASELINE, Attempt, Outcome
from kapso.evaluate.readings import Reading, why_invalid
from kapso.goal import EvaluationStage, Goal, Metric

PLACES = 4
"""So many of the latest results and the new one go on, whatever the share: a third is the best 4 of 12.

Against the latest 30, a search at share 1/3 sent 63 of 100 attempts on, against 12 it sent 55, and it stood
better after equal cost in 5 of 6 settings (tune on three kinds of landscapes with 4 and 10 constants,
eight seeds each).
"""


Values = tuple[float | None, ...]
"""What a stage measured, by the metrics that attempts are ranked by; None where it does not give one."""


class Course(Enum):
    """Which stages an evaluation runs through: the last alone, all of them, or as far as they let it."""

    LAST = "last"
    ALL = "all"
    GATED = "gated"


class Ladder:
    """What each cheap stage said about the latest attempts. Told in any order; read by any thread."""

    def __init__(self, goal: Goal) -> None:
        self._ranked = goal.metrics if goal.search.policy == "pareto" else (goal.primary,)
        self._stages = goal.all_stages[:-1]
        self._baseline: Mapping[str, float] = {}
        self._best: Attempt | None = None
        self._results: dict[str, dict[int, Values]] = {stage.name: {} for stage in self._stages}

    def observe(self, attempt: Attempt) -> None:
        """Take in an attempt that has landed."""
        if attempt.number == BASELINE:
            self._baseline = attempt.metrics
        if attempt.outcome not in (Outcome.SCORED, Outcome.CUT):
            return
        if self._is_best(attempt):
            self._best = attempt
        for stage in self._stages:
            values = self._of(attempt, stage)
            if values[0] is not None:
                known = {**self._results[stage.name], attempt.number: values}
                latest = sorted(known)[-_compared(stage) :]
                self._results[stage.name] = {number: known[number] for number in latest}

    def why_cut(self, stage: EvaluationStage, metrics: Mapping[str, float]) -> str | None:
        """Why a candidate with these metrics of the stage does not go on; None when it does."""
        baseline = {
            rule.metric: self._baseline[name]
            for rule in stage.rules
            if (name := metric_of(stage, rule.metric)) in self._baseline
        }
        for rule in stage.rules:
            if not rule.holds(metrics, baseline):
                limit = rule.limit(baseline)
                meant = f" ({limit:.6g})" if rule.times_baseline and limit is not None else ""
                return (
                    f"stage `{stage.name}`: `{rule.text}`{meant} does not hold: "
                    f"it is {metrics[rule.metric]:.6g}"
                )
        return None if stage.share is None else self._why_not_among(stage, stage.share, metrics)

    def _why_not_among(
        self, stage: EvaluationStage, share: float, metrics: Mapping[str, float]
    ) -> str | None:
        """Whether the better share of the latest results, the new one included, leaves it out."""
        mine = tuple(metrics.get(metric.name) for metric in self._ranked)
        others = list(self._results[stage.name].values())
        places = (len(others) + 1) * share
        if places < 1 or (self._best and not self._leads(self._of(self._best, stage), mine)):
            return None
        ahead = [other for other in others if self._leads(other, mine)]
        room = math.ceil(places - 1e-9)
        return None if len(ahead) < room else self._told(stage, mine, len(others), ahead, room)

    def _told(
        self, stage: EvaluationStage, mine: Values, compared: int, ahead: Sequence[Values], room: int
    ) -> str:
        """What a candidate gave, and what it would have taken."""
        pairs = [(m.name, value) for m, value in zip(self._ranked, mine, strict=True) if value is not None]
        what = f"stage `{stage.name}`: {', '.join(f'{name} {value:.6g}' for name, value in pairs)}"
        if len(self._ranked) > 1:
            return f"{what}, and {len(ahead)} of the last {compared} are ahead in every metric"
        values = [value for (value,) in ahead if value is not None]
        bar = sorted(values, reverse=self._ranked[0].goal == "maximize")[room - 1]
        return f"{what}, and the best {room} of the last {compared} reach {bar:.6g}"

    def _is_best(self, attempt: Attempt) -> bool:
        """Whether its score leads, the earlier of equals standing: told in any order, it is the same one."""
        if self._best is None or self._best.score is None or attempt.score is None:
            return attempt.score is not None
        if attempt.score == self._best.score:
            return attempt.number < self._best.number
        return self._ranked[0].is_better(attempt.score, self._best.score)

    def _of(self, attempt: Attempt, stage: EvaluationStage) -> Values:
        return tuple(attempt.metrics.get(metric_of(stage, metric.name)) for metric in self._ranked)

    def _leads(self, other: Values, mine: Values) -> bool:
        """Whether `other` is better, and with several metrics worse in none; what is missing is equal."""
        known = [
            (metric, theirs, own)
            for metric, theirs, own in zip(self._ranked, other, mine, strict=True)
            if theirs is not None and own is not None
        ]
        is_ahead = any(metric.is_better(theirs, own) for metric, theirs, own in known)
        return is_ahead and not any(metric.is_better(own, theirs) for metric, theirs, own in known)


@dataclass
class Climbed:
    """What the cheap stages gave to a candidate: metrics by full name, and the last one's feedback."""

    metrics: dict[str, float] = field(default_factory=dict)
    feedback: str | None = None

    def add(self, stage: EvaluationStage, metrics: Mapping[str, float], reading: Reading) -> None:
        self.metrics |= {metric_of(stage, name): value for name, value in metrics.items()}
        self.feedback = reading.feedback


def why_no_result(
    stage: EvaluationStage, primary: Metric, metrics: Mapping[str, float], reading: Reading
) -> str | None:
    """What a cheap stage failed to give: a number to rank by, in whatever bounds, or what a rule names."""
    ranked = [] if stage.share is None else [primary.name]
    needed = dict.fromkeys([*ranked, *(rule.metric for rule in stage.rules)])
    declared = [Metric(name) for name in needed]
    reason = why_invalid(declared, (), metrics, metrics, reading)
    return None if reason is None else f"stage `{stage.name}`: {reason}"


def run_name(stage: EvaluationStage) -> str:
    """How the `run` of a stage is called in logs and reasons."""
    return "run" if stage.share is None and not stage.rules else f"run ({stage.name})"


def metric_of(stage: EvaluationStage, name: str) -> str:
    """The name under which an attempt keeps what a cheap stage measured: `quick.score`."""
    return f"{stage.name}.{name}"


def _compared(stage: EvaluationStage) -> int:
    """How many results of others a new one is compared with."""
    return math.ceil(PLACES / stage.share) - 1 if stage.share else 1
