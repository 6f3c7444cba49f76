"""Metrics in what a command printed, and the text of the goal that names them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.evaluate.readings import read_scorer
from kapso.goal import parse_goal
from kapso.init.printed import direction, read_metrics
from kapso.init.program import Draft, Metric, Program
from kapso.init.render import render, with_objective


@pytest.mark.parametrize(
    ("printed", "name", "goal", "is_sure", "value"),
    [
        ('{"value": 3, "n": 2}\n', "value", "maximize", True, 3),
        ('log\n{"time_ms": 1.5, "score": 2}\n', "score", "maximize", True, 2),
        ('{"ok": true, "x": 1}', "x", "maximize", False, 1),
        ("tour length: 6.25\n", "tour_length", "minimize", True, 6.25),
        ("epoch: 1\nloss = 4e-3\nepoch: 2\nloss = 2e-3\n", "loss", "minimize", True, 2e-3),
        ("Accuracy:  93.5%\n", "accuracy", "maximize", True, 93.5),
        ("ops/sec: 1200\n", "ops_sec", "maximize", True, 1200),
        ('{\n  "cases": 3,\n  "mean_error": 0.25\n}\n', "mean_error", "minimize", True, 0.25),
        ("done\n-12.5\n", "score", "maximize", False, -12.5),
        ("  best-val RMSE =\t0.5 m\n", "best_val_rmse", "minimize", True, 0.5),
        ("hits 199919\nops/sec 4742404\n", "hits", "maximize", True, 199919),
        ("round 1\nops/sec 9\nround 2\nops/sec 4742404.5\n", "ops_sec", "maximize", True, 4742404.5),
        ("  best-of two \t-3e2\n", "best_of_two", "maximize", False, -300),
        ("step 3\n12.5\n", "score", "maximize", False, 12.5),
    ],
)
def test_what_is_found_is_what_the_scorer_reads(
    printed: str, name: str, goal: str, is_sure: bool, value: float
) -> None:
    metric = read_metrics(printed)[0]
    assert (metric.name, metric.goal, metric.is_sure) == (name, goal, is_sure)
    parsed = parse_goal(render(draft(), [metric]), Path("/srv/demo/goal.yaml"))
    assert read_scorer(parsed.metrics, printed.encode(), None).metrics[name] == value


@pytest.mark.parametrize(
    "printed",
    [
        "",
        "hello\n",
        "{}\n",
        '{"a": "b"}\n',
        "1 2 3\n",
        "v1.2.3\n",
        "a: b: 3 c d\n",
        "took 3 tries\n",
        "in a b c 4\n",
    ],
)
def test_text_without_a_number_has_no_metric(printed: str) -> None:
    assert read_metrics(printed) == ()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("val_loss", ("minimize", True)), ("totalTime", ("minimize", True)), ("hit_rate", ("maximize", True)),
        ("requests_per_second", ("maximize", True)), ("x", ("maximize", False)), ("f1", ("maximize", True)),
    ],
)  # fmt: skip
def test_directions(name: str, found: tuple[str, bool]) -> None:
    assert direction(name) == found


def draft(**facts: Any) -> Draft:
    program = Program("thing", "a.py", ("a.py",))
    return Draft(program, **{"how": "x", "evaluate": "true", "objective": "Better.", **facts})


@settings(max_examples=40)
@given(st.text(alphabet="ab $\"'\\:#{}[]&*!|>%@`,-?~\té0", min_size=1, max_size=30))
def test_any_command_and_objective_survive(text: str) -> None:
    if not text.strip():
        return
    made = draft(evaluate=text, run=text, check=(text,), objective="x")
    goal = parse_goal(render(made, [Metric("score", "maximize")]), Path("/srv/demo/goal.yaml"))
    assert goal.run is not None
    assert goal.evaluate.command == goal.run.command == goal.check[0].command == text.strip()


@settings(max_examples=40)
@given(st.text(alphabet="ab:#'\"-{}\n\t \\é", min_size=1, max_size=250))
def test_any_objective_survives(text: str) -> None:
    words = " ".join(text.split())
    if not words:
        return
    rendered = render(draft(objective=text), [Metric("score", "maximize")])
    for written in (rendered, with_objective(render(draft(), [Metric("score", "maximize")]), text)):
        objective = parse_goal(written, Path("/srv/demo/goal.yaml")).objective
        assert re.sub(r"\s+", " ", objective) == words


def test_an_unsure_direction_and_a_check_that_fails_are_said() -> None:
    program = Program("thing", "a.py", ("a.py", "[x].py"), left_out="make test: exit code 2")
    made = Draft(program, "x", {"python": "e.py:evaluate", "program": "a.py"}, objective="Better.")
    text = render(made, [Metric("n", "maximize", is_sure=False)], others=["m"])
    assert "# is larger better? If not: minimize" in text
    assert "# no check, as it fails on the unchanged program: make test: exit code 2" in text
    assert "# also printed: m" in text
    assert "evaluate:\n  python: " in text and "program: a.py" in text
