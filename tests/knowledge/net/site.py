"""A web site on loopback whose pages and faults the test says; real HTTP over real sockets."""

from __future__ import annotations

import gzip
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(frozen=True)
class Answer:
    """What a path answers with; `says` takes over the socket after the request was read."""

    body: bytes | str = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    says: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass(frozen=True)
class Asked:
    """A request that came in; `at` on the monotonic clock."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float


Page = Answer | str | Callable[[Asked], "Answer | str"]


class Site:
    """`pages` are path (with the query) → page; a path that is not there is 404."""

    def __init__(self, pages: Mapping[str, Page] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Page] = dict(pages or {})
        self.asked: list[Asked] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def do_GET(self) -> None:
                site._answer(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._http = _Quiet(("127.0.0.1", 0), Handler)
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.port: int = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Site:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    def paths(self) -> list[str]:
        return [each.path for each in self.asked if each.path != "/robots.txt"]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("content-length") or 0)
        asked = Asked(
            handler.command,
            handler.path,
            {name.lower(): value for name, value in handler.headers.items()},
            handler.rfile.read(length),
            time.monotonic(),
        )
        self.asked.append(asked)
        page = self.pages.get(handler.path, Answer("nothing here", 404))
        answer = page(asked) if callable(page) else page
        if isinstance(answer, str):
            answer = html(answer)
        try:
            if answer.says:
                answer.says(handler)
                handler.close_connection = True
            else:
                _send(handler, answer)
        except OSError:
            handler.close_connection = True  # the client had enough


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        pass  # clients that go away are what these tests are about


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    body = answer.body.encode() if isinstance(answer.body, str) else answer.body
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    if "Content-Length" not in answer.headers:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def html(body: str, **headers: str) -> Answer:
    return Answer(body, headers={"Content-Type": "text/html; charset=utf-8", **headers})


def redirect(target: str, status: int = 302) -> Answer:
    return Answer("", status, {"Location": target})


def bomb(size: int) -> bytes:
    """`size` zeros, packed: about a thousandth of it."""
    return gzip.compress(b"\0" * size, 9)


def drip(first: bytes, each: bytes, every_s: float, count: int) -> Answer:
    """Answers `first` at once and then a little now and then."""

    def says(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(first)
        for _ in range(count):
            handler.wfile.flush()
            time.sleep(every_s)
            handler.wfile.write(each)

    return Answer(says=says)
