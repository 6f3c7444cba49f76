"""What a goal may say of models and coding agents, and that it reads back the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kapso.errors import GoalError
from kapso.goal import Goal, Overrides, ProposerSpec, dump_goal, parse_goal
from kapso.goal.authors import AgentOptions, LlmOptions, ModelOptions, Price

MakeGoal = Callable[..., Goal]

MINI = ModelOptions("openai:gpt-5-mini")
LOCAL = ModelOptions(
    "openai:qwen3:8b",
    base_url="http://127.0.0.1:8000/v1",
    api_key_env="MY_KEY",
    max_tokens=8000,
    context_tokens=30_000,
    price=Price(1.0, 4.0),
    weight=2.0,
    timeout_s=90.0,
    temperature=0.5,
)
WRITTEN = (
    '{model: "openai:qwen3:8b", base_url: "http://127.0.0.1:8000/v1/", api_key_env: MY_KEY, '
    "max_tokens: 8000, context_tokens: 30000, price: {input: 1.0, output: 4}, weight: 2, "
    "timeout: 90s, temperature: 0.5}"
)
SPECS = [
    ("{llm: 'openai:gpt-5-mini'}", LlmOptions((MINI,))),
    ("{llm: openai:gpt-5-mini}", LlmOptions((MINI,))),
    ("{llm: {model: 'openai:gpt-5-mini'}}", LlmOptions((MINI,))),
    (f"{{llm: {WRITTEN}}}", LlmOptions((LOCAL,))),
    (f"{{llm: [{WRITTEN}, 'openai:gpt-5-mini']}}", LlmOptions((LOCAL, MINI))),
    (f"{{llm: {{ideate: 'openai:gpt-5-mini', edit: {WRITTEN}}}}}", LlmOptions((LOCAL,), MINI)),
    ("{agent: claude}", AgentOptions(cli="claude")),
    (
        "{agent: {command: 'x \"$KAPSO_PROMPT\"', timeout: 10m, env: [A_KEY], home: [~/.x], max_cost: 0.50}}",
        AgentOptions(
            command='x "$KAPSO_PROMPT"', timeout_s=600.0, env=("A_KEY",), home=("~/.x",), max_cost=0.5
        ),
    ),
    ("{agent: {cli: codex, model: gpt-5}}", AgentOptions(cli="codex", model="gpt-5")),
]


@pytest.mark.parametrize(("written", "options"), SPECS, ids=[written[:40] for written, _ in SPECS])
def test_options_are_read_and_read_back(
    make_goal: MakeGoal, written: str, options: LlmOptions | AgentOptions
) -> None:
    goal = make_goal(f"propose: [tune, {written}]", "prompts: ../prompts")
    assert goal.propose[1].options == options
    assert goal.prompts == "../prompts"
    assert parse_goal(dump_goal(goal), goal.file) == goal


def test_the_command_line_names_what_the_goal_gives_options(make_goal: MakeGoal) -> None:
    goal = make_goal("propose: [tune, {llm: 'openai:gpt-5-mini'}, {agent: claude}]")
    chosen = Overrides(propose=["llm", "mutate"]).apply(goal).propose
    assert chosen == (ProposerSpec("llm", LlmOptions((MINI,))), ProposerSpec("mutate"))
    with pytest.raises(GoalError, match="`llm` names no model") as caught:
        Overrides(propose=["llm"]).apply(make_goal())
    assert caught.value.where == "--propose"


@pytest.mark.parametrize(
    "value", ["sk-proj-4f9a", "AIzaSyD3adB33fD3adB33fD3adB33f", "'ghp_" + "a1" * 20 + "'"]
)
def test_a_key_that_was_pasted_is_never_repeated(make_goal: MakeGoal, value: str) -> None:
    for name in ("api_key_env", "api_key", "apiKey", "token"):
        with pytest.raises(GoalError, match="no name of a variable|no place in a goal") as caught:
            make_goal(f"propose: [{{llm: {{model: 'openai:x', {name}: {value}}}}}]")
        assert value not in caught.value.render() and "variable" in caught.value.render()
