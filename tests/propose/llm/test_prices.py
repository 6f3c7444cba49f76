"""What a call costs, and the most that it can cost."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.errors import Interrupted
from kapso.goal.authors import ModelOptions, Price
from kapso.propose.author import Unavailable
from kapso.propose.llm.chat import Chat
from kapso.propose.llm.prices import cost_of, in_words, most_of_one_try, most_tokens
from tests.scripted.server import Answer, ScriptedServer, cut_off, fails, malformed, rate_limited

MINI = ModelOptions("openai:gpt-5-mini", max_tokens=1000)


@pytest.mark.parametrize(
    ("options", "dollars"),
    [
        (ModelOptions("openai:x", price=Price(1.0, 4.0)), 5.0),
        (ModelOptions("openai:gpt-5-mini", price=Price(0.0, 0.0)), 0.0),
        (ModelOptions("openai:gpt-4o-mini"), 0.15 + 0.60),
        (ModelOptions("anthropic:claude-haiku-4-5"), 1.0 + 5.0),
        (ModelOptions("openai:some-model-of-mine"), None),
        (ModelOptions("ollama:qwen3:8b"), 0.0),
        (ModelOptions("ollama:qwen3:480b-cloud"), None),
        (ModelOptions("ollama:qwen3:8b", base_url="https://ollama.example.org/v1"), None),
    ],
    ids=lambda value: value.model if isinstance(value, ModelOptions) else "",
)
def test_a_million_tokens_each_way(options: ModelOptions, dollars: float | None) -> None:
    cost = cost_of(options, 1_000_000, 1_000_000)
    assert cost is None if dollars is None else cost == pytest.approx(dollars)


def test_the_most_needs_a_price_and_an_end() -> None:
    assert most_of_one_try(MINI, 1000) == cost_of(MINI, 1000, 1000)
    assert most_of_one_try(ModelOptions("openai:gpt-5-mini"), 1000) is None
    assert most_of_one_try(ModelOptions("openai:mine", max_tokens=5), 1000) is None
    assert most_of_one_try(ModelOptions("openai:mine", price=Price(0.0, 0.0)), 1000) == 0.0
    assert "$0.25 sent and $2 written" in in_words(MINI)
    assert "not known" in in_words(ModelOptions("openai:mine"))


def test_without_the_package_no_price_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert Chat(MINI).most_cost(1000) is None
    assert Chat(ModelOptions("openai:x", max_tokens=9, price=Price(1.0, 4.0))).most_cost(64) == pytest.approx(
        3e-4
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=200), min_size=1, max_size=4))
def test_a_tokenizer_never_counts_more(texts: list[str]) -> None:
    """Bytes are what every tokenizer falls back on; here the one with the fewest merges: none."""
    messages = [{"role": "user", "content": text} for text in texts]
    assert most_tokens(messages) >= sum(len(text.encode()) for text in texts) + 8 * len(texts) + 3


LOSSES = st.sampled_from(
    [
        fails(500),
        fails(502),
        fails(504),
        rate_limited(),
        cut_off(),
        malformed(),
        malformed(b"{}"),
        Answer("w" * 396, usage=False, output_tokens=99),
        Answer("fine", input_tokens=60, output_tokens=100),
    ]
)


@settings(max_examples=25, deadline=None)
@given(st.lists(LOSSES, min_size=1, max_size=7))
def test_whatever_fails_no_more_is_billed_than_was_held_back(answers: list[Answer]) -> None:
    messages = [{"role": "user", "content": "Improve this. " * 5}]
    options: dict[str, Any] = {"max_tokens": 100, "price": Price(1.0, 4.0), "timeout_s": 5.0}
    with ScriptedServer() as server:
        server.say(*answers)
        chat = Chat(
            ModelOptions("openai:scripted", base_url=server.openai_url, **options), first_wait_s=0.001
        )
        most = chat.most_cost(most_tokens(messages))
        try:
            told = chat.ask(messages, threading.Event()).cost
        except Unavailable as error:
            told = error.cost
        assert most is not None and told is not None
        assert server.cost(1.0, 4.0) <= told + 1e-12
        assert told <= most + 1e-12


def test_nothing_is_sent_once_cancelled(scripted: ScriptedServer) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Interrupted):
        Chat(ModelOptions("openai:scripted", base_url=scripted.openai_url)).ask([], cancel)
    assert scripted.requests == []
