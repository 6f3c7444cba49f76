"""Fixtures of the goal's tests: a goal with the required keys, to which a test adds its own lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.goal import Goal, parse_goal

MakeGoal = Callable[..., Goal]


@pytest.fixture
def make_goal(tmp_path: Path) -> MakeGoal:
    """`make_goal("budget: {time: 2h}", edit="src/**")`: the required keys are set unless given."""

    def make(*lines: str, file: Path | None = None, **required: str) -> Goal:
        keys = {"objective": "Faster.", "edit": "pack.py", "evaluate": "python evaluate.py"} | required
        text = "\n".join([f"{key}: {value}" for key, value in keys.items()] + list(lines))
        return parse_goal(text, file or tmp_path / "demo" / "goal.yaml", shown_as="goal.yaml")

    return make
