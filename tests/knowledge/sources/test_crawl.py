"""Crawls of a site on loopback: what is reached, what is left alone, and where it ends."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import pytest

from kapso_knowledge.errors import SourceError
from kapso_knowledge.net.client import Client
from kapso_knowledge.sources.crawl import Crawl, Limits
from kapso_knowledge.sources.protocol import Raw, Same, Unread
from tests.knowledge.net.site import Answer, Asked, Site, html, redirect


def _page(*links: str, head: str = "", text: str = "") -> Answer:
    anchors = "".join(f'<a href="{link}">{link}</a>' for link in links)
    return html(f"<html><head>{head}</head><body>{text}{anchors}</body></html>")


def _crawl(
    site: Site,
    client: Client,
    start: str = "/",
    known: Mapping[str, str] | None = None,
    **limits: float | bool,
) -> list[Raw | Same | Unread]:
    bounds = Limits(**{"pause_s": 0.0, **limits})  # type: ignore[arg-type]
    return list(Crawl(site.url + start, client, bounds).documents(known or {}))


def _read(documents: list[Raw | Same | Unread]) -> list[str]:
    return [each.path for each in documents if isinstance(each, Raw)]


def _unread(documents: list[Raw | Same | Unread]) -> dict[str, str]:
    return {each.path: each.reason for each in documents if isinstance(each, Unread)}


def test_pages_are_reached_once_the_folder_of_the_start_first(site: Site, client: Client) -> None:
    site.pages |= {
        "/docs/": _page("/blog", "a.html", "b.html#x", "mailto:x@y.z", "javascript:x()", "/docs/"),
        "/docs/a.html": _page("deep/c.html", "b.html"),
        "/docs/b.html": _page("a.html", text="b"),
        "/docs/deep/c.html": _page(text="c"),
        "/blog": _page("/docs/a.html", text="blog"),
    }
    documents = _crawl(site, client, "/docs/")
    assert _read(documents) == ["docs/", "docs/a.html", "docs/b.html", "docs/deep/c.html", "blog"]
    assert _unread(documents) == {}
    assert len(site.paths()) == 5


def test_a_front_page_that_only_sends_on_is_followed(site: Site, client: Client) -> None:
    refresh = '<meta http-equiv="Refresh" content="0; URL=\'latest/index.html\'">'
    site.pages |= {"/": html(refresh), "/latest/index.html": _page(text="here")}
    assert _read(_crawl(site, client)) == ["", "latest/index.html"]


def test_other_hosts_and_other_schemes_are_not_asked(site: Site, client: Client) -> None:
    with Site({"/": _page(text="elsewhere"), "/robots.txt": html("")}) as other:
        site.pages |= {
            "/": _page(other.url, "/away", "/up"),
            "/away": redirect(other.url),
            "/up": redirect("file:///etc/passwd"),
        }
        documents = _crawl(site, client)
        assert _read(documents) == [""]
        assert _unread(documents) == {
            "away": f"it redirects to `{other.url}/`: another host",
            "up": "it redirects to what is not followed: `file` is not http or https",
        }
        assert other.asked == []


def test_the_start_may_move_to_another_host(site: Site, client: Client) -> None:
    with Site({"/": _page("/a"), "/a": _page(text="a")}) as www:
        site.pages["/"] = redirect(www.url)
        assert _read(_crawl(site, client)) == ["", "a"]


def test_robots_txt_is_kept(site: Site, client: Client) -> None:
    site.pages |= {
        "/robots.txt": html("User-agent: *\nDisallow: /private\n"),
        "/": _page("/private/a", "/b", "/c"),
        "/b": _page(text="b"),
        "/c": redirect("/private/c"),
    }
    documents = _crawl(site, client)
    assert _read(documents) == ["", "b"]
    assert _unread(documents)["private/a"] == "robots.txt forbids it"
    assert "robots.txt forbids it" in _unread(documents)["c"]
    assert not any("private" in path for path in site.paths())


def test_a_crawl_delay_is_kept(site: Site, client: Client) -> None:
    site.pages |= {
        "/robots.txt": html("User-agent: *\nCrawl-delay: 0.2\n"),
        "/": _page("/a", "/b"),
        "/a": _page(text="a"),
        "/b": _page(text="b"),
    }
    _crawl(site, client)
    times = [asked.at for asked in site.asked if asked.path != "/robots.txt"]
    assert len(times) == 3
    assert all(later - before >= 0.19 for before, later in zip(times, times[1:], strict=False))


@pytest.mark.parametrize("robots", [Answer("", 503), html("User-agent: kapso\nDisallow: /")])
def test_a_site_that_forbids_or_cannot_say_is_not_crawled(site: Site, client: Client, robots: Answer) -> None:
    site.pages |= {"/robots.txt": robots, "/": _page("/a")}
    with pytest.raises(SourceError, match="robots.txt"):
        _crawl(site, client)
    assert site.paths() == []


def test_a_start_that_is_not_there_is_said(site: Site, client: Client) -> None:
    with pytest.raises(SourceError, match="not found"):
        _crawl(site, client, "/none")


def test_what_asks_to_be_left_alone_is(site: Site, client: Client) -> None:
    site.pages |= {
        "/": html(
            '<a href="/noindex">1</a><a rel="nofollow" href="/spam">2</a>'
            '<a href="/header">3</a><a href="/end">4</a>'
        ),
        "/noindex": _page("/behind", head='<meta name="ROBOTS" content="noindex">'),
        "/behind": _page("/far", head='<meta name="robots" content="nofollow">', text="behind"),
        "/header": html("x", **{"X-Robots-Tag": "noindex"}),
        "/end": _page(text="end"),
    }
    assert _read(_crawl(site, client)) == ["", "end", "behind"]
    assert "/spam" not in site.paths() and "/far" not in site.paths()


def test_pages_that_are_the_same_come_once(site: Site, client: Client) -> None:
    site.pages |= {
        "/docs/": _page("a", "copy", "v1", "v2", "moved"),
        "/docs/a": _page(text="a"),
        "/docs/copy": _page(text="a"),
        "/docs/v1": _page(text="v, printed", head='<link rel="canonical" href="v">'),
        "/docs/v2": _page(text="v, with a session", head='<link rel="canonical" href="v">'),
        "/docs/moved": redirect("/docs/a"),
    }
    assert _read(_crawl(site, client, "/docs/")) == ["docs/", "docs/a", "docs/v1"]


def test_sites_that_call_all_pages_by_the_front_page_are_read(site: Site, client: Client) -> None:
    head = '<link rel="canonical" href="/">'
    site.pages |= {"/": _page("/a", "/b"), "/a": _page(text="a", head=head), "/b": _page(text="b", head=head)}
    assert _read(_crawl(site, client)) == ["", "a", "b"]


def test_dead_and_broken_links_are_named_and_stop_nothing(site: Site, client: Client) -> None:
    site.pages |= {
        "/": _page("/dead", "/broken", "/packed", "/picture.png", "/hidden-picture", "/last"),
        "/broken": Answer("", 500),
        "/packed": Answer(b"no gzip", headers={"Content-Encoding": "gzip", "Content-Type": "text/html"}),
        "/hidden-picture": Answer(b"\x89PNG", headers={"Content-Type": "image/png"}),
        "/last": _page(text="last"),
    }
    documents = _crawl(site, client)
    assert _read(documents) == ["", "last"]
    assert _unread(documents) == {
        "dead": "not found (404)",
        "broken": "it cannot answer (500)",
        "packed": "damaged: it cannot be unpacked",
        "hidden-picture": "`image/png` is not a document",
    }
    assert "/picture.png" not in site.paths()


def test_documents_that_are_no_pages_come_too(site: Site, client: Client) -> None:
    pdf = Answer(b"%PDF-1.4", headers={"Content-Type": "application/pdf"})
    site.pages |= {"/": _page("/paper.pdf"), "/paper.pdf": pdf}
    raw = _crawl(site, client)[1]
    assert isinstance(raw, Raw) and (raw.path, raw.media) == ("paper.pdf", "application/pdf")


# Where it ends


def test_depth_is_kept(site: Site, client: Client) -> None:
    site.pages |= {f"/{n or ''}": _page(f"/{n + 1}", text=str(n)) for n in range(9)}
    assert _read(_crawl(site, client, depth=2)) == ["", "1", "2"]
    assert len(site.paths()) == 3


def test_the_number_of_pages_is_kept_and_said(site: Site, client: Client) -> None:
    site.pages |= {
        "/": _page(*(f"/{n}" for n in range(9))),
        **{f"/{n}": _page(text=str(n)) for n in range(9)},
    }
    documents = _crawl(site, client, pages=3)
    assert _read(documents) == ["", "0", "1"]
    assert _unread(documents) == {"2": "not asked for, nor were 6 others: the limit of 3 pages"}


def test_time_and_size_are_kept_and_said(site: Site, client: Client) -> None:
    site.pages |= {"/": _page("/1", "/2"), "/1": _page("/3", text="x" * 3000), "/2": _page(text="2")}
    assert _unread(_crawl(site, client, bytes=2000)) == {
        "2": "not asked for, nor were 1 others: the limit of 2000 bytes"
    }
    site.pages["/robots.txt"] = html("User-agent: *\nCrawl-delay: 30\n")
    assert _unread(_crawl(site, client, seconds=2)) == {
        "1": "not asked for, nor were 1 others: the limit of 2 seconds"
    }


def test_copies_without_end_have_one(site: Site, client: Client) -> None:
    site.pages |= {f"/{n}": _page(text="the same") for n in range(40)}
    site.pages["/"] = _page(*(f"/{n}" for n in range(40)))
    documents = _crawl(site, client, pages=5)
    assert _read(documents) == ["", "0"] and len(site.paths()) == 20
    assert "20 requests, most of them for nothing new" in str(_unread(documents))


def test_a_server_that_goes_down_is_left(site: Site, client: Client) -> None:
    site.pages |= {"/": _page(*(f"/{n}" for n in range(30)))}
    site.pages |= {f"/{n}": Answer("", 500) for n in range(30)}
    unread = _unread(_crawl(site, client))
    assert len(unread) == 6 and "the server failed 5 times in a row" in unread["5"]


def test_a_storm_of_429_is_left_alone(site: Site, client: Client) -> None:
    site.pages |= {"/": _page(*(f"/{n}" for n in range(30)))}
    site.pages |= {f"/{n}": Answer("", 429, {"Retry-After": "120"}) for n in range(30)}
    unread = _unread(_crawl(site, client))
    assert len(site.paths()) == 2
    assert unread["0"] == "it asks for fewer requests (429)" and len(unread) == 6


def test_traps_have_an_end(site: Site, client: Client) -> None:
    """A calendar without end, relative links that nest, sessions, and sizes that grow."""

    def trap(asked: Asked) -> Answer:
        n = len(site.asked)
        return _page(f"/calendar?day={n}", f"/list?sid={n}", "nested/nested/again", "x/", text=str(n))

    site.pages["/"] = _page("/calendar?day=0", "/list?sid=1", "/deep/")

    class Endless(dict[str, object]):
        def get(self, path: object, default: object = None) -> object:
            return super().get(path, None) or (default if path == "/robots.txt" else trap)  # type: ignore[call-overload]

    site.pages = Endless(site.pages)  # type: ignore[assignment]
    documents = _crawl(site, client, depth=50, pages=500)
    paths = [path.partition("?")[0] for path in site.paths()]
    assert paths.count("/calendar") == 10
    assert paths.count("/list") == 1
    assert len(documents) < 60


# The second time


def test_what_has_not_changed_is_the_same_and_what_is_gone_is_not_named(site: Site, client: Client) -> None:
    site.pages |= {
        "/": _page("/a", "/b", "/c"),
        "/a": html("a", ETag='"1"'),
        "/b": html("b", ETag='"1"'),
        "/c": html("c"),
    }
    known = {each.path: each.revision for each in _crawl(site, client) if isinstance(each, Raw)}
    site.pages |= {"/b": html("b2", ETag='"2"')}
    del site.pages["/c"]
    second = _crawl(site, client, known=known)
    assert [type(each).__name__ + ":" + each.path for each in second] == ["Same:", "Same:a", "Raw:b"]


def test_what_a_short_crawl_does_not_reach_is_kept(site: Site, client: Client) -> None:
    site.pages |= {
        "/": _page("/a", "/b"),
        "/a": _page("/c", text="a"),
        "/b": _page(text="b"),
        "/c": _page(text="c"),
    }
    known = {"a": "1", "b": "1", "c": "1", "far": "1"}
    cut = _unread(_crawl(site, client, known=known, pages=2))
    assert set(cut) == {"b", "c", "far"}
    site.pages["/a"] = Answer("", 500)
    broken = _unread(_crawl(site, client, known=known))
    assert broken["c"] == "not reached: pages that may lead there could not be read" and "far" in broken
    site.pages["/a"] = _page("/c", text="a")
    assert _unread(_crawl(site, client, known=known)) == {}  # the whole: what is not there is gone


def test_a_sitemap_is_read_when_asked_for(site: Site, client: Client) -> None:
    space = "xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'"
    index = f"<sitemapindex {space}><sitemap><loc>{site.url}/m.xml.gz</loc></sitemap></sitemapindex>"
    places = "".join(
        f"<url><loc>{url}</loc></url>" for url in (f"{site.url}/lonely", "https://other.example/")
    )
    packed = gzip.compress(f"<urlset {space}>{places}</urlset>".encode())
    site.pages |= {
        "/robots.txt": html(f"Sitemap: {site.url}/map.xml\n"),
        "/map.xml": Answer(index, headers={"Content-Type": "application/xml"}),
        "/m.xml.gz": Answer(packed, headers={"Content-Type": "application/octet-stream"}),
        "/": _page(text="front"),
        "/lonely": _page(text="lonely"),
    }
    assert _read(_crawl(site, client)) == [""]
    assert _read(_crawl(site, client, sitemap=True)) == ["", "lonely"]


def test_hostile_sitemaps_stop_nothing(site: Site, client: Client) -> None:
    laughs = '<!ENTITY l0 "lol">'
    laughs += "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    site.pages |= {
        "/": _page(text="front"),
        "/sitemap.xml": Answer(f"<!DOCTYPE x [{laughs}]><urlset><url><loc>&l11;</loc></url></urlset>"),
    }
    assert _read(_crawl(site, client, sitemap=True)) == [""]


def test_encodings_and_bases_are_understood(site: Site, client: Client) -> None:
    latin = '<html><head><meta charset="iso-8859-1"><base href="/base/"></head><a href="caf\xe9">x</a>'
    site.pages |= {
        "/": Answer(latin.encode("latin-1"), headers={"Content-Type": "text/html"}),
        "/base/caf%C3%A9": Answer(
            '<a href="/deep">é</a>'.encode("utf-16"), headers={"Content-Type": "text/html"}
        ),
        "/deep": _page(text="deep"),
    }
    assert _read(_crawl(site, client)) == ["", "base/caf%C3%A9", "deep"]
