"""What the dashboard knows of all runs, and how little it reads where nothing is new."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import KapsoError
from kapso.git.repository import Repository
from kapso.loop.run_folder import RunFolder
from kapso.wording import age
from kapso_tui.glyphs import ASCII, glyphs
from kapso_tui.watch.runs import RunsWatch
from kapso_tui.widgets import sparkline as cells
from kapso_tui.widgets.sparkline import shorten, sparkline, status_text
from tests.tui.made import write_run


def write(folder: RunFolder, *events: dict[str, Any]) -> None:
    with (folder.path / "events.jsonl").open("a") as file:
        for event in events:
            file.write(json.dumps({"time": "2026-01-01T00:00:00Z", "run": folder.run, **event}) + "\n")


def test_all_runs_with_how_their_best_came_about(made: Path) -> None:
    watch = RunsWatch(Repository.open(made))
    assert watch.look() == []
    assert [(each.run, each.status) for each in watch.runs] == [
        ("pack-77b0", "interrupted"),
        ("pack-3f9a", "finished"),
        ("sort-c001", "finished"),
    ]
    assert watch.runs[0].steps == ((0, 1.5), (2, 1.51), (4, 1.62))
    assert watch.runs[2].steps == ((0, 12.0),)  # lower is better


def test_what_a_live_run_writes_is_heard_without_reading_git(made: Path) -> None:
    repository = Repository.open(made)
    folder = RunFolder(repository.state_dir, "pack-77b0")
    watch = RunsWatch(repository)
    with folder.lock():
        folder.tell("running")
        watch.look()
        watch._load = None  # type: ignore[assignment,method-assign]  # reading git again would fail
        write(
            folder,
            {"event": "attempt.waiting", "attempt": 9},
            {"event": "attempt.evaluated", "attempt": 8, "score": 1.7, "cost": 0.5},
            {"event": "best.improved", "attempt": 8, "score": 1.7},
            {"event": "attempt.evaluated", "attempt": 7, "score": 1.3, "cost": 0.5},  # known already
            {"event": "attempt.evaluated", "attempt": "x"},
            {"event": "best.improved", "attempt": 8, "score": "none"},
        )
        watch.look()
        run = watch.runs[0]
        assert (run.status, run.summary.attempts, run.summary.best_score) == ("running", 8, 1.7)
        assert (run.summary.cost, run.steps[-1], set(run.waiting)) == (0.5, (8, 1.7), {9})
        folder.tell("paused")
        write(folder, {"event": "attempt.approved", "attempt": 9})
        watch.look()
        assert (watch.runs[0].status, watch.runs[0].waiting) == ("paused", frozenset())


def test_when_a_run_ends_or_another_comes_git_is_read_again(made: Path) -> None:
    repository = Repository.open(made)
    folder = RunFolder(repository.state_dir, "pack-77b0")
    watch = RunsWatch(repository)
    with folder.lock():
        folder.tell("running")
        watch.look()
        write(folder, {"event": "attempt.evaluated", "attempt": 8, "score": 9.0})
        watch.look()
        assert watch.runs[0].summary.attempts == 8
    watch.look()  # the lock is free
    watch.look()
    assert (watch.runs[0].status, watch.runs[0].summary.attempts) == ("interrupted", 7)  # as git has it
    write_run(repository, "new-0001", [1.0], objective="New.", hours=0)
    watch.look()
    assert watch.runs[0].run == "new-0001"
    shutil.rmtree(repository.state_dir)
    watch.look()
    watch.look()
    assert len(watch.runs) == 4


def test_what_cannot_be_read_now_is_read_the_next_time(made: Path) -> None:
    watch = RunsWatch(Repository.open(made))
    packed = made / ".git/packed-refs"
    packed.write_text("garbage\n")
    for _ in range(2):
        with pytest.raises(KapsoError, match="unexpected line in"):
            watch.look()
    packed.unlink()
    watch.look()
    assert len(watch.runs) == 3


def test_a_curve_in_a_few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sparkline(((0, 1.0), (5, 3.0)), 10, 5) == "▁▁███"  # half of ten attempts rounds down to five
    assert sparkline(((0, 5.0), (9, 1.0)), 10, 4) == "███▁"
    assert sparkline(((0, 2.0),), 0, 3) == "▁▁▁"
    assert sparkline((), 7, 3) == ""
    assert sparkline(((0, -1e308), (1, 1e308)), 1, 2) == "▁▁"
    monkeypatch.setattr(cells, "glyphs", lambda: ASCII)
    assert sparkline(((0, 1.0), (5, 3.0)), 10, 5) == "__@@@"
    assert status_text("paused") == "= paused"


def test_every_sign_has_one_in_ascii() -> None:
    for name, sign in vars(ASCII).items():
        if isinstance(sign, str):
            assert sign.isascii(), name
            assert len(sign) == len(getattr(glyphs(), name)) or name in ("arrow", "parts", "dots"), name


def test_names_are_cut_in_the_middle_by_their_width() -> None:
    assert shorten("circle-packing-3f9a", 30) == "circle-packing-3f9a"
    assert shorten("circle-packing-3f9a", 11) == "circl…-3f9a"
    assert shorten("並列並列並列", 7) == "並列…列"  # two cells each
    assert shorten("abc", 2) == "ab"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (-5, "0s"), (59.9, "59s"), (60, "1m"), (7199, "1h"), (86400, "1d"), (8640000, "100d")],
)
def test_ages(seconds: float | None, text: str) -> None:
    assert age(seconds) == text


def test_the_console_of_linux_gets_signs_that_its_font_has(monkeypatch: pytest.MonkeyPatch) -> None:
    glyphs.cache_clear()
    monkeypatch.setenv("TERM", "linux")
    try:
        assert glyphs() is ASCII
    finally:
        glyphs.cache_clear()
