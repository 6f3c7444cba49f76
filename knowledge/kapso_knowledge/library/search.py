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
from kapso_knowledge.nodes import INVERSE, Node

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CANDIDATES = 100
"""So many by words and as many by meaning are weighed against each other."""


@dataclass(frozen=True)
class Weights:
    """What counts how much; `step` is what a node gets of the score of a hit that an edge joins it to,
    `aside` what a page keeps that is not written for users, `again` what a second hit in a section keeps, and
    `reader` what a reader of the best hits counts, where there is one, beside all that.
    Measured: experiments/bench/results/retrieval.md."""

    words: float = 0.75
    meaning: float = 0.25
    step: float = 0.1
    aside: float = 0.8
    again: float = 0.5
    reader: float = 0.65


WEIGHTS = Weights()

_ASIDE = re.compile(
    r"change_?log|changes\b|release[-_]?notes|whats_?new|(^|/)(release|news|history)\b"
    r"|(^|/)(dev|devel|developers?|internals|proposals?|neps?|peps?|contributing|maintainers?)(\.|/|$)",
    re.I,
)
"""Paths of pages that tell what became different, or are for those who work on the project itself: they name
all there is, and explain little of its use."""
_STEPPED = 30
_SNIPPET = 240


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
    weights: Weights = WEIGHTS,
) -> list[Hit]:
    """The best nodes for `query`, given the nearest ones by meaning."""
    asked = weighted_terms(query)
    found: dict[str, _Candidate] = defaultdict(_Candidate)
    if weights.words:
        _by_words(found, query, lexical.rank(connection, asked, filter, CANDIDATES), weights.words)
    if weights.meaning:
        _by_meaning(found, near, weights.meaning)
    if weights.step:
        _step(connection, found, weights.step)
    nodes = store.nodes(connection, _best(found)[: limit * 4])
    for id, node in nodes.items():
        if is_aside(node):
            found[id].score *= weights.aside
    fitting = [id for id in _best(found) if id in nodes and _passes(nodes[id], filter)]
    _spread(found, [nodes[id] for id in fitting], weights.again)
    fitting = sorted(fitting, key=lambda id: (-found[id].score, id))[:limit]
    return [
        Hit(nodes[id], snippet(nodes[id].text, set(asked)), found[id].score, tuple(found[id].why))
        for id in fitting
    ]


def _by_words(
    found: dict[str, _Candidate],
    query: str,
    ranked: Sequence[tuple[str, float, tuple[str, ...]]],
    weight: float,
) -> None:
    """BM25 as a share of the best one's."""
    written = _as_written(query)
    for id, score, matched in ranked:
        found[id].score += weight * score / ranked[0][1]
        found[id].why.append("words: " + ", ".join(dict.fromkeys(written[term] for term in matched[:8])))


def _by_meaning(found: dict[str, _Candidate], near: Sequence[tuple[str, float]], weight: float) -> None:
    """Similarity from that of the last candidate, which is mere background, to that of the best."""
    if not near:
        return
    last = near[-1][1]
    floor = last if len(near) == CANDIDATES else min(0.0, last - 1e-6)
    span = max(near[0][1] - floor, 1e-9)
    for id, similarity in near:
        if similarity > floor:
            found[id].score += weight * (similarity - floor) / span
            found[id].why.append("meaning")


def _best(found: Mapping[str, _Candidate]) -> list[str]:
    return sorted(found, key=lambda id: (-found[id].score, id))


def _spread(found: dict[str, _Candidate], ranked: Sequence[Node], share: float) -> None:
    """Who opens a hit sees the rest of its section too: the section's other hits make room."""
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for node in ranked:
        section = (node.source, node.place.path, node.place.section)
        if node.place.section and section in seen:
            found[node.id].score *= share
        seen.add(section)


def _step(connection: DuckDBPyConnection, found: dict[str, _Candidate], share: float) -> None:
    """What stands by the best hits is worth a look too: add a part of the best such hit's score."""
    scores = {id: found[id].score for id in _best(found)[:_STEPPED]}
    gains: dict[str, tuple[float, str]] = {}
    for edge in store.edges(connection, list(scores)):
        for hit, other, how in (
            (edge.origin, edge.target, INVERSE[edge.relation]),
            (edge.target, edge.origin, edge.relation),
        ):
            gain = share * scores.get(hit, 0.0)
            if gain > gains.get(other, (0.0, ""))[0]:
                gains[other] = (gain, f"{how} {hit}")
    for id, (gain, why) in gains.items():
        found[id].score += gain
        found[id].why.append(why)


def is_aside(node: Node) -> bool:
    """Whether it stands on a page that is not written for users."""
    return _ASIDE.search(node.place.path) is not None


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
