"""Vectors in Chroma: a projection of the nodes, thrown away and made again when it cannot be used.

`vectors.json` beside Chroma's folder says of which embedder and which state of the library they are, and how
many; it is taken away while they change. Chroma is no index to share: whoever uses it holds the lock of the
library, and what was opened is used again only while `vectors.json` is the very same file.

Chroma's own compiled client is used without the Python package around it, which takes a second to import
and brings telemetry and an embedding function that downloads a model.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library.protocol import Filter
from kapso_knowledge.nodes import Node

_OWNER = ("default_tenant", "default_database")
_BATCH = 1000


class Vectors:
    """The vectors of one library. All methods expect that the caller holds the library's lock."""

    def __init__(self, folder: Path, embedder: str) -> None:
        self._folder = folder / "vectors"
        self._state = folder / "vectors.json"
        self._embedder = embedder
        self._opened: tuple[tuple[int, int], _Collection] | None = None

    def stamp(self) -> str | None:
        """The state of the library that they stand for; None when they cannot be used."""
        state = self._said()
        return state.get("stamp") if state.get("embedder") == self._embedder else None

    def clear(self) -> None:
        """Throw them away."""
        self._opened = None
        self._take_away_state()
        shutil.rmtree(self._folder, ignore_errors=True)

    def change(
        self, stamp: str, nodes: Iterable[tuple[Node, NDArray[np.float32]]], gone: Sequence[str] = ()
    ) -> None:
        """Add or replace these nodes' vectors, remove those that are gone; they now stand for `stamp`."""
        self._opened = None
        self._take_away_state()
        with self._open() as collection:
            for at in range(0, len(gone), _BATCH):
                collection.delete(list(gone[at : at + _BATCH]))
            pairs = iter(nodes)
            while batch := list(islice(pairs, _BATCH)):
                collection.upsert(batch)
            state = {"embedder": self._embedder, "stamp": stamp, "count": collection.count()}
        waiting = self._state.with_suffix(".new")
        try:
            waiting.write_text(json.dumps(state))
            waiting.replace(self._state)
        except OSError as error:  # the disk is full
            raise _unusable(self._folder, error.strerror or str(error)) from error

    def nearest(self, vector: NDArray[np.float32], filter: Filter, limit: int) -> list[tuple[str, float]]:
        """The nearest nodes by cosine, best first: id and similarity."""
        with self._open() as collection:
            return collection.query(vector, _where(filter), limit)

    def _collection(self) -> _Collection:
        """The one that is open, if nothing changed since; a new one must hold as many as were written."""
        if not self._state.exists():
            return _Collection(self._folder)
        status = self._state.stat()
        state = (status.st_ino, status.st_mtime_ns)
        if self._opened is None or self._opened[0] != state:
            collection = _Collection(self._folder)
            if collection.count() != self._said().get("count"):
                raise _unusable(self._folder, "some are missing")
            self._opened = (state, collection)
        return self._opened[1]

    def _take_away_state(self) -> None:
        try:
            self._state.unlink(missing_ok=True)
        except OSError as error:
            raise _unusable(self._folder, error.strerror or str(error)) from error

    def _said(self) -> dict[str, Any]:
        try:
            state = json.loads(self._state.read_text())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    @contextmanager
    def _open(self) -> Iterator[_Collection]:
        try:
            yield self._collection()
        except LibraryError:
            raise
        except BaseException as error:  # a panic in Rust is no Exception
            if isinstance(error, (KeyboardInterrupt, SystemExit, MemoryError)):
                raise
            raise _unusable(self._folder, str(error)) from error


def _unusable(folder: Path, why: str) -> LibraryError:
    help = "delete that folder: they are made again"
    return LibraryError(f"the vectors in `{folder}` cannot be used: {why}", help=help, slug="vectors")


class _Collection:
    """The one collection in a Chroma folder."""

    def __init__(self, folder: Path) -> None:
        import chromadb_rust_bindings as chroma

        folder.mkdir(parents=True, exist_ok=True)
        database = chroma.SqliteDBConfig(
            hash_type=chroma.MigrationHash.MD5,
            migration_mode=chroma.MigrationMode.Apply,
            url=str(folder / "chroma.sqlite3"),
        )
        self._chroma: Any = chroma.Bindings(
            allow_reset=False, sqlite_db_config=database, persist_path=str(folder), hnsw_cache_size=16
        )
        settings = json.dumps({"hnsw": {"space": "cosine"}})
        made = self._chroma.create_collection("nodes", settings, None, None, True, *_OWNER)
        self._id = str(made.id)

    def upsert(self, batch: Sequence[tuple[Node, NDArray[np.float32]]]) -> None:
        ids = [node.id for node, _ in batch]
        vectors = [vector.tolist() for _, vector in batch]
        about = [
            {"kind": node.kind, "source": node.source, "language": node.language or "", "hash": node.hash}
            for node, _ in batch
        ]
        self._chroma.upsert(self._id, ids, vectors, about, None, None, *_OWNER)

    def count(self) -> int:
        return int(self._chroma.count(self._id, *_OWNER))

    def delete(self, ids: list[str]) -> None:
        self._chroma.delete(self._id, ids, None, None, None, *_OWNER)

    def query(self, vector: NDArray[np.float32], where: str | None, limit: int) -> list[tuple[str, float]]:
        found = self._chroma.query(
            self._id, None, [vector.tolist()], limit, where, None, ["distances"], *_OWNER
        )
        distances = found.distances[0] if found.distances else []
        return [(id, 1 - distance) for id, distance in zip(found.ids[0], distances, strict=True)]


def _where(filter: Filter) -> str | None:
    wanted = {"kind": filter.kinds, "source": filter.sources, "language": filter.languages}
    clauses = [{name: {"$in": list(values)}} for name, values in wanted.items() if values]
    if not clauses:
        return None
    return json.dumps(clauses[0] if len(clauses) == 1 else {"$and": clauses})
