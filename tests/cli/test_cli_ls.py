"""`kapso ls`: runs and attempts, as git tells them, whatever became of the log."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kapso.git.repository import Repository
from kapso.memory import DiffSize, Episode, Episodes, Stage, trusted_source

Kapso = Callable[..., Any]


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def numbers(text: str) -> list[int]:
    return [line["attempt"] for line in lines(text)]


def test_runs_as_json_lines(kapso: Kapso, packing: Any) -> None:
    done = kapso("ls", "--json")
    assert (done.code, done.err) == (0, "")
    assert lines(done.out) == [
        {
            "run": "packing-3f9a",
            "goal": "packing",
            "objective": "Pack circles",
            "status": "finished",
            "baseline": 2.0,
            "best_score": 2.5,
            "best_attempt": 2,
            "attempts": 5,
            "cost": 0.75,
            "started": "2026-11-01T11:59:00Z",
            "finished": "2026-11-01T13:00:00Z",
        }
    ]


def test_an_attempt_as_a_json_line(kapso: Kapso, packing: Any) -> None:
    done = kapso("ls", "packing", "--json")
    attempt = packing.attempts[2]
    assert lines(done.out)[2] == {
        "run": "packing-3f9a",
        "attempt": 2,
        "branch": "kapso/packing-3f9a/0002-radius-1-2",
        "commit": attempt.commit,
        "parents": [0],
        "proposer": "tune",
        "title": "RADIUS: 1 → 2",
        "hypothesis": "A larger radius\nfills the square.",
        "outcome": "scored",
        "verdict": "better",
        "score": 2.5,
        "metrics": {"score": 2.5, "run.seconds": 1.25},
        "reason": None,
        "duration": 1.25,
        "cost": 0.25,
        "lessons": ["L1"],
        "knowledge": ["9f3a1c02be47"],
        "started": "2026-11-01T12:00:04Z",
        "finished": "2026-11-01T12:00:05Z",
    }
    assert lines(done.out)[4]["verdict"] == "same", "its record overrides its trailer"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [0, 1, 2, 3, 4, 5]),
        (["--sort", "number", "--reverse"], [5, 4, 3, 2, 1, 0]),
        (["--sort", "score"], [4, 2, 0, 3, 1, 5]),
        (["--sort", "score", "--reverse"], [3, 0, 2, 4, 1, 5]),
        (["--sort", "score", "--limit", "2"], [4, 2]),
        (["--sort", "cost"], [2, 4, 0, 1, 3, 5]),
        (["--outcome", "crashed"], [1]),
        (["--outcome", "crashed", "--outcome", "cut"], [1, 5]),
        (["--outcome", "timed-out"], []),
        (["--limit", "0"], []),
    ],
)
def test_order_and_selection(kapso: Kapso, packing: Any, arguments: list[str], expected: list[int]) -> None:
    done = kapso("ls", "packing", "--json", *arguments)
    assert (done.code, numbers(done.out)) == (0, expected)


def test_the_best_score_is_the_lowest_where_less_is_better(kapso: Kapso, start: Callable[..., Any]) -> None:
    run = start("speed-0a0a", direction="minimize")
    for score in (2.0, 3.0, 1.0, 1.0):
        run.land({"pack.py": f"{score}".encode()}, score)
    assert numbers(kapso("ls", "speed", "--json", "--sort", "score").out) == [2, 3, 0, 1]
    assert lines(kapso("ls", "--json").out)[0]["best_attempt"] == 2


def test_the_table(kapso: Kapso, packing: Any) -> None:
    out = kapso("ls", "packing").out
    assert out.splitlines()[0].split() == "ATTEMPT OUTCOME VERDICT SCORE TIME PROPOSER FROM TITLE".split()
    assert "2  *  scored" in out and "RADIUS: 1 → 2" in out
    assert "try 1 (exit 1: `ZeroDivisionError`)" in out
    assert all(line == line.rstrip() for line in out.splitlines())
    runs = kapso("ls").out.splitlines()
    assert runs[1].split() == [
        "packing-3f9a",
        "finished",
        "2",
        "2.5",
        "2",
        "5",
        "0.75",
        "2026-11-01",
        "11:59",
    ]


def test_a_run_that_is_interrupted_running_or_paused(kapso: Kapso, start: Callable[..., Any]) -> None:
    run = start("packing-3f9a")
    run.land({}, 2.0)
    folder = run.repository.state_dir / "runs" / run.run

    def status() -> object:
        return lines(kapso("ls", "--json").out)[0]["status"]

    assert status() == "interrupted"
    folder.mkdir(parents=True)
    (folder / "control.json").write_text('{"state": "paused"}')
    with (folder / "lock").open("w") as lock:
        assert status() == "interrupted"
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert status() == "paused"
        for control in ('{"state": "running"}', '{"state": "stopping"}', "not json", "[]"):
            (folder / "control.json").write_text(control)
            assert status() == "running"
    assert status() == "interrupted"


def test_a_run_whose_baseline_never_ended(kapso: Kapso, start: Callable[..., Any]) -> None:
    start("packing-3f9a")
    run = lines(kapso("ls", "--json").out)[0]
    assert (run["baseline"], run["best_attempt"], run["attempts"], run["cost"]) == (None, None, 0, None)
    assert kapso("ls", "packing", "--json").out == ""
    assert kapso("best").code == 2


def test_the_baseline_is_the_best_where_nothing_beats_it(kapso: Kapso, start: Callable[..., Any]) -> None:
    run = start("packing-3f9a")
    run.land({}, 2.0)
    run.land({"pack.py": b"x"}, 2.0)
    assert lines(kapso("best", "--json").out)[0]["attempt"] == 0


def test_a_demoted_attempt_is_not_the_best_of_an_unfinished_run(
    kapso: Kapso, start: Callable[..., Any]
) -> None:
    run = start("packing-3f9a")
    run.land({}, 2.0)
    run.land({"pack.py": b"x"}, 2.5, verdict="better")
    assert lines(kapso("ls", "--json").out)[0]["best_attempt"] == 1
    run.record(1, verdict="same")
    assert lines(kapso("ls", "--json").out)[0]["best_attempt"] == 0


def test_no_runs_yet(kapso: Kapso, repository: Repository) -> None:
    assert kapso("ls", "--json").out == ""
    assert "kapso run" in kapso("ls").out
    done = kapso("ls", "packing")
    assert done.code == 2 and done.err.startswith("error[no-runs]")


def test_what_git_gains_or_loses_shows_at_once(kapso: Kapso, packing: Any) -> None:
    assert numbers(kapso("ls", "packing", "--json").out) == [0, 1, 2, 3, 4, 5]
    packing.land({"pack.py": b"RADIUS = 6\n"}, 2.6, record=False)
    assert numbers(kapso("ls", "packing", "--json").out) == [0, 1, 2, 3, 4, 5, 6]
    branch = packing.attempts[6].branch
    subprocess.run(["git", "branch", "-q", "-D", branch], check=True)
    assert numbers(kapso("ls", "packing", "--json").out) == [0, 1, 2, 3, 4, 5]
    subprocess.run(
        ["git", "update-ref", "refs/kapso/other-1111/goal", "refs/kapso/packing-3f9a/goal"], check=True
    )
    assert len(lines(kapso("ls", "--json").out)) == 2
    subprocess.run(["git", "update-ref", "-d", "refs/kapso/other-1111/goal"], check=True)
    assert len(lines(kapso("ls", "--json").out)) == 1


def test_without_state_or_after_reindex_the_same_is_printed(kapso: Kapso, packing: Any) -> None:
    def everything() -> list[str]:
        return [kapso("ls", "--json").out, kapso("ls", "packing", "--json").out]

    before = everything()
    shutil.rmtree(packing.repository.state_dir)
    assert everything() == before
    done = kapso("reindex", "--json")
    assert (done.code, lines(done.out)[0]["attempts"]) == (0, 5)
    assert everything() == before


def test_a_corrupt_log_is_rebuilt(kapso: Kapso, packing: Any) -> None:
    before = kapso("ls", "packing", "--json").out
    (packing.repository.state_dir / "kapso.duckdb").write_bytes(b"garbage" * 1000)
    done = kapso("ls", "packing", "--json")
    assert (done.code, done.out) == (0, before)
    assert "rebuilt from git" in done.err


def test_state_that_cannot_be_written_is_no_obstacle(kapso: Kapso, packing: Any) -> None:
    before = kapso("ls", "packing", "--json").out
    state = packing.repository.state_dir
    shutil.rmtree(state)
    state.write_text("in the way")
    done = kapso("ls", "packing", "--json")
    assert (done.code, done.out) == (0, before)
    assert "read from git for this once" in done.err


def test_branches_that_are_no_attempts_are_left_out_and_said(kapso: Kapso, packing: Any) -> None:
    branch, copy = "kapso/packing-3f9a/0006-mine", "kapso/packing-3f9a/0007-copy"
    subprocess.run(["git", "branch", branch, "main"], check=True)
    subprocess.run(["git", "branch", copy, packing.attempts[2].branch], check=True)
    done = kapso("ls", "packing", "--json")
    assert numbers(done.out) == [0, 1, 2, 3, 4, 5]
    assert branch in done.err and copy in done.err
    assert kapso("reindex").code == 1
    subprocess.run(["git", "branch", "-D", "-q", branch, copy], check=True)
    assert kapso("reindex").code == 0


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("packing-3f9a", "packing-3f9a"),
        ("packing-3f9", "packing-3f9a"),
        ("packing", "packing-3fff"),
        ("packing-big", "packing-big-0001"),
        ("packing-b", "packing-big-0001"),
        ("pack", "2 runs|3 runs"),
        ("packing-3f", "fits 2 runs"),
        ("paking-3f9a", "did you mean `packing-3f9a`"),
        ("zzz", "there are: `packing-3fff`"),
    ],
)
def test_what_run_means(kapso: Kapso, start: Callable[..., Any], text: str, found: str) -> None:
    start("packing-3f9a", started="2026-11-01T10:00:00Z").land({}, 1.0)
    start("packing-big-0001", started="2026-11-01T11:00:00Z").land({}, 1.0)
    start("packing-3fff", started="2026-11-01T12:00:00Z").land({}, 1.0)
    done = kapso("best", text, "--json")
    if found in ("packing-3f9a", "packing-3fff", "packing-big-0001"):
        assert (done.code, lines(done.out)[0]["run"]) == (0, found)
    else:
        assert done.code == 2 and any(part in done.err for part in found.split("|"))
    assert lines(kapso("best", "--json").out)[0]["run"] == "packing-3fff"


def test_what_the_engine_recorded_is_shown_as_git_has_it(kapso: Kapso, packing: Any) -> None:
    expected = kapso("ls", "packing", "--json").out
    shutil.rmtree(packing.repository.state_dir)
    log = Episodes(packing.repository.state_dir / "kapso.duckdb")
    log.record([Episode(replace(attempt, title="not yet true")) for attempt in packing.attempts.values()])
    assert kapso("ls", "packing", "--json").out == expected


def test_a_trusted_episode_is_not_read_again_until_its_record_changes(kapso: Kapso, packing: Any) -> None:
    attempt = packing.attempts[2]
    record = packing.repository.read(
        packing.repository.refs.get(f"refs/kapso/{packing.run}/records"), "0002.json"
    )
    source = trusted_source(attempt.commit, record)
    log = Episodes(packing.repository.state_dir / "kapso.duckdb")
    log.record([Episode(attempt, DiffSize(1, 2, 3), (Stage("run", "./pack", 0),), source=source)])
    expected = log.episode(packing.run, 2)
    assert expected is not None
    assert lines(kapso("ls", "packing", "--json").out)[2]["title"] == attempt.title
    assert log.episode(packing.run, 2) == expected
    assert log.known()[packing.run, 3].source is not None
    packing.record(2, verdict="same", feedback="it did not hold")
    assert lines(kapso("ls", "packing", "--json").out)[2]["verdict"] == "same"
    found = log.episode(packing.run, 2)
    assert found is not None and found.is_demoted
    assert (found.stages, found.diff) == (expected.stages, expected.diff), "the engine's own are kept"
    shutil.rmtree(packing.repository.state_dir)
    kapso("ls")
    rebuilt = log.episode(packing.run, 2)
    assert rebuilt is not None and (rebuilt.attempt, rebuilt.stages) == (found.attempt, ())
