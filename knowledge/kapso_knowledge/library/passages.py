"""What a reader made of the nodes that it has read, kept beside the library so that each is read once.

A projection: a row says of which text and reader its vector is, and one that does not fit counts for nothing.
Where the file cannot be used, what is needed is read every time.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.library.protocol import Embedder
from kapso_knowledge.library.words import plain
from kapso_knowledge.nodes import Node

T = TypeVar("T")

_LONGEST = 400
"""Characters: what a passage is about stands at its beginning, and time is spent by the character."""
_PATIENCE_S = 1.0
_TABLE = (
    "CREATE TABLE IF NOT EXISTS passages (reader TEXT, node TEXT, digest TEXT, vector BLOB, "
    "PRIMARY KEY (reader, node)) WITHOUT ROWID"
)


class Passages:
    """The passages of one library. No lock is held while something is read."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "passages.sqlite"

    def near(self, query: str, nodes: Sequence[Node], reader: Embedder) -> NDArray[np.float32]:
        """How near each node is to the query by cosine; reads those that were not read yet."""
        [asked] = reader.embed([query])
        vectors = self._vectors(nodes, reader)
        return np.array([vectors[node.id] @ asked for node in nodes], dtype=np.float32)

    def read(self, nodes: Sequence[Node], reader: Embedder) -> None:
        """Read those that were not read yet."""
        self._vectors(nodes, reader)

    def forget(self, ids: Sequence[str]) -> None:
        """Drop what was made of these nodes."""
        if ids:
            rows = [(id,) for id in ids]
            self._use(lambda table: table.executemany("DELETE FROM passages WHERE node = ?", rows), None)

    def _vectors(self, nodes: Sequence[Node], reader: Embedder) -> Mapping[str, NDArray[np.float32]]:
        texts = {node.id: passage(node) for node in nodes}
        digests = {id: _digest(text) for id, text in texts.items()}
        found = {
            id: np.frombuffer(vector, dtype=np.float16).astype(np.float32)
            for id, digest, vector in self._rows(list(texts), reader.name)
            if digest == digests[id]
        }
        if fresh := [id for id in texts if id not in found]:
            vectors = reader.embed([texts[id] for id in fresh])
            found |= dict(zip(fresh, vectors, strict=True))
            self._keep([(reader.name, id, digests[id], _bytes(found[id])) for id in fresh])
        return found

    def _rows(self, ids: Sequence[str], reader: str) -> list[tuple[str, str, bytes]]:
        marks = ",".join("?" * len(ids))
        query = f"SELECT node, digest, vector FROM passages WHERE reader = ? AND node IN ({marks})"
        return self._use(lambda table: table.execute(query, [reader, *ids]).fetchall(), [])

    def _keep(self, rows: Sequence[tuple[str, str, str, bytes]]) -> None:
        change = "INSERT OR REPLACE INTO passages VALUES (?, ?, ?, ?)"
        self._use(lambda table: table.executemany(change, rows), None, is_written=True)

    def _use(self, work: Callable[[sqlite3.Connection], T], otherwise: T, *, is_written: bool = False) -> T:
        """What `work` returns of the table; `otherwise` where there is none, or none that can be used."""
        if not (is_written or self._file.exists()):
            return otherwise
        try:
            with closing(sqlite3.connect(self._file, timeout=_PATIENCE_S)) as table, table:
                table.execute("PRAGMA synchronous = OFF")  # it can be made again
                table.execute(_TABLE)
                return work(table)
        except sqlite3.OperationalError:  # held by another, a full disk, a folder that cannot be written
            return otherwise
        except sqlite3.DatabaseError:  # broken
            with suppress(OSError):
                self._file.unlink()
            return otherwise


def passage(node: Node) -> str:
    """What a reader reads of a node."""
    return plain(f"{node.title}. {node.text}")[:_LONGEST]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _bytes(vector: NDArray[np.float32]) -> bytes:
    return vector.astype(np.float16).tobytes()
