"""A paper on arXiv: its abstract and its text, as HTML where arXiv has that, else as PDF.

arXiv's terms ask for three seconds between requests; a version that is known is not fetched again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from kapso_knowledge.errors import SourceError
from kapso_knowledge.net.outcome import Fetched, Unfetched
from kapso_knowledge.sources.protocol import Raw, Same, Unread
from kapso_knowledge.sources.web import unreachable

if TYPE_CHECKING:
    from bs4 import Tag

    from kapso_knowledge.net.client import Client

_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z][a-z-]*(?:\.[A-Z]{2})?/\d{7})(v[1-9]\d*)?")
_BEFORE = re.compile(r"(arxiv:\s*|https?://(www\.|export\.)?arxiv\.org/(abs|pdf|html)/)+", re.I)
_PAUSE_S = 3.0


@dataclass(frozen=True)
class _Entry:
    """What arXiv's list says about a paper; `version` as in `v2`."""

    title: str
    abstract: str
    version: str
    updated: datetime | None
    about: tuple[str, ...]


class Arxiv:
    """Named `arxiv:` and the id, with the version if one was given. `api` and `site` are arXiv's servers."""

    trusted = False

    def __init__(
        self,
        id: str,
        client: Client,
        *,
        api: str = "https://export.arxiv.org",
        site: str = "https://arxiv.org",
        pause_s: float = _PAUSE_S,
    ) -> None:
        written = _BEFORE.sub("", id.strip()).removesuffix(".pdf").rstrip("/")
        found = _ID.fullmatch(written)
        if not found:
            raise SourceError(
                f"`{id.strip()}` is no id of arXiv",
                help="write it as in `arxiv:2601.21526`, `arxiv:2601.21526v2` or `arxiv:hep-th/9901001`",
                slug="source-arxiv",
            )
        self._id, self._asked_version = found[1], found[2] or ""
        self._client, self._api, self._site, self._pause_s = client, api, site, pause_s
        self._revision = ""
        self.name = f"arxiv:{found[0]}"

    @property
    def revision(self) -> str:
        return self._revision

    def documents(self, known: Mapping[str, str]) -> Iterator[Raw | Same | Unread]:
        entry = self._entry()
        self._revision = entry.version
        yield self._abstract(entry, known)
        yield self._paper(entry, known)

    def _entry(self) -> _Entry:
        url = f"{self._api}/api/query?id_list={self._id}{self._asked_version}&max_results=1"
        try:
            page = self._client.fetch(url, pause_s=self._pause_s)
        except Unfetched as failure:
            raise unreachable(self.name, failure) from failure
        entry = _read(page)
        if entry is None:
            raise SourceError(
                f"arXiv has no paper `{self._id}{self._asked_version}`",
                help="look it up on https://arxiv.org; the version is the `v2` at the end",
                slug="source-arxiv",
            )
        return entry

    def _abstract(self, entry: _Entry, known: Mapping[str, str]) -> Raw | Same:
        path = "abstract.md"
        if known.get(path) == entry.version:
            return Same(path)
        lines = [f"# {entry.title}", *entry.about, "## Abstract", entry.abstract]
        text = "\n\n".join(lines) + "\n"
        url = f"https://arxiv.org/abs/{self._id}{entry.version}"
        return Raw(path, text.encode(), entry.version, "text/markdown; charset=utf-8", entry.updated, url)

    def _paper(self, entry: _Entry, known: Mapping[str, str]) -> Raw | Same | Unread:
        for path in ("paper.html", "paper.pdf"):
            if known.get(path) == entry.version:
                return Same(path)
        try:
            path, page = "paper.html", self._fetch("html", entry)
        except Unfetched:
            try:
                path, page = "paper.pdf", self._fetch("pdf", entry)
            except Unfetched as failure:
                return Unread("paper.pdf", failure.reason)
        return Raw(path, page.content, entry.version, page.media, entry.updated, page.url)

    def _fetch(self, form: str, entry: _Entry) -> Fetched:
        url = f"{self._site}/{form}/{self._id}{entry.version}"
        page = self._client.fetch(url, pause_s=self._pause_s, max_bytes=50_000_000)
        if form == "html" and "html" not in (page.media or ""):
            raise Unfetched("no HTML")
        return page


def _read(page: Fetched) -> _Entry | None:
    """The first entry of the feed; None where there is none, or arXiv says there that it is none."""
    from bs4 import BeautifulSoup  # 120 ms

    entry = BeautifulSoup(page.content, "xml").find("entry")
    if entry is None or not entry.find("id") or _of(entry, "title") in ("", "Error"):
        return None
    version = re.search(r"v\d+$", _of(entry, "id"))
    if version is None:
        return None
    return _Entry(
        title=_of(entry, "title"),
        abstract=_of(entry, "summary"),
        version=version[0],
        updated=_time(_of(entry, "updated")),
        about=tuple(_about(entry)),
    )


def _about(entry: Tag) -> Iterator[str]:
    """Authors, dates and the rest, one sentence each."""
    authors = [_of(author, "name") for author in entry.find_all("author")]
    if authors:
        more = f" and {len(authors) - 20} more" if len(authors) > 20 else ""
        yield f"By {', '.join(authors[:20])}{more}."
    yield f"Published {_of(entry, 'published')[:10]}, this version {_of(entry, 'updated')[:10]}."
    categories = [str(each.get("term")) for each in entry.find_all("category")]
    if categories:
        yield f"Categories: {', '.join(categories)}."
    for label, name in (("Comment", "comment"), ("Journal", "journal_ref"), ("DOI", "doi")):
        text = _of(entry, f"arxiv:{name}") or _of(entry, name)
        if text:
            yield f"{label}: {text}"


def _of(parent: Tag, name: str) -> str:
    """The text of the first child of this name, on one line; "" where there is none."""
    child = parent.find(name)
    return " ".join(child.get_text().split()) if child else ""


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
