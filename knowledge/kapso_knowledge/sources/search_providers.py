"""The providers that may be asked for pages: one function each, chosen by what the environment sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from kapso_knowledge.net.outcome import Unfetched

if TYPE_CHECKING:
    from kapso_knowledge.net.client import Client


@dataclass(frozen=True)
class Provider:
    """`variable` holds the address (SearXNG) or the key; `elsewhere` names a variable for another address."""

    name: str
    variable: str
    ask: Callable[[Client, str, str, str, int], Any]
    site: str = ""
    elsewhere: str = ""
    remedy: str = "look at the key and at what is left of its quota"

    def find(self, client: Client, environ: Mapping[str, str], query: str, count: int) -> list[str]:
        """The addresses of what is found, the best first. Raises Unfetched."""
        setting = environ[self.variable].strip()
        site = environ.get(self.elsewhere) or self.site or setting
        answer = self.ask(client, site.rstrip("/"), setting, query, count)
        if not isinstance(answer, Sequence):
            raise Unfetched("its answer holds no results")
        urls = [
            each["url"] for each in answer if isinstance(each, Mapping) and isinstance(each.get("url"), str)
        ]
        return urls[:count]


def _searxng(client: Client, site: str, setting: str, query: str, count: int) -> Any:
    return _held(client.ask(f"{site}/search?{urlencode({'q': query, 'format': 'json'})}"), "results")


def _brave(client: Client, site: str, key: str, query: str, count: int) -> Any:
    url = f"{site}/res/v1/web/search?{urlencode({'q': query, 'count': min(count, 20)})}"
    answer = client.ask(url, headers={"X-Subscription-Token": key}, secret=key)
    return _held(_held(answer, "web"), "results")


def _tavily(client: Client, site: str, key: str, query: str, count: int) -> Any:
    body = {"query": query, "max_results": min(count, 20), "search_depth": "basic"}
    headers = {"Authorization": f"Bearer {key}"}
    return _held(client.ask(f"{site}/search", body=body, headers=headers, secret=key), "results")


def _held(answer: Any, name: str) -> Any:
    return answer.get(name, []) if isinstance(answer, Mapping) else None


_PROVIDERS = (
    Provider(
        "SearXNG",
        "KAPSO_SEARXNG_URL",
        _searxng,
        remedy="look at the address; its `settings.yml` must name `json` under `search: formats`",
    ),
    Provider("Brave", "BRAVE_API_KEY", _brave, "https://api.search.brave.com", "KAPSO_BRAVE_URL"),
    Provider("Tavily", "TAVILY_API_KEY", _tavily, "https://api.tavily.com", "KAPSO_TAVILY_URL"),
)


def chosen(environ: Mapping[str, str]) -> Provider | None:
    """The first that the environment sets."""
    return next((each for each in _PROVIDERS if environ.get(each.variable, "").strip()), None)
