"""The lessons: listed, filtered, sorted, decided about, exported; evidence opens the attempt; live."""

from __future__ import annotations

import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from kapso.git.repository import Repository
from kapso.memory.lessons.known import known_lessons
from kapso.memory.lessons.ledger import Ledger
from kapso.memory.lessons.lesson import About, Example, Lesson, Line, Mark, Record, Status, Subject, Tally
from kapso.memory.lessons.marks import PULLED
from kapso_tui.app import KapsoApp
from kapso_tui.screens.lessons import LessonsScreen
from kapso_tui.screens.run import RunScreen
from kapso_tui.widgets.lesson_table import LessonTable
from tests.memory.lessons.conftest import line_of, sighting_of, subject_of
from tests.tui.driving import SIZES, check_picture, drive, text, until

SWAP = subject_of("swap")
NOISE = Subject(About.EVALUATION, {"goal": "demo", "what": "noise"})
WORTH = Record(told=Tally(total=9, better=6), withheld=Tally(total=8, better=1))
LINES = (
    line_of(sighting_of(record=WORTH, files=("src/parse.py",))),
    line_of(sighting_of(better=0, total=6, goal="other", run="other-2222"), subject=SWAP),
    line_of(
        sighting_of(concerned=Tally(total=9, scored=9), others=Tally(), examples=(), detail={"sigma": 0.5}),
        subject=NOISE,
    ),
)
Steps = Callable[[Pilot[Any], LessonsScreen], Awaitable[None]]


def put(root: Path, *lines: Line) -> None:
    with Repository.open(root) as repository:
        Ledger(repository).put({line.subject.key: line for line in lines})


def lesson_of(root: Path, subject: Subject) -> Lesson:
    with Repository.open(root) as repository:
        return next(each for each in known_lessons(repository) if each.id == subject.id)


def look(root: Path, steps: Steps, size: tuple[int, int] = SIZES["usual"], count: int = 3) -> None:
    """Go to the lessons, wait until `count` are there, and do the steps."""
    app = KapsoApp(Repository.open(root))

    async def go(pilot: Pilot[Any]) -> None:
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, LessonsScreen))
        screen = app.screen
        assert isinstance(screen, LessonsScreen)
        await until(pilot, lambda: len(screen.shown) == count)
        await steps(pilot, screen)

    drive(app, go, size)


async def choose(pilot: Pilot[Any], screen: LessonsScreen, subject: Subject) -> None:
    """Put the cursor on the lesson about this."""
    row = [each.id for each in screen.shown].index(subject.id)
    screen.query_one(LessonTable).move_cursor(row=row)
    await until(pilot, lambda: screen.picked is not None and screen.picked.id == subject.id)


async def enter(pilot: Pilot[Any], words: str) -> None:
    """Type into what has the focus, in place of what it holds, and go on."""
    focused = pilot.app.focused
    assert isinstance(focused, Input)
    focused.value = words
    await pilot.press("enter")


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    root = make_repository({"a.py": "x = 1\n"})
    put(root, *LINES)
    return root


def test_lessons_look_as_they_should(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LessonsScreen) -> None:
        await choose(pilot, screen, subject_of())
        await until(pilot, lambda: "predicted" in text(pilot.app))
        for name, size in SIZES.items():
            await pilot.resize_terminal(*size)
            await pilot.pause()
            check_picture(pilot.app, f"lessons-{name}")
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        assert screen.shown

    look(root, steps)


def test_without_a_lesson_it_says_how_they_come_about(empty: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LessonsScreen) -> None:
        await until(pilot, lambda: "come about by themselves" in text(pilot.app))
        put(empty, *LINES)  # another process learns
        await until(pilot, lambda: len(screen.shown) == 3)
        assert "come about by themselves" not in text(pilot.app)

    look(empty, steps, SIZES["small"], count=0)


def test_words_and_pairs_filter_and_escape_brings_all_back(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LessonsScreen) -> None:
        async def left(question: str, *subjects: Subject) -> None:
            screen.query_one("#find", Input).value = question
            await until(pilot, lambda: {each.id for each in screen.shown} == {s.id for s in subjects})

        await pilot.press("slash")
        assert pilot.app.focused is screen.query_one("#find")
        await left("kind:fact", NOISE)
        await left("kind:prefer status:cand", subject_of())
        await left("goal:other", SWAP)
        await left("run:other-2 kind:avoid", SWAP)
        await left("file:parse", subject_of())
        await left("SWAP", SWAP)
        await left("no lesson has these words")
        assert "no lesson is like that" in text(pilot.app)
        await pilot.press("escape")
        await until(pilot, lambda: len(screen.shown) == 3)

    look(root, steps)


