"""`kapso gc` removes what it said it would, and never what somebody works on."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.base import cache_folder

Kapso = Callable[..., Any]
DAY_S = 86_400


def write(path: Path, age_days: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x" * 10_000)
    return age(path, age_days)


def age(path: Path, days: float) -> Path:
    """Let `path` and the folder it lies in look as old as that."""
    moment = time.time() - days * DAY_S
    for touched in (path, path.parent):
        os.utime(touched, (moment, moment))
    return path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def folder(packing: Any) -> Path:
    """The state of the run: a log, a checkpoint and its events, a month old."""
    folder: Path = packing.repository.state_dir / "runs" / packing.run
    write(folder / "attempts" / "0001" / "log.txt", 30)
    for name in ("checkpoints.sqlite", "events.jsonl", "lock"):
        write(folder / name, 30)
    age(folder / "attempts", 30)
    return folder


def removed(text: str) -> list[tuple[str, bool]]:
    return [(told["kind"], told["removed"]) for told in map(json.loads, text.splitlines())]


def test_without_yes_nothing_changes(kapso: Kapso, folder: Path) -> None:
    done = kapso("gc")
    assert done.code == 0 and "nothing was removed: add --yes" in done.out and "packing-3f9a" in done.out
    assert removed(kapso("gc", "--json").out) == [("logs", False)]
    assert (folder / "attempts" / "0001" / "log.txt").exists()


def test_old_logs_of_a_finished_run_go_and_its_attempts_stay(kapso: Kapso, folder: Path) -> None:
    before = kapso("ls", "packing", "--json").out
    assert removed(kapso("gc", "--yes", "--json").out) == [("logs", True)]
    assert sorted(path.name for path in folder.iterdir()) == ["events.jsonl", "lock"]
    assert kapso("ls", "packing", "--json").out == before
    assert kapso("gc", "--yes").out == "nothing to remove\n"


def test_young_logs_stay_unless_their_run_is_named(kapso: Kapso, folder: Path) -> None:
    age(folder / "events.jsonl", 1)
    assert removed(kapso("gc", "--json").out) == []
    assert removed(kapso("gc", "--older-than", "0.5", "--json").out) == [("logs", False)]
    assert removed(kapso("gc", "packing", "--json").out) == [("logs", False)]


def test_what_resume_needs_of_an_unfinished_run_stays(kapso: Kapso, packing: Any, folder: Path) -> None:
    packing.finish(status="stopped")
    kapso("gc", "--yes")
    assert not (folder / "attempts").exists() and (folder / "checkpoints.sqlite").exists()


def test_a_run_that_somebody_works_on_is_left_alone(kapso: Kapso, packing: Any, folder: Path) -> None:
    with locked(folder / "lock"):
        for arguments in (["gc"], ["gc", "packing"]):
            assert removed(kapso(*arguments, "--yes", "--json").out) == []
        done = kapso("gc", "--runs", "packing", "--yes")
        assert done.code == 2 and "kapso stop packing-3f9a" in done.err
    assert (folder / "attempts").exists()


def test_the_state_of_a_run_that_git_no_longer_has_goes(kapso: Kapso, packing: Any) -> None:
    folder = packing.repository.state_dir / "runs" / "gone-0000"
    write(folder / "events.jsonl", 30)
    kapso("gc", "--yes")
    assert not folder.exists()


def test_a_whole_run(kapso: Kapso, packing: Any, folder: Path) -> None:
    others = [line for line in refs() if "kapso/" not in line]
    subprocess.run(["git", "branch", "kapso/other-0000/0001-x", "main"], check=True)
    assert removed(kapso("gc", "--runs", "packing", "--json").out) == [("run", False)]
    assert [line for line in refs() if "packing-3f9a" in line] and folder.exists()
    assert removed(kapso("gc", "--runs", "packing", "--yes", "--json").out) == [("run", True)]
    assert [line for line in refs() if "other-0000" not in line] == others
    assert not folder.exists()
    assert "packing" not in kapso("ls", "--json").out


def test_a_run_that_is_checked_out_stays(kapso: Kapso, packing: Any) -> None:
    subprocess.run(["git", "checkout", "-q", packing.attempts[2].branch], check=True)
    done = kapso("gc", "--runs", "packing", "--yes")
    assert done.code == 2 and "is checked out in" in done.err
    assert len(refs()) > 5


def test_runs_has_to_name_some(kapso: Kapso, packing: Any) -> None:
    assert kapso("gc", "--runs", "--yes").code == 2


def test_workspaces_go_when_nobody_needs_them(kapso: Kapso, packing: Any, private_home: Path) -> None:
    own = cache_folder(packing.repository)
    files = {
        write(own / "bases" / "0a" / "ready", 30): "old base",
        write(own / "bases" / "0b" / "ready", 1): "young base",
        write(own / "out" / packing.run / "0001-0" / "out.json"): "what a killed run left",
        write(own.parent / "elsewhere-0a" / "changes", 31): "abandoned",
        write(own.parent / "elsewhere-0b" / "changes", 20): "perhaps at work",
    }
    (own / "bases" / "0a" / "work").mkdir(mode=0)
    age(own / "bases" / "0a" / "work", 30)
    lock = write(packing.repository.state_dir / "runs" / "live-0000" / "lock")
    with locked(lock):
        kapso("gc", "--yes", "--older-than", "0")
        assert [name for file, name in files.items() if not file.exists()] == ["abandoned"]
    assert removed(kapso("gc", "--json").out) == [("workspace", False)] * 2
    kapso("gc", "--yes")
    assert [name for file, name in files.items() if file.exists()] == ["young base", "perhaps at work"]


def refs() -> list[str]:
    done = subprocess.run(["git", "for-each-ref"], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()
