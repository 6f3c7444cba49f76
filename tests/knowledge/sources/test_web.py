"""One page."""

from __future__ import annotations

import pytest

from kapso_knowledge.errors import SourceError
from kapso_knowledge.net.client import Client
from kapso_knowledge.sources.protocol import Raw, Same
from kapso_knowledge.sources.web import Page
from tests.knowledge.net.site import Site, html


def test_a_page_is_a_document_and_the_same_the_next_time(site: Site, client: Client) -> None:
    site.pages["/guide"] = html("<h1>Guide", ETag='"7"')
    page = Page(f"{site.url}/guide#top", client)
    assert (page.name, page.trusted) == (f"{site.url}/guide", False)
    (raw,) = page.documents({})
    assert isinstance(raw, Raw)
    assert (raw.path, raw.content, raw.revision, page.revision) == ("", b"<h1>Guide", '"7"', '"7"')
    assert (raw.media, raw.url) == ("text/html; charset=utf-8", f"{site.url}/guide")
    assert list(page.documents({"": '"7"'})) == [Same("")]


def test_a_page_that_cannot_be_had_is_the_whole_source(site: Site, client: Client) -> None:
    with pytest.raises(SourceError) as failure:
        list(Page(f"{site.url}/none?token=hunter2", client).documents({}))
    assert failure.value.message == f"`{site.url}/none?token=…` cannot be fetched: not found (404)"
    assert failure.value.help


@pytest.mark.parametrize("url", ["ftp://example.org/", "https://", "https://ada:hunter2@example.org/", "a b"])
def test_what_is_no_address_is_said_at_once(client: Client, url: str) -> None:
    with pytest.raises(SourceError) as failure:
        Page(url, client)
    assert "hunter2" not in failure.value.message and failure.value.help
