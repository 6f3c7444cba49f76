"""The library on a disk: a folder with `library.duckdb`, and the vectors as a projection of it.

A put or a forget is one transaction; a failure leaves the library as it was. The projection is brought up
to date by whoever comes next when it is missing, broken, behind, or of another embedder.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library import store
from kapso_knowledge.library.choice import chosen, chosen_reader
from kapso_knowledge.library.database import Database
from kapso_knowledge.library.lock import locked
from kapso_knowledge.library.passages import Passages
from kapso_knowledge.library.protocol import Change, Embedder, Filter, Hit, Known, Learnt
from kapso_knowledge.library.reread import READ, read_all, reread
from kapso_knowledge.library.search import CANDIDATES, WEIGHTS, Weights, search
from kapso_knowledge.library.vectors import Vectors
from kapso_knowledge.library.words import plain, terms
from kapso_knowledge.nodes import Edge, Node

EVERYTHING = Filter()
SEARCH_PATIENCE_S = 1.0
"""So long a search waits for the vectors: an attempt asks several times, and must end soon after Ctrl-C."""
_LOG = logging.getLogger(__name__)


class Library:
    """What was learnt. Open one by `Library.open`; it holds no file open between two calls."""

    def __init__(
        self, folder: Path, embedder: Embedder | None = None, reader: Embedder | None = None
    ) -> None:
        self.folder = folder
        self._chosen = embedder
        self._chosen_reader = reader
        self._database = Database(folder / "library.duckdb")
        self._passages = Passages(folder)
        self._seen: tuple[tuple[int, int, int], str] | None = None

    @classmethod
    def open(cls, folder: Path, embedder: Embedder | None = None, reader: Embedder | None = None) -> Library:
        """The library in this folder, which is made at the first put; without an embedder, or a reader for
        the best hits: see choice.py."""
        return cls(folder, embedder, reader)

    def put(self, learnt: Learnt) -> Change:
        """Store what a walk over a source brought."""
        ready = self._embedded_ahead(learnt)
        with locked(self.folder):
            written = self._database.write(lambda connection: store.put(connection, learnt))
            self._follow(written, ready)
        return written.change

    def forget(self, source: str) -> int:
        """Remove a source; how many nodes went. What others say of them stays with those others."""
        if not self._database.path.exists():
            return 0
        with locked(self.folder):
            written = self._database.write(lambda connection: store.forget(connection, source))
            self._follow(written, {})
        return written.change.removed

    def known(self) -> list[Known]:
        """The sources, by name."""
        return self._database.read(store.known) or []

    def documents(self, source: str) -> Mapping[str, str]:
        """Path → revision of a source's documents as they were learnt."""
        return self._database.read(lambda connection: store.documents(connection, source)) or {}

    def node(self, id: str) -> Node | None:
        """The node with this id."""
        found = self._database.read(lambda connection: store.nodes(connection, [id]))
        return found.get(id) if found else None

    def edges(self, id: str) -> list[Edge]:
        """The edges from and to a node whose other end is there, addresses resolved to ids."""
        return self._database.read(lambda connection: store.edges(connection, [id])) or []

    def search(
        self, query: str, limit: int = 10, filter: Filter = EVERYTHING, weights: Weights = WEIGHTS
    ) -> list[Hit]:
        """The nodes that answer a query best, best first; none where its words stand in every text."""
        query = plain(query)
        if limit < 1 or not any(terms(query)) or not self._database.path.exists():
            return []
        near = self._near(query, filter) if weights.meaning else []
        wanted = max(limit, READ) if self._reader else limit
        hits = self._database.read(
            lambda connection: search(connection, query, near, filter, wanted, weights)
        )
        return self._read_again(query, hits or [], weights)[:limit]

    def read_ahead(self) -> Iterator[tuple[int, int]]:
        """Have the reader read all that it has not read yet, so that no search has to: how many of how many
        nodes it has read, after each few. Nothing where there is no reader, or where it reads elsewhere: what
        is sent to an endpoint is what a search needs. May be left at any time.
        """
        if self._reader is None or "@" in self._reader.name:
            return
        nodes = self._database.read(lambda connection: [*store.all_nodes(connection)]) or []
        yield from read_all([node for batch in nodes for node in batch], self._reader, self._passages)

    def rebuild(self) -> None:
        """Make the vectors anew."""
        with locked(self.folder):
            self._vectors.clear()
            self._catch_up()

    @cached_property
    def _embedder(self) -> Embedder:
        return self._chosen or chosen()

    @cached_property
    def _reader(self) -> Embedder | None:
        return self._chosen_reader or chosen_reader()

    @cached_property
    def _vectors(self) -> Vectors:
        return Vectors(self.folder, self._embedder.name)

    def _near(self, query: str, filter: Filter) -> list[tuple[str, float]]:
        """The nearest nodes by meaning; none where that cannot be told, and then a search is by words."""
        try:
            vector = self._embedder.embed([query])[0]
            if not vector.any():
                return []
            with locked(self.folder, patience_s=SEARCH_PATIENCE_S):
                self._catch_up()
                try:
                    return self._vectors.nearest(vector, filter, CANDIDATES)
                except LibraryError:  # they were broken on the disk
                    self._vectors.clear()
                    self._catch_up()
                    return self._vectors.nearest(vector, filter, CANDIDATES)
        except LibraryError as error:
            _LOG.warning("searched by words alone: %s", error.message)
            return []

    def _read_again(self, query: str, hits: list[Hit], weights: Weights) -> list[Hit]:
        """The best hits in the order that the reader gives them, where there is one."""
        if self._reader is None:
            return hits
        try:
            again = reread(query, hits[:READ], self._reader, self._passages, weights)
            return [*again, *hits[READ:]]
        except LibraryError as error:
            _LOG.warning("the best hits were not read again: %s", error.message)
            return hits

    def _embedded_ahead(self, learnt: Learnt) -> dict[str, NDArray[np.float32]]:
        """Vectors by hash for what is new, made before anything is written: an endpoint that is down leaves
        the library as it was."""
        old = self._database.read(lambda connection: store.hashes(connection, learnt.source)) or {}
        fresh = [node for node in learnt.nodes if old.get(node.id) != node.hash]
        return {node.id: vector for node, vector in self._embed(fresh)}

    def _embed(self, nodes: Sequence[Node]) -> Iterator[tuple[Node, NDArray[np.float32]]]:
        for at in range(0, len(nodes), 1000):
            batch = nodes[at : at + 1000]
            yield from zip(batch, self._embedder.embed([meaning(node) for node in batch]), strict=True)

    def _follow(self, written: store.Written, ready: Mapping[str, NDArray[np.float32]]) -> None:
        """Bring the vectors from the state before a change to the one after it."""
        if written.after == written.before:
            return
        self._passages.forget(written.gone)
        if self._vectors.stamp() != (written.before or None):
            if written.before:
                return  # they were behind before: the next search brings them up to date
            with suppress(LibraryError):
                self._vectors.clear()
        late = [node for node in written.fresh if node.id not in ready]
        pairs = [(node, ready[node.id]) for node in written.fresh if node.id in ready]
        try:
            self._vectors.change(written.after, [*pairs, *self._embed(late)], written.gone)
        except LibraryError:  # what was learnt is safe; the next search makes them again
            with suppress(LibraryError):
                self._vectors.clear()

    def _stamp(self) -> str | None:
        """The state of the library; the file is opened only when it is another one than before: 25 ms."""
        if not self._database.path.exists():
            return None
        status = self._database.path.stat()
        file = (status.st_ino, status.st_size, status.st_mtime_ns)
        if self._seen is None or self._seen[0] != file:
            self._seen = (file, self._database.read(store.stamp) or "")
        return self._seen[1]

    def _catch_up(self) -> None:
        """Make the vectors again if they are not those of the library as it is."""
        stamp = self._stamp()
        if stamp is None or self._vectors.stamp() == stamp:
            return
        self._vectors.clear()
        nodes = self._database.read(lambda connection: [*store.all_nodes(connection)]) or []
        self._vectors.change(stamp, self._embed([node for batch in nodes for node in batch]))


def meaning(node: Node) -> str:
    """What is embedded of a node: its headings, its title and its text."""
    above = [heading for heading in node.place.section if heading != node.title]
    return plain("\n".join([*above, node.title, node.text]))
