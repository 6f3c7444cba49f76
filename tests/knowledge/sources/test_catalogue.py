"""What each way to name a source leads to; nothing is fetched by naming it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from kapso_knowledge import SourceError
from kapso_knowledge.sources import Surroundings, parse
from kapso_knowledge.sources.crawl import Limits


@pytest.mark.parametrize(
    ("spec", "kind", "name"),
    [
        ("guide.md", "Folder", "guide.md"),
        ("./", "Folder", "."),
        ("https://github.com/Owner/na.me", "Repository", "https://github.com/Owner/na.me"),
        ("https://github.com/owner/name/@v1.0", "Repository", "https://github.com/owner/name@v1.0"),
        ("https://u:secret@host.example/x/y.git", "Repository", "https://host.example/x/y.git"),
        ("git@host.example:owner/name.git", "Repository", "git@host.example:owner/name"),
        ("ssh://git@host.example/owner/name", "Repository", "ssh://git@host.example/owner/name"),
        (
            "https://github.com/owner/name/blob/main/a.md",
            "Page",
            "https://github.com/owner/name/blob/main/a.md",
        ),
        ("https://docs.example.org/a?b=c", "Page", "https://docs.example.org/a?b=c"),
        ("crawl:https://docs.example.org/", "Crawl", "crawl:https://docs.example.org/"),
        ("arxiv:2601.21526v2", "Arxiv", "arxiv:2601.21526v2"),
        ("arXiv:hep-th/9901001", "Arxiv", "arxiv:hep-th/9901001"),
        ('web:"fast sums"', "WebSearch", "web:fast sums"),
        ("history:", "History", "history:"),
        ("playbooks", "Playbooks", "playbooks"),
    ],
)
def test_a_name_leads_to_its_source_and_is_read_again(
    around: Surroundings, spec: str, kind: str, name: str
) -> None:
    (around.base / "guide.md").write_text("A guide.")
    around = dataclasses.replace(around, playbooks=around.base)
    source = parse(spec, around)
    assert (type(source).__name__, source.name) == (kind, name)
    again = parse(source.name, around)
    assert (type(again).__name__, again.name) == (kind, name)


def test_a_file_url_is_a_path(around: Surroundings) -> None:
    (around.base / "a guide").mkdir()
    source = parse(f"file://{around.base}/a%20guide", around)
    assert (type(source).__name__, source.name) == ("Folder", "a guide")
    with pytest.raises(SourceError, match="does not exist"):
        parse("file:///nowhere", around)


@pytest.mark.parametrize("spec", ["docs", "history:", "arxiv:2601.21526", "https://github.com/a/b", "web:x"])
def test_what_has_no_links_to_follow_is_not_crawled(spec: str, around: Surroundings) -> None:
    with pytest.raises(SourceError, match="no page") as failure:
        parse(spec, dataclasses.replace(around, crawl=Limits(depth=1)))
    assert "leave `--crawl` out" in (failure.value.help or "")


def test_with_limits_a_page_is_where_a_crawl_starts(around: Surroundings) -> None:
    around = dataclasses.replace(around, crawl=Limits(depth=1))
    assert parse("https://docs.example.org/", around).name == "crawl:https://docs.example.org/"


def test_only_what_is_the_users_own_is_trusted(around: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    for spec, trusted in ((".", True), ("../else", False), ("history:", True), ("https://x.example/", False)):
        assert parse(spec, around).trusted is trusted


@pytest.mark.parametrize(
    "spec", ["a\0b", "~nobody-of-that-name/x", "gopher://x", "arxiv:what", "web:", "history:no"]
)
def test_what_names_nothing_is_a_mistake_with_a_remedy(around: Surroundings, spec: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(spec, around)
    assert caught.value.help
