"""Searching the web: what each provider is asked, what is fetched of what it finds, and no key in sight."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from kapso_knowledge.errors import SourceError
from kapso_knowledge.net.client import Client
from kapso_knowledge.sources.protocol import Raw, Unread
from kapso_knowledge.sources.web_search import WebSearch
from tests.knowledge.net.site import Answer, Asked, Site, html, redirect


def _answers(results: object) -> Answer:
    return Answer(json.dumps(results), headers={"Content-Type": "application/json"})


def _search(client: Client, environ: Mapping[str, str], query: str = "fast sums") -> WebSearch:
    return WebSearch(query, client, environ, pause_s=0.0)


def _results(site: Site) -> list[dict[str, str]]:
    return [{"url": f"{site.url}/{name}", "title": name, "content": "the provider's words"} for name in "abc"]


PROVIDERS = ["searxng", "brave", "tavily"]


def _provider(name: str, site: Site, results: object) -> dict[str, str]:
    """The environment that chooses it; the site answers as it does."""
    if name == "searxng":
        site.pages["/search?q=fast+sums&format=json"] = _answers({"results": results})
        return {"KAPSO_SEARXNG_URL": f"{site.url}/"}
    if name == "brave":
        site.pages["/res/v1/web/search?q=fast+sums&count=5"] = _answers({"web": {"results": results}})
        return {"BRAVE_API_KEY": "hunter2", "KAPSO_BRAVE_URL": site.url}
    site.pages["/search"] = _answers({"results": results})
    return {"TAVILY_API_KEY": "hunter2", "KAPSO_TAVILY_URL": site.url}


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_pages_that_are_found_are_fetched(site: Site, client: Client, name: str) -> None:
    site.pages |= {"/a": html("<p>a"), "/c": html("<p>c"), "/robots.txt": html("User-agent: *\nDisallow: /b")}
    source = _search(client, _provider(name, site, _results(site)))
    a, b, c = source.documents({})
    host = site.url.removeprefix("http://")
    assert isinstance(a, Raw) and isinstance(c, Raw)
    assert (a.path, a.content, a.url) == (f"{host}/a", b"<p>a", f"{site.url}/a")
    assert b == Unread(f"{host}/b", "robots.txt forbids it")
    assert (source.name, source.trusted) == ("web:fast sums", False)
    assert [each for each in site.asked[1:] if "hunter2" in str(each)] == []


def test_the_key_goes_where_the_provider_wants_it(site: Site, client: Client) -> None:
    site.pages |= {"/a": html("a"), "/b": html("b"), "/c": html("c")}
    list(_search(client, _provider("brave", site, _results(site))).documents({}))
    assert site.asked[0].headers["x-subscription-token"] == "hunter2"
    site.asked.clear()
    list(_search(client, _provider("tavily", site, _results(site))).documents({}))
    assert site.asked[0].headers["authorization"] == "Bearer hunter2"
    assert json.loads(site.asked[0].body)["query"] == "fast sums"


def test_what_is_to_be_set_is_named(client: Client) -> None:
    with pytest.raises(SourceError) as failure:
        list(_search(client, {"BRAVE_API_KEY": " "}).documents({}))
    assert failure.value.message == "`web:fast sums` needs a search provider, and none is set"
    assert all(
        name in (failure.value.help or "")
        for name in ("KAPSO_SEARXNG_URL", "BRAVE_API_KEY", "TAVILY_API_KEY")
    )


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer("bad key hunter2", 401), "asks for a login"),
        (Answer("", 403), "refuses to answer"),
        (html("<html>"), "not JSON"),
        (_answers({"results": [], "web": {}}), "finds nothing"),
        (_answers(["x"]), "holds no results"),
        (
            _answers({"results": [{"url": "file:///etc/passwd"}, {"url": 7}, None], "web": None}),
            "finds nothing|no results",
        ),
    ],
)
def test_a_provider_that_fails_is_said(
    site: Site, client: Client, name: str, answer: Answer, says: str
) -> None:
    environ = _provider(name, site, [])
    site.pages = {path: answer for path in site.pages}
    with pytest.raises(SourceError, match=says) as failure:
        list(_search(client, environ).documents({}))
    keys = [value for variable, value in environ.items() if variable.endswith("_KEY")]
    assert failure.value.help and not any(key in failure.value.message for key in keys)


def test_results_that_lead_to_private_addresses_are_not_asked(site: Site, tmp_path: Path) -> None:
    """The SearXNG may stand on this machine; what it finds may not."""
    site.pages |= {"/a": html("private"), "/b": redirect("/a"), "/c": html("private")}
    with Client(tmp_path / "strict") as strict:
        documents = list(_search(strict, _provider("searxng", site, _results(site))).documents({}))
    assert all(isinstance(each, Unread) and "private address" in each.reason for each in documents)
    assert len(documents) == 3 and len(site.asked) == 1


def test_what_fails_stops_nothing_else(site: Site, client: Client) -> None:
    def asked(_: Asked) -> Answer:
        return Answer("", 404)

    site.pages |= {"/a": asked, "/c": html("c")}
    documents = list(_search(client, _provider("searxng", site, _results(site))).documents({}))
    assert [type(each).__name__ for each in documents] == ["Unread", "Unread", "Raw"]


def test_no_query_is_said_at_once(client: Client) -> None:
    with pytest.raises(SourceError, match="names no query"):
        WebSearch(' "" ', client, {})
