"""Connections to checked addresses only, each operation bounded by one deadline that the caller sets.

httpx's own transport gives no hand in connecting, and its limits are per read: a server that sends a byte now
and then would hold it for ever. So this one stands on httpcore's pool with a network of its own.
"""

from __future__ import annotations

import ssl
import time
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

from kapso_knowledge.net.addresses import resolve
from kapso_knowledge.net.outcome import Unfetched

BROKEN = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpx.TransportError,
)
"""All that a connection raises when it breaks, at whichever point; some of it may pass."""


class Deadline:
    """When what is under way must have ended; set anew for each request."""

    def __init__(self) -> None:
        self._end = float("inf")

    def start(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._end - time.monotonic()

    def at_most(self, timeout: float | None) -> float:
        """Seconds that one operation may take. Raises httpcore.ReadTimeout when none is left."""
        left = self.left
        if left <= 0:
            raise httpcore.ReadTimeout("the time is over")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.at_most(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.at_most(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.at_most(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Network(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline, allow_private: bool) -> None:
        self._sockets = httpcore.SyncBackend()
        self._deadline = deadline
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = resolve(host, port, allow_private=self._allow_private)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        for address in addresses[:-1]:
            try:
                return self._connect(address, port, timeout, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the next address of the same host
        return self._connect(addresses[-1], port, timeout, socket_options)

    def _connect(
        self,
        address: str,
        port: int,
        timeout: float | None,
        options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.at_most(timeout)
        stream = self._sockets.connect_tcp(address, port, timeout=left, socket_options=options)
        return _Stream(stream, self._deadline)

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, max(self._deadline.left, 0)))


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class Transport(httpx.BaseTransport):
    """One pool of connections, or the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY`)."""

    def __init__(self, deadline: Deadline, *, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private
        self._pools: dict[tuple[str | None, bool], httpcore.ConnectionPool] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxy = self._proxy(request.url)
        if proxy:
            self._check_through_proxy(request.url)
        url = request.url
        response = self._pool(proxy, url.scheme == "https").handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    def _proxy(self, url: httpx.URL) -> str | None:
        host = url.raw_host.decode("ascii")
        if urllib.request.proxy_bypass(f"{host}:{url.port}" if url.port else host):
            return None
        proxies = urllib.request.getproxies()
        return proxies.get(url.scheme) or proxies.get("all")

    def _check_through_proxy(self, url: httpx.URL) -> None:
        """A proxy looks names up itself; what this machine knows to be private is not asked of it either."""
        try:
            resolve(url.raw_host.decode("ascii"), url.port or 443, allow_private=self._allow_private)
        except OSError:
            return
        except Unfetched as refused:
            if not refused.reason.startswith("no such host"):
                raise

    def _pool(self, proxy: str | None, is_secure: bool) -> httpcore.ConnectionPool:
        key = (proxy, is_secure)
        if key not in self._pools:
            tls = httpx.create_ssl_context() if is_secure else None  # 60 ms: it reads all certificates
            self._pools[key] = self._through(proxy, tls) if proxy else self._direct(tls)
        return self._pools[key]

    def _direct(self, tls: ssl.SSLContext | None) -> httpcore.ConnectionPool:
        network = _Network(self._deadline, self._allow_private)
        return httpcore.ConnectionPool(ssl_context=tls, max_connections=8, network_backend=network)

    def _through(self, proxy: str, tls: ssl.SSLContext | None) -> httpcore.ConnectionPool:
        url = httpx.URL(proxy if "://" in proxy else f"http://{proxy}")
        if url.scheme not in ("http", "https"):
            raise Unfetched(f"a proxy of the kind `{url.scheme}` is not supported: http and https are")
        return httpcore.HTTPProxy(
            proxy_url=httpcore.URL(str(url.copy_with(userinfo=b""))),
            proxy_auth=(url.username, url.password) if url.username else None,
            ssl_context=tls,
            max_connections=8,
            network_backend=_Network(self._deadline, allow_private=True),  # the user's own proxy
        )

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()
