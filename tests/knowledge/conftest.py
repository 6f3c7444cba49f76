"""A keeper that holds what was learnt in memory, by the library's rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kapso_knowledge.library.protocol import Change, Learnt
from kapso_knowledge.nodes import Edge, Node
from kapso_knowledge.sources import Surroundings


class Shelf:
    """What learning needs of a library; the real one is tested apart."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self._documents: dict[str, dict[str, str]] = {}

    def documents(self, source: str) -> Mapping[str, str]:
        return self._documents.get(source, {})

    def put(self, learnt: Learnt) -> Change:
        before = {id: node for id, node in self.nodes.items() if node.source == learnt.source}
        kept = {id: node for id, node in before.items() if node.place.path in learnt.kept}
        new = {node.id: node for node in learnt.nodes}
        others = {id: node for id, node in self.nodes.items() if node.source != learnt.source}
        self.nodes = {**others, **kept, **new}
        self.edges = [
            edge for edge in self.edges if edge.source != learnt.source or edge.origin in kept
        ] + list(learnt.edges)
        old = {
            path: revision for path, revision in self.documents(learnt.source).items() if path in learnt.kept
        }
        self._documents[learnt.source] = {**old, **learnt.documents}
        return Change(
            added=len(new.keys() - before.keys()),
            changed=sum(before[id].hash != node.hash for id, node in new.items() if id in before),
            same=len(kept) + sum(before[id].hash == node.hash for id, node in new.items() if id in before),
            removed=len(before.keys() - kept.keys() - new.keys()),
        )


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    """Names are read in `tmp_path/home`, which is the user's own."""
    home = tmp_path / "home"
    home.mkdir()
    return Surroundings(base=home, cache=tmp_path / "cache", root=home)
