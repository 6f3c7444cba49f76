"""Which attempt the next one is made from."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest

from kapso.attempt import Attempt
from kapso.goal import Command, Goal, Metric, sections
from kapso.search import CATALOGUE, Islands, Pareto, Policy, Tree, make_policy
from kapso.search.islands import EVERY, ISLANDS

Make = Callable[..., Attempt]
SCORE = (Metric("score"),)
BOTH = (Metric("score"), Metric("size", "minimize"))
POLICIES = sorted(CATALOGUE)


def make_goal(*metrics: Metric) -> Goal:
    return Goal("demo", "x", Path(), Path("goal.yaml"), ("a",), Command("true"), metrics=metrics)


def lead(policy: Policy, make: Make, attempts: int, seed: int = 0) -> list[Attempt]:
    """Let the policy lead a search over random attempts, of which a third crashes."""
    draw = random.Random(seed)
    made = [make(0, 0.0, size=100)]
    policy.observe(made[0])
    for number in range(1, attempts + 1):
        parents = policy.select(number, draw.getrandbits(32))
        score = None if draw.random() < 0.3 else draw.gauss((made[parents[0]].score or 0), 1)
        made.append(make(number, score, *parents, size=draw.randrange(50, 150)))
        policy.observe(made[-1])
    return made


def test_a_goal_may_name_every_policy_and_no_other() -> None:
    assert sorted(sections.POLICIES) == POLICIES


def test_greedy_builds_on_the_best_valid_one(make: Make) -> None:
    policy = make_policy("greedy", make_goal(Metric("score", "minimize")))
    for each in (make(0, 5.0), make(1, 3.0, 0), make(2, None, 1), make(3, 3.0, 1)):
        policy.observe(each)
    assert policy.select(4, 0) == (1,)


def test_tree_prefers_the_best_and_still_explores(make: Make) -> None:
    policy = Tree(SCORE)
    for number in range(6):
        policy.observe(make(number, float(number), *([0] if number else [])))
    chosen: Counter[int] = Counter()
    for seed in range(300):
        (parent,) = policy.select(100 + seed, seed)
        chosen[parent] += 1
        policy.observe(make(100 + seed, None, parent))
    assert chosen.most_common(1)[0][0] == 5
    assert chosen[5] > 200
    assert len(chosen) > 1


@pytest.mark.parametrize("goal", ["maximize", "minimize"])
def test_tree_builds_on_nothing_worse_than_the_baseline(
    make: Make, goal: Literal["maximize", "minimize"]
) -> None:
    sign = 1.0 if goal == "maximize" else -1.0
    policy = Tree((Metric("score", goal),))
    for number, score in enumerate([5.0, 3.0, 6.0, 4.9, 5.5]):
        policy.observe(make(number, sign * score, *([0] if number else [])))
    assert {policy.select(100 + seed, seed)[0] for seed in range(300)} <= {0, 2, 4}


@pytest.mark.parametrize("name", POLICIES)
@pytest.mark.parametrize("metrics", [SCORE, BOTH])
def test_every_policy_starts_from_the_baseline_and_never_from_what_has_no_score(
    make: Make, name: str, metrics: tuple[Metric, ...]
) -> None:
    policy = make_policy(name, make_goal(*metrics))
    assert policy.select(1, 1) == (0,)
    made = lead(policy, make, 80)
    assert all(made[each.parents[0]].is_scored for each in made[1:])


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_is_a_function_of_what_it_observed(make: Make, name: str) -> None:
    """A resumed run reads attempts by number, whatever order they landed in."""
    goal = make_goal(*BOTH)
    by_number = lead(Islands(BOTH), make, 120)
    by_landing = sorted(by_number, key=lambda each: (max(each.parents, default=-1), each.number))
    assert by_landing != by_number
    chosen: list[list[tuple[int, ...]]] = []
    for order in (by_number, by_landing):
        policy = make_policy(name, goal)
        for each in order:
            policy.observe(each)
        chosen.append([])
        for number in range(121, 181):
            parents = policy.select(number, number)
            policy.observe(make(number, None, *parents))
            chosen[-1].append(parents)
    assert chosen[0] == chosen[1]
    assert name == "greedy" or len(set(chosen[0])) > 2


@pytest.mark.parametrize("name", POLICIES)
def test_what_did_not_hold_is_not_built_on(make: Make, name: str) -> None:
    policy = make_policy(name, make_goal(*BOTH))
    made = lead(policy, make, 40)
    while True:
        (best,) = policy.select(41, 5)
        if best == 0:
            break
        policy.forget(best)
        assert all(policy.select(41 + seed, seed) != (best,) for seed in range(40))
    assert len(made) == 41


@pytest.mark.parametrize("name", POLICIES)
def test_choosing_costs_the_same_however_many_attempts_there_were(make: Make, name: str) -> None:
    """What is kept is bounded: with two metrics that always contradict each other, too."""
    policy = make_policy(name, make_goal(*BOTH))
    policy.observe(make(0, 0.0, size=0.0))
    for number in range(1, 1500):
        policy.observe(make(number, float(number), 0, size=float(number)))
    kept = {policy.select(1500 + seed, seed) for seed in range(1500)}
    assert len(kept) <= 100


def islands_of(policy: Islands, made: list[Attempt]) -> list[int | None]:
    return [policy.home(each.number) for each in made]


def test_each_island_has_a_lineage_of_its_own_until_its_neighbours_best_comes(make: Make) -> None:
    policy = Islands(SCORE)
    made = lead(policy, make, EVERY - 1)
    for each in made[1:]:
        assert policy.home(each.number) == each.number % ISLANDS
        assert policy.home(each.parents[0]) in (None, each.number % ISLANDS)
    best = [
        max(
            (e for e in made[1:] if e.is_scored and policy.home(e.number) == island),
            key=lambda e: e.score or 0,
        )
        for island in range(ISLANDS)
    ]
    for island in range(ISLANDS):
        number = EVERY + island
        strangers = {each for each in policy.members(number) if policy.home(each) not in (None, island)}
        assert strangers == {best[(island - 1) % ISLANDS].number}


def test_the_children_of_a_migrant_settle_where_it_came_to(make: Make) -> None:
    policy = Islands(SCORE)
    policy.observe(make(0, 0.0))
    policy.observe(make(1, 5.0, 0))
    assert policy.members(2) == [0] and policy.members(EVERY + 2) == [1, 0]
    policy.observe(make(EVERY + 2, 6.0, 1))
    assert policy.home(EVERY + 2) == 2
    assert policy.members(EVERY + 5) == [EVERY + 2, 1, 0]
    assert policy.members(EVERY + 1) == [1, 0]
    assert policy.members(2 * EVERY) == [EVERY + 2, 0], "from there it goes on in the ring"


def test_what_a_proposer_made_from_another_lineage_stays_with_that(make: Make) -> None:
    policy = Islands(SCORE)
    for each in (make(0, 0.0), make(1, 5.0, 0), make(2, 4.0, 0), make(3, 3.0, 0)):
        policy.observe(each)
    policy.observe(make(6, 7.0, 1, 2))  # on the turn of island 0, from island 1, which never migrates there
    assert policy.home(6) == 1 and policy.members(7) == [6, 1, 0]
    assert policy.members(9) == [3, 0]
    policy.observe(make(9, 8.0, 3, 6))  # a combination brings what another island gained to this one
    assert policy.home(9) == 0


def test_pareto_spreads_over_the_front_and_keeps_the_best_score_in_it(make: Make) -> None:
    policy = Pareto(BOTH)
    for each in (
        make(0, 1.0, size=100.0),
        make(1, 5.0, 0, size=300.0),
        make(2, 3.0, 0, size=200.0),
        make(3, 2.0, 0, size=250.0),
        make(4, 0.5, 0, size=50.0),
        make(5, None, 0),
    ):
        policy.observe(each)
    chosen: Counter[int] = Counter()
    for seed in range(400):
        (parent,) = policy.select(100 + seed, seed)
        chosen[parent] += 1
        policy.observe(make(100 + seed, None, parent))
    assert set(chosen) == {0, 1, 2, 4}, "3 is beaten in everything by 2"
    assert chosen.most_common(1)[0][0] == 1
    assert min(chosen.values()) > 40


def test_with_one_metric_pareto_does_what_tree_does(make: Make) -> None:
    chosen = []
    for name in ("tree", "pareto"):
        made = lead(make_policy(name, make_goal(*SCORE)), make, 60)
        chosen.append([each.parents for each in made])
    assert chosen[0] == chosen[1]
