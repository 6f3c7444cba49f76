"""What a library takes and what it answers with. `Library` in library.py is the one that stands on a disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.nodes import Edge, Kind, Node


@dataclass(frozen=True)
class Learnt:
    """What one walk over a source brought: replaces, in one transaction, what the library had of its changed
    documents; `kept` are the paths whose nodes stay (unchanged or unread), all others are gone.

    `documents` are path → revision of all that were read now.
    """

    source: str
    revision: str
    trusted: bool
    documents: Mapping[str, str]
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    kept: Sequence[str] = ()


@dataclass(frozen=True)
class Change:
    """How many nodes a source's walk added, replaced by another text, left and removed."""

    added: int = 0
    changed: int = 0
    same: int = 0
    removed: int = 0


@dataclass(frozen=True)
class Known:
    """A source in the library."""

    source: str
    revision: str
    trusted: bool
    learnt: datetime
    documents: Mapping[str, str]
    nodes: int


@dataclass(frozen=True)
class Hit:
    """A node that answers a query. `score` is comparable within one answer only, best first; `why` says why
    it matched (`words: cache, bound`, `meaning`, `cited by 9f3a1c02be47`)."""

    node: Node
    snippet: str
    score: float
    why: tuple[str, ...]


class Embedder(Protocol):
    """Texts → vectors of float32, shape (len(texts), dimensions), of length 1. Another `name` means that
    the vectors are made anew."""

    name: str

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Filter:
    """Which nodes may be hits; empty means all."""

    kinds: tuple[Kind, ...] = ()
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
