"""Episodes made up for the log's own tests; those that need git build real runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.memory import DiffSize, Episode, Episodes, Stage


@pytest.fixture
def log(tmp_path: Path) -> Episodes:
    return Episodes(tmp_path / "state" / "kapso.duckdb")


@pytest.fixture
def make_episode() -> Callable[..., Episode]:
    def make(number: int, run: str = "pack-3f9a", score: float | None = 1.5) -> Episode:
        started = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC) + timedelta(seconds=number)
        attempt = Attempt(
            run=run,
            number=number,
            branch=f"kapso/{run}/{number:04d}-try",
            commit=f"{number:040x}",
            tree=f"{number + 1:040x}",
            parents=(number - 1,) if number else (),
            proposer="tune",
            title=f"`radius` ± {number}",
            hypothesis="",
            outcome=Outcome.INVALID if score is None else Outcome.SCORED,
            verdict=None if score is None else Verdict.BETTER,
            score=score,
            metrics={"size": 0.1 + 0.2, "run.seconds": 1.21} if score is None else {"score": score},
            reason="`score` is missing" if score is None else None,
            started=started,
            finished=started + timedelta(seconds=1),
            duration_s=1.0 / 3,
            cost=None if number % 2 else 0.25,
            recalled=("L1", "L2"),
            parameters={"radius": [1, {"deep": None}]},
            feedback="line one\nline two",
        )
        stages = (Stage("run", "./pack", 0, 1.2, 1.1, 2**33, None), Stage("evaluate", "python e.py", None))
        return Episode(attempt, diff=DiffSize(1, 2, 3), stages=stages, source=f"{number}")

    return make
