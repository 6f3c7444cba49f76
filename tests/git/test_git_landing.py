"""Attempts land once, in order, from any thread, and whatever kills the engine in between."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, now
from kapso.errors import KapsoError, MachineError
from kapso.git import landing, ledger
from kapso.git.attempts import Pending, commit_attempt, commit_pending, read_pending, read_run
from kapso.git.landing import (
    base_of,
    land,
    landed,
    landed_as,
    move_best,
    pack_refs,
    pending,
    read_goal,
    remove_stale_locks,
    set_pending,
    start_run,
)
from kapso.git.layout import RunRefs
from kapso.git.refs import RefConflict
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry

RUN = "toy-3f9a"
REFS = RunRefs(RUN)


def _candidate(repository: Repository, number: int, title: str = "try") -> Pending:
    base = repository.resolve("main")
    tree = repository.write_tree(
        base, {"src/main.py": Entry(FILE, repository.write_blob(b"x = %d\n" % number))}
    )
    candidate = Pending(RUN, number, "", tree, (base,), "tune", title, "", (), now())
    return commit_pending(repository, candidate)


def _final(repository: Repository, candidate: Pending, title: str = "try") -> Attempt:
    attempt = Attempt(
        run=RUN,
        number=candidate.number,
        branch="",
        commit="",
        tree=candidate.tree,
        parents=(),
        proposer="tune",
        title=title,
        hypothesis="",
        outcome=Outcome.SCORED,
        score=1.0,
        started=candidate.started,
        finished=now(),
    )
    return commit_attempt(repository, attempt, candidate.parents)


def test_a_run_starts_with_its_goal_on_the_base(project: Any, repository: Repository) -> None:
    base = repository.resolve("HEAD")
    goal = start_run(repository, RUN, {"goal.yaml": b"objective: x\n"}, base)
    assert start_run(repository, RUN, {"goal.yaml": b"objective: x\n"}, base) == goal
    assert read_goal(repository, RUN) == {"goal.yaml": b"objective: x\n"}
    assert base_of(repository, RUN) == base
    assert project.git("log", "--format=%P", "-1", REFS.goal) == base
    with pytest.raises(RefConflict):
        start_run(repository, RUN, {"goal.yaml": b"objective: y\n"}, base)
    with pytest.raises(KeyError):
        base_of(repository, "other-1")


def test_git_never_prunes_the_snapshot_that_a_run_started_from(project: Any, repository: Repository) -> None:
    project.write({"uncommitted": "1"})
    base = repository.snapshot(repository.resolve("HEAD"))
    start_run(repository, RUN, {"goal.yaml": b""}, base)
    project.git("gc", "--quiet", "--prune=now")
    assert Repository.open(project.root).read(base, "uncommitted") == b"1"


def test_steps_come_in_order(repository: Repository) -> None:
    candidate = _candidate(repository, 7)
    set_pending(repository, RUN, 7, candidate.commit)
    assert pending(repository, RUN) == {7: candidate.commit}
    assert read_pending(repository, candidate.commit) == candidate
    final = _final(repository, candidate)
    seen: list[set[str]] = []

    def announce() -> None:
        seen.append(set(repository.refs.list("refs/heads/kapso/")) | set(repository.refs.list("refs/kapso/")))

    told = land(repository, RUN, 7, candidate.commit, final, final.commit, announce)
    branch = REFS.branch(7, "try")
    assert seen == [{branch, REFS.best, REFS.pending(7)}]
    assert (told.branch, told.commit, told.best_left_in) == (branch, final.commit, None)
    assert pending(repository, RUN) == {}
    assert landed(repository, RUN) == {7: (branch, final.commit)}
    assert landed_as(repository, RUN, 7) == (branch, final.commit)
    assert landed_as(repository, RUN, 8) is None


def test_a_repair_replaces_the_pending_candidate(repository: Repository) -> None:
    first, second = _candidate(repository, 1), _candidate(repository, 1, "repaired")
    for candidate in (first, second):
        set_pending(repository, RUN, 1, candidate.commit)
    assert pending(repository, RUN) == {1: second.commit}
    final = _final(repository, second)
    with pytest.raises(RefConflict):
        land(repository, RUN, 1, first.commit, final, None, lambda: None)
    land(repository, RUN, 1, second.commit, final, None, lambda: None)
    assert pending(repository, RUN) == {}


@pytest.mark.parametrize("process", ["same", "another"])
def test_landing_again_keeps_the_first_branch_whatever_the_title(project: Any, process: str) -> None:
    with Repository.open(project.root) as repository:
        candidate = _candidate(repository, 7)
        set_pending(repository, RUN, 7, candidate.commit)
        first = _final(repository, candidate, "first title")
        land(repository, RUN, 7, None, first, first.commit, lambda: None)
        later = repository if process == "same" else Repository.open(project.root)
        with later:
            second = _final(later, candidate, "second title")
            told = land(later, RUN, 7, candidate.commit, second, second.commit, lambda: None)
            assert (told.branch, told.commit) == (REFS.branch(7, "first-title"), first.commit)
            assert later.refs.get(REFS.best) == first.commit
            assert landed(later, RUN) == {7: (told.branch, first.commit)}
            assert pending(later, RUN) == {}


def test_another_process_landed_it_meanwhile(project: Any, repository: Repository) -> None:
    one, two = _candidate(repository, 1), _candidate(repository, 2)
    land(repository, RUN, 1, None, _final(repository, one), None, lambda: None)
    with Repository.open(project.root) as other:
        theirs = _final(other, two)
        land(other, RUN, 2, None, theirs, None, lambda: None)
    told = land(repository, RUN, 2, None, _final(repository, two), None, lambda: None)
    assert told.commit == theirs.commit


def test_the_baseline_has_its_name(repository: Repository) -> None:
    land(
        repository,
        RUN,
        0,
        None,
        _final(repository, _candidate(repository, 0), "any title"),
        None,
        lambda: None,
    )
    assert landed(repository, RUN).keys() == {0}
    assert repository.refs.get(REFS.baseline)


def test_two_branches_of_one_number_are_named(project: Any, repository: Repository) -> None:
    one, two = (_final(repository, _candidate(repository, 1), title) for title in ("one", "two"))
    land(repository, RUN, 1, None, one, None, lambda: None)
    project.git("branch", f"kapso/{RUN}/0001-same", one.commit)
    assert landed(repository, RUN).keys() == {1}
    project.git("branch", f"kapso/{RUN}/0001-zwo", two.commit)
    with pytest.raises(KapsoError, match="both claim attempt 1"):
        landed(repository, RUN)


def test_a_checked_out_best_is_left_and_told(project: Any, repository: Repository, tmp_path: Path) -> None:
    one, two, three = (_final(repository, _candidate(repository, number)) for number in (1, 2, 3))
    land(repository, RUN, 1, None, one, one.commit, lambda: None)
    project.git("worktree", "add", "--quiet", str(tmp_path / "look"), f"kapso/{RUN}/best")
    reflogs = {
        path: path.read_bytes() for path in (project.root / ".git").rglob("logs/**/*") if path.is_file()
    }
    told = land(repository, RUN, 2, None, two, two.commit, lambda: None)
    assert told.best_left_in == tmp_path / "look"
    assert repository.refs.get(REFS.best) == one.commit
    assert project.git("status", "--porcelain", cwd=tmp_path / "look") == ""
    assert move_best(repository, RUN, one.commit) is None
    after = {path: path.read_bytes() for path in (project.root / ".git").rglob("logs/**/*") if path.is_file()}
    assert after == reflogs
    project.git("worktree", "remove", str(tmp_path / "look"))
    assert land(repository, RUN, 3, None, three, three.commit, lambda: None).best_left_in is None
    assert repository.refs.get(REFS.best) == three.commit


def test_threads_land_at_the_same_time(project: Any, repository: Repository) -> None:
    errors: list[BaseException] = []
    announced: list[int] = []

    def work(numbers: range) -> None:
        try:
            for number in numbers:
                candidate = _candidate(repository, number)
                set_pending(repository, RUN, number, candidate.commit)
                final = _final(repository, candidate)
                land(
                    repository,
                    RUN,
                    number,
                    candidate.commit,
                    final,
                    None,
                    partial(announced.append, number),
                )
        except BaseException as error:  # noqa: BLE001 (told by the main thread)
            errors.append(error)

    threads = [threading.Thread(target=work, args=(range(start, 60, 4),)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(announced) == list(range(60))
    assert sorted(landed(repository, RUN)) == list(range(60))
    assert pending(repository, RUN) == {}
    project.fsck()


def test_stale_locks_of_this_run_alone_are_removed(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "_LOCK_AGE_S", 0.2)
    ours = [f"{ref}.lock" for ref in (REFS.best, REFS.pending(3), REFS.goal)]
    others = [
        "refs/heads/main.lock",
        "refs/kapso/toy-3f9a2/goal.lock",
        "refs/kapso/memory.lock",
        "packed-refs.lock",
    ]
    for name in ours + others:
        path = repository.common_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    began = time.monotonic()
    removed = remove_stale_locks(repository, RUN)
    assert time.monotonic() - began >= 0.15, "a young lock may be held"
    assert sorted(removed) == sorted(repository.common_dir / name for name in ours)
    assert all((repository.common_dir / name).exists() for name in others)
    assert remove_stale_locks(repository, RUN) == []
    for name in others:
        (repository.common_dir / name).unlink()
    candidate = _candidate(repository, 3)
    set_pending(repository, RUN, 3, candidate.commit)


def test_a_lock_that_is_let_go_meanwhile_is_not_removed(repository: Repository) -> None:
    lock = repository.common_dir / f"{REFS.best}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    threading.Timer(0.1, lock.unlink).start()
    assert remove_stale_locks(repository, RUN) == []


def test_a_ref_that_a_power_cut_left_empty_is_told_and_removed(repository: Repository) -> None:
    candidate = _candidate(repository, 3)
    set_pending(repository, RUN, 3, candidate.commit)
    empty = repository.common_dir / REFS.pending(3)
    empty.write_bytes(b"")
    with pytest.raises(MachineError) as caught:
        repository.refs.get(REFS.pending(3))
    assert str(empty) in (caught.value.help or "")
    assert remove_stale_locks(repository, RUN) == [empty]
    set_pending(repository, RUN, 3, candidate.commit)
    assert pending(repository, RUN) == {3: candidate.commit}


def test_refs_are_packed_only_where_git_can_pack_some(
    project: Any, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(landing, "version", lambda: (2, 41))
    assert not pack_refs(repository, RUN)
    stand_in = tmp_path / "bin/git"
    stand_in.parent.mkdir()
    stand_in.write_text(f"#!/bin/sh\nfor a; do echo \"$a\" >> '{tmp_path}/called'; done\n")
    stand_in.chmod(0o755)
    monkeypatch.setattr(landing, "version", lambda: (2, 42))
    monkeypatch.setenv("PATH", str(stand_in.parent), prepend=os.pathsep)
    assert pack_refs(repository, RUN)
    assert (tmp_path / "called").read_text().splitlines()[-5:] == [
        *("pack-refs", "--include", "refs/heads/kapso/toy-3f9a/*", "--include", "refs/kapso/toy-3f9a/*")
    ]


def test_ledgers_grow_and_keep_what_stands(project: Any, repository: Repository) -> None:
    first = ledger.write_records(repository, RUN, {"0001.json": b"1", "0002.json": b"2"})
    second = ledger.write_records(repository, RUN, {"0002.json": b"two", "0003.json": b"3"})
    assert ledger.write_records(repository, RUN, {"0003.json": b"3"}) == second
    assert ledger.read_records(repository, RUN) == {"0001.json": b"1", "0002.json": b"two", "0003.json": b"3"}
    assert project.git("rev-list", REFS.records) == f"{second}\n{first}"
    ledger.write_holdout(repository, RUN, {"0003.json": b"{}"})
    assert ledger.read_holdout(repository, RUN) == {"0003.json": b"{}"}
    assert ledger.read_holdout(repository, "other-1") == {}


def test_two_who_write_one_ledger_lose_nothing(project: Any) -> None:
    def write(offset: int) -> None:
        with Repository.open(project.root) as repository:
            for number in range(offset, 20, 2):
                ledger.write_records(repository, RUN, {f"{number}.json": b"%d" % number})

    threads = [threading.Thread(target=write, args=(offset,)) for offset in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger.read_records(Repository.open(project.root), RUN)) == 20


ENGINE = """
import json, os, sys
from pathlib import Path
from kapso.attempt import Attempt, Outcome, now
from kapso.git import landing
from kapso.git.attempts import Pending, commit_attempt, commit_pending, read_pending
from kapso.git.refs import Refs
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry

