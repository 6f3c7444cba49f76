"""One call of a model, against a real server on loopback that fails in every way there is."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from kapso.errors import Interrupted, UsageError
from kapso.goal.authors import ModelOptions, Price
from kapso.propose.author import Unavailable
from kapso.propose.llm.chat import Chat
from kapso.propose.llm.prices import most_tokens
from tests.scripted.protocols import OPENAI
from tests.scripted.server import (
    Answer,
    ScriptedServer,
    cut_off,
    fails,
    giant,
    hangs,
    malformed,
    rate_limited,
    refuses,
)

MESSAGES = [
    {"role": "system", "content": "You improve programs."},
    {"role": "user", "content": "Improve this one: été 🦀"},
    {"role": "assistant", "content": "No."},
    {"role": "user", "content": "Do."},
]
PRICE = Price(input=1.0, output=4.0)
MOST_OF_ONE = (most_tokens(MESSAGES) * 1.0 + 100 * 4.0) / 1e6
KEY = "sk-test-5ecret5ecret"
MakeChat = Callable[..., Chat]


@pytest.fixture(params=["openai", "anthropic", "google"])
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_chat(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> MakeChat:
    """A chat with the scripted model of a provider, which waits little between tries."""
    monkeypatch.setenv("A_KEY", KEY)

    def make(provider: str = "openai", name: str = "scripted", **options: Any) -> Chat:
        url = scripted.openai_url if provider in ("openai", "openrouter", "ollama") else scripted.url
        told = {"base_url": url, "api_key_env": "A_KEY", "max_tokens": 100, "price": PRICE, "timeout_s": 20.0}
        return Chat(ModelOptions(f"{provider}:{name}", **{**told, **options}), first_wait_s=0.02)

    return make


def ask(chat: Chat) -> Any:
    return chat.ask(MESSAGES, threading.Event())


def test_a_reply_with_its_tokens_and_cost(
    provider: str, make_chat: MakeChat, scripted: ScriptedServer
) -> None:
    scripted.say(Answer("better", input_tokens=1000, output_tokens=50))
    reply = ask(make_chat(provider, temperature=0.5))
    assert (reply.text, reply.model) == ("better", f"{provider}:scripted")
    assert (reply.input_tokens, reply.output_tokens) == (1000, 50)
    assert reply.cost == pytest.approx((1000 * 1.0 + 50 * 4.0) / 1e6)
    assert reply.data == {"finish": "stop", "tries": 1, "served_by": "scripted"}
    json.dumps(asdict(reply))
    [request] = scripted.requests
    assert request.messages == tuple((each["role"], each["content"]) for each in MESSAGES)
    assert request.key == KEY
    limits = request.body.get("generationConfig", request.body)
    assert limits.get("max_tokens", limits.get("maxOutputTokens")) == 100
    assert limits["temperature"] == 0.5


@pytest.mark.parametrize(
    ("answer", "finish"), [(Answer("cut", finish="length"), "length"), (refuses("I won't."), "refusal")]
)
def test_how_a_reply_ended_is_told(
    provider: str, make_chat: MakeChat, scripted: ScriptedServer, answer: Answer, finish: str
) -> None:
    scripted.say(answer)
    reply = ask(make_chat(provider))
    assert (reply.text, reply.data["finish"]) == (answer.text, finish)


@pytest.mark.parametrize(
    ("faults", "lost"),
    [
        ([fails(500), fails(503), fails(529), rate_limited(), rate_limited(0.01)], 0),
        ([cut_off()], 1),
        ([malformed()], 1),
        ([malformed(b"[]")], 1),
        ([malformed(b"{}")], 1),
        ([malformed(b"\xff\xfe not even text")], 1),
        ([fails(502, "<html>bad gateway</html>")], 1),
    ],
    ids=["busy", "cut", "half", "list", "empty", "binary", "gateway"],
)
def test_what_passes_is_tried_again_and_what_was_lost_is_counted(
    provider: str, make_chat: MakeChat, scripted: ScriptedServer, faults: list[Answer], lost: int
) -> None:
    scripted.say(*faults, Answer("at last", input_tokens=10, output_tokens=5))
    reply = ask(make_chat(provider))
    assert (reply.text, reply.data["tries"]) == ("at last", len(faults) + 1)
    assert reply.cost == pytest.approx((10 * 1.0 + 5 * 4.0) / 1e6 + lost * MOST_OF_ONE)
    assert len(scripted.requests) == len(faults) + 1


@pytest.mark.parametrize(
    ("faults", "words", "requests", "lost"),
    [
        ([fails(503)] * 9, "HTTP 503: the server had an error (6 tries)", 6, 0),
        ([rate_limited()] * 9, "HTTP 429: slow down (6 tries)", 6, 0),
        ([cut_off()] * 9, "(3 tries)", 3, 3),
        ([malformed()] * 9, "the reply makes no sense", 3, 3),
        ([fails(504)] * 9, "HTTP 504", 3, 3),
        ([rate_limited(3600)], "it asks to wait for 1h, longer than `timeout`", 1, 0),
        ([fails(429, "no credit left", "insufficient_quota")], "HTTP 429: no credit left", 1, 0),
        ([fails(401, "bad key")], "HTTP 401: bad key", 1, 0),
        ([fails(400, "the prompt is too long")], "HTTP 400: the prompt is too long", 1, 0),
        ([giant(20_000_000)], "it is longer than 16 MB", 1, 1),
        ([Answer("x", headers={"Content-Encoding": "gzip"})], "it is packed", 1, 1),
        ([Answer(status=307, headers={"Location": "http://127.0.0.1:1/v1"})], "it sends on to `http:", 1, 0),
    ],
    ids="down storm cut garbled gateway wait credit key bad giant packed on".split(),
)
def test_what_does_not_pass_ends_the_call(
    make_chat: MakeChat, scripted: ScriptedServer, faults: list[Answer], words: str, requests: int, lost: int
) -> None:
    scripted.say(*faults)
    chat = make_chat()
    with pytest.raises(Unavailable) as caught:
        ask(chat)
    assert str(caught.value).startswith("`openai:scripted`: ") and words in str(caught.value)
    assert len(scripted.requests) == requests
    assert caught.value.cost == pytest.approx(lost * MOST_OF_ONE)
    assert (caught.value.cost or 0.0) <= (chat.most_cost(most_tokens(MESSAGES)) or 0.0) + 1e-12


def test_what_is_left_may_pay_for_one_answer_alone(make_chat: MakeChat, scripted: ScriptedServer) -> None:
    scripted.say(fails(503), cut_off(), "never asked for")
    chat = make_chat()
    with pytest.raises(Unavailable) as caught:
        chat.ask(MESSAGES, threading.Event(), most_billed=1)
    assert caught.value.cost == pytest.approx(chat.most_cost(most_tokens(MESSAGES), most_billed=1))
    assert len(scripted.requests) == 2


def test_the_wait_that_is_asked_for_is_kept(make_chat: MakeChat, scripted: ScriptedServer) -> None:
    scripted.say(rate_limited(1), rate_limited(0.3), "ok")
    ask(make_chat())
    first, second, third = (request.at for request in scripted.requests)
    assert 1.0 <= second - first < 3.0
    assert 0.3 <= third - second < 2.0


def test_a_server_that_hangs_is_left_at_the_deadline(
    provider: str, make_chat: MakeChat, scripted: ScriptedServer
) -> None:
    scripted.say(hangs())
    started = time.monotonic()
    with pytest.raises(Unavailable, match="no answer within 300ms") as caught:
        ask(make_chat(provider, timeout_s=0.3))
    assert time.monotonic() - started < 5.0
    assert caught.value.cost == pytest.approx(MOST_OF_ONE)  # it may have been answered, and billed


def test_a_call_is_given_up_when_cancelled(
    provider: str, make_chat: MakeChat, scripted: ScriptedServer
) -> None:
    scripted.say(hangs())
    chat, cancel = make_chat(provider), threading.Event()
    _ = chat.connection  # imports
    threading.Timer(0.3, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(Interrupted):
        chat.ask(MESSAGES, cancel)
    assert time.monotonic() - started < 2.0
    waited = time.monotonic() + 5.0
    while not scripted.gone and time.monotonic() < waited:
        time.sleep(0.02)
    assert scripted.gone == 1  # the connection is closed, not left behind
    with pytest.raises(Interrupted):
        chat.ask(MESSAGES, cancel)
    assert len(scripted.requests) == 1


def test_a_wait_between_tries_is_given_up_too(make_chat: MakeChat, scripted: ScriptedServer) -> None:
    scripted.say(rate_limited(15), "too late")
    chat, cancel = make_chat(), threading.Event()
    threading.Timer(0.3, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(Interrupted):
        chat.ask(MESSAGES, cancel)
    assert time.monotonic() - started < 5.0


def test_calls_run_side_by_side(make_chat: MakeChat, scripted: ScriptedServer) -> None:
    scripted.respond = lambda request: Answer(request.prompt[-1], after_s=0.4)
    chat = make_chat()
    _ = chat.connection
    texts: list[str] = []

    def call(digit: str) -> None:
        texts.append(chat.ask([{"role": "user", "content": digit}], threading.Event()).text)

    started = time.monotonic()
    threads = [threading.Thread(target=call, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts) == [str(n) for n in range(8)]
    assert time.monotonic() - started < 8 * 0.4


def test_without_figures_the_cost_is_the_most_it_can_be(
    make_chat: MakeChat, scripted: ScriptedServer
) -> None:
    scripted.say(Answer("x", usage=False))
    reply = ask(make_chat())
    assert (reply.input_tokens, reply.output_tokens) == (None, None)
    assert reply.cost == pytest.approx(MOST_OF_ONE)


def test_what_a_provider_says_never_gives_the_key_away(make_chat: MakeChat, scripted: ScriptedServer) -> None:
    scripted.say(fails(401, f"Incorrect API key provided: {KEY}. Or was it sk-proj-****9xyz?"))
    with pytest.raises(Unavailable) as caught:
        ask(make_chat())
    assert "5ecret" not in str(caught.value) and "9xyz" not in str(caught.value)


def test_what_cannot_be_sent_as_it_is(provider: str, make_chat: MakeChat, scripted: ScriptedServer) -> None:
    scripted.say("ok")
    said = [("user", "half \ud83d"), ("assistant", ""), ("user", "so?")]
    make_chat(provider).ask([{"role": r, "content": c} for r, c in said], threading.Event())
    assert scripted.requests[0].messages == (("user", "half ?"), ("assistant", "(nothing)"), ("user", "so?"))


WATCHED = """
import sys, threading
seen = set()
sys.addaudithook(lambda name, args: name == "socket.connect" and seen.add(args[1][0]))
from kapso.goal.authors import ModelOptions
from kapso.propose.llm.chat import Chat
for model, url in zip(sys.argv[1::2], sys.argv[2::2]):
    chat = Chat(ModelOptions(model, base_url=url))
    chat.check()
    print(chat.ask([{"role": "user", "content": "hi"}], threading.Event()).text, end=" ")
