"""Asks servers politely and within limits. Everything that comes over the network comes through here.

Redirects are followed one by one, each checked as the first address was; no cookies, no credentials. What is
broken for the moment (429, 5xx, connections) is tried again; what is not had in the end is `Unfetched`.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from kapso_knowledge.net import body as bodies
from kapso_knowledge.net.cache import Cache, Kept
from kapso_knowledge.net.outcome import Fetched, Unfetched
from kapso_knowledge.net.urls import host_of, normal, shown
from kapso_knowledge.net.wire import Passing, Wire, check_status, date_of

AGENT = "kapso"
"""The name that robots.txt knows us by."""

_HEADERS = {
    "User-Agent": f"{AGENT} (reads documentation that its user names)",
    "Accept": "text/html,application/xhtml+xml,text/markdown,text/*;q=0.9,application/pdf;q=0.8,*/*;q=0.5",
    "Accept-Language": "en,*;q=0.5",
    "Accept-Encoding": "gzip",  # the one packing that `body` unpacks within limits
}
_NO_DOCUMENT = ("image/", "audio/", "video/", "font/", "model/")
_ARCHIVES = ("zip", "gzip", "x-gzip", "x-tar", "x-7z-compressed", "x-rar-compressed", "vnd.rar", "zstd")
_REDIRECTS = 8
_LONGEST_WAIT_S = 60.0  # a server that asks for more is left alone

Check = Callable[[str], str | None]
"""Why an address on the way is not to be asked; None when it may be."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Limits:
    max_bytes: int
    pause_s: float
    may: Check


class Client:
    """One conversation with the network, for one thread. `cache` is a folder of its own; None keeps nothing.

    `allow_private` lets pages come from private addresses (this machine, its neighbours), also by redirect.
    """

    def __init__(
        self,
        cache: Path | None = None,
        allow_private: bool = False,
        *,
        max_bytes: int = 20_000_000,
        seconds: float = 60.0,
        tries: int = 4,
        backoff_s: float = 1.0,
    ) -> None:
        self._cache = Cache(cache) if cache else None
        self._allow_private = allow_private
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._tries = tries
        self._backoff_s = backoff_s
        self._wire = Wire()
        self._asked: dict[str, float] = {}
        self._resting: dict[str, float] = {}

    def fetch(
        self,
        url: str,
        *,
        may: Check | None = None,
        pause_s: float = 0.0,
        seconds: float | None = None,
        max_bytes: int | None = None,
    ) -> Fetched:
        """What stands at `url`. Raises Unfetched.

        `may` is asked about each address that a redirect leads to; `pause_s` is kept since the last request
        to the same server; `seconds` bound all of it, with pauses, redirects and tries.
        """
        limits = _Limits(max_bytes or self._max_bytes, pause_s, may or (lambda _: None))
        start = normal(url)
        self._wire.deadline.start(seconds or self._seconds)
        return self._patiently(lambda: self._follow(start, limits))

    def ask(
        self,
        url: str,
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        secret: str | None = None,
        seconds: float | None = None,
        max_bytes: int | None = None,
    ) -> Any:
        """The JSON that an interface answers: one that the user configured, so it may be private.

        Posts `body`, else gets. Redirects are not followed, as `headers` may hold a key. `secret` must not
        stand in a message. Raises Unfetched.
        """
        headers = {**_HEADERS, "Accept": "application/json", **(headers or {})}
        self._wire.deadline.start(seconds or self._seconds)
        try:
            return self._patiently(lambda: self._answer(url, body, headers, max_bytes or self._max_bytes))
        except Unfetched as failure:
            if not secret:
                raise
            raise Unfetched(failure.reason.replace(secret, "…"), failure.status) from None

    def close(self) -> None:
        self._wire.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Trying again

    def _patiently(self, attempt: Callable[[], _T]) -> _T:
        for number in range(self._tries):
            try:
                return attempt()
            except Passing as failure:
                wait = self._wait(failure, number)
                if wait is None:
                    raise self._given_up(failure) from failure.__cause__
                time.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _wait(self, failure: Passing, number: int) -> float | None:
        """Seconds until the next try; None when there is none, or no time for it."""
        backoff = self._backoff_s * 2**number * random.uniform(0.5, 1.5)
        wait = max(backoff, failure.retry_after or 0.0)
        is_last = number == self._tries - 1
        return None if is_last or wait > min(_LONGEST_WAIT_S, self._wire.deadline.left) else wait

    def _given_up(self, failure: Passing) -> Unfetched:
        """Who asks for fewer requests is asked nothing more for a while."""
        if failure.status in (429, 503):
            rest = min(failure.retry_after or _LONGEST_WAIT_S, 3600.0)
            self._resting[failure.host] = time.monotonic() + rest
        return Unfetched(failure.reason, failure.status, is_down=True)

    # Pages

    def _follow(self, url: str, limits: _Limits) -> Fetched:
        seen = {url}
        for _ in range(_REDIRECTS + 1):
            answer = self._get(url, limits)
            if isinstance(answer, Fetched):
                return answer
            if answer in seen:
                raise Unfetched("it redirects in a circle")
            seen.add(answer)
            reason = limits.may(answer)
            if reason:
                raise Unfetched(f"it redirects to `{shown(answer)}`: {reason}")
            url = answer
        raise Unfetched(f"it redirects more than {_REDIRECTS} times")

    def _get(self, url: str, limits: _Limits) -> Fetched | str:
        """What stands at `url`, or the address that it redirects to."""
        self._pace(host_of(url), limits.pause_s)
        try:
            return self._ask_once(url, limits)
        finally:
            self._asked[host_of(url)] = time.monotonic()

    def _ask_once(self, url: str, limits: _Limits) -> Fetched | str:
        kept = self._cache.get(url) if self._cache else None
        headers = {**_HEADERS, **_conditions(kept)}
        with self._wire.answer(url, headers, allow_private=self._allow_private) as response:
            if response.has_redirect_location:
                return _target(url, response.headers["location"])
            if response.status_code == 304 and kept:
                return _fetched(url, kept)
            check_status(response)
            _check_media(response.headers.get("content-type", ""))
            kept = _kept(bodies.read(response, limits.max_bytes), response.headers)
        if self._cache and "no-store" not in response.headers.get("cache-control", "").lower():
            self._cache.put(url, kept)
        return _fetched(url, kept)

    def _pace(self, host: str, pause_s: float) -> None:
        now = time.monotonic()
        rest = self._resting.get(host, 0.0) - now
        if rest > 0:
            raise Unfetched(f"`{host}` asked for a pause, and {rest:.0f} s of it are left", 429, is_down=True)
        pause = self._asked.get(host, now - pause_s) + pause_s - now
        if pause > self._wire.deadline.left:
            raise Unfetched("no time is left for the pause between two requests")
        time.sleep(max(pause, 0.0))

    # Interfaces

    def _answer(
        self, url: str, body: Mapping[str, Any] | None, headers: Mapping[str, str], max_bytes: int
    ) -> Any:
        with self._wire.answer(url, headers, allow_private=True, json=body) as response:
            if response.has_redirect_location:
                raise Unfetched(f"it redirects to `{shown(response.headers['location'])}`: give that address")
            check_status(response, "" if response.status_code == 200 else _said(response))
            content = bodies.read(response, max_bytes)
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise Unfetched("its answer is not JSON") from error


