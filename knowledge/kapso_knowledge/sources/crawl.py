"""The pages of one site, from an address on: politely, within limits, none twice and no trap walked into.

The folder of the start comes first, then the rest of the same host, the nearest first. robots.txt, `nofollow`
and `noindex` are kept. What a crawl that was cut short did not reach stays in the library as it is.
"""

from __future__ import annotations

import hashlib
import heapq
import posixpath
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kapso_knowledge.net.outcome import Fetched, Unfetched
from kapso_knowledge.net.robots import FORBIDDEN, RobotsOf
from kapso_knowledge.net.urls import host_of, shown
from kapso_knowledge.sources.protocol import Raw, Same, Unread
from kapso_knowledge.sources.web import address, document, unreachable

if TYPE_CHECKING:
    from kapso_knowledge.net.client import Client

_NO_PAGES = frozenset(
    "7z apk avi bin bmp bz2 css csv dmg deb eot exe gif gz ico inv iso jar jpeg jpg js json map mjs mov mp3 "
    "mp4 ogg otf png pyc rar rpm rss so svg tar tgz tif tiff ttf wasm wav webm webp whl woff woff2 xz zip "
    "zst".split()
)
_QUERIES = 10  # addresses that differ in their query alone: calendars and sorted lists have no end
_FAILURES = 5  # of the server's, in a row: it is down
_REQUESTS = 4  # for each page that may be taken: copies, redirects and dead links count too
_WAITING = 20_000


@dataclass(frozen=True)
class Limits:
    """Where a crawl ends: `depth` in links from the start, `bytes` of all pages together. `pause_s` lies
    between two requests, or what robots.txt asks for if that is longer."""

    depth: int = 3
    pages: int = 100
    seconds: float = 300.0
    bytes: int = 100_000_000
    pause_s: float = 1.0
    sitemap: bool = False


class Crawl:
    """Named `crawl:` and the address that it starts from."""

    trusted = False
    revision = ""  # each page has its own

    def __init__(self, url: str, client: Client, limits: Limits | None = None) -> None:
        self._start = address(url.removeprefix("crawl:"))
        self._client = client
        self._limits = limits or Limits()
        self.name = f"crawl:{shown(self._start)}"

    def documents(self, known: Mapping[str, str]) -> Iterator[Raw | Same | Unread]:
        walk = _Walk(self._start, self._client, self._limits, known)
        try:
            first = walk.fetch(self._start, pause_s=0.0)
        except Unfetched as failure:
            raise unreachable(self.name, failure) from failure
        yield from walk.pages(first)


