"""A goal without a file: options become the values of a goal.yaml, and mistakes name the option."""

from __future__ import annotations

from pathlib import Path

import pytest

from kapso.errors import KapsoError
from kapso.goal import Command, Metric, Overrides, dump_goal, parse_goal
from kapso.goal.options import GoalOptions

LEAST = {"edit": ["pack.py"], "evaluate": "python evaluate.py"}


def test_edit_and_evaluate_are_enough(tmp_path: Path) -> None:
    goal = GoalOptions(**LEAST).goal(tmp_path / "Circle Packing")  # type: ignore[arg-type]
    assert (goal.name, goal.edit, goal.evaluate.command) == (
        "circle-packing",
        ("pack.py",),
        "python evaluate.py",
    )
    assert goal.objective == "maximize score, as `python evaluate.py` measures it"
    assert goal.metrics == (Metric("score"),) and goal.budget.attempts == 50
    assert goal.where("edit") == "--edit"
    assert parse_goal(dump_goal(goal), goal.file) == goal


def test_every_option_has_its_key(tmp_path: Path) -> None:
    options = GoalOptions(
        edit=("src/**", "!src/v"),
        evaluate="python e.py $KAPSO_OUT",
        run="./pack",
        check=("make test", "make lint"),
        metric=("time = minimize", "size=maximize"),
        objective="Pack.",
        timeout="7s",
    )
    goal = options.goal(tmp_path / "2024", Overrides(attempts=7))
    assert (goal.name, goal.objective, goal.budget.attempts) == ("program", "Pack.", 7)
    assert goal.edit == ("src/**", "!src/v") and goal.is_judged_apart
    assert goal.check == (Command("make test", 7.0), Command("make lint", 7.0))
    assert goal.metrics == (Metric("time", "minimize"), Metric("size"))


@pytest.mark.parametrize(
    ("options", "message", "where"),
    [
        ({"metric": ("a=maximize",)}, "`--metric` asks for, lacks `--edit` and `--evaluate`", None),
        ({"edit": ("a",)}, "`--edit` asks for, lacks `--evaluate`", None),
        ({**LEAST, "edit": ("../a",)}, "`../a` leaves the current folder", "--edit"),
        ({**LEAST, "edit": ("a", "")}, "`edit[2]` is empty", "--edit"),
        ({**LEAST, "evaluate": " "}, "`evaluate` is empty", "--evaluate"),
        ({**LEAST, "run": ""}, "`run` is empty", "--run"),
        ({**LEAST, "check": ("x", "")}, "`check[2]` is empty", "--check"),
        ({**LEAST, "timeout": "soon"}, "`soon` is not a duration", "--timeout"),
        ({**LEAST, "objective": ""}, "`objective` is empty", "--objective"),
        ({**LEAST, "metric": ("score",)}, "`--metric score` has no direction", None),
        ({**LEAST, "metric": ("=maximize",)}, "`--metric =maximize` has no name", None),
        ({**LEAST, "metric": ("a=maximise",)}, "`maximise` is not known for `metrics.a`", "--metric"),
        ({**LEAST, "metric": ("run.x=maximize",)}, "`run.x` is no metric that Kapso measures", "--metric"),
        ({**LEAST, "metric": ("a=minimize", "a=minimize")}, "`--metric a` is given twice", None),
        ({**LEAST, "run": "x", "program": "y"}, "`evaluate.program` cannot be used with `run`", "--program"),
    ],
)
def test_mistakes_name_the_option(
    tmp_path: Path, options: dict[str, object], message: str, where: str | None
) -> None:
    with pytest.raises(KapsoError) as caught:
        GoalOptions(**options).goal(tmp_path)  # type: ignore[arg-type]
    assert message in caught.value.message
    assert (caught.value.where, caught.value.exit_code) == (where, 2)
    assert caught.value.help or "is empty" in message
