"""Screening: large files, in which a few of hundreds of literals are wrong."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kapso.attempt import Outcome, Verdict
from kapso.propose.earlier import EarlierAttempt, EarlierRun

Make = Callable[..., Any]

PARTS, EACH = 25, 8
WRONG = {(3, 2): 4.0, (17, 5): 0.3, (22, 0): 3.0}
"""Part and number of a literal → how many times what it should be it is."""


def right(part: int, number: int) -> float:
    return round(1.37 + (part * EACH + number) % 23 * 0.71, 2)


def large(wrong: dict[tuple[int, int], float] = WRONG) -> str:
    """Functions of eight literals each."""
    lines: list[str] = []
    for part in range(PARTS):
        values = [f"{right(part, n) * wrong.get((part, n), 1.0):.6g}" for n in range(EACH)]
        lines += [f"def part_{part}():", *(f"    a{n} = {v}" for n, v in enumerate(values))]
        lines += [f"    return [{', '.join(f'a{n}' for n in range(EACH))}]", "", ""]
    return "\n".join(lines)


def error(names: dict[str, Any], parts: range = range(PARTS)) -> float:
    """By how much the literals of these parts differ from what is right."""
    return math.fsum(
        abs(math.log(max(value, 1e-9) / right(part, n)))
        for part in parts
        for n, value in enumerate(names[f"part_{part}"]())
    )


def arms(run: Any) -> list[str]:
    return [idea.hypothesis.split(":")[0] for idea in run.ideas]


@pytest.mark.parametrize("seed", range(3))
def test_the_wrong_ones_of_hundreds_are_found_though_every_right_one_matters(search: Make, seed: int) -> None:
    run = search({"a.py": large()}, error, direction="minimize", seed=seed).run(60)
    assert run.best.score < 0.5 * run.attempts[0].score


def test_what_is_tried_next_leaves_all_but_a_few_as_they_were(search: Make) -> None:
    run = search({"a.py": large()}, error, direction="minimize").run(60)
    start, best = run.attempts[0], run.best
    before = {n: slot.value for n, slot in run.tune._reader.read(run.commits[start.commit]).slots.items()}
    changed = [name for name, value in best.parameters.items() if value != before[name]]
    assert 1 <= len(changed) <= 12


def test_literals_that_nothing_uses_cost_a_handful_of_attempts_at_most(search: Make) -> None:
    run = search({"a.py": large()}, lambda n: error(n, range(17, 18)), direction="minimize").run(40)
    assert run.best.score < 0.2 * run.attempts[0].score


def test_few_literals_are_not_screened(search: Make) -> None:
    text = "".join(f"c{i} = {0.3 + i}\n" for i in range(40))
    assert "probe" not in arms(search({"a.py": text}, lambda n: -abs(n["c7"] - 9.0)).run(30))


def test_where_no_literal_matters_screening_ends_and_all_are_looked_at(search: Make) -> None:
    run = search({"a.py": large()}, lambda names: 1.0).run(12)
    assert "probe" in arms(run)[:5] and "probe" not in arms(run)[8:]
    assert len(run.ideas) == 12


def test_what_must_not_be_moved_is_told_apart_by_halves(search: Make) -> None:
    def score(names: dict[str, Any]) -> float:
        if names["part_20"]()[4] != right(20, 4):
            raise ValueError
        return error(names)

    run = search({"a.py": large()}, score, direction="minimize").run(80)
    assert run.best.score < 0.75 * run.attempts[0].score
    assert sum(attempt.outcome is Outcome.CRASHED for attempt in run.attempts) <= 15


@pytest.mark.parametrize("with_parameters", [True, False])
def test_replaying_the_history_rebuilds_what_was_screened(search: Make, with_parameters: bool) -> None:
    run = search({"a.py": large()}, error, direction="minimize").run(24)
    replayed = run.fresh()
    for attempt in run.attempts:
        replayed.observe(attempt if with_parameters else replace(attempt, parameters={}))
    number = len(run.attempts)
    assert replayed.ideate(run.context(number)) == run.tune.ideate(run.context(number))


def test_several_in_flight_are_different_ones(search: Make) -> None:
    run = search({"a.py": large()}, error, direction="minimize").run(6)
    ideas = [run.tune.ideate(run.context(number)) for number in range(7, 11)]
    assert len({json.dumps(dict(idea.parameters), sort_keys=True) for idea in ideas}) == 4


def test_a_second_run_begins_its_rounds_at_attempts_of_its_own(search: Make) -> None:
    first = search({"a.py": large()}, error, direction="minimize").run(12)
    told = [
        EarlierAttempt(
            each.number,
            min(each.number - 1, 1),  # as if the screen had begun at the first attempt
            each.parameters,
            each.score,
            is_better=each.verdict is Verdict.BETTER,
            is_broken=not each.is_scored,
            is_plain=True,
            arm=each.hypothesis.split(":")[0],
        )
        for each in first.attempts[1:]
    ]
    assert any(each.arm == "probe" for each in told)
    second = search({"a.py": large()}, error, direction="minimize", seed=1)
    second.tune = second.fresh()
    second.tune.recall([EarlierRun("demo-0000", True, True, first.attempts[0].score, {}, told)])
    second.attempts.clear()
    second.land(0, second.files, None, None)
    second.run(20)
    assert all(number >= 0 for idea in second.ideas for number in idea.parents)
