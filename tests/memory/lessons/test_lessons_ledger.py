"""Lessons in a real repository: kept, joined with what others wrote meanwhile, pulled ones in quarantine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from kapso.git.ledger import write_files
from kapso.git.repository import Repository
from kapso.memory.lessons.guard import admitted, foreign_runs, why_quarantined
from kapso.memory.lessons.known import judged
from kapso.memory.lessons.ledger import FILE, Ledger
from kapso.memory.lessons.lesson import About, Line, Mark, Subject, Tally
from tests.memory.lessons.conftest import line_of, sighting_of, subject_of

REF = "refs/kapso/memory"


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Repository:
    return Repository.open(make_repository({"a.py": "x = 1\n"}))


def by_key(*lines: Line) -> dict[str, Line]:
    return {line.subject.key: line for line in lines}


def git(repository: Repository, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=repository.root, check=True, capture_output=True, text=True
    ).stdout


def test_lessons_are_json_lines_on_a_ref_of_their_own_and_come_back_whole(repository: Repository) -> None:
    ledger = Ledger(repository)
    assert ledger.lines() == {} and ledger.put({}) is None
    lines = by_key(line_of(sighting_of()), line_of(sighting_of(), subject=subject_of("swap")))
    assert ledger.put(lines) == git(repository, "rev-parse", REF).strip()
    assert Ledger(repository).lines() == lines
    told = [json.loads(line) for line in git(repository, "show", f"{REF}:{FILE}").splitlines()]
    assert [each["key"] for each in told] == sorted(lines)
    assert all(each["statement"] and 0 <= each["confidence"] <= 1 and "status" in each for each in told)
    assert git(repository, "status", "--porcelain") == ""


def test_what_says_nothing_new_makes_no_commit(repository: Repository) -> None:
    ledger = Ledger(repository)
    first = ledger.put(by_key(line_of(sighting_of())))
    assert ledger.put(by_key(line_of(sighting_of()))) == first
    assert ledger.put(by_key(line_of(sighting_of(total=2, better=1)))) == first
    assert ledger.put(by_key(line_of(sighting_of(total=9, better=1)))) != first


def test_a_mark_is_kept_and_a_lesson_that_is_not_there_cannot_be_marked(repository: Repository) -> None:
    ledger = Ledger(repository)
    line = line_of(sighting_of())
    ledger.put(by_key(line))
    ledger.mark(line.subject.key, Mark("2026-01-01T00:00:00Z", "pin", "Ada"))
    assert [mark.change for mark in ledger.lines()[line.subject.key].marks] == ["pin"]
    with pytest.raises(KeyError):
        ledger.mark("0" * 40, Mark("2026-01-01T00:00:00Z", "pin", "Ada"))


def _learn(root: Path, run: str) -> None:
    ledger = Ledger(Repository.open(root))
    for seen in range(1, 6):
        own = line_of(sighting_of(run, 0, seen), subject=subject_of(run))
        ledger.put(by_key(own, line_of(sighting_of(run, 0, seen))))


def test_runs_that_learn_at_once_lose_nothing(repository: Repository) -> None:
    workers = [
        get_context("spawn").Process(target=_learn, args=(repository.root, f"demo-{n:04d}")) for n in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    lines = Ledger(repository).lines()
    assert len(lines) == 3
    assert {run: each.seen for run, each in lines[subject_of().key].sightings.items()} == {
        "demo-0000": 5,
        "demo-0001": 5,
    }


def test_beside_a_large_whole_a_run_keeps_a_file_of_its_own_until_it_ends(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kapso.memory.lessons.ledger._LARGE", 1)
    others = by_key(
        line_of(sighting_of("demo-0000")), line_of(sighting_of("demo-0000"), subject=subject_of("x"))
    )
    ledger = Ledger(repository)
    ledger.put(others)
    whole = git(repository, "rev-parse", f"{REF}:{FILE}")
    ledger.keep("demo-1111", by_key(line_of(sighting_of("demo-1111", total=2, better=1))))
    ledger.keep("demo-1111", by_key(line_of(sighting_of("demo-1111"), subject=subject_of("y"))))
    assert git(repository, "rev-parse", f"{REF}:{FILE}") == whole, "what others saw is not written again"
    assert git(repository, "show", f"{REF}:runs/demo-1111.jsonl").count("\n") == 2
    known = Ledger(repository).lines()
    assert known.keys() == {*others, subject_of("y").key}, "a kill here loses nothing"
    assert known[subject_of().key].sightings.keys() == {"demo-0000", "demo-1111"}

    Ledger(repository).put(by_key(line_of(sighting_of("demo-2222"))))  # another one joins it with the whole
    assert git(repository, "ls-tree", "--name-only", REF).split() == [FILE]
    ledger.keep("demo-1111", by_key(line_of(sighting_of("demo-1111", total=9, better=1))))
    ledger.put({})
    assert git(repository, "ls-tree", "--name-only", REF).split() == [FILE]
    seen = Ledger(repository).lines()[subject_of().key].sightings
    assert seen.keys() == {"demo-0000", "demo-1111", "demo-2222"} and seen["demo-1111"].concerned.total == 9


def test_of_what_is_in_quarantine_a_run_looks_at_some_and_what_is_forgotten_stays_away(
    repository: Repository,
) -> None:
    ledger = Ledger(repository)
    own = by_key(line_of(sighting_of()))
    ledger.put(own)
    junk = by_key(*(line_of(sighting_of("eve-1111"), subject=subject_of(f"op{at}")) for at in range(40)))
    assert ledger.take(junk, "origin") == 40
    first, other = (ledger.lines_for(run, 5).keys() for run in ("demo-0001", "demo-0002"))
    assert len(first) == len(other) == 6 and own.keys() <= first and first != other
    assert ledger.lines_for("demo-0001", 5).keys() == first, "a run finds the same again"
    assert set(ledger.quarantined()) == junk.keys()

    assert ledger.forget(ledger.quarantined(), "Lessons forgotten") == 40
    assert Ledger(repository).lines() == own
    assert ledger.take(junk, "origin") == 0 and Ledger(repository).lines() == own, "nor when pulled again"
    key = subject_of("op3").key
    ledger.put(by_key(line_of(sighting_of("demo-0003"), subject=subject_of("op3"))))
    assert ledger.take(junk, "origin") == 1, "of what was seen here, others are heard again"
    assert ledger.lines()[key].sightings.keys() == {"demo-0003", "eve-1111"}


def test_a_lock_that_a_kill_left_does_not_stand_in_the_way(repository: Repository) -> None:
    lock = repository.common_dir / f"{REF}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    os.utime(lock, (1, 1))
    assert Ledger(repository).put(by_key(line_of(sighting_of()))) is not None
    assert not lock.exists()


def test_lines_of_a_later_kapso_are_kept_and_told_to_nobody(repository: Repository) -> None:
    strange = b'{"lesson": "L00000001", "key": "' + b"0" * 40 + b'", "subject": {"about": "dream"}}'
    write_files(repository, REF, {FILE: strange + b"\nnot even json\n"}, "later")
    ledger = Ledger(repository)
    assert ledger.lines() == {}
    ledger.put(by_key(line_of(sighting_of())))
    assert strange.decode() in git(repository, "show", f"{REF}:{FILE}")
    assert len(ledger.lines()) == 1


def test_a_line_that_cannot_be_kept_is_left_out(
    repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    broken = line_of(sighting_of(detail={"low": float("nan")}))
    ledger = Ledger(repository)
    ledger.put(by_key(broken, line_of(sighting_of(), subject=subject_of("swap"))))
    assert list(ledger.lines()) == [subject_of("swap").key]
    assert "cannot be kept" in caplog.text


def test_a_pulled_lesson_is_in_quarantine_until_attempts_of_ones_own_agree(repository: Repository) -> None:
    ledger, key = Ledger(repository), subject_of().key
    theirs = line_of(sighting_of("bob-1111", 50, 50), marks=[Mark("2026-01-01T00:00:00Z", "trust", "Bob")])
    assert ledger.take(by_key(theirs), "origin") == 1
    line = ledger.lines()[key]
    assert foreign_runs(line) == {"bob-1111"}
    assert [(mark.change, mark.by, mark.why) for mark in line.marks] == [("pulled", "origin", "bob-1111")]
    assert "pulled from origin" in str(why_quarantined(line, "s"))
    assert ledger.take(by_key(theirs), "origin") == 0  # once more changes nothing

    ledger.put(by_key(line_of(sighting_of("demo-1111", 2, 2))))
    assert "2 of the 3 attempts" in str(why_quarantined(ledger.lines()[key], "s"))
    ledger.put(by_key(line_of(sighting_of("demo-1111", 3, 3))))
    line = ledger.lines()[key]
    assert why_quarantined(line, "s") is None
    counted = admitted(line).sightings
    assert counted["bob-1111"].concerned.total == 3, "others count for no more than one's own"


def test_what_nobody_can_judge_is_not_taken_and_disturbs_no_list(
    repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    noise = Subject(About.EVALUATION, {"goal": "demo", "what": "noise"})
    junk = line_of(sighting_of("bob-1111", detail={"sigma": [1]}), subject=noise)
    ledger = Ledger(repository)
    assert ledger.take(by_key(junk, line_of(sighting_of("bob-1111"))), "origin") == 1
    assert list(ledger.lines()) == [subject_of().key]
    ledger.put(by_key(junk))  # as if somebody wrote the ref by other means
    assert [each.id for each in judged(ledger.lines())] == [subject_of().id]
    assert "could not be judged" in caplog.text


def test_pulled_evidence_that_ones_own_denies_counts_for_nothing(repository: Repository) -> None:
    ledger = Ledger(repository)
    ledger.take(by_key(line_of(sighting_of("bob-1111", 50, 50))), "origin")
    ledger.put(by_key(line_of(sighting_of("demo-1111", 0, 5))))
    line = ledger.lines()[subject_of().key]
    assert list(admitted(line).sightings) == ["demo-1111"]
    assert why_quarantined(line, "s") is None


def test_nobody_else_tells_what_ones_own_runs_saw_or_what_is_decided_here(repository: Repository) -> None:
    ledger, key = Ledger(repository), subject_of().key
    own = line_of(sighting_of("demo-1111", 1, 5))
    ledger.put(by_key(own))
    forged = line_of(
        sighting_of("demo-1111", 900, 900),
        marks=[
            Mark("2026-01-01T00:00:00Z", each, "Eve") for each in ("retire", "pin", "trust", "quarantine")
        ],
    )
    assert ledger.take(by_key(forged), "origin") == 0
    assert ledger.lines()[key] == own


def test_of_what_is_new_here_a_retirement_is_believed_but_not_one_from_the_future(
    repository: Repository,
) -> None:
    ledger = Ledger(repository)
    marks = [Mark("2026-01-01T00:00:00Z", "retire", "Bob"), Mark("2999-01-01T00:00:00Z", "retire", "Eve")]
    ledger.take(by_key(line_of(sighting_of("bob-1111"), marks=marks)), "origin")
    assert [mark.by for mark in ledger.lines()[subject_of().key].marks] == ["Bob", "origin"]


def test_trust_makes_pulled_evidence_ones_own_until_more_is_pulled(repository: Repository) -> None:
    ledger, key = Ledger(repository), subject_of().key
    ledger.take(by_key(line_of(sighting_of("bob-1111"))), "origin")
    ledger.mark(key, Mark("2998-01-01T00:00:00Z", "trust", "Ada"))
    assert why_quarantined(ledger.lines()[key], "s") is None
    line = ledger.lines()[key]
    later = replace(line, marks=(*line.marks, Mark("2999-01-01T00:00:00Z", "pulled", "x", "eve-1111")))
    assert foreign_runs(later) == {"eve-1111"}


def test_scaled_evidence_stays_a_tally(repository: Repository) -> None:
    theirs = replace(
        sighting_of("bob-1111"), concerned=Tally(100, better=61, worse=30, failed=9, scored=91, gain=5.0)
    )
    line = line_of(theirs, sighting_of("demo-1111", 4, 4), marks=[Mark("t", "pulled", "o", "bob-1111")])
    assert admitted(line).sightings["bob-1111"].concerned == Tally(
        4, better=2, worse=1, failed=0, scored=3, gain=0.2
    )
