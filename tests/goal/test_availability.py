"""What later versions bring is refused as such, with file and line, and never silently ignored."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kapso.errors import NotAvailableYet
from kapso.goal import Goal

MakeGoal = Callable[..., Goal]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("search: {executor: ray}", "`search.executor: ray`"),
    ],
)
def test_what_later_versions_bring(make_goal: MakeGoal, line: str, what: str) -> None:
    with pytest.raises(NotAvailableYet) as caught:
        make_goal(line)
    assert caught.value.message == f"{what} is not available yet"
    assert (caught.value.where, caught.value.exit_code) == ("goal.yaml:4", 2)
    assert caught.value.help


@pytest.mark.parametrize(
    "line",
    [
        "search: {policy: greedy}",
        "search: {repairs: 5}",
        "approve: false",
        "approve: true",
        "knowledge: []",
        'knowledge: [docs/, "arxiv:2601.21526"]',
        "memory: {recall: false}",
        "memory: {}",
        "sandbox: {level: strict}",
        "sandbox: {level: landlock}",
    ],
)
def test_values_that_ask_for_nothing_new_are_accepted(make_goal: MakeGoal, line: str) -> None:
    assert make_goal(line).name
