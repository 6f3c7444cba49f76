"""A run whose budget of dollars cannot be kept does not start."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.loop.conftest import GOAL
from tests.scripted.server import Answer, Request, ScriptedServer, fails


def test_a_call_without_a_bound_is_refused_at_the_start(demo: Callable[..., Any]) -> None:
    kapso = demo(base_goal=GOAL.replace("[tune]", "[tune, {agent: {command: 'true'}}]"))
    refused = kapso("run", "--cost", "0.10", "--attempts", "2", check=2)
    assert "error[missing-key]: with `budget.cost`, `agent` must say" in refused.stderr
    assert "--> goal.yaml:6" in refused.stderr and "max_cost: 0.50" in refused.stderr
    assert kapso.git("for-each-ref", "refs/kapso", "refs/heads/kapso/") == ""


@pytest.mark.slow
def test_whatever_fails_no_more_is_billed_than_the_budget(
    demo: Callable[..., Any], scripted: ScriptedServer
) -> None:
    """Calls side by side, many of whose answers get lost though they are billed, and a check that costs."""
    faults = random.Random(5)
    count = iter(range(10_000))
    scripted.models = None  # no list: the check has to ask

    def respond(request: Request) -> Answer:
        x = 1 + next(count) / 1000
        text = f'Title: x to {x}\n\nparams.json\n```json\n{{"x": {x}, "y": 20}}\n```\n'
        good = Answer(text, input_tokens=1500, output_tokens=900)
        return faults.choice([good, good, replace(good, cut_at=30), fails(502), replace(good, usage=False)])

    scripted.respond = respond
    llm = f"llm: {{model: 'openai:mine', base_url: '{scripted.openai_url}', max_tokens: 1000, PRICE}}"
    llm = llm.replace("PRICE", "price: {input: 1.0, output: 10.0}")
    kapso = demo("search: {parallel: 4}\n", base_goal=GOAL.replace("[tune]", f"[{{{llm}}}]"))
    kapso("run", "--cost", "0.10", "--attempts", "60", check=0)
    assert 0.03 < scripted.cost(1.0, 10.0) <= 0.10
    [run] = kapso.json("ls")
    assert scripted.cost(1.0, 10.0) <= run["cost"] + 1e-9 <= 0.10 + 1e-9


@pytest.mark.slow
def test_a_budget_for_one_answer_is_used(demo: Callable[..., Any], scripted: ScriptedServer) -> None:
    """It would not pay for an answer that gets lost as well, so nothing is asked twice."""
    text = 'params.json\n```json\n{"x": 3, "y": 20}\n```\n'
    scripted.say(Answer(text, input_tokens=2000, output_tokens=900))
    llm = f"llm: {{model: 'openai:scripted', base_url: '{scripted.openai_url}', max_tokens: 1000, PRICE}}"
    llm = llm.replace("PRICE", "price: {input: 0, output: 80.0}")
    kapso = demo(base_goal=GOAL.replace("[tune]", f"[{{{llm}}}]"))
    kapso("run", "--cost", "0.10", "--attempts", "5", check=0)
    assert len(scripted.requests) == 1
    assert kapso.json("ls")[0]["cost"] == 0.072
