"""A home folder in which sources are named, and a real library beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from kapso_knowledge.library.library import Library
from kapso_knowledge.nodes import Node
from kapso_knowledge.sources import Surroundings


class Shelf(Library):
    """The library, with all that it holds to look at."""

    @property
    def nodes(self) -> dict[str, Node]:
        from kapso_knowledge.library import store

        batches = self._database.read(lambda connection: [*store.all_nodes(connection)]) or []
        return {node.id: node for batch in batches for node in batch}

    @property
    def written(self) -> set[tuple[str, str, str]]:
        """The origin, the relation and the target of all edges, resolved or not."""
        rows = self._database.read(
            lambda connection: connection.execute("select origin, relation, target from edges").fetchall()
        )
        return {(str(row[0]), str(row[1]), str(row[2])) for row in rows or []}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "library")


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    """Names are read in `tmp_path/home`, which is the user's own."""
    home = tmp_path / "home"
    home.mkdir()
    return Surroundings(base=home, cache=tmp_path / "cache", root=home)
