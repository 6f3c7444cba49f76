"""A run whose budget of dollars cannot be kept does not start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.loop.conftest import GOAL


def test_a_call_without_a_bound_is_refused_at_the_start(demo: Callable[..., Any]) -> None:
    kapso = demo(base_goal=GOAL.replace("[tune]", "[tune, {agent: {command: 'true'}}]"))
    refused = kapso("run", "--cost", "0.10", "--attempts", "2", check=2)
    assert "error[missing-key]: with `budget.cost`, `agent` must say" in refused.stderr
    assert "--> goal.yaml:6" in refused.stderr and "max_cost: 0.50" in refused.stderr
    assert kapso.git("for-each-ref", "refs/kapso", "refs/heads/kapso/") == ""
