"""The command line's word against the goal's: which limits it replaces and which it leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.errors import KapsoError, UsageError
from kapso.goal import Budget, Goal, Overrides, ProposerSpec, parse_goal

MakeGoal = Callable[..., Goal]


@pytest.mark.parametrize(
    ("line", "overrides", "budget"),
    [
        ("", Overrides(attempts=20), Budget(20, None, None)),
        ("", Overrides(time_s=60.0), Budget(None, 60.0, None)),
        ("budget: {}", Overrides(cost=2.0), Budget(None, None, 2.0)),
        ("budget: {attempts: 9, time: 1h}", Overrides(attempts=20), Budget(20, 3600.0, None)),
        ("budget: {attempts: 9}", Overrides(time_s=60.0), Budget(9, 60.0, None)),
        ("budget: {attempts: 9}", Overrides(seed=1), Budget(9, None, None)),
        ("", Overrides(), Budget(50, None, None)),
    ],
)
def test_limits(make_goal: MakeGoal, line: str, overrides: Overrides, budget: Budget) -> None:
    assert overrides.apply(make_goal(line)).budget == budget


def test_search_and_proposers(make_goal: MakeGoal) -> None:
    goal = make_goal("search: {policy: greedy, parallel: 2, seed: 5}")
    changed = Overrides(parallel=8, seed=0, propose=["tune"]).apply(goal)
    assert (changed.search.policy, changed.search.parallel, changed.search.seed) == ("greedy", 8, 0)
    assert changed.propose == (ProposerSpec("tune"),)
    assert Overrides(parallel="auto").apply(goal).search.parallel is None
    assert Overrides(attempts=3).apply(goal).search == goal.search


def test_overrides_count_while_a_goal_is_read() -> None:
    text = "objective: a\nedit: b\nevaluate: c\n"
    assert parse_goal(text, Path("/srv/demo/goal.yaml"), Overrides(seed=3)).search.seed == 3


@pytest.mark.parametrize(
    ("overrides", "option"),
    [
        (Overrides(attempts=0), "--attempts"),
        (Overrides(time_s=0.0), "--time"),
        (Overrides(time_s=float("nan")), "--time"),
        (Overrides(cost=-1.0), "--cost"),
        (Overrides(cost=float("inf")), "--cost"),
        (Overrides(parallel=0), "--parallel"),
        (Overrides(seed=-1), "--seed"),
        (Overrides(seed=2**32), "--seed"),
    ],
)
def test_senseless_values_name_the_option(make_goal: MakeGoal, overrides: Overrides, option: str) -> None:
    with pytest.raises(UsageError, match=f"`{option}` must be"):
        overrides.apply(make_goal())


@pytest.mark.parametrize(
    ("names", "kind", "message"),
    [
        (["tunr"], UsageError, "`tunr` is not known for `propose`"),
        (["human"], UsageError, "`human` is no proposer"),
        ([], UsageError, "`propose` names no proposer"),
        ([""], UsageError, "is empty"),
    ],
)
def test_proposers_of_the_command_line(
    make_goal: MakeGoal, names: list[str], kind: type[KapsoError], message: str
) -> None:
    with pytest.raises(kind) as caught:
        Overrides(propose=names).apply(make_goal())
    assert message in caught.value.message
    assert caught.value.where == "--propose"