def test_columns_sort_by_key_and_by_click(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LessonsScreen) -> None:
        await pilot.press("o")
        assert screen.order == "kind" and [each.kind for each in screen.shown] == ["avoid", "fact", "prefer"]
        await pilot.press("O")
        assert [each.kind for each in screen.shown] == ["prefer", "fact", "avoid"]
        table = screen.query_one(LessonTable)
        at = str(table._get_column_region(2).x + 2)
        await pilot.click(LessonTable, offset=(int(at), 0))
        await until(pilot, lambda: screen.order == "confidence")
        found = [each.confidence for each in screen.shown]
        assert found == sorted(found, reverse=True)

    look(root, steps)


def test_decisions_are_kept_in_git_as_the_command_keeps_them(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LessonsScreen) -> None:
        await choose(pilot, screen, subject_of())
        await pilot.press("R")
        await enter(pilot, "the parser  is gone")
        await until(pilot, lambda: lesson_of(root, subject_of()).status is Status.RETIRED)
        await until(pilot, lambda: "retired: the parser is gone" in text(pilot.app))
        assert screen.picked is not None and screen.picked.id == subject_of().id, "the cursor stays on it"
        await pilot.press("R")
        await until(pilot, lambda: lesson_of(root, subject_of()).status is not Status.RETIRED)
        await pilot.press("P")
        await until(pilot, lambda: lesson_of(root, subject_of()).is_pinned)
        await until(pilot, lambda: screen.picked is not None and screen.picked.is_pinned)
        await pilot.press("P")
        await until(pilot, lambda: not lesson_of(root, subject_of()).is_pinned)

    look(root, steps)
    marks = [(mark.change, mark.by) for mark in lesson_of(root, subject_of()).line.marks]
    assert marks == [("retire", "Ada"), ("restore", "Ada"), ("pin", "Ada"), ("unpin", "Ada")]


def test_escape_retires_nothing(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LessonsScreen) -> None:
        await pilot.press("R")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)

    look(root, steps)
    assert not any(lesson_of(root, line.subject).line.marks for line in LINES)


def test_what_others_saw_is_trusted_by_a_key_and_else_the_key_is_grey(root: Path) -> None:
    pulled = Mark("2026-11-24T09:30:00Z", PULLED, "origin", "demo-1111")
    put(root, line_of(sighting_of(), marks=(pulled,)))

    async def steps(pilot: Pilot[Any], screen: LessonsScreen) -> None:
        await choose(pilot, screen, NOISE)
        assert screen.check_action("trust", ()) is None
        await choose(pilot, screen, subject_of())
        assert "quarantined: pulled from origin" in text(pilot.app)
        await pilot.press("T")
        await until(pilot, lambda: lesson_of(root, subject_of()).status is not Status.QUARANTINED)

    look(root, steps)


@pytest.mark.slow
def test_a_playbook_is_written_into_the_file_that_is_named(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "book.md"
    file.write_text("mine\n")

    async def steps(pilot: Pilot[Any], screen: LessonsScreen) -> None:
        await pilot.press("slash")
        await enter(pilot, "kind:fact")
        await until(pilot, lambda: len(screen.shown) == 1)
        await pilot.press("E")
        await enter(pilot, "book.md")
        await until(pilot, lambda: "Replace it?" in text(pilot.app))
        await pilot.press("n")
        await pilot.press("E")
        await enter(pilot, "book.md")
        await until(pilot, lambda: "Replace it?" in text(pilot.app))
        assert file.read_text() == "mine\n"
        await pilot.press("y")
        await until(pilot, lambda: NOISE.id in file.read_text())
        await pilot.press("E")
        await enter(pilot, "no/such/folder.md")
        await until(pilot, lambda: "cannot be written" in text(pilot.app))

    look(root, steps)
    assert subject_of().id not in file.read_text()


def test_evidence_opens_the_attempt(finished: Path) -> None:
    run = next((finished / ".git/kapso/runs").iterdir()).name
    tip = ["git", "rev-parse", f"kapso/{run}/best"]
    commit = subprocess.run(tip, cwd=finished, check=True, capture_output=True, text=True).stdout.strip()
    spoken = (Example(2, commit, "for"), Example(3, commit, "against"))
    gone = sighting_of(run="gone-9999", better=0)
    put(finished, line_of(sighting_of(run=run, examples=spoken)), line_of(gone, subject=SWAP))
    count = len(known_lessons(Repository.open(finished)))

    async def steps(pilot: Pilot[Any], screen: LessonsScreen) -> None:
        await choose(pilot, screen, SWAP)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: "kapso pull" in text(pilot.app) and pilot.app.screen is screen)
        await pilot.press("escape")
        await choose(pilot, screen, subject_of())
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
        opened = pilot.app.screen
        assert isinstance(opened, RunScreen) and opened.watch_.run == run
        await until(pilot, lambda: opened.selected == 3)

    look(finished, steps, count=count)
