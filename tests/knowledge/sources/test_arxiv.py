"""arXiv as it answers: the feed of its list, the paper as HTML or PDF."""

from __future__ import annotations

import pytest

from kapso_knowledge.errors import SourceError
from kapso_knowledge.net.client import Client
from kapso_knowledge.sources.arxiv import Arxiv
from kapso_knowledge.sources.protocol import Raw, Same, Unread
from tests.knowledge.net.site import Answer, Site, html

QUERY = "/api/query?id_list={}&max_results=1"


def _feed(*entries: str) -> Answer:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<title>arXiv Query</title><id>http://arxiv.org/api/x</id>{''.join(entries)}</feed>"
    )
    return Answer(body, headers={"Content-Type": "application/atom+xml; charset=utf-8"})


def _entry(id: str = "2601.21526v2", title: str = "Fast\n  Sums &amp; More") -> str:
    return f"""<entry><id>http://arxiv.org/abs/{id}</id><title>{title}</title>
    <updated>2026-03-01T10:00:00Z</updated><published>2026-01-29T18:00:00Z</published>
    <summary>  We sum\nfast.  </summary><author><name>Ada Å</name></author><author><name>Ben B</name></author>
    <arxiv:comment xmlns:arxiv="http://arxiv.org/schemas/atom">12 pages</arxiv:comment>
    <category term="cs.DS" scheme="http://arxiv.org/schemas/atom"/></entry>"""


def _arxiv(site: Site, client: Client, id: str = "2601.21526") -> Arxiv:
    return Arxiv(id, client, api=site.url, site=site.url, pause_s=0.0)


def test_the_abstract_and_the_html(site: Site, client: Client) -> None:
    site.pages |= {
        QUERY.format("2601.21526"): _feed(_entry()),
        "/html/2601.21526v2": html("<h1>Fast Sums"),
    }
    source = _arxiv(site, client)
    abstract, paper = source.documents({})
    assert isinstance(abstract, Raw) and isinstance(paper, Raw)
    assert abstract.content.decode() == (
        "# Fast Sums & More\n\nBy Ada Å, Ben B.\n\nPublished 2026-01-29, this version 2026-03-01.\n\n"
        "Categories: cs.DS.\n\nComment: 12 pages\n\n## Abstract\n\nWe sum fast.\n"
    )
    assert (abstract.path, abstract.revision) == ("abstract.md", "v2")
    assert abstract.url == "https://arxiv.org/abs/2601.21526v2"
    assert (paper.path, paper.content, paper.revision) == ("paper.html", b"<h1>Fast Sums", "v2")
    assert (source.name, source.revision, source.trusted) == ("arxiv:2601.21526", "v2", False)


def test_the_pdf_where_there_is_no_html(site: Site, client: Client) -> None:
    site.pages |= {
        QUERY.format("2601.21526v1"): _feed(_entry("2601.21526v1")),
        "/html/2601.21526v1": Answer("No HTML for this paper", headers={"Content-Type": "text/plain"}),
        "/pdf/2601.21526v1": Answer(b"%PDF-1.7", headers={"Content-Type": "application/pdf"}),
    }
    _, paper = _arxiv(site, client, "2601.21526v1").documents({})
    assert isinstance(paper, Raw) and (paper.path, paper.content) == ("paper.pdf", b"%PDF-1.7")


def test_a_version_that_is_known_is_not_fetched_again(site: Site, client: Client) -> None:
    site.pages[QUERY.format("2601.21526")] = _feed(_entry())
    known = {"abstract.md": "v2", "paper.pdf": "v2"}
    assert list(_arxiv(site, client).documents(known)) == [Same("abstract.md"), Same("paper.pdf")]
    assert len(site.asked) == 1


def test_a_text_that_cannot_be_had_leaves_the_abstract(site: Site, client: Client) -> None:
    site.pages[QUERY.format("2601.21526")] = _feed(_entry())
    abstract, paper = _arxiv(site, client).documents({})
    assert isinstance(abstract, Raw) and paper == Unread("paper.pdf", "not found (404)")


@pytest.mark.parametrize(
    "answer",
    [
        _feed(),
        _feed(
            "<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title><summary>x</summary></entry>"
        ),
        Answer("Rate exceeded.", headers={"Content-Type": "text/plain"}),
    ],
)
def test_what_arxiv_does_not_have_is_said(site: Site, client: Client, answer: Answer) -> None:
    site.pages[QUERY.format("2601.99999")] = answer
    with pytest.raises(SourceError) as failure:
        list(_arxiv(site, client, "2601.99999").documents({}))
    assert failure.value.help


def test_arxiv_that_does_not_answer_is_said(site: Site, client: Client) -> None:
    site.pages[QUERY.format("2601.21526")] = Answer("", 503)
    with pytest.raises(SourceError, match=r"`arxiv:2601.21526` cannot be fetched: it cannot answer \(503\)"):
        list(_arxiv(site, client).documents({}))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("2601.21526", "arxiv:2601.21526"),
        (" arxiv:2601.21526v3", "arxiv:2601.21526v3"),
        ("hep-th/9901001v2", "arxiv:hep-th/9901001v2"),
        ("math.GT/0309136", "arxiv:math.GT/0309136"),
        ("https://arxiv.org/abs/2601.21526", "arxiv:2601.21526"),
        ("https://arxiv.org/pdf/2601.21526v1.pdf", "arxiv:2601.21526v1"),
    ],
)
def test_ids_in_all_their_forms(client: Client, written: str, name: str) -> None:
    assert Arxiv(written, client).name == name


@pytest.mark.parametrize("id", ["", "26.1", "2601.21526v0", "2601.21526&x=1", "../etc/passwd", "hep-th/99"])
def test_what_is_no_id_is_said_at_once(client: Client, id: str) -> None:
    with pytest.raises(SourceError, match="is no id of arXiv"):
        Arxiv(id, client)
