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

_STRETCH = 900
_SEEN = 450
"""Characters of a text, and of each such stretch those that are read: what it is about stands at its
beginning, and time is spent by the character. Measured: experiments/bench/results/retrieval.md."""
_MOST = 8
"""Stretches of one node."""
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
        """How near the nearest passage of each node is to the query, by cosine."""
        [asked] = reader.embed([query])
        vectors = self.read(nodes, reader)
        return np.array([(vectors[node.id] @ asked).max() for node in nodes], dtype=np.float32)

    def read(self, nodes: Sequence[Node], reader: Embedder) -> Mapping[str, NDArray[np.float32]]:
        """The vectors of each node's passages, by id: kept ones, and those of what was not read yet."""
        texts = {node.id: passages(node) for node in nodes}
        digests = {id: _digest(text) for id, text in texts.items()}
        found = {
            id: np.frombuffer(kept, dtype=np.float16).astype(np.float32).reshape(len(texts[id]), -1)
            for id, digest, kept in self._rows(list(texts), reader.name)
            if digest == digests[id]
        }
        if fresh := [id for id in texts if id not in found]:
            vectors = iter(reader.embed([text for id in fresh for text in texts[id]]))
            read = {id: np.stack([next(vectors) for _ in texts[id]]) for id in fresh}
            self._keep([(reader.name, id, digests[id], _bytes(read[id])) for id in fresh])
            found |= read
        return found

    def unread(self, nodes: Sequence[Node], reader: Embedder) -> list[Node]:
        """Those that were not read yet, the short ones first: alike in length, they are read faster."""
        kept = {(id, digest) for id, digest, _ in self._rows(None, reader.name)}
        left = [node for node in nodes if (node.id, _digest(passages(node))) not in kept]
        return sorted(left, key=lambda node: len(node.text))

    def forget(self, ids: Sequence[str]) -> None:
        """Drop what was made of these nodes."""
        if ids:
            rows = [(id,) for id in ids]
            self._use(lambda table: table.executemany("DELETE FROM passages WHERE node = ?", rows), None)

    def _rows(self, ids: Sequence[str] | None, reader: str) -> list[tuple[str, str, bytes]]:
        """What is kept of these nodes, or of all."""
        query = "SELECT node, digest, vector FROM passages WHERE reader = ?"
        if ids is not None:
            query += f" AND node IN ({','.join('?' * len(ids))})"
        return self._use(lambda table: table.execute(query, [reader, *(ids or ())]).fetchall(), [])

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


def passages(node: Node) -> list[str]:
    """What a reader reads of a node: the beginning of each stretch of its text, below the title."""
    starts = range(0, max(len(node.text), 1), _STRETCH)[:_MOST]
    return [plain(f"{node.title}. {node.text[at : at + _SEEN]}") for at in starts]


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def _bytes(vectors: NDArray[np.float32]) -> bytes:
    return vectors.astype(np.float16).tobytes()
