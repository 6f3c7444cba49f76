"""Stops, pauses, kills: whatever ends a run, every announced attempt is there exactly once afterwards."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

Demo = Callable[..., Any]
SLOW = "run: sleep 0.05; cp params.json $KAPSO_OUT/\n"


def slow_goal(goal: str) -> str:
    return goal.replace("run: cp params.json $KAPSO_OUT/\n", SLOW)


@pytest.fixture
def slow(demo: Demo) -> Callable[[str], Any]:
    """The demo with a candidate that takes a moment, so that it can be hit while it runs."""

    def make(goal: str = "") -> Any:
        kapso = demo(goal)
        file = kapso.root / "goal.yaml"
        file.write_text(slow_goal(file.read_text()))
        kapso.git("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qam", "slower")
        return kapso

    return make


def wait_for(process: subprocess.Popen[str], kapso: Any, attempts: int) -> str:
    return str(kapso.wait_for(process, attempts))


def announced(kapso: Any, run: str) -> list[int]:
    return list(kapso.announced(run))


def check_whole(kapso: Any, run: str, attempts: int) -> None:
    kapso.check_whole(run, attempts)


@pytest.mark.slow
def test_interrupted_once_finishes_what_is_in_flight(slow: Any) -> None:
    kapso = slow("budget: {attempts: 30}\n")
    process = kapso.start("run")
    run = wait_for(process, kapso, 3)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"kapso resume {run}" in out
    assert kapso.git("for-each-ref", f"refs/kapso/{run}/pending") == ""
    assert kapso.json("ls")[0]["status"] == "interrupted"
    kapso("resume", check=0)
    check_whole(kapso, run, 30)
    assert kapso.json("ls")[0]["status"] == "finished"


def test_terminated_stops_at_once_and_resumes(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 12}\nsearch: {parallel: 2}\n")
    file = kapso.root / "goal.yaml"
    file.write_text(file.read_text().replace("run: cp", "run: test ! -e /tmp/never && sleep 0.4; cp"))
    kapso.git("-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qam", "slower")
    process = kapso.start("run")
    run = wait_for(process, kapso, 2)
    since = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert time.monotonic() - since < 5
    kapso("resume", run, check=0)
    check_whole(kapso, run, 12)


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 6))])
@pytest.mark.slow
def test_killed_anywhere_resumes_whole(slow: Any, seed: int) -> None:
    kapso = slow("budget: {attempts: 14}\nsearch: {parallel: 2}\n")
    draw = random.Random(seed)
    process = kapso.start("run")
    run = wait_for(process, kapso, draw.randrange(4))
    for _ in range(3):
        time.sleep(draw.random() * 0.6)
        process.kill()
        process.communicate()
        before = announced(kapso, run)
        process = kapso.start("resume", run)
        time.sleep(1.5)
        assert set(before) <= {each["attempt"] for each in kapso.json("ls", run)}
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0 or (process.returncode == 2 and "has finished" in err), err
    check_whole(kapso, run, 14)
    left = subprocess.run(["pgrep", "-f", str(kapso.root)], capture_output=True, text=True).stdout
    assert not left


@pytest.mark.slow
def test_a_candidate_that_a_power_cut_damaged_is_forgotten(slow: Any) -> None:
    kapso = slow("budget: {attempts: 8}\nsearch: {parallel: 1}\n")
    process = kapso.start("run")
    run = wait_for(process, kapso, 3)
    process.kill()
    process.communicate()
    number = len(announced(kapso, run))
    ref = kapso.root / f".git/refs/kapso/{run}/pending/{number:04d}"
    ref.parent.mkdir(parents=True, exist_ok=True)
    ref.write_text("1234567890123456789012345678901234567890\n")
    kapso("resume", run, check=0)
    check_whole(kapso, run, 8)


@pytest.mark.slow
def test_a_second_process_is_refused(slow: Any) -> None:
    kapso = slow("budget: {attempts: 40}\n")
    process = kapso.start("run")
    run = wait_for(process, kapso, 1)
    refused = kapso("resume", run)
    assert refused.returncode == 2 and "running already" in refused.stderr
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_limits_given_to_a_paused_run_reach_it(slow: Any) -> None:
    kapso = slow("budget: {attempts: 4000}\n")
    process = kapso.start("run")
    run = wait_for(process, kapso, 1)
    kapso("pause", run, check=0)
    kapso("resume", run, "--attempts", "0", check=2)
    kapso("resume", run, "--attempts", "12", check=0)
    process.communicate(timeout=60)
    assert kapso.json("ls")[0]["attempts"] <= 400, "a handful, not thousands"
    assert kapso.json("ls")[0]["status"] == "finished"


@pytest.mark.slow
def test_pause_holds_and_resume_goes_on(slow: Any) -> None:
    kapso = slow("budget: {attempts: 90}\n")
    process = kapso.start("run")
    run = wait_for(process, kapso, 2)
    kapso("pause", run, check=0)
    time.sleep(0.7)
    held = announced(kapso, run)
    assert kapso.json("ls")[0]["status"] == "paused"
    time.sleep(0.7)
    assert announced(kapso, run) == held
    kapso("resume", run, check=0)
    process.communicate(timeout=60)
    check_whole(kapso, run, 90)
    journal = kapso.root / ".git/kapso/runs" / run / "events.jsonl"
    told = [json.loads(line) for line in journal.read_text().splitlines()]
    since, until = (
        datetime.fromisoformat(next(each["time"] for each in told if each["event"] == event))
        for event in ("run.started", "run.continued")
    )
    used = next(each["elapsed"] for each in told if each["event"] == "run.continued")
    assert 0 < used < (until - since).total_seconds() - 0.5


@pytest.mark.slow
def test_stop_ends_confirmed_and_resume_goes_on(slow: Any) -> None:
    kapso = slow("budget: {attempts: 20}\n")
    process = kapso.start("run")
    run = wait_for(process, kapso, 6)
    kapso("stop", run, check=0)
    out, _ = process.communicate(timeout=60)
    assert process.returncode in (0, 3) and "told to stop" in out
    assert kapso.json("ls")[0]["status"] == "finished"
    kapso("resume", run)
    check_whole(kapso, run, 20)


@pytest.mark.slow
def test_state_that_is_lost_or_broken_is_rebuilt_from_git(slow: Any) -> None:
    kapso = slow("budget: {attempts: 16}\n")
    process = kapso.start("run")
    run = wait_for(process, kapso, 4)
    process.kill()
    process.communicate()
    state = kapso.root / ".git/kapso"
    (state / "runs" / run / "checkpoints.sqlite").write_bytes(b"rubbish" * 1000)
    shutil.rmtree(os.environ["XDG_CACHE_HOME"] + "/kapso")
    kapso("resume", run, check=0)
    check_whole(kapso, run, 16)
    shutil.rmtree(state)
    kapso("resume", run, "--attempts", "20", check=0)
    check_whole(kapso, run, 20)


@pytest.mark.slow
def test_a_finished_run_goes_on_with_a_larger_budget_only(slow: Any) -> None:
    kapso = slow("budget: {attempts: 4}\n")
    kapso("run")
    run = kapso.json("ls")[0]["run"]
    refused = kapso("resume")
    assert refused.returncode == 2 and "--attempts" in refused.stderr
    kapso("resume", "--attempts", "7")
    check_whole(kapso, run, 7)


def test_a_changed_evaluation_is_refused_by_name(slow: Any) -> None:
    kapso = slow("budget: {attempts: 4}\n")
    kapso("run")
    file = kapso.root / "goal.yaml"
    file.write_text(file.read_text() + "repeats: 3\n")
    refused = kapso("resume", "--attempts", "9")
    assert refused.returncode == 2 and "`repeats`" in refused.stderr


@pytest.mark.slow
def test_a_stale_ref_lock_of_the_run_is_removed(slow: Any) -> None:
    kapso = slow("budget: {attempts: 8}\n")
    process = kapso.start("run")
    run = wait_for(process, kapso, 2)
    process.kill()
    process.communicate()
    lock = kapso.root / f".git/refs/heads/kapso/{run}/best.lock"
    lock.touch()
    kapso("resume", run)
    assert not lock.exists()
    check_whole(kapso, run, 8)


def test_what_a_kill_left_of_landed_attempts_is_removed(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 3}\n")
    kapso("run")
    [found] = kapso.json("ls")
    [cache] = Path(os.environ["XDG_CACHE_HOME"]).glob(f"kapso/demo-*/out/{found['run']}")
    left = [cache / "0002-beside-0003" / "run-1", cache / "0003" / "score-1"]
    for folder in left:
        folder.mkdir(parents=True)
    kapso("resume", found["run"], "--attempts", "4")
    assert not list(cache.iterdir())