print(*seen)
"""


@pytest.mark.slow
def test_nobody_else_is_told_anything(scripted: ScriptedServer) -> None:
    scripted.say("one", "two", "three")
    places = {"openai": scripted.openai_url, "anthropic": scripted.url, "google": scripted.url}
    words = [word for name, url in places.items() for word in (f"{name}:scripted", url)]
    command = [sys.executable, "-c", WATCHED, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("one two three 127.0.0.1\n", "")


def test_importing_it_loads_no_library(scripted: ScriptedServer) -> None:
    code = "import sys, kapso.propose.llm.chat, kapso.propose.costs; print('pydantic_ai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_openais_own_models_get_the_successor_of_max_tokens(
    make_chat: MakeChat, scripted: ScriptedServer
) -> None:
    scripted.models = None
    scripted.say("a", "b")
    ask(make_chat(name="gpt-5-mini"))
    ask(make_chat(name="gpt-oss-20b"))
    own, others = scripted.requests
    assert own.body["max_completion_tokens"] == 100 and "max_tokens" not in own.body
    assert others.body["max_tokens"] == 100 and "max_completion_tokens" not in others.body


@pytest.mark.parametrize("model", ["openrouter:meta/llama", "ollama:qwen3:8b"])
def test_others_that_speak_openais_protocol(
    make_chat: MakeChat, scripted: ScriptedServer, model: str
) -> None:
    provider, _, name = model.partition(":")
    scripted.models = [name]
    scripted.say("fine")
    chat = make_chat(provider, name)
    assert ask(chat).text == "fine"
    assert scripted.requests[0].body["max_tokens"] == 100


def test_a_name_that_the_library_refuses(make_chat: MakeChat) -> None:
    with pytest.raises(UsageError, match="must be prefixed with the upstream provider") as caught:
        ask(make_chat("openrouter", "llama"))
    assert caught.value.help


def test_openrouter_tells_itself_what_it_takes(make_chat: MakeChat, scripted: ScriptedServer) -> None:
    scripted.models = ["meta/llama"]
    body = json.loads(OPENAI.whole("meta/llama", "ok", "stop", (10, 5)))
    body["usage"]["cost"] = 0.0123
    scripted.say(Answer(raw=json.dumps(body).encode()))
    assert ask(make_chat("openrouter", "meta/llama", price=None)).cost == pytest.approx(0.0123)
