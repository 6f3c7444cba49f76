"""The front over two metrics as a plane of 1000 × 1000 that the page stretches, as in `chart`.

Shape tells more than colour: the front is a line of rings with numbers, all others are small dots.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Metric
from kapso.report.chart import SIZE, Tick, domain, line, ticks
from kapso.report.facts import Facts
from kapso.wording import number

MOST_LABELS = 20
_EDGE = 12.0


@dataclass(frozen=True)
class Axis:
    """A metric along an edge; `better` is the end where its good values are."""

    name: str
    better: str
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Mark:
    """An attempt of the front, or the baseline, at a place of the square."""

    number: int
    x: int
    y: int
    is_labelled: bool


@dataclass(frozen=True)
class Plane:
    """The second metric to the right, the primary one upwards; `steps` divides what is beaten from the rest.

    `beyond` counts the attempts that are drawn at the edge, because they lie off the scale.
    """

    x: Axis
    y: Axis
    others: str
    steps: str
    front: tuple[Mark, ...]
    best: Mark | None
    baseline: Mark | None
    beyond: int


def front_plane(facts: Facts) -> Plane | None:
    """The plane of a run after exactly two metrics; None for any other."""
    if not facts.front or facts.goal is None or len(facts.goal.metrics) != 2:
        return None
    up, right = facts.goal.metrics
    scored = [
        each for each in facts.attempts if each.is_scored and {up.name, right.name} <= set(each.metrics)
    ]
    key = [*facts.front, *(each for each in (facts.best, facts.baseline) if each in scored and each)]
    across, x_ticks = _scale(right, key, scored, (0.04 * SIZE, 0.96 * SIZE))
    upward, y_ticks = _scale(up, key, scored, (0.96 * SIZE, 0.04 * SIZE))

    def mark(attempt: Attempt, is_labelled: bool = True) -> Mark:
        x, y = across(attempt.metrics[right.name]), upward(attempt.metrics[up.name])
        return Mark(attempt.number, round(_clip(x)), round(_clip(y)), is_labelled)

    every = max(1, -(-len(facts.front) // MOST_LABELS))
    members = tuple(mark(each, at % every == 0) for at, each in enumerate(facts.front))
    on_it = {each.number for each in members}
    beaten = [each for each in scored if each.number not in on_it and each.number != BASELINE]
    places = [
        (mark(each), across(each.metrics[right.name]), upward(each.metrics[up.name])) for each in beaten
    ]
    by_number = {each.number: each for each in scored}
    return Plane(
        x=Axis(right.name, "right" if right.goal == "maximize" else "left", x_ticks),
        y=Axis(up.name, "up" if up.goal == "maximize" else "down", y_ticks),
        others="".join(f"M{each.x} {each.y}h0" for each, _, _ in places),
        steps=_steps(members),
        front=members,
        best=mark(by_number[best]) if (best := facts.run.best_attempt) in by_number and best else None,
        baseline=mark(by_number[BASELINE]) if BASELINE in by_number else None,
        beyond=sum(not (0 <= x <= SIZE and 0 <= y <= SIZE) for _, x, y in places),
    )


def _scale(
    metric: Metric, key: Sequence[Attempt], scored: Sequence[Attempt], edges: tuple[float, float]
) -> tuple[Callable[[float], float], tuple[Tick, ...]]:
    """Where a value of the metric stands, and labels for the axis."""
    low, high = domain([e.metrics[metric.name] for e in key], [e.metrics[metric.name] for e in scored])
    place = line(low, high, *edges)
    return place, tuple(Tick(place(value) / SIZE * 100, number(value)) for value in ticks(low, high, 6))


def _clip(at: float) -> float:
    return min(max(at, _EDGE), SIZE - _EDGE)


def _steps(front: Sequence[Mark]) -> str:
    """From the best by the primary metric down to the best by the other one."""
    first, *rest = front
    return f"M{first.x} {first.y}" + "".join(f"V{each.y}H{each.x}" for each in rest)
