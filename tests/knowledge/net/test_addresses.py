"""No private machine is asked, however its address is written, wherever a name or a redirect leads."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from kapso_knowledge.net.addresses import is_public, resolve
from kapso_knowledge.net.client import Client
from kapso_knowledge.net.outcome import Unfetched
from tests.knowledge.net.site import Site, html, redirect


@pytest.fixture
def strict(tmp_path: Path) -> Client:
    return Client(tmp_path / "strict", backoff_s=0.01)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",  # a provider's network
        "169.254.169.254",  # a cloud's metadata
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "2002:7f00:1::",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo to 127.0.0.1
    ],
)
def test_private_addresses_are_known_in_all_their_forms(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_this_machine_is_not_asked_by_any_of_its_names(site: Site, strict: Client, host: str) -> None:
    site.pages["/"] = html("private")
    with pytest.raises(Unfetched, match="is a private address|not an address"):
        strict.fetch(f"http://{host}:{site.port}/")
    assert site.asked == []


def test_what_is_refused_names_the_option(site: Site, strict: Client) -> None:
    with pytest.raises(Unfetched) as failure:
        strict.fetch(site.url)
    assert failure.value.reason == (
        "`127.0.0.1` is a private address (127.0.0.1); `--allow-private` lets it be asked"
    )


def _lookup(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """The names' addresses are the test's, as no server of names can be had. Returns what was asked."""
    left, asked, real = list(answers), [], socket.getaddrinfo

    def getaddrinfo(host: str, port: int, *more: object, **how: object) -> object:
        if not host.endswith(".example"):
            return real(host, port, *more, **how)  # type: ignore[arg-type]
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_that_leads_here_is_not_asked(
    site: Site, strict: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lookup(monkeypatch, ["127.0.0.1"])
    with pytest.raises(Unfetched, match="private address"):
        strict.fetch(f"http://rebound.example:{site.port}/")
    assert site.asked == []


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is public when checked and private a moment later (DNS rebinding) is looked up once."""
    asked = _lookup(monkeypatch, ["192.0.2.1", "93.184.216.34"], ["127.0.0.1"])
    assert resolve("rebound.example", 80, allow_private=False) == ["93.184.216.34"]
    assert asked == ["rebound.example"]


def test_one_connection_looks_a_name_up_once(
    site: Site, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _lookup(monkeypatch, ["127.0.0.1"], ["192.0.2.1"])
    site.pages["/"] = html("here")
    assert client.fetch(f"http://first.example:{site.port}/").content == b"here"
    assert asked == ["first.example"]
    assert site.asked[0].headers["host"] == f"first.example:{site.port}"


def test_a_redirect_to_a_private_address_is_not_followed(
    site: Site, strict: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first host is let through as a public one would be; where it sends us is checked by itself."""
    monkeypatch.setattr("kapso_knowledge.net.addresses.is_public", lambda address: address == "127.0.0.2")
    _lookup(monkeypatch, ["127.0.0.2"])
    with socket.create_server(("127.0.0.2", 0)) as server:
        port = server.getsockname()[1]
        for target in ("http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data/"):
            reply = (
                f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            threading.Thread(target=_serve_once, args=(server, reply.encode()), daemon=True).start()
            with pytest.raises(Unfetched, match="private address"):
                strict.fetch(f"http://public.example:{port}/")


def _serve_once(server: socket.socket, reply: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(10_000)
        connection.sendall(reply)


def test_a_connection_for_interfaces_serves_no_page(site: Site, strict: Client) -> None:
    """A private interface that the user configured opens no way for pages to the same machine."""
    site.pages |= {"/api": html("{}"), "/secret": html("private")}
    assert strict.ask(f"{site.url}/api") == {}
    with pytest.raises(Unfetched, match="private address"):
        strict.fetch(f"{site.url}/secret")
    assert site.paths() == ["/api"]


# Proxies


def _proxied(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", url)


def test_a_proxy_is_used_and_asked_for_no_private_address(
    site: Site, strict: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["http://pages.invalid/a"] = html("through the proxy")
    site.pages["http://127.0.0.1:9/"] = html("private")
    _proxied(monkeypatch, f"http://ada:hunter2@127.0.0.1:{site.port}")
    assert strict.fetch("http://pages.invalid/a").content == b"through the proxy"
    assert site.asked[0].headers["proxy-authorization"].startswith("Basic ")
    with pytest.raises(Unfetched, match="private address"):
        strict.fetch("http://127.0.0.1:9/")
    assert len(site.asked) == 1


def test_a_proxy_is_left_out_where_the_environment_says_so(
    site: Site, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/"] = redirect("/b")
    site.pages["/b"] = html("direct")
    _proxied(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert client.fetch(site.url).content == b"direct"
