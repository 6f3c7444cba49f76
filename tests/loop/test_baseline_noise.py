"""What repeated evaluations of the unchanged program tell about the noise, and what makes a best then."""

from __future__ import annotations

from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, Verdict, now
from kapso.evaluate.measured import Measured
from kapso.goal import Goal, Metric, parse_goal
from kapso.loop.baseline import at_first_seed, noise_of
from kapso.loop.history import History


@pytest.fixture
def goal(tmp_path: Any) -> Goal:
    return parse_goal("objective: a\nedit: b\nevaluate: c\n", tmp_path / "goal.yaml")


def measured(*scores: float) -> list[Measured]:
    """Evaluations of which the second had a seed of its own."""
    return [Measured(Outcome.SCORED, {"score": score}) for score in scores]


@pytest.mark.parametrize(
    ("scores", "is_seeded", "freedom"),
    [
        ((1.0, 1.0), False, 1),
        ((1.0, 7.0, 1.0), True, 1),
        ((1.0, 1.2, 0.9, 1.1, 1.05), False, 4),
        ((1.0, 7.0, 1.01, 0.99, 1.0), True, 3),
    ],
    ids=["exact", "seeded", "noisy", "seeded and noisy"],
)
def test_noise_is_what_is_left_with_the_same_seed(
    goal: Goal, scores: tuple[float, ...], is_seeded: bool, freedom: int
) -> None:
    noise = noise_of(goal, measured(*scores))
    assert (noise.is_seeded, noise.freedom) == (is_seeded, freedom)
    assert noise.sigma < 0.2
    kept = [each.metrics["score"] for each in at_first_seed(goal, measured(*scores))]
    assert (7.0 in kept) is False


def attempt(number: int, score: float, verdict: Verdict | None) -> Attempt:
    return Attempt(
        run="demo-0001",
        number=number,
        branch="",
        commit=f"{number:040}",
        tree=f"{number:040}",
        parents=(0,) if number else (),
        proposer="tune",
        title="",
        hypothesis="",
        outcome=Outcome.SCORED,
        started=now(),
        finished=now(),
        verdict=verdict,
        score=score,
    )


def test_where_pairs_decide_no_lucky_score_makes_a_best() -> None:
    history = History(Metric("score"), by_verdict=True)
    history.add(attempt(0, 1.0, None))
    assert not history.add(attempt(1, 3.0, Verdict.SAME))
    assert history.passed_over == {1}, "so that whoever reads the scores alone passes it over as well"
    assert history.add(attempt(2, 2.0, Verdict.BETTER))
    assert not history.add(attempt(3, 1.5, Verdict.BETTER))
    assert (history.best_number, history.passed_over, history.demoted) == (2, {1}, set())
    history.demote(2)
    assert history.best_number == 3


def test_without_pairs_the_best_score_is_the_best() -> None:
    history = History(Metric("score"))
    history.add(attempt(0, 1.0, None))
    assert history.add(attempt(1, 3.0, Verdict.SAME))
    assert history.demoted == set()


def test_steps_too_small_to_tell_may_come_to_a_best() -> None:
    history = History(Metric("score"), by_verdict=True)
    history.add(attempt(0, 1.0, None))
    history.proven.add(1)
    assert history.add(attempt(1, 3.0, Verdict.SAME)), (
        "pairs found it better than the best, not than its parent"
    )
    assert history.demote(1).verdict is Verdict.SAME and history.best_number == 0
