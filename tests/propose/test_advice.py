"""What lessons tell proposers that do not read: changes are made, weights weigh, and nothing is forbidden."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kapso.goal import Goal, parse_goal
from kapso.propose.protocol import Eager, Idea
from kapso.propose.recalled import NO_ADVICE, Advice, Change, Range, Recalled, Weight
from tests.propose.recipe.test_recipe_proposer import PROGRAM, Candidate, Commit
from tests.propose.recipe.test_recipe_proposer import Search as RecipeSearch
from tests.propose.test_mutate import Story

Make = Callable[..., Any]
TWO = """\
def good(a, b):
    while a < b and b > 0:
        a = a + 1
        b = b - 1
    return a


def bad(a, b):
    while a < b and b > 0:
        a = a + 1
        b = b - 1
    return b
"""


@pytest.fixture
def goal(tmp_path: Path) -> Goal:
    return parse_goal("objective: o\nedit: ['**']\nevaluate: x\n", tmp_path / "goal.yaml")


def advised(history: Any, advice: Advice, patch: pytest.MonkeyPatch) -> Any:
    """The history, whose attempts all get this advice."""
    plain = history.context
    recalled = Recalled(advice=advice)
    patch.setattr(history, "context", lambda *given: replace(plain(*given), recalled=recalled))
    return history


# recipe

SLOW, FAST = "    queue = [0]\n    seen = []\n", "    queue = [0]\n    seen = set()\n"
POW, TIMES = "        total += at ** 2\n", "        total += at * at\n"
ADD = ("                seen.append(other)\n", "                seen.add(other)\n")


def change(*hunks: tuple[str, str], lesson: str = "L00000001", path: str = "walk.py") -> Change:
    return Change(lesson, tuple((path, *each) for each in hunks), 0.9)


def made(search: RecipeSearch) -> list[tuple[Any, str]]:
    texts = [search.commits[each.commit]["walk.py"].decode() for each in search.attempts[1:]]
    return [
        (each.parameters.get("recipe"), text) for each, text in zip(search.attempts[1:], texts, strict=True)
    ]


def test_a_known_change_is_made_whole_and_first(goal: Goal, monkeypatch: pytest.MonkeyPatch) -> None:
    search = RecipeSearch(goal, PROGRAM, lambda text: 2.0 if "set()" in text and ".add(" in text else 1.0)
    advised(search, Advice(changes=[change((SLOW, FAST), ADD)]), monkeypatch)
    assert isinstance(search.recipe, Eager) and search.recipe.eager(search.context()) == "L00000001"
    search.run(3)
    assert made(search)[0] == ("L00000001", PROGRAM.replace(SLOW, FAST).replace(*ADD))
    assert search.attempts[1].verdict == "better"
    assert "L00000001" not in [name for name, _ in made(search)[1:]], "its lines are gone"
    assert search.recipe.eager(search.context()) is None


def test_a_known_change_is_named_by_the_lines_that_it_brings(
    goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hunk, title in (
        ((SLOW, FAST), "`seen = set()`"),
        ((SLOW, "    queue = [0]\n"), "without `seen = []`"),
    ):
        search = RecipeSearch(goal, PROGRAM, lambda text: 1.0)
        advised(search, Advice(changes=[change(hunk)]), monkeypatch)
        search.run(1)
        assert search.attempts[1].title == f"known change L00000001: {title} in walk.py"


def test_hunks_that_share_the_lines_between_them_are_made_together(
    goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import os\n\nWINDOW = 3\nGAP = 1\nBLOCK = 64\nprint(WINDOW * BLOCK)\n"
    first = ("import os\n\nWINDOW = 3\nGAP = 1\n", "import os\n\nWINDOW = 5\nGAP = 1\n")
    second = ("GAP = 1\nBLOCK = 64\nprint(WINDOW * BLOCK)\n", "GAP = 1\nBLOCK = 16\nprint(WINDOW * BLOCK)\n")
    search = RecipeSearch(goal, program, lambda text: 2.0)
    advised(search, Advice(changes=[change(first, second)]), monkeypatch)
    search.run(1)
    assert made(search) == [("L00000001", program.replace("= 3", "= 5").replace("= 64", "= 16"))]


def test_parts_come_after_a_whole_that_did_not_pay(goal: Goal, monkeypatch: pytest.MonkeyPatch) -> None:
    search = RecipeSearch(goal, PROGRAM, lambda text: None if "set()" in text else 1.0 + ("at * at" in text))
    advised(search, Advice(changes=[change((SLOW, FAST), (POW, TIMES))]), monkeypatch)
    search.run(8)
    told = [(name, text) for name, text in made(search) if str(name).startswith("L00000001")]
    assert told[0] == ("L00000001", PROGRAM.replace(SLOW, FAST).replace(POW, TIMES))
    assert ("L00000001:1", PROGRAM.replace(POW, TIMES)) in told
    wholes = Counter(name for name, _ in told)
    assert all(count <= 2 for name, count in wholes.items() if name != "L00000001:1")


def test_the_parts_are_functions_each_with_the_imports_and_the_next_ones_are_made_of_the_best(
    goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (
        "UNIT = 1\n\n\ndef near(a, b):\n    total = a * a + b * b\n    return total ** 0.5\n\n\n"
        "def far(a, b):\n    total = a * a - b * b\n    return total ** 0.25\n"
    )
    brought = ("UNIT = 1\n\n\ndef near(a, b):\n", "import math\n\nUNIT = 1\n\n\ndef near(a, b):\n")
    near = [("    total = a * a + b * b\n", "    total = math.hypot(a, b)\n")]
    near += [("    return total ** 0.5\n", "    return total\n")]
    far = ("    total = a * a - b * b\n", "    total = lost(a, b)\n")

    def rate(text: str) -> float | None:
        has_half = ("hypot" in text) is ("** 0.5" in text)
        return None if "lost" in text or has_half or ("math." in text and "import" not in text) else 2.0

    search = RecipeSearch(goal, program, lambda text: 1.0 if text == program else rate(text))
    advised(search, Advice(changes=[change(brought, *near, far), change(*near, lesson="L2")]), monkeypatch)
    search.run(6)
    told = [(each.parameters["recipe"], each.verdict) for each in search.attempts[1:4]]
    assert told[0] == ("L00000001", None) and ("L00000001:0+1+2", "better") in told
    paid = next(each for each in search.attempts if each.verdict == "better")
    later = [each for each in search.attempts if each.number > paid.number]
    assert all(each.parents == (paid.number,) for each in later if "L" in each.parameters["recipe"])


@pytest.mark.parametrize(
    ("hunks", "path"),
    [
        ([(SLOW.replace("0", "1"), FAST)], "walk.py"),  # not there
        ([("    return total\n\n\ndef rare", "x")], "walk.py"),  # ends within a line
        ([("        total", "x")], "walk.py"),  # no whole line
        ([("\n", "x\n")], "walk.py"),  # everywhere
        ([(SLOW, FAST)], "walk.c"),  # another language's file
    ],
)
def test_what_is_not_there_once_and_whole_is_no_place(
    goal: Goal, monkeypatch: pytest.MonkeyPatch, hunks: list[tuple[str, str]], path: str
) -> None:
    search = RecipeSearch(goal, PROGRAM, lambda text: 1.0)
    advised(search, Advice(changes=[change(*hunks, path=path)]), monkeypatch)
    assert search.recipe.eager(search.context()) is None


def test_a_change_of_another_file_applies_where_its_lines_stand(
    goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = RecipeSearch(goal, PROGRAM, lambda text: 1.0)
    advised(search, Advice(changes=[change((POW, TIMES), (SLOW, FAST), path="other.py")]), monkeypatch)
    idea = search.recipe.ideate(search.context())
    assert idea is not None
    kept = Idea(**{**json.loads(json.dumps({"title": "t", "details": idea.details})), "parents": ()})
    candidate = Candidate(Commit({"walk.py": PROGRAM.encode()}))
    search.recipe.edit(kept, candidate)
    assert candidate["walk.py"].decode() == PROGRAM.replace(POW, TIMES).replace(SLOW, FAST)


def test_changes_that_do_not_pay_wait_for_their_turn(goal: Goal, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line for line in PROGRAM.split("\n") if len(line.strip()) > 14 and not line.endswith(":")]
    lines = [f"{line}\n" for line in lines if PROGRAM.count(f"{line}\n") == 1]
    lies = [
        change((line, f"{line}{line[: len(line) - len(line.lstrip())]}pass\n"), lesson=f"L{at}")
        for at, line in enumerate(lines)
    ]
    assert len(lies) >= 4
    search = RecipeSearch(goal, PROGRAM, lambda text: 1.0)
    advised(search, Advice(changes=lies), monkeypatch)
    eager = 0
    for _ in range(6):
        eager += search.recipe.eager(search.context()) is not None
        search.run(1)
    assert 0 < eager <= 3


# mutate


def regions(story: Story, attempts: int) -> Counter[str]:
    return Counter(str(idea.parameters["region"]) for idea in story.run(attempts))


def test_edits_where_others_crashed_are_rare_and_not_ruled_out(
    goal: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(text: str) -> float | None:
        return float(len(text)) if TWO[TWO.index("def bad") :] in text else None

    told = Counter[str]()
    plain = Counter[str]()
    advice = Advice(places={"a.py:bad": Weight("L1", 0.2)})
    for seed in range(12):
        plain += regions(Story(goal, {"a.py": TWO}, crash, seed=seed), 5)
        told += regions(advised(Story(goal, {"a.py": TWO}, crash, seed=seed), advice, monkeypatch), 5)
    assert 0 < told["bad"] < plain["bad"] / 2


def test_kinds_of_edits_that_helped_come_more_often(goal: Goal, monkeypatch: pytest.MonkeyPatch) -> None:
    def kinds(advice: Advice) -> int:
        stories = [advised(Story(goal, {"a.py": TWO}, seed=s), advice, monkeypatch) for s in range(6)]
        return sum(idea.parameters["operator"] == "delete" for story in stories for idea in story.run(12))

    assert kinds(Advice(operators={"mutate:delete": Weight("L1", 5.0)})) > 1.5 * kinds(NO_ADVICE)


def test_without_advice_nothing_changes(goal: Goal, monkeypatch: pytest.MonkeyPatch) -> None:
    others = Advice(
        operators={"recipe:x": Weight("L1", 0.2)}, places={"b.py:f": Weight("L2", 5.0)}, changes=[change()]
    )
    plain, told = Story(goal, {"a.py": TWO}), advised(Story(goal, {"a.py": TWO}), others, monkeypatch)
    assert [each.title for each in plain.run(25)] == [each.title for each in told.run(25)]


# tune

TEXT = "x = 50  # kapso: 1..200\ny = 0.5  # kapso: 0..1\nmode = 'a'  # kapso: a|b|c\n"


def score(names: dict[str, Any]) -> float:
    if names["x"] > 120 or names["mode"] == "b":
        raise ValueError
    return -abs(float(names["x"]) - 100) / 50 - abs(float(names["y"]) - 0.25)


def crashes(search: Any, attempts: int) -> int:
    return sum(each.score is None for each in search.run(attempts).attempts)


def test_values_that_broke_the_program_are_left_alone(search: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = [
        Range("L1", "p.py:x", False, low=121.0),
        Range("L2", "p.py:mode", False, choices=("b",)),
    ]
    plain = sum(crashes(search({"p.py": TEXT}, score, seed=seed), 20) for seed in range(4))
    told = sum(
        crashes(advised(search({"p.py": TEXT}, score, seed=seed), Advice(ranges=bad), monkeypatch), 20)
        for seed in range(4)
    )
    assert plain >= 4 and told == 0


def test_values_that_were_good_elsewhere_come_first(search: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    good = [
        Range("L1", "p.py:x", True, 90.0, 110.0, best=101),
        Range("L2", "p.py:y", True, 0.2, 0.3),
        Range("L3", "p.py:z", True, best=3),
    ]
    history = advised(search({"p.py": TEXT}, score), Advice(ranges=good), monkeypatch).run(3)
    assert history.attempts[1].parameters == {"p.py:x": 101, "p.py:y": 0.3, "p.py:mode": "a"}
    assert history.attempts[1].hypothesis == "lesson: good before, by L1 L2"
    lies = [Range("L1", "p.py:x", True, best=2), Range("L2", "p.py:y", True, best=0.9)]
    history = advised(search({"p.py": TEXT}, score), Advice(ranges=lies), monkeypatch).run(20)
    assert sum(each.hypothesis.startswith("lesson:") for each in history.attempts) <= 6


def test_what_matters_is_moved_first(search: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"x{at} = 50  # kapso: 1..200\n" for at in range(6))

    def rate(names: Mapping[str, Any]) -> float:
        return float(names["x4"])

    advice = Advice(parameters={"p.py:x4": Weight("L1", 3.0)})
    history = advised(search({"p.py": text}, rate), advice, monkeypatch).run(12)
    step = next(each for each in history.attempts[1:] if each.hypothesis.startswith("step:"))
    before = history.attempts[step.parents[0]].parameters or dict.fromkeys(step.parameters, 50)
    assert [name for name, value in step.parameters.items() if value != before[name]] == ["p.py:x4"]


def test_advice_about_others_changes_no_draw(search: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    others = Advice(ranges=[Range("L1", "q.py:x", False, low=3)], parameters={"q.py:y": Weight("L1", 2.0)})
    plain, told = search({"p.py": TEXT}, score), search({"p.py": TEXT}, score)
    advised(told, others, monkeypatch)
    assert [each.title for each in plain.run(25).ideas] == [each.title for each in told.run(25).ideas]
