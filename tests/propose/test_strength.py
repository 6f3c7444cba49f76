"""Tune against Optuna's TPE: the same marked constants, the same start, as many evaluations."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import pytest

Make = Callable[..., Any]
Point = Sequence[float]

SEEDS, EVALUATIONS = 5, 60


def valley(x: Point) -> float:
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in zip(x, x[1:], strict=False))


def stretched(x: Point) -> float:
    return sum(10 ** (4 * i / 5) * (value - 1.3 + 0.6 * i) ** 2 for i, value in enumerate(x))


def few_matter(x: Point) -> float:
    a, b = x[3] - 1.2, x[11] + 1.6
    return 3 * a * a + 2 * b * b + 1.5 * a * b


def at_the_edge(x: Point) -> float:
    return (2 - x[0]) * 3 + (x[1] + 2) * 2 + (x[2] - 1.6) ** 2 + (x[3] - x[2]) ** 2


TASKS: dict[str, tuple[Callable[[Point], float], int]] = {
    "valley": (valley, 4),
    "stretched": (stretched, 6),
    "few matter": (few_matter, 16),
    "at the edge": (at_the_edge, 4),
}


def start(count: int) -> list[float]:
    return [((i * 37) % 40) / 10 - 2 for i in range(count)]


def by_tpe(loss: Callable[[Point], float], count: int, seed: int) -> list[float]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial({f"x{i}": value for i, value in enumerate(start(count))})
    found: list[float] = []
    for _ in range(EVALUATIONS + 1):
        trial = study.ask()
        value = loss([trial.suggest_float(f"x{i}", -2.0, 2.0) for i in range(count)])
        study.tell(trial, value)
        found.append(min(value, found[-1] if found else math.inf))
    return found


def by_tune(search: Make, loss: Callable[[Point], float], count: int, seed: int) -> list[float]:
    text = "".join(f"x{i} = {value}  # kapso: -2.0..2.0\n" for i, value in enumerate(start(count)))
    run = search(
        {"a.py": text}, lambda n: loss([n[f"x{i}"] for i in range(count)]), direction="minimize", seed=seed
    )
    found: list[float] = []
    for attempt in run.run(EVALUATIONS).attempts:
        found.append(min(attempt.score, found[-1] if found else math.inf))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_ends_lower_than_tpe_and_is_no_slower_on_the_way(search: Make, name: str) -> None:
    loss, count = TASKS[name]
    ours = [by_tune(search, loss, count, seed) for seed in range(SEEDS)]
    theirs = [by_tpe(loss, count, seed) for seed in range(SEEDS)]
    assert statistics.median(c[-1] for c in ours) < 0.8 * statistics.median(c[-1] for c in theirs)
    # Orders of magnitude: a plain mean would compare how long the poor start lasts, and little else.
    assert _height(ours) < _height(theirs) + 0.1


def _height(curves: list[list[float]]) -> float:
    return statistics.mean(math.log10(loss) for curve in curves for loss in curve)
