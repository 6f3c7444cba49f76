"""robots.txt as RFC 9309 has it: which addresses of a server a crawler may ask for, and how fast."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from kapso_knowledge.net.outcome import Unfetched

if TYPE_CHECKING:
    from kapso_knowledge.net.client import Client

FORBIDDEN = "robots.txt forbids it"
_ESCAPED = re.compile(r"%[0-9a-fA-F]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


@dataclass
class Robots:
    """What one robots.txt says to one agent: the longest rule that matches decides, `allow` wins a tie."""

    rules: list[tuple[str, bool]] = field(default_factory=list)
    delay_s: float = 0.0
    sitemaps: list[str] = field(default_factory=list)

    def allows(self, url: str) -> bool:
        parts = urlsplit(url)
        path = _spelled(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
        matching = ((len(rule), allowed) for rule, allowed in self.rules if _matches(rule, path))
        return max(matching, default=(0, True))[1]


def parse(text: str, agent: str) -> Robots:
    """The groups for `agent` together, or those for `*` where none names it."""
    groups: dict[str, Robots] = {}
    robots = Robots()
    names: list[str] = []
    in_rules = False
    for key, value in _fields(text):
        if key == "user-agent":
            names = [] if in_rules else names
            names.append(value.lower())
            in_rules = False
            groups.setdefault(value.lower(), Robots())
        elif key == "sitemap":
            robots.sitemaps.append(value)
        elif key in ("allow", "disallow", "crawl-delay"):
            in_rules = True
            for name in names:
                _add(groups[name], key, value)
    own = groups.get(agent) or groups.get("*") or Robots()
    return Robots(own.rules, own.delay_s, robots.sitemaps)


def _fields(text: str) -> Iterator[tuple[str, str]]:
    for line in text.lstrip("\ufeff").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _add(group: Robots, key: str, value: str) -> None:
    if key == "crawl-delay":
        if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
            group.delay_s = float(value)
    elif value:  # an empty `Disallow:` forbids nothing
        group.rules.append((_spelled(value), key == "allow"))


def _spelled(path: str) -> str:
    """One spelling of escapes, so that `/%7Eada` and `/~ada` are the same; `%2F` stays what it is."""

    def one(match: re.Match[str]) -> str:
        char = unquote(match[0])
        return char if _UNRESERVED.fullmatch(char) else match[0].upper()

    return _ESCAPED.sub(one, path)


def _matches(rule: str, path: str) -> bool:
    """Whether `rule` (with `*`, and `$` at its end) matches the start of `path`; linear in their lengths."""
    is_whole = rule.endswith("$")
    first, *others = rule.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not others:
        return not is_whole or at == len(path)
    *middle, last = others
    for part in middle:
        at = path.find(part, at) + len(part)
        if at < len(part):
            return False
    if is_whole:
        return path.endswith(last) and len(path) - len(last) >= at
    return path.find(last, at) >= 0


class RobotsOf:
    """The robots.txt of each server, asked once. Where it cannot be had (5xx), nothing may be asked there."""

    def __init__(self, client: Client, agent: str = "kapso") -> None:
        self._client = client
        self._agent = agent
        self._known: dict[str, Robots | str] = {}

    def of(self, url: str) -> Robots:
        """Raises Unfetched when the server has one that cannot be read."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._known:
            self._known[origin] = self._read(origin)
        known = self._known[origin]
        if isinstance(known, str):
            raise Unfetched(f"its robots.txt cannot be read: {known}")
        return known

    def why_not(self, url: str) -> str | None:
        """Why `url` is not to be asked for; None when it may be."""
        try:
            return None if self.of(url).allows(url) else FORBIDDEN
        except Unfetched as failure:
            return failure.reason

    def _read(self, origin: str) -> Robots | str:
        try:
            page = self._client.fetch(f"{origin}/robots.txt", max_bytes=2_000_000)
        except Unfetched as failure:
            says_no_rules = (
                failure.status is not None and 400 <= failure.status < 500 and failure.status != 429
            )
            return Robots() if says_no_rules else failure.reason
        return parse(page.content.decode("utf-8", "replace"), self._agent)
