"""The front over several metrics: nothing on it is beaten, and all that is not beaten is on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kapso.attempt import Attempt, Outcome, now
from kapso.goal import Metric
from kapso.search import Pareto
from kapso.search.front import crowding, front, values_of

Make = Callable[..., Attempt]
METRICS = (Metric("a"), Metric("b", "minimize"), Metric("c"))
SMALL = st.integers(0, 5).map(float)


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[Attempt], tuple[Metric, ...]]:
    """Attempts with few distinct values, so that many are equal or beaten, and one to three metrics."""
    metrics = METRICS[: draw(st.integers(1, 3))]
    attempts = []
    for number in range(draw(st.integers(0, 25))):
        values = {metric.name: draw(SMALL) for metric in metrics}
        outcome = Outcome.SCORED if draw(st.integers(0, 4)) else Outcome.INVALID
        score = values["a"] if outcome is Outcome.SCORED else None
        attempts.append(
            Attempt(
                "r",
                number,
                "",
                "",
                "",
                (),
                "tune",
                "",
                "",
                outcome,
                now(),
                now(),
                score=score,
                metrics=values,
            )
        )
    return attempts, metrics


def beats(one: Attempt, other: Attempt, metrics: tuple[Metric, ...]) -> bool:
    """By the words of the definition, apart from the code."""
    pairs = [(metric, one.metrics[metric.name], other.metrics[metric.name]) for metric in metrics]
    at_least = all(a == b or metric.is_better(a, b) for metric, a, b in pairs)
    return at_least and any(metric.is_better(a, b) for metric, a, b in pairs)


@given(runs())
def test_none_on_the_front_is_beaten_and_all_others_are(
    run: tuple[list[Attempt], tuple[Metric, ...]],
) -> None:
    attempts, metrics = run
    found = front(attempts, metrics)
    scored = [each for each in attempts if each.is_scored]
    assert not any(beats(each, member, metrics) for each in scored for member in found)
    for each in scored:
        if each not in found:
            elders = [e for e in found if e.number < each.number and e.metrics == each.metrics]
            assert elders or any(beats(member, each, metrics) for member in found)
    scores = [member.metrics["a"] for member in found]
    assert scores == sorted(scores, reverse=True)
    if scored:
        assert scores[0] == max(each.metrics["a"] for each in scored)


@given(runs(), st.randoms(use_true_random=False))
def test_the_policy_keeps_that_very_front_in_whatever_order_attempts_come(
    run: tuple[list[Attempt], tuple[Metric, ...]], draw: object
) -> None:
    attempts, metrics = run
    shuffled = list(attempts)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]
    policy = Pareto(metrics)
    for each in shuffled:
        policy.observe(each)
    assert policy.front == [each.number for each in front(attempts, metrics)]


def test_what_did_not_hold_is_left_out(make: Make) -> None:
    metrics = (Metric("score"), Metric("size", "minimize"))
    attempts = [make(0, 1.0, size=9.0), make(1, 5.0, 0, size=5.0), make(2, 2.0, 0, size=8.0)]
    assert [each.number for each in front(attempts, metrics)] == [1]
    assert [each.number for each in front(attempts, metrics, demoted={1})] == [2]


def test_an_attempt_that_lacks_a_metric_or_has_no_finite_one_is_not_compared(make: Make) -> None:
    metrics = (Metric("score"), Metric("size", "minimize"))
    attempts = [make(0, 1.0), make(1, 2.0, size=math.nan), make(2, 0.0, size=3.0)]
    attempts.append(replace(make(3, 9.0, size=0.0), outcome=Outcome.TIMED_OUT, score=None))
    assert [each.number for each in front(attempts, metrics)] == [2]
    assert values_of(attempts[2], metrics) == (-0.0, 3.0)


def test_crowding_is_room_relative_to_the_front_and_endless_at_its_ends() -> None:
    room = crowding({1: (0.0, 10.0), 2: (1.0, 8.0), 3: (2.0, 5.0), 4: (4.0, 0.0)})
    assert room == {1: math.inf, 2: 2 / 4 + 5 / 10, 3: 3 / 4 + 8 / 10, 4: math.inf}
    assert crowding({}) == {} and crowding({7: (1.0, 1.0)}) == {7: math.inf}
