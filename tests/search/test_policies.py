"""Which attempt the next one is made from."""

from __future__ import annotations

from collections import Counter

from kapso.attempt import Attempt, Outcome, now
from kapso.goal import Metric
from kapso.search import make_policy


def attempt(number: int, score: float | None, *parents: int) -> Attempt:
    outcome = Outcome.CRASHED if score is None else Outcome.SCORED
    return Attempt("r-0000", number, "", "", "", parents, "tune", "", "", outcome, now(), now(), score=score)


def test_greedy_builds_on_the_best_valid_one() -> None:
    policy = make_policy("greedy", Metric("score", "minimize"))
    for each in (attempt(0, 5.0), attempt(1, 3.0, 0), attempt(2, None, 1), attempt(3, 3.0, 1)):
        policy.observe(each)
    assert policy.select(0) == (1,)


def test_tree_prefers_the_best_and_still_explores() -> None:
    policy = make_policy("tree", Metric("score"))
    for number in range(6):
        policy.observe(attempt(number, float(number), *([0] if number else [])))
    chosen: Counter[int] = Counter()
    for seed in range(300):
        (parent,) = policy.select(seed)
        chosen[parent] += 1
        policy.observe(attempt(100 + seed, None, parent))
    assert chosen.most_common(1)[0][0] == 5
    assert chosen[5] > 200
    assert len(chosen) > 1


def test_before_anything_is_scored_the_baseline_is_built_on() -> None:
    for name in ("greedy", "tree"):
        assert make_policy(name, Metric("score")).select(1) == (0,)


def test_the_same_seed_gives_the_same_choice() -> None:
    policies = [make_policy("tree", Metric("score")) for _ in range(2)]
    for policy in policies:
        for number in range(5):
            policy.observe(attempt(number, float(number % 3), *([0] if number else [])))
    assert [policies[0].select(seed) for seed in range(50)] == [
        policies[1].select(seed) for seed in range(50)
    ]
