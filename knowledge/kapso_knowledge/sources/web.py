"""One page of the web, by its address: a document like any other, and nobody's word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kapso_knowledge.errors import SourceError
from kapso_knowledge.net.outcome import Fetched, Unfetched
from kapso_knowledge.net.urls import normal, shown
from kapso_knowledge.sources.protocol import Raw, Same, Unread

if TYPE_CHECKING:
    from kapso_knowledge.net.client import Client


class Page:
    """Named by its address, without what is secret in it."""

    trusted = False

    def __init__(self, url: str, client: Client) -> None:
        self._url = address(url)
        self._client = client
        self._revision = ""
        self.name = shown(self._url)

    @property
    def revision(self) -> str:
        return self._revision

    def documents(self, known: Mapping[str, str]) -> Iterator[Raw | Same | Unread]:
        try:
            page = self._client.fetch(self._url)
        except Unfetched as failure:
            raise unreachable(self.name, failure) from failure
        self._revision = page.revision
        yield document("", page, known)


def document(path: str, page: Fetched, known: Mapping[str, str]) -> Raw | Same:
    """The page under `path`, or that it is as it was."""
    if known.get(path) == page.revision:
        return Same(path)
    return Raw(path, page.content, page.revision, page.media, page.modified, shown(page.url))


def address(url: str) -> str:
    """The one spelling of `url`. Raises SourceError for what is no address of a page."""
    try:
        return normal(url)
    except Unfetched as failure:
        raise SourceError(
            f"`{shown(url)}` cannot be learnt: {failure.reason}",
            help="give an address such as `https://example.org/guide.html`",
            slug="source-address",
        ) from failure


def unreachable(name: str, failure: Unfetched) -> SourceError:
    """What is said when the whole source hangs on what could not be fetched."""
    return SourceError(
        f"`{name}` cannot be fetched: {failure.reason}",
        help="the library is as it was; look at the address in a browser, or try again later",
        slug="source-unreachable",
    )
