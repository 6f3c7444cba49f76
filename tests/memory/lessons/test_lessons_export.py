"""Lessons as a playbook that the recipe proposer and the library read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from kapso.memory.lessons.as_recipe import recipe_of
from kapso.memory.lessons.export import playbook
from kapso.memory.lessons.known import judged
from kapso.memory.lessons.lesson import About, Subject, Tally
from kapso.propose.mutate.edit import apply
from kapso.propose.mutate.tree import Source, read_source
from kapso.propose.recipe.matching import matches
from kapso.propose.recipe.reading import read_folder, read_recipes
from kapso.propose.recipe.recipe import Recipe
from kapso_knowledge.reading import read
from kapso_knowledge.sources import Raw
from tests.memory.lessons.conftest import line_of, sighting_of, subject_of

CHANGES = {
    "one statement for another": ("a.py", "    rows = sorted(rows)\n", "    rows.sort()\n"),
    "with context that stays": (
        "a.py",
        "    total = 0\n    for x in rows:\n        total += x\n    return total\n",
        "    total = 0\n    total = sum(rows)\n    return total\n",
    ),
    "context that cuts a block": (
        "a.py",
        "        seen.append(x)\n    best = max(rows)\n    return best\n",
        "        seen.append(x)\n    best = rows[-1]\n    return best\n",
    ),
    "a statement that goes": ("a.py", "rows = list(rows)\nprint_all(rows)\n", "rows = list(rows)\n"),
    "a statement that comes behind": ("a.py", "rows = load(path)\n", "rows = load(path)\nrows.sort()\n"),
    "a statement that comes before": ("a.py", "return scan(rows)\n", "rows.sort()\nreturn scan(rows)\n"),
    "two for one": (
        "a.py",
        "low = min(rows)\nhigh = max(rows)\n",
        "low, high = rows[0], rows[-1]\n",
    ),
    "one for two": ("a.py", "spread = measure(rows)\n", "rows = rows[:100]\nspread = measure(rows)\n"),
    "a statement that comes within": (
        "a.py",
        "    if m < low:\n        low = m\n    if m > high:\n        high = m\n",
        "    if m < low:\n        low = m\n        break\n    if m > high:\n        high = m\n",
    ),
    "with a module that it needs": (
        "a.py",
        "    for d in range(2, n):\n        walk(d)\n",
        "    for d in range(2, math.isqrt(n) + 1):\n        walk(d)\n",
    ),
    "in C": ("a.c", "    for (int i = 0; i < n; i++) sum += a[i];\n", "    sum = prefix[n];\n"),
    "in JavaScript": ("a.js", "  const found = list.indexOf(x) >= 0;\n", "  const found = known.has(x);\n"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_becomes_a_recipe_that_makes_it_where_the_same_stands_and_is_content_then(name: str) -> None:
    path, old, new = CHANGES[name]
    block = recipe_of("L12345678", [(path, old, new)])
    assert block is not None
    [recipe] = read_recipes(f"```yaml recipe\n{block.text}```\n", "lessons.md")
    assert recipe.id == "lesson-l12345678"
    made = _carried_out(recipe, path, recipe.example.before)
    assert made.split() == recipe.example.after.split()
    assert not list(matches([recipe], _source(path, made)))


def test_a_recipe_applies_deep_inside_another_program() -> None:
    block = recipe_of("L1", [CHANGES["with context that stays"]])
    assert block is not None
    [recipe] = read_recipes(f"```yaml recipe\n{block.text}```\n", "lessons.md")
    program = "class A:\n    def f(self, rows):\n        total = 0\n"
    program += "        for x in rows:\n            total += x\n        return total\n"
    assert "            total = sum(rows)" not in (made := _carried_out(recipe, "b.py", program))
    assert "        total = sum(rows)\n        return total\n" in made


def test_imports_that_come_with_a_change_are_the_recipes() -> None:
    hunks = [
        ("a.py", "\n\ndef f(n):\n", "\nimport math\n\ndef f(n):\n"),
        ("a.py", "    root = n ** 0.5\n", "    root = math.sqrt(n)\n"),
    ]
    block = recipe_of("L1", hunks)
    assert block is not None
    [recipe] = read_recipes(f"```yaml recipe\n{block.text}```\n", "lessons.md")
    assert recipe.imports == ("import math",)
    made = _carried_out(recipe, "b.py", "def g(n):\n    root = n ** 0.5\n    return root\n")
    assert made == "import math\ndef g(n):\n    root = math.sqrt(n)\n    return root\n"


def test_several_hunks_of_a_file_are_one_recipe() -> None:
    hunks = [("a.py", "rows = sorted(rows)\n", "rows.sort()\n"), ("a.py", "limit = 100\n", "limit = 250\n")]
    block = recipe_of("L1", hunks)
    assert block is not None
    [recipe] = read_recipes(f"```yaml recipe\n{block.text}```\n", "lessons.md")
    program = "limit = 100\ndef f(rows):\n    rows = sorted(rows)\n    return rows[:limit]\n"
    expected = "limit = 250\ndef f(rows):\n    rows.sort()\n    return rows[:limit]\n"
    assert _carried_out(recipe, "b.py", program) == expected


@pytest.mark.parametrize(
    "hunks",
    [
        [("a.txt", "one\n", "two\n")],
        [("a.py", "x = 1\n", "x = 2\n")],
        [("a.js", "const a = `${x} items`;\n", "const a = String(x);\n")],
        [("a.py", "    else:\n        y = step(x)\n", "    elif z:\n        y = leap(x)\n")],
        [("a.py", "rows = sorted(rows)\n", "rows.sort()\n"), ("b.py", "limit = 100\n", "limit = 250\n")],
        [("a.py", "a = f(x)\nb = g(x)\nc = h(x)\n", "a, b, c = k(x)\n")],
    ],
    ids=["no code", "too short", "dollars", "half a block", "two files", "three for one"],
)
def test_what_cannot_be_written_as_a_recipe_is_none(hunks: list[tuple[str, str, str]]) -> None:
    assert recipe_of("L1", hunks) is None


def test_a_playbook_tells_evidence_and_is_read_again_by_recipes_and_the_library(tmp_path: Path) -> None:
    change = Subject(About.CHANGE, {"hunks": [list(CHANGES["one statement for another"])]})
    prose = Subject(About.CHANGE, {"hunks": [["notes.txt", "```a\n", "b\n"]]})
    lines = [line_of(sighting_of(), subject=each) for each in (change, prose, subject_of())]
    lessons = judged({line.subject.key: line for line in lines})
    book = playbook(lessons)
    (tmp_path / "lessons.md").write_text(book.text)
    [recipe] = read_folder(tmp_path, "lessons")
    assert [recipe.id] == list(book.recipes) == [f"lesson-{change.id.lower()}"]
    assert all(each.id in book.text for each in lessons)
    assert "abababababab" in book.text and "Confidence" in book.text

    document = read(Raw("lessons.md", book.text.encode(), "", None))
    assert document.front["kind"] == "heuristic"
    assert any(subject_of().id in str(each.place) for each in document.passages)


def test_a_fact_in_a_playbook_says_how_many_attempts_it_was_measured_in() -> None:
    fact = Subject(About.EVALUATION, {"goal": "demo", "what": "noise"})
    line = line_of(sighting_of(concerned=Tally(total=9, scored=9), examples=()), subject=fact)
    assert "- Run demo-1111: 9 attempts.\n" in playbook(judged({line.subject.key: line})).text


def _source(path: str, text: str) -> Source:
    source = read_source(path, text.encode())
    assert source is not None
    return source


def _carried_out(recipe: Recipe, path: str, text: str) -> str:
    [match] = matches([recipe], _source(path, text))
    return apply(text, match.spans)
