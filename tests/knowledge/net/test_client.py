"""The client against a site that does all that sites do wrong."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from kapso_knowledge.net.client import Client
from kapso_knowledge.net.outcome import Unfetched
from tests.knowledge.net.site import Answer, Asked, Site, bomb, drip, html, redirect


def _reason(client: Client, url: str, **how: Any) -> str:
    with pytest.raises(Unfetched) as failure:
        client.fetch(url, **how)
    return failure.value.reason


def _write(handler: Any, data: bytes) -> None:
    handler.wfile.write(data)


def test_a_page_comes_with_its_type_and_revision(site: Site, client: Client) -> None:
    site.pages["/a?b=1"] = html("<p>héllo", ETag='"v1"', **{"Last-Modified": "Mon, 02 Nov 2026 10:00:00 GMT"})
    page = client.fetch(f"{site.url}/a?utm_source=x&b=1#part")
    assert page.content == "<p>héllo".encode()
    assert (page.media, page.revision, page.url) == ("text/html; charset=utf-8", '"v1"', f"{site.url}/a?b=1")
    assert page.modified == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert site.asked[0].headers["user-agent"].startswith("kapso ")
    assert "cookie" not in site.asked[0].headers and "authorization" not in site.asked[0].headers


def test_what_has_no_etag_is_known_by_its_content(site: Site, client: Client) -> None:
    site.pages |= {"/a": html("one"), "/b": html("one"), "/c": html("two")}
    a, b, c = (client.fetch(f"{site.url}/{name}").revision for name in "abc")
    assert a == b != c


def test_what_has_not_changed_is_not_sent_again(site: Site, client: Client, tmp_path: Path) -> None:
    def page(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"v1"':
            return Answer("", 304, {"ETag": '"v1"', "Content-Length": "0"})
        return html("the text", ETag='"v1"')

    site.pages["/"] = page
    first = client.fetch(site.url)
    with Client(tmp_path / "pages", allow_private=True) as later:
        assert later.fetch(site.url) == first
    assert site.asked[1].headers["if-none-match"] == '"v1"'


def test_a_damaged_cache_is_asked_for_anew(site: Site, client: Client, tmp_path: Path) -> None:
    site.pages["/"] = html("the text", ETag='"v1"')
    client.fetch(site.url)
    for body in (tmp_path / "pages").glob("*.body"):
        body.write_bytes(b"something else")
    assert client.fetch(site.url).content == b"the text"
    assert "if-none-match" not in site.asked[1].headers


def test_what_must_not_be_stored_is_not(site: Site, client: Client, tmp_path: Path) -> None:
    site.pages["/"] = html("mine alone", ETag='"v1"', **{"Cache-Control": "private, no-store"})
    client.fetch(site.url)
    assert list((tmp_path / "pages").glob("*")) == []


def test_a_cache_that_cannot_be_written_is_no_error(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    site.pages["/"] = html("text")
    with Client(tmp_path / "file" / "pages", allow_private=True) as client:
        assert client.fetch(site.url).content == b"text"


# Size and shape


def test_a_hundred_megabytes_are_refused_before_they_come(site: Site, client: Client) -> None:
    site.pages["/"] = Answer(b"", headers={"Content-Type": "text/html", "Content-Length": "104857600"})
    assert _reason(client, site.url) == "105 MB, more than 20 MB"


def test_a_hundred_megabytes_without_a_length_end_at_the_limit(site: Site, client: Client) -> None:
    sent = 0

    def says(handler: Any) -> None:
        nonlocal sent
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(b"x" * 1_000_000)
            sent += 1

    site.pages["/"] = Answer(says=says)
    assert _reason(client, site.url, max_bytes=2_000_000) == "more than 2 MB"
    assert sent < 50


def test_a_gzip_bomb_ends_at_the_limit(site: Site, client: Client) -> None:
    site.pages["/"] = Answer(bomb(60_000_000), headers={"Content-Encoding": "gzip"})
    assert _reason(client, site.url) == "more than 20 MB once unpacked"


def test_bombs_within_bombs_and_what_was_not_asked_for_are_refused(site: Site, client: Client) -> None:
    twice = gzip.compress(bomb(50_000_000))
    site.pages["/twice"] = Answer(twice, headers={"Content-Encoding": "gzip, gzip"})
    site.pages["/br"] = Answer(b"x", headers={"Content-Encoding": "br"})
    assert _reason(client, f"{site.url}/twice") == "packed as `gzip, gzip`, which was not asked for"
    assert _reason(client, f"{site.url}/br") == "packed as `br`, which was not asked for"


def test_gzip_is_unpacked_also_in_parts(site: Site, client: Client) -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    site.pages["/"] = Answer(packed, headers={"Content-Encoding": "gzip"})
    assert client.fetch(site.url).content == b"one two"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (gzip.compress(os.urandom(5000))[:-700], "cut off: it ends within what is packed"),
        (b"no gzip at all", "damaged: it cannot be unpacked"),
    ],
)
def test_broken_gzip_is_named(site: Site, client: Client, body: bytes, reason: str) -> None:
    site.pages["/"] = Answer(body, headers={"Content-Encoding": "gzip"})
    assert _reason(client, site.url) == reason


def test_a_body_that_breaks_off_is_tried_again_and_named(site: Site, client: Client) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n"
    site.pages["/"] = Answer(says=lambda handler: _write(handler, head + b"only this"))
    assert "breaks off" in _reason(client, site.url)
    assert len(site.asked) == 4


@pytest.mark.parametrize("media", ["image/png", "video/mp4", "application/zip", "application/gzip"])
def test_what_is_no_document_is_refused_by_its_type(site: Site, client: Client, media: str) -> None:
    site.pages["/"] = Answer(b"\0" * 10, headers={"Content-Type": media})
    assert _reason(client, site.url) == f"`{media}` is not a document"


def test_headers_without_end_are_refused(site: Site, client: Client) -> None:
    def says(handler: Any) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\n" + b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 100_000
        )

    site.pages["/"] = Answer(says=says)
    assert "breaks off" in _reason(client, site.url)


def test_what_is_no_http_is_refused(site: Site, client: Client) -> None:
    site.pages["/"] = Answer(says=lambda handler: _write(handler, b"220 mail.example ESMTP\r\n"))
    assert "breaks off" in _reason(client, site.url)


# Time


@pytest.mark.parametrize("in_headers", [True, False])
def test_a_slow_drip_ends_with_the_time(site: Site, client: Client, in_headers: bool) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n"
    site.pages["/"] = (
        drip(head, b"X-A: b\r\n", 0.05, 60) if in_headers else drip(head + b"\r\n", b"x", 0.05, 60)
    )
    start = time.monotonic()
    assert _reason(client, site.url, seconds=0.4) == "it takes too long: the time is over"
    assert time.monotonic() - start < 2


def test_a_server_that_says_nothing_ends_with_the_time(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        start = time.monotonic()
        assert (
            _reason(client, f"https://127.0.0.1:{port}/", seconds=0.3)
            == "it takes too long: the time is over"
        )
        assert time.monotonic() - start < 2


# Trying again


def test_what_is_broken_for_a_moment_is_tried_again(site: Site, client: Client) -> None:
    answers = iter([Answer("", 503), Answer("", 429), Answer("", 500), html("at last")])
    site.pages["/"] = lambda _: next(answers)
    assert client.fetch(site.url).content == b"at last"


def test_a_pause_that_is_asked_for_is_kept(site: Site, client: Client) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    answers = iter(
        [Answer("", 429, {"Retry-After": "1"}), Answer("", 503, {"Retry-After": soon}), html("ok")]
    )
    site.pages["/"] = lambda _: next(answers)
    client.fetch(site.url)
    assert site.asked[1].at - site.asked[0].at >= 1


def test_a_long_pause_is_not_waited_for_and_kept(site: Site, client: Client) -> None:
    site.pages |= {"/": Answer("", 429, {"Retry-After": "3000"}), "/other": html("text")}
    assert _reason(client, site.url) == "it asks for fewer requests (429)"
    assert "asked for a pause" in _reason(client, f"{site.url}/other")
    assert site.paths() == ["/"]


def test_a_storm_of_429_ends(site: Site, client: Client) -> None:
    site.pages["/"] = Answer("", 429)
    assert _reason(client, site.url) == "it asks for fewer requests (429)"
    assert len(site.asked) == 4


def test_what_will_not_change_is_asked_once(site: Site, client: Client) -> None:
    site.pages |= {"/login": Answer("", 401), "/secret": Answer("", 403)}
    reasons = [_reason(client, f"{site.url}/{path}") for path in ("none", "login", "secret")]
    assert reasons == ["not found (404)", "it asks for a login (401)", "it refuses to answer (403)"]
    assert len(site.asked) == 3


def test_nobody_there_is_named(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert f"cannot connect to `127.0.0.1:{port}`" in _reason(client, f"http://127.0.0.1:{port}/")


def test_no_such_host_is_named(client: Client) -> None:
    reason = _reason(client, "http://no-such-host.invalid/", seconds=5)
    assert "no-such-host.invalid" in reason


# Redirects


def test_redirects_are_followed_to_the_end(site: Site, client: Client) -> None:
    site.pages |= {"/a": redirect("b"), "/b": redirect(f"{site.url}/c", 308), "/c": html("here")}
    assert client.fetch(f"{site.url}/a").url == f"{site.url}/c"


def test_circles_and_long_chains_end(site: Site, client: Client) -> None:
    site.pages |= {"/a": redirect("/b"), "/b": redirect("/a")}
    site.pages |= {f"/n{number}": redirect(f"/n{number + 1}") for number in range(30)}
    assert _reason(client, f"{site.url}/a") == "it redirects in a circle"
    assert _reason(client, f"{site.url}/n0") == "it redirects more than 8 times"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("file:///etc/passwd", "`file` is not http or https"),
        ("ftp://127.0.0.1/x", "`ftp` is not http or https"),
        ("gopher://127.0.0.1:6379/_INFO", "`gopher` is not http or https"),
        ("http://user:hunter2@127.0.0.1/", "name and password"),
        ("http://[::1", "not an address"),
    ],
)
def test_redirects_to_other_than_pages_are_not_followed(
    site: Site, client: Client, target: str, why: str
) -> None:
    site.pages["/"] = redirect(target)
    reason = _reason(client, site.url)
    assert reason.startswith("it redirects to what is not followed") and why in reason
    assert "hunter2" not in reason


def test_the_caller_may_refuse_where_it_leads(site: Site, client: Client) -> None:
    site.pages |= {"/": redirect("/b?token=hunter2"), "/b?token=hunter2": html("never asked for")}
    reason = _reason(client, site.url, may=lambda url: "not there")
    assert reason == f"it redirects to `{site.url}/b?token=…`: not there"
    assert site.paths() == ["/"]


def test_cookies_are_not_kept(site: Site, client: Client) -> None:
    site.pages |= {
        "/": Answer("", 302, {"Location": "/b", "Set-Cookie": "id=7; Path=/"}),
        "/b": html("here", **{"Set-Cookie": "id=8; Path=/"}),
    }
    client.fetch(site.url)
    client.fetch(f"{site.url}/b")
    assert [asked.headers.get("cookie") for asked in site.asked] == [None, None, None]


def test_a_pause_lies_between_requests_to_one_server(site: Site, client: Client) -> None:
    site.pages |= {"/a": html("a"), "/b": html("b")}
    client.fetch(f"{site.url}/a", pause_s=0.3)
    client.fetch(f"{site.url}/b", pause_s=0.3)
    assert site.asked[1].at - site.asked[0].at >= 0.29


# Interfaces


def test_an_interface_is_asked_in_json(site: Site) -> None:
    site.pages["/v1/x"] = lambda asked: Answer(b'{"got": ' + asked.body + b"}")
    with Client() as client:  # one that the user configured may be private
        assert client.ask(f"{site.url}/v1/x", body={"a": 1}) == {"got": {"a": 1}}


def test_a_refusal_is_told_without_the_key(site: Site) -> None:
    site.pages["/x"] = Answer("no\nsuch key: hunter2", 401)
    with Client() as client, pytest.raises(Unfetched) as failure:
        client.ask(f"{site.url}/x", headers={"Authorization": "Bearer hunter2"}, secret="hunter2")
    assert failure.value.reason == "it asks for a login (401): no such key: …"
    assert "hunter2" not in repr(failure.value.__cause__)


def test_no_log_tells_an_address(site: Site, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    site.pages["/a?token=hunter2"] = html("a")
    client.fetch(f"{site.url}/a?token=hunter2")
    assert "hunter2" not in caplog.text


def test_what_is_heavy_is_imported_where_it_is_used() -> None:
    modules = ["sources.web", "sources.crawl", "sources.arxiv", "sources.web_search"]
    imports = "; ".join(f"import kapso_knowledge.{module}" for module in modules)
    code = f"import sys; {imports}; print(sorted({{'httpx', 'httpcore', 'bs4', 'numpy'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_key_is_not_carried_on(site: Site) -> None:
    with Site({"/y": Answer("{}")}) as other:
        site.pages["/x"] = redirect(f"{other.url}/y")
        with Client() as client, pytest.raises(Unfetched, match="redirects"):
            client.ask(f"{site.url}/x", headers={"Authorization": "Bearer hunter2"})
        assert other.asked == []


def test_what_is_not_json_is_named(site: Site) -> None:
    site.pages["/x"] = html("<html>")
    with Client() as client, pytest.raises(Unfetched, match="its answer is not JSON"):
        client.ask(f"{site.url}/x")
