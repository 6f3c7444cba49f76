"""The machine's faults: full and read-only disks, lost files, signals. Each is said, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import MachineError
from kapso.git.repository import Repository

Demo = Callable[..., Any]
IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@b.c")
NOISY = """\
awk -F'[:,}]' -v seed=$(date +%N) 'BEGIN { srand(seed) }
{ d = GAIN * (($2 - 3)^2 + ($4 - 20)^2 / 100); printf "{\\"score\\": %.12g}\\n", 10 - d + rand() }' "$1"
"""


def events(kapso: Any) -> list[dict[str, Any]]:
    journals = (kapso.root / ".git/kapso/runs").glob("*/events.jsonl")
    lines = [line for path in journals for line in path.read_text().splitlines(keepends=True)]
    return [json.loads(line) for line in lines if line.endswith("\n")]


def wait_for(process: subprocess.Popen[str], kapso: Any, event: str, count: int = 1) -> str:
    """Wait until so many such events were written; the run's id."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        told = [each["run"] for each in events(kapso) if each["event"] == event]
        if len(told) >= count:
            return str(told[0])
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    raise AssertionError(f"no {event} in time")


def slowed(kapso: Any, seconds: float) -> Any:
    """The candidate takes so long."""
    file = kapso.root / "goal.yaml"
    file.write_text(file.read_text().replace("run: cp", f"run: sleep {seconds}; cp"))
    kapso.git(*IDENTITY, "commit", "-qam", "slower")
    return kapso


