"""What the dashboard knows of a run: what git holds, then what the journal says, whatever happens to both."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kapso.attempt import Attempt
from kapso.git.layout import RunRefs
from kapso.git.repository import Repository
from kapso_tui.actions.bookmarks import Bookmarks
from kapso_tui.watch.journal import JournalReader
from kapso_tui.watch.run import RunWatch
from tests.tui.climb import RUN, Made
from tests.tui.conftest import kapso


def watched(root: Path) -> RunWatch:
    watch = RunWatch(Repository.open(root), RUN)
    watch.load()
    return watch


def known(attempts: dict[int, Attempt]) -> dict[int, Attempt]:
    """Without what a journal leaves to git, and in whole seconds, as git keeps them."""
    return {n: replace(each, tree="", sandbox="", evaluator="") for n, each in attempts.items()}


def test_all_that_ls_shows_is_known(finished: Path) -> None:
    run = next((finished / ".git/kapso/runs").iterdir()).name
    watch = RunWatch(Repository.open(finished), run)
    news = watch.load()
    assert news.is_reloaded and not news.notes
    told = [json.loads(line) for line in kapso(finished, "ls", run, "--json").splitlines()]
    assert [each.to_json() for each in watch.attempts.values()] == told
    [summary] = [json.loads(line) for line in kapso(finished, "ls", "--json").splitlines()]
    assert watch.summary is not None and watch.summary.to_json() == summary
    assert watch.status == "finished" and watch.goal is not None and watch.goal.budget.attempts == 12
    assert watch.facts is not None and watch.facts.confirmation is not None
    assert not watch.poll(), "nothing is new"


def test_what_lands_is_heard_as_git_would_tell_it(climbing: Made) -> None:
    watch = watched(climbing.repository.root)
    with climbing.working():
        climbing.land("tune", 0, 12.0)
        number = climbing.propose("llm", 1, "another way")
        news = watch.poll()
        assert news.attempts == (1,) and news.has_flights and news.has_status
        assert watch.status == "running" and watch.best == watch.attempts[1]
        assert watch.flights[number].title == "another way" and watch.flights[number].parents == (1,)
        climbing.land("llm", 1, 11.0)
        watch.poll()
    fresh = watched(climbing.repository.root)
    assert known(dict(watch.attempts)) == known(dict(fresh.attempts))
    assert watch.summary == fresh.summary, "counted, and paid, as git does"
    watch.poll()
    assert watch.status == "interrupted" and set(watch.flights) == set(fresh.flights) == {number}


def test_nothing_is_missed_between_reading_git_and_the_journal(climbing: Made) -> None:
    def land() -> None:
        for at in range(25):
            climbing.land("tune", at, 10.0 + at)

    watch = RunWatch(climbing.repository, RUN)
    with climbing.working():
        writer = threading.Thread(target=land)
        writer.start()
        while writer.is_alive():
            watch.load()
        watch.load() if not watch.attempts else None
        writer.join()
        watch.poll()
    assert sorted(watch.attempts) == list(range(26))
    assert watch.best is not None and watch.best.number == 25 and not watch.flights


def test_what_is_in_flight_is_known_when_it_is_opened(climbing: Made) -> None:
    with climbing.working():
        number = climbing.propose("tune", 0, "in the middle")
        climbing.journal.write("attempt.started", attempt=number + 1, parents=[0])
        watch = watched(climbing.repository.root)
        assert {n: each.title for n, each in watch.flights.items()} == {
            number: "in the middle",
            number + 1: "",
        }
    watch.poll()
    assert set(watch.flights) == {number}, "what had no candidate is gone with its process"
    assert not watched(climbing.repository.root).flights.keys() ^ {number}


def test_a_branch_that_somebody_deletes_is_missed_once(climbed: Path) -> None:
    watch = watched(climbed)
    watch._refs._looked = 0.0
    lost = watch.attempts[3]
    subprocess.run(["git", "branch", "-qD", lost.branch], cwd=climbed, check=True)
    [note] = watch.poll().notes
    assert f"git branch {lost.branch} {lost.commit[:12]}" in note
    assert watch.attempts[3] == lost
    watch._refs._looked = 0.0
    assert not watch.poll()
    subprocess.run(["git", "branch", lost.branch, lost.commit], cwd=climbed, check=True)


def test_a_log_that_is_deleted_or_spoilt_is_made_anew(climbed: Path) -> None:
    watch, file = watched(climbed), climbed / ".git/kapso/kapso.duckdb"
    before = watch.attempts
    file.unlink()
    assert not watch.load().notes and watch.attempts == before and file.exists()
    file.write_bytes(b"no database " * 1000)
    [note] = watch.load().notes
    assert "set-aside" in note and watch.attempts == before


def test_a_log_that_somebody_holds_is_not_waited_for(climbed: Path) -> None:
    watch, file = watched(climbed), climbed / ".git/kapso/kapso.duckdb"
    before = watch.attempts
    code = f"import _duckdb; c = _duckdb.connect({str(file)!r}); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        notes = watch.load().notes
        again = watch.load().notes
        holder.communicate(b"\n")
    assert len(notes) == 1 and "is held by" in notes[0] and "read from git" in notes[0]
    assert not again and watch.attempts == before


def test_a_journal_that_is_cut_deleted_or_spoilt_is_told_and_borne(climbing: Made) -> None:
    climbing.land("tune", 0, 11.0)
    watch, journal = watched(climbing.repository.root), climbing.folder / "events.jsonl"
    os.truncate(journal, 10)
    [note] = watch.poll().notes
    assert "cut short" in note and set(watch.attempts) == {0, 1}
    journal.unlink()
    [note] = watch.poll().notes
    assert "is gone" in note and not watch.poll()
    journal.write_text(
        'garbage\n{"time": 7}\n[]\n{"time": "2026-01-01T00:00:00", "event": "attempt.evaluated"}\n'
    )
    with climbing.working():
        climbing.land("tune", 1, 12.0)
        assert watch.poll().attempts == (2,)
    assert watch.best is not None and watch.best.number == 2


def test_a_run_that_is_removed_stays_on_the_screen(climbed: Path) -> None:
    watch = watched(climbed)
    remove(climbed)
    watch._refs._looked = 0.0
    notes = [*watch.poll().notes, *watch.poll().notes]
    assert any("holds climb-0000 no more" in note for note in notes)
    assert len(watch.attempts) == 13 and watch.summary is not None
    watch._refs._looked = 0.0
    assert not watch.poll().notes
    assert not watch.load().notes and len(watch.attempts) == 13


def remove(root: Path) -> None:
    """As `kapso gc` does with a run that the user names."""
    names = subprocess.run(
        ["git", "for-each-ref", "--format=delete %(refname)", f"refs/heads/kapso/{RUN}", f"refs/kapso/{RUN}"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    subprocess.run(["git", "update-ref", "--stdin"], cwd=root, input=names.stdout, check=True)
    shutil.rmtree(root / ".git/kapso/runs" / RUN)


def test_what_comes_in_without_a_journal_is_read(climbed: Path) -> None:
    watch = watched(climbed)
    repository = Repository.open(climbed)
    names = RunRefs(RUN)
    with repository.refs.transaction() as moves:  # as a pull does
        moves.delete(names.branch(12, "step-12"))
    watch._refs._looked = 0.0
    watch.poll()
    fresh = watched(climbed)
    assert 12 not in fresh.attempts
    with repository.refs.transaction() as moves:
        moves.create(names.branch(12, "step-12"), watch.attempts[12].commit)
    fresh._refs._looked = 0.0
    assert fresh.poll().is_reloaded and 12 in fresh.attempts


def test_bookmarks_limits_and_hold_out_are_followed(climbed: Path) -> None:
    watch = watched(climbed)
    assert {n: said["metrics"]["score"] for n, said in watch.holdout.items()} == {
        1: 10.5,
        4: 12,
        7: 12.25,
        12: 14.25,
    }
    Bookmarks(watch.folder.path).toggle(4)
    assert watch.poll().has_status and watch.bookmarks == {4}
    watch.folder.keep_raised({"attempts": 99})
    watch.load()
    assert watch.goal is not None and watch.goal.budget.attempts == 99 and watch.goal.budget.cost == 2


def test_a_run_that_is_not_there_is_no_error(climbed: Path) -> None:
    watch = RunWatch(Repository.open(climbed), "nothing-1234")
    news = watch.load()
    assert watch.summary is None and not watch.attempts and watch.facts is None
    assert any("nothing-1234" in note for note in news.notes)
    assert not watch.poll()


def test_sessions_last_as_the_engine_counts(tmp_path: Path) -> None:
    lines: list[tuple[str, str, dict[str, Any]]] = [
        ("10:00:00", "run.started", {}),
        ("10:00:30", "attempt.evaluated", {"attempt": 1, "title": '"event": "run.finished"'}),
        ("11:00:00", "run.resumed", {}),
        ("11:00:10", "run.finished", {"elapsed": 38.5}),
        ("12:00:00", "run.resumed", {}),
        ("12:00:05", "attempt.started", {"attempt": 2, "parents": [1]}),
        ("13:00:00", "run.continued", {"elapsed": 43.5}),
    ]
    path = tmp_path / "events.jsonl"
    told = [{"time": f"2026-01-01T{at}Z", "event": event, "run": RUN, **more} for at, event, more in lines]
    path.write_text("".join(json.dumps(each) + "\n" for each in told) + '{"half a li')
    reader = JournalReader(path)
    assert reader.past.sessions.elapsed_s(None) == 43.5
    assert reader.past.sessions.elapsed_s(datetime(2026, 1, 1, 13, 1, tzinfo=UTC)) == 43.5 + 60
    assert set(reader.past.begun) == {2} and reader.past.latest == told[-1]
    with path.open("a") as file:
        file.write('ne"}\n' + json.dumps(told[1]) + "\n")
    assert reader.new_events() == [told[1]] and reader.new_events() == []
