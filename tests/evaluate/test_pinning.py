"""Who is timed on a core of its own, and who has all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kapso.evaluate.pinning import Pinning
from kapso.evaluate.sandbox import CommandResult
from kapso.evaluate.sandbox.cores import off_core, on_core
from kapso.goal import Goal, parse_goal

BASE = "objective: a\nedit: b\nevaluate: c\nmetrics: {run.seconds: minimize}\n"
ALONE = {"run.seconds": 1.0, "run.cpu_seconds": 1.0}

pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")


def goal(more: str = "", base: str = BASE) -> Goal:
    return parse_goal(base + more, Path("/srv/demo/goal.yaml"))


def result(threads: int) -> CommandResult:
    return CommandResult(0, None, 1.0, 1.0, 1, b"", b"", threads)


@pytest.fixture(autouse=True)
def _a_core_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever else runs on this machine."""
    monkeypatch.setattr("kapso.evaluate.pinning.claim_core", lambda: 1)


def test_a_program_that_uses_one_core_gets_one() -> None:
    pinning = Pinning()
    pinning.decide(goal(), ALONE)
    assert pinning.core_for(1) == 1


@pytest.mark.parametrize(
    ("told", "cpu"),
    [
        (goal("search: {parallel: 2}\n"), 1.0),
        (goal(base=BASE.replace("run.seconds", "score")), 1.0),
        (goal(), 1.9),
    ],
    ids=["neighbours", "no time", "two at once"],
)
def test_who_gets_none(told: Goal, cpu: float) -> None:
    pinning = Pinning()
    pinning.decide(told, {"run.seconds": 1.0, "run.cpu_seconds": cpu})
    assert pinning.core_for(1) is None and pinning.threads is None


def test_more_threads_than_the_unchanged_program_had_set_an_attempt_free() -> None:
    pinning = Pinning()
    assert not pinning.is_hindered(0, result(2))
    pinning.decide(goal(), ALONE)
    assert pinning.threads == 2
    assert not pinning.is_hindered(1, result(2))
    assert pinning.is_hindered(2, result(3))
    assert (pinning.core_for(1), pinning.core_for(2)) == (1, None)
    assert not pinning.is_hindered(2, result(3)), "once is enough"
    assert not pinning.is_hindered(0, result(4)), "the unchanged program is the measure"
    assert not pinning.is_hindered(3, result(4))


def test_a_resumed_run_goes_on_as_it_was() -> None:
    pinning = Pinning()
    pinning.restore(None)
    assert pinning.core_for(1) is None
    pinning.restore(2)
    assert (pinning.core_for(1), pinning.is_hindered(1, result(3))) == (1, True)


def test_what_is_started_on_a_core_stays_there_and_this_thread_does_not() -> None:
    before = os.sched_getaffinity(0)
    core = max(before)
    command = [sys.executable, "-S", "-c", "import os; print(*os.sched_getaffinity(0))"]
    with on_core(core):
        assert subprocess.run(command, capture_output=True, text=True).stdout.split() == [str(core)]
    with off_core(core):
        assert os.sched_getaffinity(0) == before - {core}
    assert os.sched_getaffinity(0) == before


def test_a_core_is_claimed_by_one_process_alone() -> None:
    """Each of many processes gets another core, or none; the same one for as long as it lives."""
    code = (
        "from kapso.evaluate.sandbox.cores import claim_core; "
        "a = claim_core(); assert a == claim_core(); print(a, flush=True); input()"
    )
    command = [sys.executable, "-c", code]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, **pipes) for _ in range(3)]  # type: ignore[call-overload]
    claimed = [process.stdout.readline().strip() for process in running]
    for process in running:
        process.communicate("\n")
    given = [core for core in claimed if core != "None"]
    assert len(given) == len(set(given))
    assert "0" not in given and len(given) < len(os.sched_getaffinity(0))
