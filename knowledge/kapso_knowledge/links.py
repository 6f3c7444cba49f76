"""Edges by rules: the tree of sections, code and what it implements, what it requires, and what is linked."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from kapso_knowledge.nodes import Edge, Node, Relation
from kapso_knowledge.reading.document import Document, Passage

_CONTRADICTS = re.compile(
    r"\b(?:deprecated|obsolete|no longer|superseded|removed in|contrary to|in contrast to|does not hold)\b",
    re.IGNORECASE,
)
_REFINES = re.compile(
    r"\b(?:instead of|rather than|improv\w+ (?:on|upon)|extends?|builds? on|generali[sz]es?|based on|"
    r"a variant of|more details?|speciali[sz]es)\b",
    re.IGNORECASE,
)


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def edges_of(
    document: Document,
    source: str,
    url: str | None,
    nodes: Sequence[Node],
    groups: Sequence[Sequence[Passage]],
) -> list[Edge]:
    """What the document's nodes say of each other and of others, each edge once."""
    edges = [
        *_part_of(nodes),
        *_implements(nodes),
        *_requires(nodes),
        *(edge for node, group in zip(nodes, groups, strict=True) for edge in _cites(node, group, url)),
    ]
    return list(dict.fromkeys(edges))


def _part_of(nodes: Sequence[Node]) -> Iterator[Edge]:
    """Each node's part-of: the first node of its own section, or of the nearest section above it."""
    heads: dict[tuple[str, ...], Node] = {}
    for node in nodes:
        section = node.place.section
        head = next((heads[section[:n]] for n in range(len(section), -1, -1) if section[:n] in heads), None)
        if head is None and nodes[0] is not node:
            head = nodes[0]
        heads.setdefault(section, node)
        if head is not None:
            yield Edge(node.id, "part-of", head.id, node.source)


def _implements(nodes: Sequence[Node]) -> Iterator[Edge]:
    """Code implements the prose that stands before it, in its section or as the head of the one above."""
    for before, node in zip(nodes, nodes[1:], strict=False):
        if node.kind != "implementation" or before.kind in ("implementation", "environment"):
            continue
        shared = len(before.place.section)
        if node.place.section[:shared] == before.place.section:
            yield Edge(node.id, "implements", before.id, node.source)


_MOST_REQUIRED = 3


def _requires(nodes: Sequence[Node]) -> Iterator[Edge]:
    """Code and steps require the environment that the same part of the document tells."""
    needs = [node for node in nodes if node.kind == "environment"]
    for node in nodes:
        if node.kind not in ("workflow", "implementation"):
            continue
        near = [need for need in needs if _is_over(need, node)]
        for need in near[-_MOST_REQUIRED:]:
            yield Edge(node.id, "requires", need.id, node.source)


def _is_over(need: Node, node: Node) -> bool:
    """Whether `need` stands beside `node` or beside one of the sections above it."""
    above = need.place.section[:-1]
    return node.place.section[: len(above)] == above


_MOST_CITED = 20
"""Links of one passage: more are a list of issues or authors, which leads nowhere."""


def _cites(node: Node, group: Sequence[Passage], url: str | None) -> Iterator[Edge]:
    for passage in group:
        for link in passage.links[:_MOST_CITED]:
            target = address(link, node.place.path, url)
            if target:
                yield Edge(node.id, _relation(passage.text, link), target, node.source)


def _relation(text: str, link: str) -> Relation:
    """What the sentence around the link says of it."""
    at = text.find(link)
    sentence = _sentence(text, at) if at >= 0 else text if len(text.split()) <= 40 else ""
    if _CONTRADICTS.search(sentence):
        return "contradicts"
    return "refines" if _REFINES.search(sentence) else "cites"


def _sentence(text: str, at: int) -> str:
    start = max(text.rfind(mark, 0, at) for mark in (". ", "\n\n", "\n- ", "\n* "))
    ends = [end for mark in (". ", ".\n", "\n\n", "\n- ", "\n* ") if (end := text.find(mark, at)) >= 0]
    return text[max(start, 0) : min(ends, default=len(text))]


def address(link: str, path: str, url: str | None) -> str | None:
    """The address that a link in the document `path` (found at `url`) means; None for what is no document."""
    link = link.strip()
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    if parts.scheme in ("http", "https"):
        return link
    if parts.scheme or link.startswith("//"):
        return None
    if url and url.startswith(("http://", "https://")):
        return urljoin(url, link)
    target, fragment = urldefrag(unquote(link))
    target = target.split("?")[0]
    if target:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)).lstrip("/")
        if target.startswith(".."):
            return None
    else:
        target = path
    return f"{target}#{fragment}" if fragment else target or None
