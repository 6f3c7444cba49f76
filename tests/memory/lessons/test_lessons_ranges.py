"""Good values are told of a parameter that is seen to move the score, not of one that broke the program."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.memory.lessons.rules.ranges import good_ranges

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def attempt(number: int, score: float | None, parent: int = 0, **parameters: Any) -> Attempt:
    ran = score is not None
    return Attempt(
        run="goal-0001",
        number=number,
        branch="",
        commit=f"{number:040x}",
        tree="",
        parents=(parent,),
        proposer="tune",
        title="",
        hypothesis="",
        outcome=Outcome.SCORED if ran else Outcome.CRASHED,
        started=_NOW,
        finished=_NOW,
        verdict=Verdict.BETTER if ran else None,
        score=score,
        parameters={f"a.py:{name}": value for name, value in parameters.items()},
    )


def test_a_value_that_broke_the_program_does_not_show_that_a_parameter_moves_the_score() -> None:
    found = [attempt(number, float(number), 1, DECAY=number / 20, BLOCK=64) for number in range(1, 15)]
    found += [attempt(15, None, 1, DECAY=1 / 20, BLOCK=999)]
    shares = {"a.py:DECAY": 0.6, "a.py:BLOCK": 0.3}
    told = {each.subject.told["parameter"]: each.detail for each in good_ranges(found, shares, True)}
    assert told["a.py:DECAY"]["alone"] == [13, 13] and told["a.py:BLOCK"]["alone"] == [0, 0]
    same = [replace(each, verdict=Verdict.SAME) if each.is_scored else each for each in found]
    told = {each.subject.told["parameter"]: each.detail for each in good_ranges(same, shares, True)}
    assert told["a.py:DECAY"]["alone"] == [13, 0]
