"""A model on loopback whose answers are a script: OpenAI's chat, Anthropic's messages and Gemini's
generateContent, whole or streamed, with every way in which a provider fails; it counts what it would bill.

    with ScriptedServer() as server:
        server.say("first answer", rate_limited(retry_after=1), "second answer")
        ... base_url=server.openai_url, model "scripted" ...
        server.requests[0].prompt
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

from tests.scripted import protocols
from tests.scripted.protocols import Protocol

Finish = Literal["stop", "length", "refusal"]


@dataclass(frozen=True)
class Answer:
    """One reply of the script.

    A `status` other than 200 is an error with `text` as its message and `code` as its code. `raw` is sent as
    it is instead of a body. Where `cut_at` is given, so many bytes of the body are sent and the connection is
    dropped; `hangs` sends none and waits until the client has gone. Tokens that are not given are a quarter
    of the characters; `usage` False leaves them out of the reply.
    """

    text: str = ""
    status: int = 200
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    input_tokens: int | None = None
    output_tokens: int | None = None
    usage: bool = True
    finish: Finish = "stop"
    after_s: float = 0.0
    hangs: bool = False
    cut_at: int | None = None
    raw: bytes | None = None

    @property
    def is_billed(self) -> bool:
        """Whether a provider would charge for it, received or not."""
        return self.status == 200


def rate_limited(retry_after: float | str | None = None) -> Answer:
    """429, with the wait that it asks for."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Answer("slow down", status=429, code="rate_limit_exceeded", headers=headers)


def fails(status: int = 500, text: str = "the server had an error", code: str | None = None) -> Answer:
    """Any other error status."""
    return Answer(text, status=status, code=code)


def hangs() -> Answer:
    """Takes the request and never answers."""
    return Answer("never sent", hangs=True)


def cut_off(text: str = "half of what was to be said", at: int = 40) -> Answer:
    """Drops the connection in the middle of the body."""
    return Answer(text, cut_at=at)


def malformed(raw: bytes = b'{"choices": [{"mess') -> Answer:
    """200 with a body that is not what the protocol says."""
    return Answer("garbled", raw=raw)


def giant(size: int = 64_000_000) -> Answer:
    """A reply of so many bytes."""
    return Answer("a" * size)


def refuses(text: str = "I can't help with that.") -> Answer:
    """The model declines, in the way of its protocol."""
    return Answer(text, finish="refusal")


@dataclass(frozen=True)
class Request:
    """What was asked: `messages` are (role, text), the system's among them; `key` is what it came with."""

    protocol: str
    path: str
    model: str
    messages: tuple[tuple[str, str], ...]
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    key: str | None
    at: float

    @property
    def prompt(self) -> str:
        """All that was sent, as one text."""
        return "\n\n".join(text for _, text in self.messages)


Respond = Callable[[Request], "Answer | str | None"]


