"""The front: the attempts that no other one is at least as good as in every metric and better in one.

One home for the policy, the command line, the report and the API. Noise is left aside: where metrics vary
from one evaluation to the next, part of the front is luck.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from kapso.attempt import Attempt
from kapso.goal import Goal, Metric

Values = tuple[float, ...]
"""One number a metric, in the goal's order; less is better, whatever the metric's direction."""


def seeks_front(goal: Goal) -> bool:
    """Whether a run of this goal is after all of its metrics, and not the primary one alone."""
    return goal.search.policy == "pareto" and len(goal.metrics) > 1


def front(
    attempts: Iterable[Attempt], metrics: Sequence[Metric], demoted: Collection[int] = frozenset()
) -> list[Attempt]:
    """The front of the scored attempts, the best by the primary metric first.

    The earliest stands for all with the very same values. What did not hold (`demoted`) is left out.
    """
    rated = sorted(
        (values, attempt.number, attempt)
        for attempt in attempts
        if attempt.number not in demoted and (values := values_of(attempt, metrics)) is not None
    )
    found: list[tuple[Values, Attempt]] = []
    for values, _, attempt in rated:  # in this order, whatever covers it came before it
        # Of two metrics the latest member has the best second value: no other one can cover it.
        rivals = found[-1:] if len(metrics) <= 2 else found
        if not any(covers(each, values) for each, _ in rivals):
            found.append((values, attempt))
    return [attempt for _, attempt in found]


def values_of(attempt: Attempt, metrics: Sequence[Metric]) -> Values | None:
    """What the attempt was measured with; None where it has no valid score or lacks a metric."""
    if not attempt.is_scored or attempt.score is None:
        return None
    values = []
    for metric in metrics:
        value = attempt.metrics.get(metric.name)
        if value is None or not math.isfinite(value):
            return None
        values.append(-value if metric.goal == "maximize" else value)
    return tuple(values)


def covers(one: Values, other: Values) -> bool:
    """Whether `one` is at least as good in everything."""
    return all(a <= b for a, b in zip(one, other, strict=True))


def crowding(values: Mapping[int, Values]) -> dict[int, float]:
    """How much room each has around it, infinite at both ends of a metric (NSGA-II, Deb et al. 2002)."""
    room = dict.fromkeys(values, 0.0)
    for axis in range(len(next(iter(values.values()), ()))):
        order = sorted(values, key=lambda number: (values[number][axis], number))
        low, high = values[order[0]][axis], values[order[-1]][axis]
        room[order[0]] = room[order[-1]] = math.inf
        for before, number, after in zip(order, order[1:], order[2:], strict=False):
            if high > low:
                room[number] += (values[after][axis] - values[before][axis]) / (high - low)
    return room
