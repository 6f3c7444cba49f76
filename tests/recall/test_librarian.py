"""What is asked of the libraries for an attempt, and which answers it is given."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kapso.attempt import Attempt, Outcome, Verdict, now
from kapso.errors import MachineError
from kapso.git.repository import Repository
from kapso.goal import Goal, load_goal
from kapso.propose.protocol import Context
from kapso.propose.recalled import NOTHING
from kapso.recall.code import about_code
from kapso.recall.librarian import Librarian, Values, questions
from kapso.recall.secrecy import Secrecy
from kapso.recall.shelves import Shelves
from kapso_knowledge import Edge, Node, Place
from kapso_knowledge.learning import learn
from kapso_knowledge.library.library import Library
from kapso_knowledge.library.protocol import Learnt
from kapso_knowledge.nodes import node_id, text_hash
from kapso_knowledge.sources.history import History

GOAL = """\
objective: Answer whether a word is known, in less time.
edit: [words.py]
run: python words.py > $KAPSO_OUT/out
evaluate: python judge.py $KAPSO_OUT/out
"""
JUDGE = (
    'ANSWERS = {"alpha": 4711, "beta": 1234, "gamma": 9876}\nprint(sum(ANSWERS.values()) / len(ANSWERS))\n'
)
WORDS = b"""\
import numpy as np
from collections import deque

def known(words, text):
    found = []
    for line in text.splitlines():
        for word in line.split():
            if word in words:
                found.append(np.array(word))
    return known(words[1:], text) or sorted(found)
