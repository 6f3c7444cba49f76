"""Edges by rules: the tree of sections, code and what it implements, what it requires, and what is linked."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from kapso_knowledge.nodes import Edge, Node, Relation
from kapso_knowledge.reading.document import Passage
from kapso_knowledge.reading.formats import language_of

_CONTRADICTS = re.compile(
    r"\b(?:deprecated|obsolete|no longer|superseded|removed in|contrary to|in contrast to|does not hold)\b",
    re.IGNORECASE,
)
_REFINES = re.compile(
    r"\b(?:instead of|rather than|improv\w+ (?:on|upon)|extends?|builds? on|generali[sz]es?|based on|"
    r"a variant of|more details?|speciali[sz]es)\b",
    re.IGNORECASE,
)


def edges_of(
    nodes: Sequence[Node], groups: Sequence[Sequence[Passage]], *, name: str, url: str | None
) -> list[Edge]:
    """What the nodes of the document `name`, found at `url`, say of each other and of others, each once."""
    if not nodes:
        return []
    edges = [
        *_part_of(nodes),
        *_implements(nodes),
        *_requires(nodes),
        *_needs(nodes, name),
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
    """Code implements the prose that stands before it in its section, or at the head of one above."""
    heads: dict[tuple[str, ...], Node] = {}
    for node in nodes:
        section = node.place.section
        if node.kind == "implementation":
            above = (heads.get(section[:n]) for n in range(len(section), 0, -1))
            head = next((each for each in above if each is not None), None)
            if head is not None:
                yield Edge(node.id, "implements", head.id, node.source)
        elif node.kind != "environment":
            heads[section] = node


_MOST_REQUIRED = 3


def _requires(nodes: Sequence[Node]) -> Iterator[Edge]:
    """Code and steps require the environment told beside them, or beside the sections above them."""
    told: dict[tuple[str, ...], list[Node]] = {}
    for node in nodes:
        if node.kind == "environment":
            told.setdefault(node.place.section[:-1], []).append(node)
    for node in nodes:
        if node.kind in ("workflow", "implementation"):
            section = node.place.section
            near = (need for n in range(len(section), -1, -1) for need in told.get(section[:n], ()))
            for need in islice(near, _MOST_REQUIRED):
                yield Edge(node.id, "requires", need.id, node.source)


_MANIFESTS = {
    "python": ("pyproject.toml", "requirements.txt", "environment.yml"),
    "rust": ("Cargo.toml",),
    "go": ("go.mod",),
    "javascript": ("package.json",),
    "typescript": ("package.json",),
    "cpp": ("CMakeLists.txt",),
    "c": ("CMakeLists.txt",),
}


def _needs(nodes: Sequence[Node], name: str) -> Iterator[Edge]:
    """A file of code requires what the manifest of its language names, if its source has one."""
    first = nodes[0]
    for manifest in _MANIFESTS.get(language_of(name) or "", ()):
        if first.kind == "implementation" and first.place.path:
            yield Edge(first.id, "requires", manifest, first.source)


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
