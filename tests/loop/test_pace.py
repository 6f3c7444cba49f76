"""Whether authors that wait for results would do little else."""

from __future__ import annotations

import time

from kapso.loop.pace import OF_LATEST, Pace


def paced(written_s: float, evaluated_s: float, attempts: int = OF_LATEST) -> Pace:
    pace = Pace()
    for _ in range(attempts):
        with pace.writing():
            time.sleep(written_s)
        with pace.evaluating():
            time.sleep(evaluated_s)
    return pace


def test_results_that_take_long_beside_the_writing_set_the_pace() -> None:
    assert paced(0.001, 0.01).is_set_by_evaluations
    assert not paced(0.02, 0.001).is_set_by_evaluations


def test_few_attempts_tell_nothing() -> None:
    assert not paced(0.0, 0.01, OF_LATEST - 1).is_set_by_evaluations