def check_whole(kapso: Any, run: str, attempts: int) -> None:
    """No hole, nothing twice, nothing pending, every scored attempt sound."""
    listed = kapso.json("ls", run)
    assert [each["attempt"] for each in listed] == list(range(attempts + 1))
    assert {each["outcome"] for each in listed} == {"scored"}
    told = [each["attempt"] for each in events(kapso) if each["event"] == "attempt.evaluated"]
    assert sorted(told) == list(range(attempts + 1))
    assert kapso.git("for-each-ref", f"refs/kapso/{run}/pending") == ""
    assert not kapso.git("fsck", "--strict", "--no-dangling").strip()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own; skips where it cannot be mounted."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("file systems can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte on the file system of `folder`; returns the file that fills it."""
    ballast = folder / "ballast"
    descriptor = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, bytes(4096))
    except OSError:
        return ballast
    finally:
        os.close(descriptor)


@pytest.mark.slow
def test_a_full_disk_before_and_in_the_middle(demo: Demo, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "24m") as disk:
        usual = slowed(demo("budget: {attempts: 8}\nsearch: {parallel: 1}\n"), 0.5)
        kapso = type(usual)(disk / "demo")
        shutil.copytree(usual.root, kapso.root)
        ballast = fill(disk)
        refused = kapso("run")
        assert refused.returncode == 1 and "No space left" in refused.stderr
        assert "unexpected" not in refused.stderr and "Traceback" not in refused.stderr
        ballast.unlink()
        shutil.rmtree(kapso.root / ".git/kapso", ignore_errors=True)

        process = kapso.start("run")
        run = wait_for(process, kapso, "attempt.evaluated", 4)
        ballast = fill(disk)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1, said
        assert f"kapso resume {run}" in said and "unexpected" not in said
        ballast.unlink()
        assert kapso("resume", run).returncode == 0
        check_whole(kapso, run, 8)


@pytest.mark.slow
def test_a_full_cache_is_no_candidates_fault(demo: Demo, tmp_path: Path) -> None:
    with small_disk(tmp_path / "cache", "80m") as disk:
        kapso = slowed(demo("budget: {attempts: 8}\nsearch: {parallel: 1}\n"), 0.5)
        usual = kapso.environment()
        kapso.environment = lambda: {**usual, "XDG_CACHE_HOME": str(disk)}
        process = kapso.start("run")
        run = wait_for(process, kapso, "attempt.evaluated", 3)
        ballast = fill(disk)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 1 and "space" in said, said
        assert "unexpected" not in said
        ballast.unlink()
        assert kapso("resume", run).returncode == 0
        check_whole(kapso, run, 8)


def test_a_commit_that_the_disk_has_no_room_for_is_not_believed(tmp_path: Path) -> None:
    """libgit2 returns the id of a commit that it could not write."""
    with small_disk(tmp_path / "disk", "1m") as disk:
        subprocess.run(["git", "init", "-q", str(disk / "demo")], check=True)
        moment = datetime.now(UTC)
        with Repository.open(disk / "demo") as repository:
            tree = repository.write_tree(None, {})
            fill(disk)
            with pytest.raises(MachineError, match="No space left"):
                repository.commit(tree, [], "start\n", ("Ada", "ada@example.org"), moment, moment)


def test_a_read_only_repository(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 1}\n")
    kapso("run")
    place = str(kapso.root)
    if os.geteuid() != 0 or subprocess.run(["mount", "--bind", place, place], capture_output=True).returncode:
        pytest.skip("a folder can be mounted by root only")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
        said = [kapso("run"), kapso("apply", "1"), kapso("apply", "1", "--worktree")]
    finally:
        subprocess.run(["umount", "-l", place], check=True)
    for each in said:
        assert each.returncode == 1
        assert "Read-only file system" in each.stderr and "help: make the git folder writable" in each.stderr


@pytest.mark.slow
def test_a_database_that_another_process_holds_stops_nothing(demo: Demo) -> None:
    kapso = slowed(demo("budget: {attempts: 200}\n"), 0.1)
    state = kapso.root / ".git/kapso"
    state.mkdir()
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(state / "kapso.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout and holder.stdout.readline()
    process = kapso.start("run")
    run = wait_for(process, kapso, "attempt.evaluated", 4)
    since = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 143 and time.monotonic() - since < 5
    assert "held by another process" in said
    holder.kill()
    holder.communicate()
    count = len([each for each in events(kapso) if each["event"] == "attempt.evaluated"]) - 1
    assert kapso("resume", run, "--attempts", str(count + 1)).returncode in (0, 3)
    check_whole(kapso, run, count + 1)


@pytest.mark.slow
def test_a_workspace_that_is_deleted_is_no_candidates_fault(demo: Demo, tmp_path: Path) -> None:
    kapso = slowed(demo("budget: {attempts: 8}\nsearch: {parallel: 1}\n"), 0.1)
    usual = kapso.environment()
    kapso.environment = lambda: {**usual, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    process = kapso.start("run")
    run = wait_for(process, kapso, "attempt.evaluated", 3)
    while (tmp_path / "cache").exists():  # the run may be making folders in it
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert f"kapso resume {run}" in said and "unexpected" not in said
    assert kapso("resume", run).returncode == 0
    check_whole(kapso, run, 8)


@pytest.mark.slow
def test_checkpoints_with_damaged_pages_are_made_anew(demo: Demo) -> None:
    kapso = slowed(demo("budget: {attempts: 6}\nsearch: {parallel: 1}\n"), 0.2)
    process = kapso.start("run")
    run = wait_for(process, kapso, "attempt.proposed", 3)
    process.kill()
    process.communicate()
    checkpoints = kapso.root / f".git/kapso/runs/{run}/checkpoints.sqlite"
    for path in checkpoints.parent.glob("checkpoints.sqlite*"):
        data = path.read_bytes()
        path.write_bytes(data[:100] + bytes(byte ^ 0x5A for byte in data[100:]))
    assert kapso("resume", run).returncode == 0
    check_whole(kapso, run, 6)


@pytest.mark.slow
def test_best_that_is_checked_out_stays_and_that_is_said(demo: Demo) -> None:
    kapso = slowed(demo("budget: {attempts: 8}\nsearch: {parallel: 1}\n"), 0.1)
    process = kapso.start("run")
    run = wait_for(process, kapso, "attempt.evaluated", 2)
    kapso.git("checkout", "-q", f"kapso/{run}/best")
    log, head = (kapso.root / ".git/logs/HEAD").read_text(), kapso.git("rev-parse", "HEAD")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert (kapso.root / ".git/logs/HEAD").read_text() == log and kapso.git("rev-parse", "HEAD") == head
    assert kapso.git("status", "--porcelain") == ""
    assert f"kapso/{run}/best is checked out in {kapso.root}" in out
    kapso.git("checkout", "-q", "main")
    kapso("resume", run, "--attempts", "9")
    assert kapso.git("rev-parse", f"kapso/{run}/best").strip() == kapso.json("best", run)[0]["commit"]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_baseline(demo: Demo, number: signal.Signals, code: int) -> None:
    kapso = slowed(demo("budget: {attempts: 1}\n"), 1)
    process = kapso.start("run")
    run = wait_for(process, kapso, "attempt.started")
    time.sleep(0.3)
    since = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == code and time.monotonic() - since < 5
    assert f"kapso resume {run}" in out
    assert kapso("resume", run).returncode in (0, 3)
    check_whole(kapso, run, 1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_confirmation_that_is_cut_short_is_made_again(demo: Demo, number: signal.Signals) -> None:
    score = {"score.sh": NOISY.replace("GAIN", "5")}
    kapso = slowed(demo("budget: {attempts: 3}\nsearch: {parallel: 1}\n", extra=score), 0.3)
    process = kapso.start("run")
    run = wait_for(process, kapso, "attempt.evaluated", 4)
    while "confirming" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.4)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == (143 if number == signal.SIGTERM else -9)
    assert kapso.json("ls")[0]["status"] == "interrupted"
    done = kapso("resume", run)
    assert done.returncode == 0, done.stdout
    assert "fresh pairs" in done.stdout and "interval" in done.stdout
    check_whole(kapso, run, 3)


def test_twice_interrupted_stops_at_once(demo: Demo) -> None:
    kapso = slowed(demo("budget: {attempts: 4}\nsearch: {parallel: 2}\n"), 3)
    file = kapso.root / "goal.yaml"
    file.write_text(file.read_text().replace("sleep 3", "test $KAPSO_ATTEMPT = 0 || sleep 30"))
    kapso.git(*IDENTITY, "commit", "-qam", "a quick baseline")
    process = kapso.start("run")
    run = wait_for(process, kapso, "attempt.proposed", 2)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    since = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130 and time.monotonic() - since < 5
    assert len(kapso.git("for-each-ref", f"refs/kapso/{run}/pending").splitlines()) == 2


@pytest.mark.slow
def test_a_paused_run_whose_process_was_killed_goes_on(demo: Demo) -> None:
    kapso = slowed(demo("budget: {attempts: 6}\nsearch: {parallel: 1}\n"), 0.1)
    process = kapso.start("run")
    run = wait_for(process, kapso, "attempt.evaluated", 2)
    kapso("pause", run, check=0)
    process.kill()
    process.communicate()
    assert kapso.json("ls")[0]["status"] == "interrupted"
    refused = kapso("pause", run)
    assert refused.returncode == 2 and f"kapso resume {run}" in refused.stderr
    assert kapso("resume", run).returncode == 0
    check_whole(kapso, run, 6)


@pytest.mark.slow
def test_noise_alone_is_no_improvement(demo: Demo) -> None:
    kapso = demo("budget: {attempts: 8}\n", extra={"score.sh": NOISY.replace("GAIN", "0")})
    done = kapso("run")
    assert done.returncode == 3, done.stdout
    assert kapso.json("ls")[0]["best_attempt"] == 0


@pytest.mark.slow
def test_the_time_budget_counts_over_sessions(demo: Demo) -> None:
    kapso = slowed(demo("budget: {time: 8s}\nsearch: {parallel: 1}\n"), 0.1)
    process = kapso.start("run")
    run = wait_for(process, kapso, "attempt.evaluated", 3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    used = events(kapso)[-1]["elapsed"]
    done = kapso("resume", run)
    assert "the time is used up" in done.stdout
    resumed, finished = (
        datetime.fromisoformat([each["time"] for each in events(kapso) if each["event"] == kind][-1])
        for kind in ("run.resumed", "run.finished")
    )
    assert events(kapso)[-1]["elapsed"] <= used + (finished - resumed).total_seconds()
    assert events(kapso)[-1]["elapsed"] >= 8
    assert kapso("resume", run).returncode == 2
