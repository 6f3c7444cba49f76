"""Small sources to learn: nodes by path, headings and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from kapso_knowledge.library import Learnt
from kapso_knowledge.nodes import Edge, Kind, Node, Place, node_id, text_hash

WHEN = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def node(
    path: str,
    section: Sequence[str],
    text: str,
    *,
    source: str = "docs",
    kind: Kind = "heuristic",
    language: str | None = None,
    line: int = 1,
) -> Node:
    return Node(
        id=node_id(source, path, section, 0),
        kind=kind,
        title=section[-1] if section else path,
        text=text,
        source=source,
        place=Place(path, (line, line + 2), None, tuple(section)),
        revision="r1",
        learnt=WHEN,
        hash=text_hash(text),
        language=language,
        trust=True,
    )


def learnt(
    nodes: Sequence[Node],
    edges: Sequence[Edge] = (),
    *,
    source: str = "docs",
    kept: Sequence[str] = (),
    documents: Mapping[str, str] | None = None,
    revision: str = "r1",
) -> Learnt:
    read = documents if documents is not None else {node.place.path: "1" for node in nodes}
    return Learnt(source, revision, True, read, nodes, edges, kept)


BOUNDS = node(
    "caching.md", ["Caching", "Bounds"], "Give `functools.lru_cache` a maxsize, or it grows.", line=9
)
CACHING = node("caching.md", ["Caching"], "Remember the results of a pure function.")
ARRAYS = node(
    "numpy.md",
    ["NumPy", "Broadcasting"],
    "Operate on arrays of different shapes without a loop in Python.",
    language="python",
    kind="principle",
)
EDGES = [
    Edge(BOUNDS.id, "part-of", CACHING.id, "docs"),
    Edge(ARRAYS.id, "cites", "caching.md#Bounds", "docs"),
]
DOCS = learnt([CACHING, BOUNDS, ARRAYS], EDGES)
