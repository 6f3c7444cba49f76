"""What a report adds up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.report import tallies
from kapso.report.facts import Facts

Tell = Callable[..., Facts]
Make = Callable[..., Attempt]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("line 12: x = 0.5 failed", "line 7: x = 1e-3 failed"),
        ("no such file: /tmp/kapso-a1/out.txt", "no such file: /var/b2/out.txt"),
        ("object at 0x7f3a2c", "object at 0x1b"),
        ("commit 3f9a1c2 is gone", "commit 00aa11b is gone"),
        ("took  -5 s", "took 12.5\ts"),
    ],
)
def test_reasons_that_differ_in_numbers_and_places_are_one_cause(a: str, b: str) -> None:
    assert tallies.normalised(a) == tallies.normalised(b)


@pytest.mark.parametrize(("a", "b"), [("`x` is missing", "`y` is missing"), ("feed failed", "food failed")])
def test_reasons_that_differ_in_words_are_two(a: str, b: str) -> None:
    assert tallies.normalised(a) != tallies.normalised(b)


def test_causes_come_most_frequent_first_with_what_the_judge_said(make: Make) -> None:
    failed = [make(n, None, reason=f"exit code 1: row {n}") for n in (3, 4)]
    withheld = make(5, None, outcome=Outcome.INVALID, reason="no score", feedback="overlap of 0.1\nmore")
    found = tallies.causes([make(1, 2.0), *failed, withheld])
    assert [(each.count, each.first, each.cause) for each in found] == [
        (2, 3, "exit code #: row #"),
        (1, 5, "no score: overlap of #"),
    ]
    assert found[0].example == "exit code 1: row 3"


def test_a_proposer_s_gain_is_what_it_moved_the_best_by(make: Make, tell: Tell) -> None:
    attempts = [
        make(0, 10.0),
        make(1, 12.0, cost=0.25),
        make(2, 11.0, proposer="llm", cost=1.0),
        make(3, 99.0, proposer="llm", verdict=Verdict.SAME),
        make(4, 15.0, proposer="llm", verdict=Verdict.BETTER),
        make(5, None),
    ]
    llm, tune = tallies.shares(tell(attempts, demoted=frozenset({3})))
    assert (llm.proposer, llm.attempts, llm.improvements, llm.gain, llm.cost) == ("llm", 3, 1, 3.0, 1.0)
    assert (tune.proposer, tune.attempts, tune.scored, tune.gain, tune.cost) == ("tune", 2, 1, 2.0, 0.25)
    assert llm.seconds == 1.5


def test_less_can_be_better(make: Make, tell: Tell) -> None:
    facts = tell([make(0, 10.0), make(1, 12.0), make(2, 7.0)], start={"direction": "minimize"})
    assert facts.improvements == {2: 3.0}
    assert tallies.outcomes(facts) == {"best": 1, "same": 1}


def test_the_goal_s_metrics_come_first_and_constraints_are_checked(
    make: Make, tell: Tell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from kapso.goal import parse_goal

    text = (
        "objective: x\nedit: [a]\nevaluate: ./judge\nmetrics: {speed: maximize, size: minimize}\n"
        'constraints: ["size <= 0.5 * baseline", "speed >= 2"]\n'
    )
    goal = parse_goal(text, tmp_path_factory.getbasetemp() / "goal.yaml")
    before = replace(make(0, 1.0), metrics={"speed": 1.0, "size": 10.0, "aside": 1.0})
    after = replace(make(1, 3.0), metrics={"speed": 3.0, "size": 6.0})
    facts = tell([before, after], start={"metric": "speed"}, goal=goal)
    read = [(each.name, each.goal, each.baseline, each.best) for each in tallies.readings(facts)]
    assert read == [
        ("speed", "maximize", 1.0, 3.0),
        ("size", "minimize", 10.0, 6.0),
        ("aside", None, 1.0, None),
    ]
    checked = [(each.text, each.limit, each.holds) for each in tallies.checks(facts)]
    assert checked == [("size <= 0.5 * baseline", 5.0, False), ("speed >= 2", 2.0, True)]
