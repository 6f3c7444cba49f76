"""The user's own lessons: what names no file goes from one repository to the next, and into no push."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.git.repository import Repository
from kapso.memory.lessons.judge import judge
from kapso.memory.lessons.lesson import About, Line, Mark, Subject, Tally
from kapso.memory.lessons.merge import merge_lines
from kapso.memory.lessons.user import UserMemory
from tests.memory.lessons.conftest import line_of, sighting_of, subject_of

KEY = subject_of().key


@pytest.fixture
def two(make_repository: Callable[..., Path]) -> tuple[Repository, Repository]:
    made = (make_repository({"a.py": "x = 1\n"}, name) for name in ("one", "two"))
    one, other = (Repository.open(each) for each in made)
    return one, other


def by_key(*lines: Line) -> dict[str, Line]:
    return {line.subject.key: line for line in lines}


def test_another_repository_learns_it_and_the_own_one_hears_nothing_twice(
    two: tuple[Repository, Repository], tmp_path: Path
) -> None:
    one, other = (UserMemory(each, tmp_path / "data") for each in two)
    assert one.lines() == {}
    one.put(by_key(line_of(sighting_of())))
    assert one.lines() == {}
    [seen] = other.lines()[KEY].sightings.values()
    assert seen.run.startswith("demo-1111@") and seen.goal.startswith("demo@") and not seen.examples
    other.put(by_key(line_of(sighting_of("demo-1111", 1, 9))))
    assert [each.concerned.total for each in one.lines()[KEY].sightings.values()] == [9]
    assert len(UserMemory(None, tmp_path / "data").lines()[KEY].sightings) == 2


def test_what_names_a_file_or_was_pulled_stays_where_it_is(
    two: tuple[Repository, Repository], tmp_path: Path
) -> None:
    one, other = (UserMemory(each, tmp_path / "data") for each in two)
    place = Subject(About.PLACE, {"path": "a.py", "region": ""})
    error = {"signature": "IndexError", "operator": "delete", "proposer": "mutate"}
    one.put(
        by_key(
            line_of(sighting_of(), subject=place),
            line_of(sighting_of("bob-1"), marks=[Mark("t", "pulled", "origin", "bob-1")]),
            line_of(sighting_of(), subject=Subject(About.ERROR, error)),
            line_of(sighting_of(), subject=Subject(About.ERROR, {**error, "path": "a.py"})),
        )
    )
    assert list(other.lines()) == [Subject(About.ERROR, error).key]


def test_what_it_brought_does_not_come_back(two: tuple[Repository, Repository], tmp_path: Path) -> None:
    one, other = (UserMemory(each, tmp_path / "data") for each in two)
    one.put(by_key(line_of(sighting_of()), line_of(sighting_of(), subject=subject_of("swap"))))
    known = merge_lines(by_key(line_of(sighting_of("demo-2222"))), other.lines())
    assert len(known) == 2 and len(known[KEY].sightings) == 2
    other.put(known)
    assert len(UserMemory(None, tmp_path / "data").lines()[KEY].sightings) == 2, "nor back as if seen here"


def test_a_lesson_of_two_repositories_holds_for_any_goal(
    two: tuple[Repository, Repository], tmp_path: Path
) -> None:
    tally = Tally(total=30, better=24, same=6, scored=30)
    one, other = (UserMemory(each, tmp_path / "data") for each in two)
    one.put(by_key(line_of(sighting_of(concerned=tally, seen=30))))
    own = by_key(line_of(sighting_of("demo-2222", concerned=tally, seen=30)))
    assert judge(own[KEY]).scope.goals == ("demo",)
    assert judge(merge_lines(own, other.lines())[KEY]).scope.goals == ()


def test_what_others_wrote_meanwhile_and_what_is_no_line_does_no_harm(
    two: tuple[Repository, Repository], tmp_path: Path
) -> None:
    one, other = (UserMemory(each, tmp_path / "data") for each in two)
    one.put(by_key(line_of(sighting_of())))
    one.file.write_bytes(one.file.read_bytes() + b"junk\n")
    other.put(by_key(line_of(sighting_of(), subject=subject_of("swap"))))
    assert len(UserMemory(None, tmp_path / "data").lines()) == 2
