"""A budget of dollars that cannot be kept is refused, with the place in the goal."""

from __future__ import annotations

from pathlib import Path

import pytest

from kapso.errors import GoalError
from kapso.goal import Goal, parse_goal
from kapso.propose.costs import check_costs, models_of

HEAD = "objective: Faster.\nedit: pack.py\nevaluate: python evaluate.py\n"


def goal_of(propose: str, budget: str = "{cost: 0.10}") -> Goal:
    return parse_goal(f"{HEAD}budget: {budget}\npropose:\n{propose}", Path("/srv/demo/goal.yaml"))


@pytest.mark.parametrize(
    ("propose", "line", "words", "key"),
    [
        (
            "  - llm: {model: 'openai:mine', max_tokens: 9}",
            6,
            "the price of `openai:mine` is not known",
            "price:",
        ),
        ("  - llm: 'openai:gpt-5-mini'", 6, "`openai:gpt-5-mini` needs `max_tokens`", "max_tokens:"),
        (
            "  - llm:\n      - {model: 'ollama:x', max_tokens: 9}\n      - 'openai:mine'",
            8,
            "needs `max_tokens`",
            "",
        ),
        ("  - tune\n  - llm:\n      edit: 'ollama:x'\n      ideate: 'openai:y'", 9, "`openai:y` needs", ""),
        ("  - llm:\n      edit:\n        - 'ollama:x'\n        - 'openai:y'", 9, "`openai:y` needs", ""),
        (
            "  - llm: {model: 'openai:a', max_tokens: 9000, price: {input: 0, output: 20}}",
            6,
            "one call of `openai:a` may cost $0.18, more than the whole `budget.cost` of $0.1",
            "raise the budget",
        ),
        ("  - agent: {cli: claude, max_cost: 0.5}", 6, "one call of `agent` may cost $0.5", "max_cost"),
        ("  - agent: claude", 6, "`agent` must say what one call of it costs at most", "max_cost: 0.50"),
    ],
)
def test_what_has_no_bound_is_named(propose: str, line: int, words: str, key: str) -> None:
    with pytest.raises(GoalError) as caught:
        check_costs(goal_of(propose))
    assert words in caught.value.message and key in (caught.value.help or "")
    assert (caught.value.where or "").endswith(f"goal.yaml:{line}")
    check_costs(goal_of(propose, "{attempts: 5}"))


@pytest.mark.parametrize(
    "propose",
    [
        "  - llm: {model: 'openai:mine', max_tokens: 9, price: {input: 1, output: 4}}",
        "  - llm: {model: 'openai:gpt-5-mini', max_tokens: 9}",
        "  - llm: {model: 'ollama:x'}",
        "  - agent: {cli: claude, max_cost: 0.05}",
        "  - tune",
    ],
)
def test_what_has_a_bound_passes(propose: str) -> None:
    check_costs(goal_of(propose))


def test_every_model_has_its_place() -> None:
    goal = goal_of(
        "  - llm:\n      ideate: 'openai:a'\n      edit:\n        - 'openai:b'\n        - 'openai:c'"
    )
    assert [(model.model, where[-1]) for model, where in models_of(goal)] == [
        ("openai:a", "7"),
        ("openai:b", "9"),
        ("openai:c", "0"),
    ]