RUN = "toy-3f9a"
root, events, die_at, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
steps = 0

def tick():
    global steps
    steps += 1
    if steps == die_at:
        os._exit(9)

moving = Refs._commit
def stepwise(self, transaction):
    tick()
    moving(self, transaction)
    tick()
Refs._commit = stepwise

def announced():
    return [json.loads(line) for line in events.read_text().splitlines()] if events.exists() else []

def announce(number):
    tick()
    if number not in announced():
        with events.open("a") as file:
            file.write(f"{number}\\n")
    tick()

repository = Repository.open(root)
landing.remove_stale_locks(repository, RUN)

def land(candidate):
    attempt = Attempt(
        run=RUN, number=candidate.number, branch="", commit="", tree=candidate.tree, parents=(),
        proposer="tune", title=f"{candidate.title} by {os.getpid()}", hypothesis="", outcome=Outcome.SCORED,
        started=candidate.started, finished=now(), score=1.0,
    )
    final = commit_attempt(repository, attempt, candidate.parents)
    number = candidate.number
    landing.land(repository, RUN, number, candidate.commit, final, final.commit, lambda: announce(number))

for commit in landing.pending(repository, RUN).values():
    land(read_pending(repository, commit))
base = repository.resolve("main")
done = landing.landed(repository, RUN)
for number in range(1, count + 1):
    if number not in done:
        blob = repository.write_blob(b"%d" % number)
        tree = repository.write_tree(base, {"src/main.py": Entry(FILE, blob)})
        pending = Pending(RUN, number, "", tree, (base,), "tune", "try", "", (), now())
        candidate = commit_pending(repository, pending)
        landing.set_pending(repository, RUN, number, candidate.commit)
        land(candidate)
