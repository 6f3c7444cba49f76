"""One request, one answer: no redirect, no second try; what breaks on the way is said in a phrase."""

from __future__ import annotations

import email.utils
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
import httpx

from kapso_knowledge.net.outcome import Unfetched
from kapso_knowledge.net.transport import BROKEN, Deadline, Transport
from kapso_knowledge.net.urls import host_of

_PASSING = (429, 500, 502, 503, 504)
_PHRASES = {
    401: "it asks for a login",
    403: "it refuses to answer",
    404: "not found",
    410: "gone",
    429: "it asks for fewer requests",
}


class Passing(Unfetched):
    """It may work the next time, after `retry_after` seconds where the server said so."""

    def __init__(
        self, reason: str, status: int | None = None, host: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(reason, status, is_down=True)
        self.host = host
        self.retry_after = retry_after


class Wire:
    """Two sets of connections: one that may lead to a private address never serves a page that may not."""

    def __init__(self) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells whole addresses, secrets and all
        self.deadline = Deadline()
        self._clients: dict[bool, httpx.Client] = {}

    @contextmanager
    def answer(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        allow_private: bool,
        json: Mapping[str, Any] | None = None,
    ) -> Iterator[httpx.Response]:
        """The answer to a GET, or to a POST of `json`, its body still to be read.

        Raises Passing or Unfetched, also when the connection breaks while the body is read.
        """
        client = self._client(allow_private)
        try:
            request = client.build_request("GET" if json is None else "POST", url, json=json, headers=headers)
            response = client.send(request, stream=True)
            try:
                yield response
            finally:
                response.close()
        except (httpx.InvalidURL, UnicodeError) as error:  # it takes fewer names than servers have
            raise Unfetched(f"not an address: {error}") from error
        except httpx.RemoteProtocolError as error:  # all that httpx itself finds wrong in an answer
            raise Unfetched("it redirects to what is not followed: not an address") from error
        except BROKEN as error:
            raise self._broken(error, host_of(url)) from error

    def _client(self, allow_private: bool) -> httpx.Client:
        if allow_private not in self._clients:
            self._clients[allow_private] = httpx.Client(
                transport=Transport(self.deadline, allow_private=allow_private),
                timeout=httpx.Timeout(20.0, connect=10.0),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                trust_env=False,  # no netrc; the proxy is the transport's
            )
        return self._clients[allow_private]

    def _broken(self, error: Exception, host: str) -> Unfetched:
        detail = str(error).strip() or type(error).__name__
        if self.deadline.left <= 0:
            return Unfetched("it takes too long: the time is over", is_down=True)
        if "CERTIFICATE" in detail.upper():
            return Unfetched(f"`{host}` shows a certificate that is not trusted ({detail})")
        if isinstance(error, httpcore.ConnectTimeout | httpcore.ConnectError):
            return Passing(f"cannot connect to `{host}` ({detail})", host=host)
        if isinstance(error, httpcore.TimeoutException):
            return Passing(f"`{host}` does not answer", host=host)
        return Passing(f"`{host}` breaks off ({detail})", host=host)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()


def check_status(response: httpx.Response, detail: str = "") -> None:
    """Raises Passing or Unfetched unless the answer is 200."""
    status = response.status_code
    if status == 200:
        return
    phrase = _PHRASES.get(status, "it cannot answer" if status >= 500 else "no document")
    reason = f"{phrase} ({status}){detail}"
    if status in _PASSING:
        wait = _retry_after(response.headers.get("retry-after", ""))
        raise Passing(reason, status, host_of(str(response.request.url)), wait)
    raise Unfetched(reason, status)


def _retry_after(value: str) -> float | None:
    """Seconds, from a number or a date."""
    if value.strip().isdigit():
        return float(value)
    when = date_of(value)
    return max((when - datetime.now(UTC)).total_seconds(), 0.0) if when else None


def date_of(value: str | None) -> datetime | None:
    """A date as headers write it; None for what is none."""
    try:
        when = email.utils.parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when and when.tzinfo is None else when
