"""A query to hits: ranked by words and by meaning, fused, a step along the edges, each with its reasons."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kapso_knowledge.library import lexical, store
from kapso_knowledge.library.protocol import Filter, Hit
from kapso_knowledge.library.words import terms
from kapso_knowledge.nodes import Node, Relation

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CANDIDATES = 100
"""So many by words and as many by meaning are fused."""
RRF = 60.0
"""Reciprocal rank fusion (Cormack, Clarke, Büttcher 2009)."""
STEP = 0.5
"""What a node gets of the score of a hit that an edge joins it to."""

_SNIPPET = 240
_INVERSE: Mapping[Relation, str] = {
    "implements": "implemented by",
    "requires": "required by",
    "part-of": "holds",
    "contradicts": "contradicted by",
    "refines": "refined by",
    "cites": "cited by",
}


@dataclass
class _Candidate:
    score: float = 0.0
    why: list[str] = field(default_factory=list)


def weighted_terms(query: str) -> dict[str, float]:
    """The query's terms; one that stands in it more than once does not count more."""
    return {term: 1.0 for term in terms(query)}


def search(
    connection: DuckDBPyConnection,
    query: str,
    near: Sequence[tuple[str, float]],
    filter: Filter,
    limit: int,
) -> list[Hit]:
    """The best nodes for `query`, given the nearest ones by meaning."""
    asked = weighted_terms(query)
    ranked = lexical.rank(connection, asked, filter, CANDIDATES)
    words = _as_written(query)
    found: dict[str, _Candidate] = defaultdict(_Candidate)
    for rank, (id, _, matched) in enumerate(ranked, 1):
        found[id].score += 1 / (RRF + rank)
        found[id].why.append("words: " + ", ".join(dict.fromkeys(words[term] for term in matched[:8])))
    for rank, (id, _) in enumerate(near, 1):
        found[id].score += 1 / (RRF + rank)
        found[id].why.append("meaning")
    _step(connection, found, limit)
    best = sorted(found, key=lambda id: (-found[id].score, id))
    nodes = store.nodes(connection, best[: limit * 4])
    fitting = [id for id in best if id in nodes and _passes(nodes[id], filter)][:limit]
    return [
        Hit(nodes[id], snippet(nodes[id].text, set(asked)), found[id].score, tuple(found[id].why))
        for id in fitting
    ]


def _step(connection: DuckDBPyConnection, found: dict[str, _Candidate], limit: int) -> None:
    """What stands by the best hits is worth a look too: give it a part of their score."""
    best = sorted(found, key=lambda id: (-found[id].score, id))[:limit]
    scores = {id: found[id].score for id in best}
    gains: dict[str, tuple[float, str]] = {}
    for edge in store.edges(connection, best):
        for hit, other, how in (
            (edge.origin, edge.target, _INVERSE[edge.relation]),
            (edge.target, edge.origin, edge.relation),
        ):
            gain = STEP * scores.get(hit, 0.0)
            if gain > gains.get(other, (0.0, ""))[0]:
                gains[other] = (gain, f"{how} {hit}")
    for id, (gain, why) in gains.items():
        if gain > found[id].score:
            found[id].score = gain
            found[id].why.append(why)


def snippet(text: str, asked: set[str]) -> str:
    """The stretch of the text, in whole lines or sentences, that has most of the terms asked for."""
    pieces = [piece for piece in re.split(r"\n+|(?<=[.!?])\s+", text) if piece.strip()]
    best, most = "", -1
    for at in range(len(pieces)):
        stretch = ""
        for piece in pieces[at:]:
            if stretch and len(stretch) + len(piece) >= _SNIPPET:
                break
            stretch = f"{stretch} {piece.strip()}".strip()
        count = len(asked.intersection(terms(stretch)))
        if count > most:
            best, most = stretch, count
    return best if len(best) <= _SNIPPET else best[: _SNIPPET - 1].rstrip() + "…"


def _as_written(query: str) -> dict[str, str]:
    """Each term's word as the query has it, in lower case."""
    written: dict[str, str] = {}
    for word in query.split():
        for term in terms(word):
            written.setdefault(term, word.strip(".,;:!?()[]{}\"'`").lower())
    return {term: written.get(term, term) for term in terms(query)}


def _passes(node: Node, filter: Filter) -> bool:
    return (
        (not filter.kinds or node.kind in filter.kinds)
        and (not filter.sources or node.source in filter.sources)
        and (not filter.languages or node.language in filter.languages)
    )
