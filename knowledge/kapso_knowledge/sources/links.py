"""What a page says to a crawler: where it leads, what it calls itself, what it asks to leave alone."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag
from bs4.filter import SoupStrainer

from kapso_knowledge.net.outcome import Fetched, Unfetched
from kapso_knowledge.net.urls import normal

_READ = 5_000_000  # bytes of a page that are looked through for links
_MOST = 3_000  # links of a page that are taken
_DECLARED = re.compile(rb"""<meta[^>]{1,200}?charset\s*=\s*["']?([\w-]{1,40})""", re.I)

_REFRESH = re.compile(r"""url\s*=\s*["']?([^"'\s]+)""", re.I)


@dataclass(frozen=True)
class Links:
    """`targets` in the order of the page, each once; `canonical` the address that the page goes by."""

    targets: tuple[str, ...] = ()
    canonical: str | None = None
    may_keep: bool = True


def links(page: Fetched) -> Links:
    """The links of an HTML page; none for anything else."""
    if "html" not in (page.media or "html").lower():
        return Links()
    soup = BeautifulSoup(_text(page), "lxml", parse_only=SoupStrainer(["a", "area", "base", "link", "meta"]))
    robots = page.robots | _directives(soup)
    found = _Found(page.url, soup)
    may_follow = not robots & {"nofollow", "none"}
    return Links(found.targets() if may_follow else (), found.canonical(), not robots & {"noindex", "none"})


class _Found:
    def __init__(self, url: str, soup: BeautifulSoup) -> None:
        base = soup.find("base", href=True)
        self._soup = soup
        self._url = url
        self._base = (_joined(_href(base), url) if isinstance(base, Tag) else None) or url

    def targets(self) -> tuple[str, ...]:
        tags = self._soup.find_all(["a", "area"], href=True, limit=_MOST)
        followed = (tag for tag in tags if isinstance(tag, Tag) and not _rel(tag) & {"nofollow", "ugc"})
        urls = [*self._refresh(), *(_joined(_href(tag), self._base) for tag in followed)]
        return tuple(dict.fromkeys(url for url in urls if url and url != self._url))

    def _refresh(self) -> list[str | None]:
        """Where the page sends a browser by itself: front pages of documentation often do nothing else."""
        tag = self._soup.find("meta", attrs={"http-equiv": re.compile(r"^refresh$", re.I)})
        target = _REFRESH.search(str(tag.get("content", ""))) if isinstance(tag, Tag) else None
        return [_joined(target[1], self._base)] if target else []

    def canonical(self) -> str | None:
        for tag in self._soup.find_all("link", href=True):
            if isinstance(tag, Tag) and "canonical" in _rel(tag):
                return _joined(_href(tag), self._base)
        return None


def _directives(soup: BeautifulSoup) -> set[str]:
    """What `<meta name="robots">` asks for, in lower case."""
    tags = soup.find_all("meta", attrs={"name": re.compile(r"^(robots|kapso)$", re.I)})
    contents = (str(tag.get("content", "")) for tag in tags if isinstance(tag, Tag))
    return {each.strip().lower() for content in contents for each in content.split(",")}


def _href(tag: Tag) -> str:
    return str(tag.get("href", ""))


def _rel(tag: Tag) -> set[str]:
    return set(" ".join(str(word) for word in tag.get_attribute_list("rel")).lower().split())


def _joined(href: str, base: str) -> str | None:
    try:
        return normal(href, base)
    except Unfetched:
        return None  # mailto:, javascript: and what is no address


def _text(page: Fetched) -> str:
    """As said by the server, by the page, else UTF-8: good enough for addresses."""
    head = page.content[:_READ]
    said = re.search(r"charset=[\"']?([\w-]{1,40})", page.media or "", re.I)
    declared = _DECLARED.search(head[:4096])
    name = said[1] if said else declared[1].decode() if declared else "utf-8"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name = "utf-16"
    try:
        return head.decode(name, "replace")
    except (LookupError, UnicodeError):
        return head.decode("utf-8", "replace")
