"""Parameters that matter only while another one has some value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kapso.errors import GoalError
from kapso.propose.tune.conditions import Condition, read_condition
from kapso.propose.tune.reading import read_file

Make = Callable[..., Any]

MARKED = """\
USE = False      # kapso: true|false
MODE = "plain"   # kapso: plain|exact
heat = 0.9       # kapso: 0..1 if USE
tol = 0.9        # kapso: 0..1 if MODE == exact
base = 0.9       # kapso: 0..1
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("USE_X", Condition("USE_X")),
        ("not cfg.use_x", Condition("use_x", None, True)),
        ("(!USE_X)", Condition("USE_X", None, True)),
        ('MODE == "exact"', Condition("MODE", "exact")),
        ("MODE=exact", Condition("MODE", "exact")),
        ("MODE != 'a'", Condition("MODE", "a", True)),
        ("MODE is Kind.LRU", Condition("MODE", "Kind.LRU")),
        ("(k != Kind::Lru)", Condition("k", "Kind::Lru", True)),
        ("MODE is not Kind.LRU", Condition("MODE", "Kind.LRU", True)),
        ("A and B", None),
        ("x > 3", None),
        ("f(x)", None),
    ],
)
def test_conditions_are_read(text: str, expected: Condition | None) -> None:
    assert read_condition(text) == expected


def score(names: dict[str, Any]) -> float:
    far = (float(names["base"]) - 0.2) ** 2
    if names["USE"]:
        far += (float(names["heat"]) - 0.3) ** 2 - 0.5
    if names["MODE"] == "exact":
        far += (float(names["tol"]) - 0.4) ** 2 - 0.5
    return -far


@pytest.mark.parametrize("seed", range(3))
def test_what_does_not_matter_is_left_alone_until_it_does(search: Make, seed: int) -> None:
    run = search({"a.py": MARKED}, score, seed=seed).run(45)
    assert run.best.score > 0.99
    by_number = {attempt.number: attempt for attempt in run.attempts}
    for attempt in run.attempts[1:]:
        parent = by_number[attempt.parents[0]].parameters or {"a.py:heat": 0.9, "a.py:tol": 0.9}
        for name, is_on in (
            ("a.py:heat", attempt.parameters["a.py:USE"]),
            ("a.py:tol", attempt.parameters["a.py:MODE"] == "exact"),
        ):
            assert is_on or attempt.parameters[name] == parent[name], attempt.title


def test_programs_that_differ_in_what_does_not_matter_are_the_same(search: Make) -> None:
    run = search({"a.py": MARKED}, score)
    trials = run.tune._trials
    values = dict(trials.by_number[0].values)
    assert trials.key({**values, "a.py:heat": 0.1}, 0) == trials.key(values, 0)
    on = {**values, "a.py:USE": True}
    assert trials.key({**on, "a.py:heat": 0.1}, 0) != trials.key(on, 0)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "USE = False\ndef f(x):\n    if USE:\n        x *= 0.3\n    else:\n        x *= 0.7\n"
                 "    return x * 0.9\n"),
        ("a.c", "static const int N = 3;\n#define Q 7\nconst bool USE = false;\ndouble f(double x) {\n"
                "  if (USE) { x *= 0.3; } else { x *= 0.7; }\n  return x * 0.9;\n}\n"),
        ("a.js", "const USE = false;\nfunction f(x) {\n  if (USE) { x *= 0.3; } else { x *= 0.7; }\n"
                 "  return x * 0.9;\n}\n"),
        ("A.java", "class A { static final boolean USE = false;\n double f(double x) {\n"
                   "  if (USE) { x *= 0.3; } else { x *= 0.7; }\n  return x * 0.9; } }\n"),
        ("a.rs", "const USE: bool = false;\nfn f(mut x: f64) -> f64 {\n"
                 "  if USE { x *= 0.3; } else { x *= 0.7; }\n  x * 0.9\n}\n"),
    ],
)  # fmt: skip
def test_what_stands_within_an_if_on_a_constant_depends_on_it(path: str, text: str) -> None:
    found = {slot.text: slot.when for slot in read_file(path, text.encode()).slots if "0." in slot.text}
    assert found == {"0.3": Condition("USE"), "0.7": Condition("USE", None, True), "0.9": None}


def test_an_unmarked_literal_is_left_alone_while_its_branch_is_not_run(search: Make) -> None:
    text = "USE = False\n\n\ndef f(x):\n    if USE:\n        x *= 0.5\n    return x\n"
    run = search({"a.py": text}, lambda n: -abs(n["f"](1.0) - 0.3) if n["USE"] else -9.0).run(25)
    assert run.ideas[0].title == "USE False → True"
    assert run.best.score > -0.05
    for idea in run.ideas:
        assert idea.parameters["a.py:USE"] or not idea.title.startswith("x ")


def test_a_local_name_in_a_condition_says_nothing(search: Make) -> None:
    text = "use = False\ndef f(use, x):\n    if use:\n        x *= 0.3\n    return x\n"
    assert all(slot.when is None for slot in read_file("a.py", text.encode()).slots)


@pytest.mark.parametrize("marker", ["0..1 if NOTHING", "0..1 if base > 3"])
def test_a_condition_that_cannot_be_obeyed_is_an_error(search: Make, marker: str) -> None:
    with pytest.raises(GoalError) as caught:
        run = search({"a.py": f"heat = 0.5  # kapso: {marker}\n"}, lambda names: 0.0)
        run.tune.why_nothing(run.files)
    assert "NOTHING" in str(caught.value) or "condition" in str(caught.value)
