"""What a cheap stage cut tells proposers: worse, not broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kapso.attempt import Outcome
from kapso.propose.mutate.record import Result, result_of

Make = Callable[..., Any]


def landed(search: Make, outcome: Outcome) -> Any:
    """A search whose first step had this outcome, as a tune sees it that observes it now."""
    run = search({"a.py": "rate = 2.0\n"}, lambda n: 0.0)
    idea = run.tune.ideate(run.context(1))
    run.land(1, run.edited(idea), idea, run.best)
    run.attempts[1] = replace(run.attempts[1], outcome=outcome, score=None, verdict=None)
    run.tune = run.fresh()
    for attempt in run.attempts:
        run.tune.observe(attempt)
    return run


@pytest.mark.parametrize("outcome", [Outcome.CUT, Outcome.CRASHED])
def test_tune_goes_the_other_way(search: Make, outcome: Outcome) -> None:
    run = landed(search, outcome)
    tried = run.attempts[1].parameters["a.py:rate"]
    following = run.tune.ideate(run.context(2)).parameters["a.py:rate"]
    assert (tried - 2) * (following - 2) < 0


def test_tune_takes_no_limit_from_what_was_cut(search: Make) -> None:
    limits = {each: landed(search, each).tune._trials.limits for each in (Outcome.CUT, Outcome.CRASHED)}
    assert limits[Outcome.CRASHED] and not limits[Outcome.CUT]


def test_mutate_counts_it_as_worse(search: Make) -> None:
    run = landed(search, Outcome.CUT)
    assert result_of(run.attempts[1]) is Result.WORSE
    assert result_of(replace(run.attempts[1], outcome=Outcome.CRASHED)) is Result.BROKEN