def _target(url: str, location: str) -> str:
    try:
        return normal(location, url)
    except Unfetched as failure:
        raise Unfetched(f"it redirects to what is not followed: {failure}") from None


def _conditions(kept: Kept | None) -> dict[str, str]:
    if kept is None:
        return {}
    conditions = {"If-None-Match": kept.etag, "If-Modified-Since": kept.modified}
    return {name: value for name, value in conditions.items() if value}


def _check_media(media: str) -> None:
    """Raises Unfetched for what is certainly no document; what says nothing of itself is for the readers."""
    kind = media.partition(";")[0].strip().lower()
    if kind.startswith(_NO_DOCUMENT) or kind.removeprefix("application/") in _ARCHIVES:
        raise Unfetched(f"`{kind}` is not a document")


def _kept(content: bytes, headers: httpx.Headers) -> Kept:
    return Kept(
        content,
        headers.get("etag"),
        headers.get("last-modified"),
        headers.get("content-type"),
        ",".join(headers.get_list("x-robots-tag")),
    )


def _fetched(url: str, kept: Kept) -> Fetched:
    revision = kept.etag or "sha256:" + hashlib.sha256(kept.content).hexdigest()[:16]
    robots = frozenset(each.rpartition(":")[2].strip() for each in kept.robots.lower().split(","))
    return Fetched(url, kept.content, kept.media, revision, date_of(kept.modified), robots - {""})


def _said(response: httpx.Response) -> str:
    """What an interface says about its refusal, on one short line: it mostly names the remedy."""
    try:
        text = bodies.read(response, 20_000).decode("utf-8", "replace")
    except Unfetched:
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f": {line[:200]}" if line else ""
