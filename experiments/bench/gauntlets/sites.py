"""Web sites on loopback: a folder of real pages, and one whose every page does something wrong."""

from __future__ import annotations

import gzip
import mimetypes
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Serve = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def served(serve: Serve) -> Iterator[str]:
    """The address of a site that answers by `serve`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                serve(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads, block_on_close = True, False

        def handle_error(self, *_: object) -> None:
            pass

    with Quiet(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}"
        finally:
            http.shutdown()


def answer(
    request: BaseHTTPRequestHandler, body: bytes, media: str = "text/html", status: int = 200, **headers: str
) -> None:
    request.send_response(status)
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in {"Content-Type": media, "Content-Length": str(len(body)), **said}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def folder(root: Path) -> Serve:
    """The files under `root`, packed where the client takes that."""
    inside = root.resolve()

    def serve(request: BaseHTTPRequestHandler) -> None:
        path = (root / request.path.partition("?")[0].lstrip("/")).resolve()
        if path.is_dir():
            path /= "index.html"
        if not path.is_relative_to(inside) or not path.is_file():
            return answer(request, b"nothing here", status=404)
        body = gzip.compress(path.read_bytes(), 1)
        media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return answer(request, body, media, Content_Encoding="gzip", ETag=f'"{path.stat().st_size}"')

    return serve


def faulty() -> tuple[Serve, dict[str, str]]:
    """A site of faults, and path → what is to become of each page (see hostile.py)."""
    pages: dict[str, tuple[Serve, str]] = {}
    for number, (name, page) in enumerate((_bodies() | _manners()).items()):
        body = f"<h1>Good</h1><p>Page {number} is well.</p>".encode()
        pages[name] = page
        pages[f"good-{number}"] = ((lambda r, body=body: answer(r, body)), "read")

    def serve(request: BaseHTTPRequestHandler) -> None:
        name = request.path.partition("?")[0].strip("/")
        if name == "":
            links = "".join(f'<a href="/{each}">{each}</a> ' for each in pages)
            answer(request, f"<h1>Faults</h1><p>{links}</p>".encode())
        elif name in pages:
            pages[name][0](request)
        elif name.startswith("calendar"):
            number = int(name.removeprefix("calendar") or 0)
            links = f'<a href="/calendar?day={number}">same</a><a href="/calendar{number + 1}">next</a>'
            answer(request, f"<p>Day {number}</p>{links}".encode())
        else:
            answer(request, b"nothing here", status=404)

    return serve, {name: expectation for name, (_, expectation) in pages.items()}


def _bodies() -> dict[str, tuple[Serve, str]]:
    bomb = gzip.compress(b"\0" * 100_000_000)
    return {
        "hundred-megabytes": (lambda r: answer(r, b"x", Content_Length="104857600"), "105 MB"),
        "without-end": (_endless, "more than 20 MB"),
        "gzip-bomb": (lambda r: answer(r, bomb, Content_Encoding="gzip"), "once unpacked"),
        "gzip-twice": (
            lambda r: answer(r, gzip.compress(bomb), Content_Encoding="gzip, gzip"),
            "not asked for",
        ),
        "gzip-broken": (lambda r: answer(r, b"none", Content_Encoding="gzip"), "damaged"),
        "cut-off": (
            lambda r: answer(r, b"<p>short", Content_Length="5000", Connection="close"),
            "breaks off",
        ),
        "deep": (lambda r: answer(r, b"<div>" * 300_000 + b"deep"), "any"),
        "picture": (lambda r: answer(r, b"\x89PNG", "image/png"), "not a document"),
        "pdf-as-html": (lambda r: answer(r, b"%PDF-1.4 broken"), "PDF|broken|parsed"),
        "empty": (lambda r: answer(r, b""), "empty"),
        "wrong-charset": (
            lambda r: answer(r, "<p>größer</p>".encode("latin-1"), "text/html; charset=utf-8"),
            "read",
        ),
        "no-charset": (
            lambda r: answer(r, "<p>größer</p>".encode("utf-16"), "text/html; charset=klingon"),
            "read",
        ),
    }


def _manners() -> dict[str, tuple[Serve, str]]:
    def to(target: str) -> Serve:
        return lambda r: answer(r, b"", status=302, Location=target)

    return {
        "to-metadata": (to("http://169.254.169.254/latest/meta-data/"), "another host"),
        "to-this-machine": (to("http://localhost:22/"), "another host"),
        "to-a-file": (to("file:///etc/passwd"), "`file` is not http"),
        "to-itself": (to("/to-itself"), "circle"),
        "to-nowhere": (to("http://[::1"), "not followed"),
        "status-500": (lambda r: answer(r, b"", status=500), r"\(500\)"),
        "status-404": (lambda r: answer(r, b"", status=404), r"\(404\)"),
        "status-403": (lambda r: answer(r, b"", status=403), r"\(403\)"),
        "headers-without-end": (_headers, "breaks off"),
        "no-http": (_mail, "breaks off"),
        "drip": (_drip, "takes too long"),
        "calendar": (lambda r: answer(r, b'<p>Day 0</p><a href="/calendar1">next</a>'), "read"),
    }


def _endless(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
    for _ in range(100):
        request.wfile.write(b"x" * 1_000_000)


def _headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 100_000)


def _mail(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"220 mail.example ESMTP\r\n")
    request.close_connection = True


def _drip(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(300):
        request.wfile.write(b"x")
        request.wfile.flush()
        time.sleep(0.2)