class _Walk:
    def __init__(self, start: str, client: Client, limits: Limits, known: Mapping[str, str]) -> None:
        self._client = client
        self._limits = limits
        self._known = known
        self._robots = RobotsOf(client)
        self._frontier = _Frontier(start, limits.depth)
        self._end = time.monotonic() + limits.seconds
        self._seen: set[str] = set()  # paths, and hashes of contents
        self._count = self._requests = self._bytes = self._failures = 0
        self._is_whole = True

    def pages(self, first: Fetched) -> Iterator[Raw | Same | Unread]:
        self._frontier.settle(first.url)
        if self._limits.sitemap:
            self._take_sitemap(first.url)
        yield from self._page(first, 0)
        while self._frontier:
            stop = self._why_stop(first.url)
            if stop:
                yield from self._cut(stop)
                return
            url, depth = self._frontier.take()
            try:
                page = self.fetch(url)
            except Unfetched as failure:
                yield from self._failed(url, failure)
            else:
                self._failures = 0
                yield from self._page(page, depth)
        if not self._is_whole:
            yield from self._unreached("not reached: pages that may lead there could not be read")

    def fetch(self, url: str, pause_s: float | None = None) -> Fetched:
        reason = self._robots.why_not(url)
        if reason:
            raise Unfetched(reason)
        self._requests += 1
        pause = self._pause(url) if pause_s is None else pause_s
        left = max(self._end - time.monotonic(), 0.001)
        return self._client.fetch(url, may=self._why_not, pause_s=pause, seconds=min(left, pause + 30.0))

    def _pause(self, url: str) -> float:
        return max(self._limits.pause_s, self._robots.of(url).delay_s)

    def _why_not(self, url: str) -> str | None:
        """Of where a redirect leads. The start may move to another host (`www.`); the others stay there."""
        if self._seen and host_of(url) != self._frontier.host:
            return "another host"
        return self._robots.why_not(url)

    def _page(self, page: Fetched, depth: int) -> Iterator[Raw | Same]:
        from kapso_knowledge.sources.links import links  # 120 ms

        self._frontier.mark(page.url)
        self._bytes += len(page.content)
        found = links(page)
        self._frontier.add(found.targets, depth + 1)
        if self._is_new(page, found.canonical) and found.may_keep:
            self._count += 1
            yield document(_path(page.url), page, self._known)

    def _is_new(self, page: Fetched, canonical: str | None) -> bool:
        """Whether no page before was the same: by its address, by what it is called, by its content."""
        path = _path(page.url)
        names = {path, hashlib.sha256(page.content).hexdigest()}
        if canonical and host_of(canonical) == self._frontier.host and not self._frontier.is_start(canonical):
            names.add(_path(canonical))  # sites that name their front page in all pages are mistaken
        is_new = not names & self._seen
        self._seen |= names
        return is_new

    def _failed(self, url: str, failure: Unfetched) -> Iterator[Unread]:
        path = _path(url)
        if failure.is_gone and path in self._known:
            return  # not named any more, so it leaves the library
        self._is_whole &= failure.is_gone or failure.reason == FORBIDDEN
        self._failures = self._failures + 1 if failure.is_down else 0
        self._seen.add(path)
        yield Unread(path, failure.reason)

    def _why_stop(self, url: str) -> str | None:
        limits = self._limits
        if self._count >= limits.pages:
            return f"the limit of {limits.pages} pages"
        if self._requests >= limits.pages * _REQUESTS:
            return f"{self._requests} requests, most of them for nothing new"
        if time.monotonic() + self._pause(url) >= self._end:
            return f"the limit of {limits.seconds:g} seconds"
        if self._bytes >= limits.bytes:
            return f"the limit of {limits.bytes} bytes"
        return f"the server failed {_FAILURES} times in a row" if self._failures >= _FAILURES else None

    def _cut(self, stop: str) -> Iterator[Unread]:
        left = len(self._frontier)
        path = _path(self._frontier.take()[0])
        others = f", nor were {left - 1} others" if left > 1 else ""
        self._seen.add(path)
        yield Unread(path, f"not asked for{others}: {stop}")
        yield from self._unreached(f"not reached: {stop}")

    def _unreached(self, reason: str) -> Iterator[Unread]:
        for path in sorted(set(self._known) - self._seen):
            yield Unread(path, reason)

    def _take_sitemap(self, url: str) -> None:
        from kapso_knowledge.sources.sitemap import sitemap

        def fetch(each: str) -> Fetched:
            left = max(self._end - time.monotonic(), 0.001)
            return self._client.fetch(each, may=self._why_not, seconds=min(left, 60.0))

        self._frontier.add(sitemap(url, self._robots.of(url).sitemaps, fetch), 1)


class _Frontier:
    """Addresses that wait, each once: those under the folder of the start first, then the nearest."""

    def __init__(self, start: str, depth: int) -> None:
        self._depth = depth
        self._heap: list[tuple[bool, int, int, str]] = []
        self._known = {start}
        self._queries: Counter[str] = Counter()
        self.settle(start)

    def settle(self, start: str) -> None:
        """Where the start was found after redirects: its host is the host, its folder the folder."""
        self.host = host_of(start)
        self._start = urlsplit(start).path
        self._folder = posixpath.dirname(self._start).rstrip("/") + "/"
        self.mark(start)

    def is_start(self, url: str) -> bool:
        return urlsplit(url).path in ("/", self._start)

    def mark(self, url: str) -> None:
        self._known.add(url)

    def add(self, urls: Iterator[str] | tuple[str, ...] | list[str], depth: int) -> None:
        for url in urls:
            if depth <= self._depth and url not in self._known and self._is_page(url):
                self._known.add(url)
                is_outside = not urlsplit(url).path.startswith(self._folder)
                heapq.heappush(self._heap, (is_outside, depth, len(self._known), url))

    def take(self) -> tuple[str, int]:
        _, depth, _, url = heapq.heappop(self._heap)
        return url, depth

    def _is_page(self, url: str) -> bool:
        parts = urlsplit(url)
        names = [name for name in parts.path.split("/") if name]
        if host_of(url) != self.host or len(self._heap) >= _WAITING:
            return False
        if len(url) > 400 or len(names) > 15 or any(count > 2 for count in Counter(names).values()):
            return False  # relative links that nest for ever
        if posixpath.splitext(parts.path)[1].lower().removeprefix(".") in _NO_PAGES:
            return False
        if parts.query:
            self._queries[parts.path] += 1
        return not parts.query or self._queries[parts.path] <= _QUERIES

    def __len__(self) -> int:
        return len(self._heap)


def _path(url: str) -> str:
    """The place of a page within its host: the path, with the query where there is one."""
    parts = urlsplit(shown(url))
    return parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