print(steps)
"""


def _engine(project: Any, events: Path, die_at: int = 0, count: int = 2) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", ENGINE, str(project.root), str(events), str(die_at), str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _finish(process: subprocess.Popen[str]) -> str:
    out, complaint = process.communicate(timeout=60)
    assert process.returncode == 0, complaint
    return out


def _check_landed_once(project: Any, events: Path, count: int) -> None:
    with Repository.open(project.root) as repository:
        attempts = read_run(repository, RUN)
        assert [attempt.number for attempt in attempts] == list(range(1, count + 1))
        branches = repository.refs.list(f"refs/heads/kapso/{RUN}/")
        assert len(branches) == count + 1  # and best
        assert branches[REFS.best] == attempts[-1].commit
        assert pending(repository, RUN) == {}
    assert sorted(json.loads(line) for line in events.read_text().splitlines()) == list(range(1, count + 1))
    project.fsck()


@pytest.mark.slow
def test_killed_at_every_step_and_run_again(project: Any, tmp_path: Path) -> None:
    steps = int(_finish(_engine(project, tmp_path / "whole")))
    _check_landed_once(project, tmp_path / "whole", 2)
    assert steps == 20  # per attempt: before and after pending, branch, best, event, end of pending
    for die_at in range(1, 12):
        for ref in project.git(
            "for-each-ref", "--format=%(refname)", "refs/heads/kapso", "refs/kapso"
        ).split():
            project.git("update-ref", "-d", ref)
        events = tmp_path / f"killed at {die_at}"
        killed = _engine(project, events, die_at)
        killed.communicate(timeout=60)
        assert killed.returncode == 9
        _finish(_engine(project, events))
        _check_landed_once(project, events, 2)


def test_killed_at_random_moments(project: Any, tmp_path: Path) -> None:
    events, moments = tmp_path / "events", random.Random(7)
    for _ in range(8):
        before = events.stat().st_size if events.exists() else 0
        process = _engine(project, events, count=2000)
        until = time.monotonic() + 30
        while not (events.exists() and events.stat().st_size > before) and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(moments.random() * 0.1)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        announced = [json.loads(line) for line in events.read_text().splitlines()]
        with Repository.open(project.root) as repository:
            assert set(announced) <= set(landed(repository, RUN)), "an announced attempt is missing"
    count = max(announced) + 5
    _finish(_engine(project, events, count=count))
    _check_landed_once(project, events, count)


def test_a_landing_starts_no_process(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def land_one(number: int) -> None:
        candidate = _candidate(repository, number)
        set_pending(repository, RUN, number, candidate.commit)
        final = _final(repository, candidate)
        land(repository, RUN, number, candidate.commit, final, final.commit, lambda: None)

    land_one(1)
    base = repository.resolve("main")
    monkeypatch.setattr(repository, "resolve", lambda _: base)
    monkeypatch.setattr(subprocess, "Popen", None)
    land_one(2)
    assert repository.refs.get(REFS.branch(2, "try"))


def test_an_attempt_without_a_candidate_lands_too(repository: Repository) -> None:
    final = replace(_final(repository, _candidate(repository, 5)), title="no usable edit")
    land(repository, RUN, 5, None, final, None, lambda: None)
    assert landed(repository, RUN)[5][0] == REFS.branch(5, "no-usable-edit")
