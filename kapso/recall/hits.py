"""How a hit is told: its place in its source, and the object that the command line and MCP give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kapso_knowledge import Node
    from kapso_knowledge.library.protocol import Hit


def cited(source: str, path: str) -> str:
    """What was learnt, with the path in it: `docs/guide.md`."""
    if not path:
        return source
    return path if source == "." else f"{source.rstrip('/')}/{path}"


def where(node: Node) -> str:
    """The source of a node with its exact place, as people write it."""
    place = node.place.within()
    return cited(node.source, node.place.path) + (f", {place}" if place else "")


def to_json(hit: Hit) -> dict[str, Any]:
    """What `kapso search --json` prints of a hit."""
    node = hit.node
    return {
        "node": node.id,
        "kind": node.kind,
        "title": node.title,
        "snippet": hit.snippet,
        "source": cited(node.source, node.place.path),
        "place": node.place.within(),
        "score": hit.score,
        "why": list(hit.why),
        "language": node.language,
        "revision": node.revision or None,
        "trusted": node.trust,
    }
