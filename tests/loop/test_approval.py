"""Decisions about what waits: one file each, bound to the diff that was seen, the first one counts."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import UsageError
from kapso.loop.approval import Approvals
from kapso.loop.run_folder import Journal

COMMIT, MENDED = "a" * 40, "b" * 40


@pytest.fixture
def approvals(tmp_path: Path) -> Approvals:
    return Approvals(tmp_path, "demo-1234")


def test_a_decision_is_read_back_by_another_process(approvals: Approvals, tmp_path: Path) -> None:
    approvals.begin(7, COMMIT)
    assert approvals.decision(7) is None
    approvals.reject(7, "  it deletes\n the tests ")
    found = Approvals(tmp_path, "demo-1234").decision(7)
    assert found is not None and (found.word, found.reason) == ("rejected", "it deletes the tests")
    assert found.commit == COMMIT


def test_a_decision_is_about_the_diff_that_was_seen_alone(approvals: Approvals) -> None:
    approvals.begin(7, COMMIT)
    approvals.approve(7)
    approvals.begin(7, MENDED)
    assert approvals.decision(7) is None
    found = approvals.decision(7, COMMIT)
    assert found is not None and found.is_approved


def test_since_when_it_waits_survives_a_restart(approvals: Approvals) -> None:
    since = approvals.begin(7, COMMIT)
    assert approvals.begin(7, COMMIT) == since == approvals.since(7, COMMIT)
    assert approvals.since(7, MENDED) is None


def test_the_first_decision_counts(approvals: Approvals) -> None:
    approvals.begin(7, COMMIT)

    def decide(is_yes: bool) -> str:
        try:
            return (approvals.approve(7) if is_yes else approvals.reject(7)).word
        except UsageError as error:
            return error.slug

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(decide, [True, False] * 8))
    assert said.count("already-decided") == 15
    found = approvals.decision(7)
    assert found is not None and found.word in said
    with pytest.raises(UsageError, match=f"is {found.word} already"):
        approvals.approve(7)


def test_what_does_not_wait_cannot_be_decided(approvals: Approvals) -> None:
    for decide in (approvals.approve, approvals.reject):
        with pytest.raises(UsageError) as error:
            decide(3)
        assert error.value.slug == "not-waiting"


def test_nothing_is_left_of_what_has_landed(approvals: Approvals, tmp_path: Path) -> None:
    for number in (7, 8):
        approvals.begin(number, COMMIT)
        approvals.approve(number)
    approvals.forget(7)
    assert approvals.decision(7) is None and approvals.decision(8) is not None
    approvals.forget_others([])
    assert not list((tmp_path / "runs/demo-1234/approvals").iterdir())


def test_a_killed_run_has_not_used_the_time_in_which_a_human_thought(tmp_path: Path) -> None:
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("10:00:00", "run.started", {}),
        ("10:00:10", "attempt.waiting", {"attempt": 1}),
        ("11:00:10", "attempt.approved", {"attempt": 1, "elapsed": 10.0}),
        ("11:00:12", "attempt.evaluated", {"attempt": 1}),
    ]
    lines = [
        json.dumps({"time": f"2026-11-28T{moment}Z", "event": event, "run": "demo-1234", **details})
        for moment, event, details in told
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(f"{line}\n" for line in lines))
    assert Journal(path, "demo-1234").elapsed_s() == 12.0


def test_a_killed_run_has_not_used_the_time_of_a_pause(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("10:00:00", "run.started", {}),
        ("11:00:00", "run.continued", {"elapsed": 10.0}),
        ("11:00:05", "attempt.evaluated", {"attempt": 1}),
    ]
    lines = [
        json.dumps({"time": f"2026-11-28T{moment}Z", "event": event, "run": "demo-1234", **details})
        for moment, event, details in told
    ]
    path.write_text("".join(f"{line}\n" for line in lines))
    assert Journal(path, "demo-1234").elapsed_s() == 15.0


def test_a_decision_that_cannot_be_read_is_none(approvals: Approvals, tmp_path: Path) -> None:
    approvals.begin(7, COMMIT)
    (tmp_path / f"runs/demo-1234/approvals/0007-{COMMIT}.json").write_text("")
    assert approvals.decision(7) is None
    approvals.approve(7)
    assert approvals.decision(7) is not None
