"""A model on loopback that speaks OpenAI's chat protocol and answers at once with the script's next edit.

Harnesses that are measured beside each other take turns: one gets its replies while the others wait for
theirs, so that all are measured in the same minutes, and none beside another at work. Each has a clock that
runs in its turns alone.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harnesses.script import reply

MODEL = "scripted"


class Turns:
    """Whose turn it is: a turn ends with the first request after `length` replies, or with the harness.

    With `length` None everyone is answered at once.
    """

    def __init__(self, names: list[str], length: int | None) -> None:
        self.sent: dict[str, list[float]] = {name: [] for name in names}
        self._spans: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        self._length = length
        self._here: list[str] = []
        self._holder: str | None = None
        self._since = 0.0
        self._left = 0
        self._changed = threading.Condition()

    def enter(self, name: str) -> None:
        """From now on its first request waits for `begin`, later ones for their turn."""
        with self._changed:
            self._here.append(name)

    def begin(self) -> None:
        with self._changed:
            self._give(self._here[0])

    def leave(self, name: str) -> None:
        """It has ended: the next one's turn, if it was in its own."""
        with self._changed:
            following = self._next(name)
            self._here.remove(name)
            if self._holder == name:
                self._give(following if following != name else None)

    def take(self, name: str) -> int:
        """Wait until this harness may have a reply; the number of it."""
        with self._changed:
            if self._length is not None:
                if self._holder == name and self._left == 0:
                    self._give(self._next(name))
                self._changed.wait_for(lambda: self._holder == name and self._left > 0)
                self._left -= 1
            self.sent[name].append(time.time())
            return len(self.sent[name])

    def clock(self, name: str, moment: float) -> float:
        """Seconds of its turns up to a moment."""
        spans = list(self._spans[name])
        if self._holder == name:
            spans.append((self._since, time.time()))
        return sum(max(0.0, min(moment, end) - since) for since, end in spans)

    def _next(self, name: str) -> str:
        return self._here[(self._here.index(name) + 1) % len(self._here)]

    def _give(self, name: str | None) -> None:
        now = time.time()
        if self._holder is not None:
            self._spans[self._holder].append((self._since, now))
        self._holder, self._since, self._left = name, now, self._length or 0
        self._changed.notify_all()


class ModelServer:
    """Serves at `url(name)`; `ask` is called with a harness's name at each request, before it is answered."""

    def __init__(self, turns: Turns, asked: Callable[[str], None], seed: int = 0) -> None:
        class Handler(_Handler):
            context = (turns, asked, seed)

        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A harness that was killed has dropped its connection: no error."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet
    context: tuple[Turns, Callable[[str], None], int]

    def do_GET(self) -> None:
        """The list of models, which a harness may look at before it starts."""
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "bench"}
        is_list = self.path.endswith("/models")
        self._answer({"object": "list", "data": [model]} if is_list else model)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        turns, asked, seed = self.context
        name = self.path.split("/")[1]
        asked(name)
        number = turns.take(name)
        text = reply(number, seed)
        if body.get("stream"):
            self._stream(number, text)
        else:
            self._answer(completion(number, text, sum(len(str(each)) for each in body["messages"])))

    def _answer(self, value: dict[str, Any]) -> None:
        data = json.dumps(value).encode()
        self._head("application/json", len(data))
        self.wfile.write(data)

    def _stream(self, number: int, text: str) -> None:
        whole = completion(number, text, 0)
        delta = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        chunks = [{**whole, "object": "chat.completion.chunk", "choices": [each]} for each in (delta, last)]
        lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
        data = "".join([*lines, "data: [DONE]\n\n"]).encode()
        self._head("text/event-stream", len(data))
        self.wfile.write(data)

    def _head(self, kind: str, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


def completion(number: int, text: str, characters: int) -> dict[str, Any]:
    usage = {"prompt_tokens": characters // 4, "completion_tokens": len(text) // 4}
    message = {"role": "assistant", "content": text}
    return {
        "id": f"reply-{number}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {**usage, "total_tokens": sum(usage.values())},
    }
