"""Attempts that landed, told by their metrics."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kapso.attempt import Attempt, Outcome, now

Make = Callable[..., Attempt]


def attempt(number: int, score: float | None, *parents: int, **metrics: float) -> Attempt:
    """Attempt `number`; without a score it crashed."""
    outcome = Outcome.CRASHED if score is None else Outcome.SCORED
    measured = {} if score is None else {"score": score, **metrics}
    moment = now()
    return Attempt(
        "r-0000", number, "", "", "", parents, "tune", "", "", outcome, moment, moment,
        score=score, metrics=measured,
    )  # fmt: skip


@pytest.fixture
def make() -> Make:
    return attempt
