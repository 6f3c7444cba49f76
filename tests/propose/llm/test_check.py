"""What is wrong with a model is found before the first attempt, at no cost where that can be."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from kapso.errors import KapsoError, MachineError, UsageError
from kapso.goal.authors import ModelOptions, Price
from kapso.propose.llm import connect
from kapso.propose.llm.chat import Chat
from tests.scripted.server import Answer, ScriptedServer, cut_off, fails, hangs, malformed, rate_limited


@pytest.fixture(params=["openai", "anthropic", "google"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def chat_of(server: ScriptedServer, provider: str = "openai", name: str = "scripted", **options: Any) -> Chat:
    url = server.openai_url if provider == "openai" else server.url
    told: dict[str, Any] = {"base_url": url, "price": Price(1.0, 4.0)} | options
    return Chat(ModelOptions(f"{provider}:{name}", **told), where="goal.yaml:7", first_wait_s=0.02)


def refused(chat: Chat) -> KapsoError:
    with pytest.raises(KapsoError) as caught:
        chat.check()
    assert caught.value.where == "goal.yaml:7" and caught.value.help
    assert not caught.value.message.endswith(".")
    return caught.value


def test_a_model_on_the_list_costs_nothing(provider: str, scripted: ScriptedServer) -> None:
    chat = chat_of(scripted, provider)
    assert (chat.check(), scripted.requests) == (0.0, [])
    assert len(scripted.looked_up) == 1


def test_without_a_list_a_few_tokens_tell(provider: str, scripted: ScriptedServer) -> None:
    scripted.models = None
    scripted.say(Answer("Hi.", input_tokens=9, output_tokens=2))
    assert chat_of(scripted, provider).check() == pytest.approx((9 * 1.0 + 2 * 4.0) / 1e6)
    assert len(scripted.requests) == 1


def test_a_bad_key(provider: str, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted.key = "the right one"
    monkeypatch.setenv("MY_KEY", "wr0ng-key-that-nobody-may-read")
    error = refused(chat_of(scripted, provider, api_key_env="MY_KEY"))
    assert isinstance(error, UsageError) and error.slug == "bad-key"
    assert "the key in `MY_KEY` is refused: HTTP 401" in error.message
    assert "wr0ng" not in error.render()


def test_a_key_that_is_missing(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MY_KEY", "OPENAI_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    error = refused(chat_of(scripted, api_key_env="MY_KEY"))
    assert "`MY_KEY` is not set" in error.message and "`export MY_KEY=…`" in (error.help or "")
    error = refused(chat_of(scripted, base_url=None))
    assert "`OPENAI_API_KEY` is not set" in error.message
    error = refused(chat_of(scripted, "google", base_url=None))
    assert "`GOOGLE_API_KEY` and `GEMINI_API_KEY` are not set" in error.message
    chat_of(scripted).check()  # a server of one's own may need none
    scripted.key = "some"
    assert "a key is needed, and none was sent" in refused(chat_of(scripted)).message


def test_the_usual_variable_counts(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted.key = "usual"
    monkeypatch.setenv("OPENAI_API_KEY", "usual")
    chat_of(scripted).check()
    monkeypatch.setenv("OPENAI_API_KEY", "two words\nand a line")
    with pytest.raises(UsageError, match="is no key"):
        chat_of(scripted).check()


def test_a_model_that_is_not_there(provider: str, scripted: ScriptedServer) -> None:
    error = refused(chat_of(scripted, provider, "scirpted"))
    assert isinstance(error, UsageError) and error.slug == "unknown-model"
    assert f"there is no model `{provider}:scirpted`" in error.message
    if provider == "openai":
        assert error.help == "did you mean `openai:scripted`?"


def test_a_path_that_is_missing_from_the_url(scripted: ScriptedServer) -> None:
    error = refused(chat_of(scripted, base_url=scripted.url))
    assert error.help is not None and f"did you mean `base_url: {scripted.url}/v1`?" in error.help


def test_a_server_that_is_not_there(provider: str, scripted: ScriptedServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    error = refused(chat_of(scripted, provider, base_url=url))
    assert isinstance(error, MachineError) and "does not answer" in error.message


def test_a_server_that_hangs_is_left(scripted: ScriptedServer) -> None:
    scripted.models = None
    scripted.say(hangs())
    assert "no answer within 400ms" in refused(chat_of(scripted, timeout_s=0.4)).message


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        ([fails(503)] * 3, MachineError, "does not answer"),
        ([cut_off()] * 3, MachineError, "does not answer"),
        ([malformed()] * 3, UsageError, "does not speak the protocol of `openai`"),
        ([fails(402, "no credit")], UsageError, "no credit"),
        ([fails(400, "no such option")], UsageError, "no such option"),
    ],
)
def test_other_ways_to_be_of_no_use(
    scripted: ScriptedServer, answers: list[Answer], kind: type[KapsoError], words: str
) -> None:
    scripted.models = None
    scripted.say(*answers)
    error = refused(chat_of(scripted))
    assert type(error) is kind and words in error.message


@pytest.mark.parametrize(
    "answer", [rate_limited(3600), fails(400, "Could not finish: max_tokens was reached")]
)
def test_what_says_nothing_against_the_goal(scripted: ScriptedServer, answer: Answer) -> None:
    scripted.models = None
    scripted.say(answer)
    chat_of(scripted).check()


def test_a_package_that_is_missing(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connect._PACKAGES, "anthropic", ("anthropic", "anthropic_that_is_not_installed"))
    error = refused(chat_of(scripted, "anthropic"))
    assert error.help == "pip install 'kapso-workbench[anthropic]'"
