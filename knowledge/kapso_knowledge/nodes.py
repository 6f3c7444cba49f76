"""What the library holds: typed nodes, the edges between them, and where each stands in its source."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Kind = Literal["workflow", "implementation", "environment", "principle", "heuristic"]
"""Steps to take; code that does it; versions, hardware, limits, licences; why it is so; what helps."""
KINDS: tuple[Kind, ...] = get_args(Kind)

Relation = Literal["implements", "requires", "part-of", "contradicts", "refines", "cites"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
INVERSE: Mapping[Relation, str] = {
    "implements": "implemented by",
    "requires": "required by",
    "part-of": "holds",
    "contradicts": "contradicted by",
    "refines": "refined by",
    "cites": "cited by",
}
"""How a relation reads from its target."""


@dataclass(frozen=True)
class Place:
    """Where something stands within its source.

    `path` is relative to the source, with forward slashes, "" where the source is one document; `lines` are
    the first and the last, from 1; `page` counts from 1; `section` are the headings above it, outermost
    first.
    """

    path: str = ""
    lines: tuple[int, int] | None = None
    page: int | None = None
    section: tuple[str, ...] = ()

    def within(self) -> str:
        """The place in its document, as people write it: `lines 12-30, page 4, § Caching > Bounds`."""
        parts = []
        if self.lines:
            first, last = self.lines
            parts.append(f"line {first}" if first == last else f"lines {first}-{last}")
        if self.page is not None:
            parts.append(f"page {self.page}")
        if self.section:
            parts.append("§ " + " > ".join(self.section))
        return ", ".join(parts)


@dataclass(frozen=True)
class Node:
    """One thing worth knowing, small enough to be read at once, with its provenance.

    `id` names the place (`node_id`), so that it stays when the text changes; `hash` is that of the text.
    `source` is what was learnt, `revision` its commit, ETag or the like, `learnt` when. `language` is the
    programming language of the code in it, as ast-grep names it. `trust` is False for what anybody may have
    written (pages, papers, repositories not one's own): it is shown as data, never as instruction.
    """

    id: str
    kind: Kind
    title: str
    text: str
    source: str
    place: Place
    revision: str
    learnt: datetime
    hash: str
    language: str | None = None
    trust: bool = False


@dataclass(frozen=True)
class Edge:
    """`origin` stands in `relation` to `target`.

    `origin` is a node's id. `target` is one too, or an address (a URL, or `path#heading` in the same source)
    which counts from the moment that a node with it is there. `source` is what says so.
    """

    origin: str
    relation: Relation
    target: str
    source: str


def node_id(source: str, path: str, section: Sequence[str], ordinal: int) -> str:
    """Twelve hex digits for the `ordinal`-th node (from 0) under these headings: the same each time."""
    parts = "\0".join([source, path, *section, str(ordinal)])
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def text_hash(text: str) -> str:
    """The hash by which a changed text is noticed: 16 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
