"""What a search provider finds for a query: the pages themselves, fetched politely, not the provider's words.

Which provider is for the environment to say; keys go to the provider alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kapso_knowledge.errors import SourceError
from kapso_knowledge.net.outcome import Unfetched
from kapso_knowledge.net.robots import RobotsOf
from kapso_knowledge.net.urls import normal, shown
from kapso_knowledge.sources.protocol import Raw, Same, Unread
from kapso_knowledge.sources.search_providers import chosen
from kapso_knowledge.sources.web import document

if TYPE_CHECKING:
    from kapso_knowledge.net.client import Client


class WebSearch:
    """Named `web:` and the query. `pages` is how many of the results are read."""

    trusted = False
    revision = ""  # each page has its own

    def __init__(
        self,
        query: str,
        client: Client,
        environ: Mapping[str, str],
        *,
        pages: int = 5,
        pause_s: float = 1.0,
    ) -> None:
        self._query = " ".join(query.removeprefix("web:").split()).strip("\"'")
        self._client, self._environ, self._pages, self._pause_s = client, environ, pages, pause_s
        self.name = f"web:{self._query}"
        if not self._query:
            raise SourceError(
                "`web:` names no query", help='write it as in `web:"fast sums"`', slug="source-web"
            )

    def documents(self, known: Mapping[str, str]) -> Iterator[Raw | Same | Unread]:
        urls = self._found()
        robots = RobotsOf(self._client)
        for url in urls:
            reason = robots.why_not(url)
            if reason:
                yield Unread(_path(url), reason)
                continue
            try:
                page = self._client.fetch(url, may=robots.why_not, pause_s=self._pause_s)
            except Unfetched as failure:
                yield Unread(_path(url), failure.reason)
            else:
                yield document(_path(url), page, known)

    def _found(self) -> Sequence[str]:
        provider = chosen(self._environ)
        if provider is None:
            raise SourceError(
                f"`{self.name}` needs a search provider, and none is set",
                help="set `KAPSO_SEARXNG_URL` (a SearXNG's address), `BRAVE_API_KEY` or `TAVILY_API_KEY`",
                slug="source-web",
            )
        try:
            found = provider.find(self._client, self._environ, self._query, self._pages)
        except Unfetched as failure:
            raise SourceError(
                f"{provider.name} cannot search for `{self._query}`: {failure.reason}",
                help=f"`{provider.variable}` is what it was asked with; {provider.remedy}",
                slug="source-web",
            ) from failure
        urls = list(dict.fromkeys(url for each in found if (url := _spelled(each))))
        if not urls:
            raise SourceError(
                f"{provider.name} finds nothing for `{self._query}`",
                help="use fewer or other words; what the library has of it is kept",
                slug="source-web",
            )
        return urls


def _spelled(url: str) -> str | None:
    try:
        return normal(url)
    except Unfetched:
        return None


def _path(url: str) -> str:
    """A page among those of many hosts: its address without the scheme."""
    parts = urlsplit(shown(url))
    return parts.netloc + parts.path + (f"?{parts.query}" if parts.query else "")