class ScriptedServer:
    """Answers from its queue in order, or by `respond`, which is asked first where it is set (None: queue).

    `key` None takes any key; `models` None any model, and there is no list of models then. Without an answer
    left it says 400, which nobody repeats. `respond` is called by many threads at once.
    """

    def __init__(self, key: str | None = None, models: Iterable[str] | None = ("scripted",)) -> None:
        self.key = key
        self.models = None if models is None else list(models)
        self.respond: Respond | None = None
        self.requests: list[Request] = []
        self.looked_up: list[str] = []
        self.gone = 0
        self.billed: list[tuple[int, int]] = []
        self.closing = threading.Event()
        self._answers: deque[Answer] = deque()
        self._lock = threading.Lock()
        self._http = _Listener(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def openai_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def anthropic_url(self) -> str:
        return self.url

    @property
    def google_url(self) -> str:
        return self.url

    def say(self, *answers: Answer | str) -> None:
        """Put these at the end of the queue."""
        with self._lock:
            self._answers += [Answer(each) if isinstance(each, str) else each for each in answers]

    def cost(self, input: float, output: float) -> float:
        """Dollars that it would bill at these prices per million tokens, also for what never arrived."""
        return sum(sent * input + written * output for sent, written in self.billed) / 1e6

    def take(self, request: Request) -> Answer:
        """Note the request and choose its answer."""
        with self._lock:
            self.requests.append(request)
        found = self.respond(request) if self.respond else None
        if found is None:
            with self._lock:
                found = self._answers.popleft() if self._answers else fails(400, "the script has ended")
        answer = Answer(found) if isinstance(found, str) else found
        if answer.is_billed:
            with self._lock:
                self.billed.append(tokens(answer, request))
        return answer

    def refusal_of(self, key: str | None, model: str | None) -> Answer | None:
        """Why no answer is taken for such a key or model."""
        if self.key is not None and key != self.key:
            return Answer(f"Incorrect API key provided: {key}", status=401, code="invalid_api_key")
        if model is not None and self.models is not None and model not in self.models:
            return Answer(f"The model `{model}` does not exist", status=404, code="model_not_found")
        return None


def tokens(answer: Answer, request: Request) -> tuple[int, int]:
    """What was sent and what was written, in tokens."""
    sent = len(request.prompt) // 4 if answer.input_tokens is None else answer.input_tokens
    written = len(answer.text) // 4 if answer.output_tokens is None else answer.output_tokens
    return sent, written


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no error of the tests."""


def _handler(script: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        server_script = script

    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_script: ScriptedServer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests read `requests`."""

    def do_GET(self) -> None:
        script, path = self.server_script, urlsplit(self.path).path
        protocol = protocols.of_list(path, self._said)
        script.looked_up.append(path)
        if protocol is None or script.models is None:
            self._send_error(protocol or protocols.OPENAI, fails(404, "no such page"))
            return
        name = path.rstrip("/").partition("/models")[2].strip("/") or None
        if problem := script.refusal_of(protocol.key(self._said, self.path), name):
            self._send_error(protocol, problem)
            return
        self._send(200, json.dumps(protocol.listed(script.models, name)).encode())

    def do_POST(self) -> None:
        script = self.server_script
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        protocol = protocols.of_call(urlsplit(self.path).path)
        if protocol is None:
            self._send_error(protocols.OPENAI, fails(404, "no such page"))
            return
        body = json.loads(raw)
        request = Request(
            protocol.name,
            self.path,
            protocol.model(self.path, body),
            tuple(protocol.messages(body)),
            body,
            self._said,
            protocol.key(self._said, self.path),
            time.monotonic(),
        )
        if problem := script.refusal_of(request.key, request.model):
            self._send_error(protocol, problem)
            return
        self._answer(protocol, request, script.take(request))

    @property
    def _said(self) -> dict[str, str]:
        """The headers, by their names in lower case."""
        return {name.lower(): value for name, value in self.headers.items()}

    def _answer(self, protocol: Protocol, request: Request, answer: Answer) -> None:
        if answer.after_s:
            self.server_script.closing.wait(answer.after_s)
        if answer.hangs:
            self._wait_until_gone()
        elif answer.status != 200:
            self._send_error(protocol, answer)
        else:
            sent, written = tokens(answer, request)
            usage = (sent, written) if answer.usage else None
            is_streamed = protocol.is_streamed(request.path, request.body)
            make = protocol.stream if is_streamed else protocol.whole
            body = (
                make(request.model, answer.text, answer.finish, usage) if answer.raw is None else answer.raw
            )
            kind = "text/event-stream" if is_streamed else "application/json"
            self._send(200, body, answer.headers, kind, answer.cut_at)

    def _send_error(self, protocol: Protocol, answer: Answer) -> None:
        body = json.dumps(protocol.error(answer.status, answer.text, answer.code)).encode()
        self._send(answer.status, body, answer.headers)

    def _send(
        self,
        status: int,
        body: bytes,
        headers: Mapping[str, str] = protocols.NO_HEADERS,
        kind: str = "application/json",
        cut_at: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:cut_at])
        if cut_at is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _wait_until_gone(self) -> None:
        while not self.server_script.closing.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                self.server_script.gone += 1
                break
        self.close_connection = True
