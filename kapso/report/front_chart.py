"""The front over two metrics as a plane of 1000 × 1000 that the page stretches, as in `chart`.

Shape tells more than colour: the front is a line of rings with numbers, all others are small dots.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from kapso.attempt import BASELINE, Attempt
from kapso.goal import Metric
from kapso.report.chart import SIZE, Tick, domain, line, ticks
from kapso.report.facts import Facts
from kapso.wording import number

_EDGE = 12.0
LABEL_WIDTH, LABEL_HEIGHT, LABEL_GAP = 105, 60, 32
"""The room of a label on a narrow screen, and how far from its mark it is; no two labels share it."""
LEFT_FROM = 850
"""From here on a label stands to the left of its mark."""


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
    is_labelled: bool = field(default=False, compare=False)

    @property
    def is_left(self) -> bool:
        """Whether the label stands to the left."""
        return self.x > LEFT_FROM

    def hides(self, other: Mark) -> bool:
        """Whether the labels of the two would lie over each other."""
        starts = [
            each.x - LABEL_GAP - LABEL_WIDTH if each.is_left else each.x + LABEL_GAP for each in (self, other)
        ]
        return abs(starts[0] - starts[1]) < LABEL_WIDTH and abs(self.y - other.y) < LABEL_HEIGHT


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

    def mark(attempt: Attempt) -> Mark:
        x, y = across(attempt.metrics[right.name]), upward(attempt.metrics[up.name])
        return Mark(attempt.number, round(_clip(x)), round(_clip(y)))

    by_number = {each.number: each for each in scored}
    chosen = facts.run.best_attempt
    best = mark(by_number[chosen]) if chosen and chosen in by_number else None
    baseline = mark(by_number[BASELINE]) if BASELINE in by_number else None
    members = _labelled([mark(each) for each in facts.front], best, baseline)
    on_it = {each.number for each in members}
    beaten = [each for each in scored if each.number not in on_it and each.number != BASELINE]
    places = [
        (mark(each), across(each.metrics[right.name]), upward(each.metrics[up.name])) for each in beaten
    ]
    return Plane(
        x=Axis(right.name, "right" if right.goal == "maximize" else "left", x_ticks),
        y=Axis(up.name, "up" if up.goal == "maximize" else "down", y_ticks),
        others="".join(f"M{each.x} {each.y}h0" for each, _, _ in places),
        steps=_steps(members),
        front=members,
        best=best,
        baseline=baseline,
        beyond=sum(not (0 <= x <= SIZE and 0 <= y <= SIZE) for _, x, y in places),
    )


def _labelled(front: Sequence[Mark], best: Mark | None, baseline: Mark | None) -> tuple[Mark, ...]:
    """The front with labels as far as there is room: the baseline's, the best's, then one after another."""
    first = {mark.number for mark in (best, baseline) if mark is not None}
    told = [baseline] if baseline is not None and baseline not in front else []
    for mark in sorted(front, key=lambda mark: mark.number not in first):
        if not any(mark.hides(other) for other in told):
            told.append(mark)
    return tuple(replace(mark, is_labelled=mark in told) for mark in front)


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
