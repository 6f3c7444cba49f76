"""Agents read what attempts taught: nothing of quarantine, nothing about files that goals hide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from kapso.errors import UsageError
from kapso.git.repository import Repository
from kapso.mcp.lessons import Taught
from kapso.mcp.runs import Runs
from kapso.memory.lessons.ledger import Ledger
from kapso.memory.lessons.lesson import About, Line, Mark, Subject, Tally
from tests.cli.conftest import start_made_run
from tests.mcp.conftest import ask_server, call
from tests.memory.lessons.conftest import line_of, sighting_of, subject_of

GOAL = """\
objective: Pack circles
edit: [pack.py]
run: python pack.py
evaluate: python pricing.py
"""


def place(path: str) -> Subject:
    return Subject(About.PLACE, {"path": path, "region": ""})


def stated(path: str) -> Subject:
    told = {"statement": "Edits there help.", "where": {"path": path}, "expects": "better"}
    return Subject(About.STATED, told)


@pytest.fixture
def repository(make_repository: Callable[..., Path]) -> Repository:
    secret = "the_answer_is = compute_the_reference_answer(42)\n"
    files = {"goal.yaml": GOAL, "pack.py": "x = 1\n", "pricing.py": secret}
    repository = Repository.open(make_repository(files))
    run = start_made_run(repository, "demo-1111", started="2026-11-01T12:00:00Z", text=GOAL, file="goal.yaml")
    run.land({}, 1.0)
    quiet = [Mark("2026-01-01T00:00:00Z", "quarantine", "Ada")]
    gone = [Mark("2026-01-01T00:00:00Z", "retire", "Ada")]
    tally = Tally(total=40, better=30, same=10, scored=40)
    sure = sighting_of(concerned=tally, seen=40)
    lines = [
        line_of(sure),
        line_of(sure, subject=subject_of("quiet"), marks=quiet),
        line_of(sure, subject=subject_of("gone"), marks=gone),
        line_of(sure, subject=place("pricing.py")),
        line_of(sure, subject=stated("pricing.py")),
        line_of(sure, subject=Subject(About.CHANGE, {"hunks": [["pack.py", "x = 1\n", secret]]})),
        line_of(sighting_of(goal="other", run="other-1111", concerned=tally), subject=subject_of("swap")),
    ]
    Ledger(repository).put({line.subject.key: line for line in lines})
    return repository


def ids(answer: dict[str, Any]) -> set[str]:
    return {each["lesson"] for each in answer["lessons"]}


def test_agents_see_what_may_be_recalled_and_nothing_that_is_hidden(repository: Repository) -> None:
    taught = Taught(Runs(repository.root))
    answer = taught.all(None, None, 30)
    assert ids(answer) == {subject_of().id, subject_of("swap").id} and answer["total"] == 2
    assert ids(taught.all("demo-1111", None, 30)) == {subject_of().id}
    assert ids(Taught(Runs(repository.root, "demo-1111")).all(None, None, 30)) == {subject_of().id}
    assert len(taught.all(None, None, 1)["lessons"]) == 1
    assert taught.one(subject_of().id[:6])["evidence"][0]["commit"] == "ab" * 20
    for hidden in (subject_of("quiet"), subject_of("gone"), place("pricing.py"), stated("pricing.py")):
        with pytest.raises(UsageError):
            taught.one(hidden.id)


def test_the_server_offers_them_as_tools(make_repository: Callable[..., Path]) -> None:
    repository = Repository.open(make_repository({"a.py": "x = 1\n"}))
    line: Line = line_of(sighting_of(concerned=Tally(total=40, better=30, same=10, scored=40)))
    Ledger(repository).put({line.subject.key: line})

    async def ask(client: Client) -> tuple[Any, Any, Any]:
        return (
            await call(client, "list_lessons", kind="prefer"),
            await call(client, "read_lesson", lesson=line.subject.id),
            await call(client, "read_lesson", lesson="L0"),
        )

    listed, read, missing = ask_server(repository.root, ask)
    assert ids(listed) == {line.subject.id}
    assert read["statement"] == listed["lessons"][0]["statement"]
    assert "no lesson `L0`" in missing
