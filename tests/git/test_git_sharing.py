"""Which of two repositories is behind with a run, and what moves then; the remote is a real, bare one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import now
from kapso.errors import MachineError, UsageError
from kapso.git.attempts import Pending, commit_pending
from kapso.git.layout import BRANCHES, HIDDEN, RunRefs
from kapso.git.remote import Move, PushRefused, Remote, find_remote
from kapso.git.repository import Repository
from kapso.git.sharing import PATTERNS, SharedRun, group, moves, why_not_behind

RUN = "pack-3f9a"
NAMES = RunRefs(RUN)


@pytest.fixture
def commits(repository: Repository) -> list[str]:
    """Five commits, each upon the one before."""
    made: list[str] = [repository.resolve("HEAD")]
    tree = repository.tree_of(made[0])
    while len(made) < 5:
        who = ("Kapso tune", "kapso@localhost")
        made.append(repository.commit(tree, made[-1:], f"{len(made)}\n", who, now(), now()))
    return made


@pytest.fixture
def run(commits: list[str]) -> SharedRun:
    """A run of the baseline and two attempts."""
    attempts = {number: (NAMES.branch(number, "try"), commits[number]) for number in range(3)}
    return SharedRun(RUN, attempts, {}, commits[0], commits[3], None, commits[1])


@pytest.fixture
def remote(repository: Repository, project: Any, tmp_path: Path) -> Remote:
    project.git("init", "-q", "--bare", str(tmp_path / "hub.git"))
    project.git("remote", "add", "hub", f"file://{tmp_path / 'hub.git'}")
    return find_remote(repository.git, None)


def test_refs_become_runs_and_back(run: SharedRun, commits: list[str]) -> None:
    run.pending[3] = commits[4]
    strangers = {
        f"{BRANCHES}{RUN}/mine": commits[0],
        f"{BRANCHES}odd": commits[0],
        f"{HIDDEN}memory": commits[0],
        f"{HIDDEN}Not-a-run/goal": commits[0],
        f"{BRANCHES}no-goal/0001-x": commits[0],
    }
    assert group({**run.refs, **strangers}) == {RUN: run}
    assert list(run.refs)[-1] == NAMES.goal, "a run without its goal is no run yet"


def test_who_has_all_that_the_other_has(repository: Repository, run: SharedRun, commits: list[str]) -> None:
    def why(old: SharedRun, new: SharedRun) -> str | None:
        return why_not_behind(repository, old, new)

    less = replace(run, attempts={0: run.attempts[0]}, records=commits[2], best=commits[0])
    assert why(less, run) is None and why(SharedRun(RUN), run) is None and why(run, run) is None
    assert why(run, less) == "other attempts 1, 2"
    other = replace(run, attempts={**run.attempts, 2: (NAMES.branch(2, "x"), commits[4])})
    assert why(run, other) == why(other, run) == "another attempt 2"
    assert why(run, replace(run, records=commits[2])) == "later records"
    assert why(replace(run, holdout=commits[1]), run) == "later hold-out results"
    assert why(run, replace(run, goal=commits[1])) == "another run of the same name"
    assert why(run, replace(run, records="1" * 40)) == "later records", "it rests on what is not here"


def test_a_candidate_is_known_again_as_the_attempt_that_it_became(
    repository: Repository, run: SharedRun
) -> None:
    base, started = run.attempts[0][1], now()

    def candidate(title: str, proposer: str = "tune") -> str:
        tree = repository.tree_of(base)
        return commit_pending(
            repository, Pending(RUN, 3, "", tree, (base,), proposer, title, "", (), started)
        ).commit

    waiting = replace(run, pending={3: candidate("one")})
    landed = {**run.attempts, 3: (NAMES.branch(3, "one"), candidate("one, repaired"))}
    after = replace(run, attempts=landed)
    assert why_not_behind(repository, waiting, after) is None
    assert moves(waiting, after, pending=True)[-1] == Move(NAMES.pending(3), waiting.pending[3], None)
    stranger = replace(run, attempts={**landed, 3: (NAMES.branch(3, "x"), candidate("x", "mutate"))})
    assert why_not_behind(repository, waiting, stranger) == "a candidate for attempt 3"
    assert why_not_behind(repository, waiting, run) == "a candidate for attempt 3"
    assert moves(run, waiting, pending=False) == []


def test_best_goes_anywhere_but_only_from_where_it_was_seen(
    repository: Repository, run: SharedRun, commits: list[str], remote: Remote
) -> None:
    remote.push(moves(SharedRun(RUN), run, pending=True))
    assert remote.refs(*PATTERNS) == run.refs
    back = replace(run, best=commits[0], records=commits[4])
    remote.push(moves(run, back, pending=True))
    assert remote.refs(*PATTERNS) == back.refs
    with pytest.raises(PushRefused) as caught:  # somebody was quicker
        remote.push(moves(run, replace(back, best=commits[2], holdout=commits[1]), pending=True))
    assert "stale info" in caught.value.message
    assert remote.refs(*PATTERNS) == back.refs, "all or none"


def test_no_ref_of_the_users_moves(
    repository: Repository, project: Any, run: SharedRun, remote: Remote, new_project: Callable[..., Any]
) -> None:
    project.arm_hooks()
    project.git("-c", "core.hooksPath=/dev/null", "tag", "-am", "a tag", "v1")
    project.git("config", "push.followTags", "true")
    before = project.fingerprint()
    remote.push(moves(SharedRun(RUN), run, pending=True))
    assert remote.refs("*") == run.refs
    remote.fetch(list(run.refs))
    assert project.fingerprint() == before


def test_what_is_no_remote(repository: Repository, project: Any, remote: Remote, tmp_path: Path) -> None:
    assert remote.name == "hub"
    with pytest.raises(UsageError, match="`nope` is no remote"):
        find_remote(repository.git, "nope")
    project.git("remote", "add", "other", "ssh://localhost/x")
    with pytest.raises(UsageError, match="there are 2 remotes and none is `origin`"):
        find_remote(repository.git, None)
    with pytest.raises(MachineError) as caught:
        find_remote(repository.git, str(tmp_path / "nowhere")).refs("*")
    assert "does not appear to be a git repository" in caught.value.message and caught.value.help


def test_a_deadline_ends_git_and_all_that_it_started(
    repository: Repository, project: Any, tmp_path: Path
) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 60\n")
    slow.chmod(0o755)
    project.git("remote", "add", "slow", "ssh://localhost/x")
    project.git("config", "core.sshCommand", str(slow))
    found = find_remote(repository.git, "slow")
    found.deadline = 0.0
    with pytest.raises(MachineError, match="was ended before it was done"):
        found.refs("*")
