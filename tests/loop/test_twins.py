"""A candidate that differs from a known one in format and comments alone is no attempt."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.git.repository import Repository
from kapso.goal import Goal, parse_goal
from kapso.goal.protection import Editable
from kapso.loop.twins import Twins
from kapso.loop.workspace import CandidateWorkspace, EditableIndex

Demo = Callable[..., Any]
CODE = "X = 1\nY = 1\nprint(X + Y)\n"
GOAL = """\
name: demo
objective: Make the sum large.
edit: [code.py]
run: python3 -S code.py > $KAPSO_OUT/x
evaluate: printf '{"score":%s}' "$(cat $KAPSO_OUT/x)"
propose: [combine]
search: {parallel: 1}
"""


@pytest.mark.parametrize("goal", ["", pytest.param("format counts", marks=pytest.mark.slow)])
@pytest.mark.slow
def test_the_users_own_is_evaluated_and_its_twin_is_not(demo: Demo, goal: str) -> None:
    constraint = 'constraints: ["diff.lines <= 100"]\n' if goal else ""
    kapso = demo(base_goal=GOAL, goal=constraint, extra={"code.py": CODE})
    kapso("run", "--attempts", "9", check=3)
    for code in (CODE.replace("X = 1", "X = 2"), CODE.replace("X = 1\nY = 1", "X = 2  # mine\nY = 3")):
        (kapso.root / "code.py").write_text(code)
        kapso("try", "demo", "HEAD", "--dirty", check=0)
    done = kapso("resume", "demo")
    made = [each["proposer"] for each in kapso.json("ls", "demo")[1:]]
    if goal:
        assert made == ["human", "human", "combine"], done.stderr  # the same without the comment
    else:
        assert made == ["human", "human"], done.stderr


@pytest.mark.slow
def test_a_twin_by_hand_is_evaluated_and_records_tell_the_programs(demo: Demo) -> None:
    kapso = demo(base_goal=GOAL, extra={"code.py": CODE})
    kapso("run", check=3)
    for number, code in enumerate((CODE.replace("X = 1", "X = 2"), CODE.replace("X = 1", "X  =  2")), 1):
        (kapso.root / "code.py").write_text(code)
        again = kapso("try", "demo", "HEAD", "--dirty", "--json", check=0)
        assert json.loads(again.stdout.splitlines()[-1])["attempt"] == number
    run = kapso.json("ls")[0]["run"]
    records = [json.loads(kapso.git("show", f"refs/kapso/{run}/records:{n:04}.json")) for n in (0, 1, 2)]
    programs = [each["program"] for each in records]
    assert programs[1] == programs[2] != programs[0]


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Repository:
    return Repository.open(make_repository({"goal.yaml": GOAL, "code.py": CODE, "other.py": "Z = 1\n"}))


def index_of(repository: Repository, **options: bool) -> EditableIndex:
    goal: Goal = parse_goal("objective: o\nedit: ['*.py']\nevaluate: x\n", repository.root / "goal.yaml")
    return EditableIndex(repository, repository.resolve("HEAD"), Editable.of(goal, ""), **options)


def edited(repository: Repository, index: EditableIndex, code: bytes | None) -> CandidateWorkspace:
    base = repository.resolve("HEAD")
    workspace = CandidateWorkspace(repository, base, index.editable, index.files(base))
    if code is None:
        del workspace["code.py"]
    else:
        workspace["code.py"] = code
    return workspace


def test_a_candidate_has_the_program_of_what_it_reformats(repository: Repository) -> None:
    index = index_of(repository)
    base = index.files(repository.resolve("HEAD")).program()
    assert edited(repository, index, CODE.encode() + b"# a note\n").program() == base
    different = [CODE.replace("X = 1", "X = 2").encode(), b"", None]
    programs = {edited(repository, index, each).program() for each in different}
    assert len(programs | {base}) == 4
    counting = index_of(repository, format_counts=True)
    base = counting.files(repository.resolve("HEAD")).program()
    assert edited(repository, counting, CODE.encode() + b"# a note\n").program() != base


def test_a_commit_has_the_program_of_its_candidate_whoever_is_asked(repository: Repository) -> None:
    index = index_of(repository)
    workspace = edited(repository, index, CODE.replace("1", "7").encode())
    (repository.root / "code.py").write_text(CODE.replace("1", "7").replace(" = ", "="))
    commit = repository.snapshot(repository.resolve("HEAD"))
    for each in (index, index_of(repository)):
        assert each.files(commit).program() == workspace.program()


def test_programs_that_no_record_tells_are_found_at_need(
    repository: Repository,
) -> None:
    index = index_of(repository)
    base = repository.resolve("HEAD")
    twins = Twins(index)
    twins.add(0, base)
    twins.add(1, "0" * 40, "told")  # no such commit: reading it would fail
    assert twins.known(index.files(base).program(), 2) == 0
    assert twins.known("told", 2) == 1 and twins.known("told", 1) is None
    assert twins.known("new", 2) is None
    twins.claim(2, "new")
    assert twins.known("new", 3) == 2 and twins.known("new", 2) is None