"""

A, B, C = "a" * 12, "b" * 12, "c" * 12
"""Nodes of a library."""


def node(title: str, text: str, source: str = "docs", path: str = "a.md", **facts: object) -> Node:
    place = Place(path, (1, 2), None, (title,))
    id = node_id(source, path, (title,), 0)
    given = {
        "kind": "heuristic",
        "revision": "",
        "learnt": datetime.now(UTC),
        "hash": text_hash(text),
        **facts,
    }
    return Node(id=id, title=title, text=text, source=source, place=place, **given)  # type: ignore[arg-type]


def shelf(folder: Path, nodes: Sequence[Node], edges: Sequence[Edge] = ()) -> Shelves:
    """A library on the disk with these nodes, alone."""
    library = Library.open(folder)
    for source in dict.fromkeys(each.source for each in nodes):
        own = [each for each in nodes if each.source == source]
        documents = {each.place.path: "1" for each in own}
        library.put(Learnt(source, "", True, documents, own, list(edges)))
    return Shelves([library])


@pytest.fixture
def goal(make_repository: Callable[..., Path]) -> Goal:
    root = make_repository({"goal.yaml": GOAL, "words.py": WORDS.decode(), "judge.py": JUDGE})
    return load_goal(root / "goal.yaml")


def attempt(number: int, **facts: object) -> Attempt:
    given = {"outcome": Outcome.SCORED, "parents": (0,) if number else (), "score": 1.0, **facts}
    names = {
        "branch": "",
        "commit": f"{number:040x}",
        "tree": "",
        "proposer": "llm",
        "title": "",
        "hypothesis": "",
    }
    return Attempt(run="demo-1", number=number, started=now(), finished=now(), **{**names, **given})  # type: ignore[arg-type]


def context(goal: Goal, *attempts: Attempt) -> Context:
    base = attempt(0)
    return Context(goal, 9, [base], {"words.py": WORDS}, [base, *attempts], seed=1)


def librarian(goal: Goal, shelves: Shelves, said: list[str] | None = None) -> Librarian:
    repository = Repository.open(goal.folder)
    secrecy = Secrecy(repository, [(goal, repository.resolve("HEAD"))])
    return Librarian(lambda: shelves, secrecy, (said if said is not None else []).append)


def test_code_is_asked_for_by_what_it_uses_and_is_made_of() -> None:
    told = about_code({"words.py": WORDS})
    assert told is not None
    assert {"python", "numpy", "collections", "np.array", "membership", "nested", "recursion"} <= set(
        told.split()
    )
    assert "known" not in told.split()
    assert about_code({"notes.txt": b"sort(x)", "settings.py": b"A = 1\n"}) is None
    assert (
        about_code({"main.c": b"#include <math.h>\nint main(void) { qsort(a, n, 4, f); }\n"})
        == "c math qsort"
    )


def test_questions_come_from_objective_code_failure_and_hints(goal: Goal) -> None:
    failed = attempt(
        3, outcome=Outcome.CRASHED, score=None, reason="exit 1", feedback="Traceback\nKeyError: 'x'\n\n"
    )
    older = attempt(2, outcome=Outcome.CRASHED, score=None, reason="exit 7")
    asked = [text for text, _ in questions(replace(context(goal, older, failed), hints=["use a trie"]))]
    assert asked[0].startswith("Answer whether a word is known")
    assert asked[2:] == ["exit 1 KeyError: 'x'", "use a trie"]


def test_what_led_nowhere_gives_way(goal: Goal, tmp_path: Path) -> None:
    texts = {
        f"Way {n}": f"Whether a word is known is answered in less time by way number {n}." for n in range(30)
    }
    shelves = shelf(tmp_path / "library", [node(title, text) for title, text in texts.items()])
    first = [each.id for each in librarian(goal, shelves).recall(context(goal)).knowledge]
    assert len(first) == 8
    lost = [attempt(n, recalled=tuple(first[:4]), verdict=Verdict.WORSE) for n in (1, 2)]
    won = attempt(3, recalled=(first[3],), verdict=Verdict.BETTER)
    again = [each.id for each in librarian(goal, shelves).recall(context(goal, *lost, won)).knowledge]
    assert not set(first[:3]) & set(again) and first[3] not in first[:3] and set(again) - set(first)
    assert [each.id for each in librarian(goal, shelves).recall(context(goal)).knowledge] == first


def test_values_are_kept_up_as_attempts_land() -> None:
    lost = [attempt(n, recalled=(A, B), verdict=Verdict.WORSE) for n in (1, 2)]
    won = attempt(3, recalled=(B,), verdict=Verdict.BETTER)
    values = Values()
    values.take(lost, ())
    assert (values[A], values[B], values[C]) == (1 / 3, 1 / 3, 1)
    values.take([*lost, won], ())
    assert (values[A], values[B]) == (1 / 3, 2 / 4)
    values.take([*lost, replace(won, verdict=Verdict.SAME)], {3})
    assert (values[A], values[B]) == (1 / 3, 1 / 4)


def test_code_of_other_languages_is_left_out(goal: Goal, tmp_path: Path) -> None:
    rust = node(
        "In Rust", "Whether a word is known: HashSet::contains", kind="implementation", language="rust"
    )
    python = node("In Python", "Whether a word is known: a set", kind="implementation", language="python")
    found = librarian(goal, shelf(tmp_path / "library", [rust, python])).recall(context(goal)).knowledge
    assert [each.id for each in found] == [python.id]


def test_recipes_of_other_languages_are_left_out_but_not_advice(goal: Goal, tmp_path: Path) -> None:
    diff = "```diff\n-  if (words.includes(word)) n++;\n+  if (known.has(word)) n++;\n```"
    prose = "Whether a word is known: " + "a set tells at once. " * 10
    nodes = [
        node("Recipe", f"Whether a word is known.\n\n{diff}", language="javascript", path="a.md"),
        node("Advice", f"{prose}\n\n{diff}", language="rust", path="b.md"),
    ]
    found = librarian(goal, shelf(tmp_path / "library", nodes)).recall(context(goal)).knowledge
    assert [each.id for each in found] == [nodes[1].id]


def test_shipped_playbooks_about_other_languages_are_left_out(goal: Goal, tmp_path: Path) -> None:
    text = "Whether a word is known: a set tells at once."
    nodes = [
        node(path, f"{text} {path}", source="playbooks", path=path)
        for path in ("javascript-speed.md", "python-speed.md", "measuring.md")
    ]
    found = librarian(goal, shelf(tmp_path / "library", nodes)).recall(context(goal)).knowledge
    assert {each.id for each in found} == {nodes[1].id, nodes[2].id}


def test_a_library_that_fails_is_said_once_and_ends_nothing(goal: Goal) -> None:
    said: list[str] = []

    def broken() -> Shelves:
        raise MachineError("the library is held by another process")

    asked = librarian(goal, Shelves([]), said)
    asked._open_shelves = broken
    assert asked.recall(context(goal)) == NOTHING == asked.recall(context(goal))
    assert len(said) == 1 and "held by another process" in said[0]


@pytest.mark.parametrize(
    ("hidden", "told"),
    [
        (True, node("judge.py", "def score(): ...", source=".", path="judge.py")),
        (True, node("goal", GOAL, source=".", path="goal.yaml")),
        (True, node("a copy", JUDGE, source="/elsewhere", path="notes.txt")),
        (True, node("a fix", f"Fix\n\n+++ b/judge.py\n+{JUDGE}", source="history:", path="commit/1")),
        (True, node("a part", 'ANSWERS = {"alpha": 4711, "beta": 1234, "gamma": 9876}', source="arxiv:1")),
        (False, node("words.py", WORDS.decode(), source=".", path="words.py")),
        (False, node("advice", "Use a set.\nIt answers at once, whatever its size.", source="docs")),
        (False, node("judge.py", "another project's judge", source="https://x.org/a.git", path="judge.py")),
    ],
)
def test_what_is_hidden_is_kept_back_wherever_it_was_learnt(goal: Goal, hidden: bool, told: Node) -> None:
    repository = Repository.open(goal.folder)
    assert Secrecy(repository, [(goal, repository.resolve("HEAD"))]).hides(told) is hidden
    assert not Secrecy(repository, []).hides(told)


def test_no_part_of_a_commit_that_changed_a_hidden_file_is_told(goal: Goal, tmp_path: Path) -> None:
    commit = ["git", "-C", str(goal.folder), "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam"]
    for version, subject in (
        ("first", "Write the judge"),
        ("second", "Fix wrong answers"),
        ("third", "Go on"),
    ):
        lines = [f"{version.upper()}_ANSWER_{n} = {n}  # what word {n} is worth" for n in range(60)]
        (goal.folder / "judge.py").write_text("\n".join(lines))
        subprocess.run([*commit, subject], check=True)
    repository = Repository.open(goal.folder)
    library = Library.open(tmp_path / "library")
    learn(History(goal.folder, "history:"), library)
    told = [hit.node for hit in library.search("wrong answers word worth", 50)]
    assert len(told) > 3 and sum("judge.py" in each.text for each in told) == 1
    secrecy = Secrecy(repository, [(goal, repository.resolve("HEAD"))])
    assert all(secrecy.hides(each) for each in told)


def test_what_is_hidden_is_hidden_at_other_revisions(goal: Goal) -> None:
    repository = Repository.open(goal.folder)
    secrecy = Secrecy(repository, [(replace(goal, hide=("/judge.py",)), repository.resolve("HEAD"))])
    assert secrecy.hides(node("judge.py", "OLDER = 1", source=".@HEAD~3", path="judge.py"))
    assert not secrecy.hides(node("words.py", "OLDER = 1", source=".@HEAD~3", path="words.py"))
