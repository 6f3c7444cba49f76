"""Walks a source through reading and rules into the library: one document in memory at a time.

A document that fails is named and passed over; a source that fails leaves the library as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from kapso_knowledge.by_model import Typist, typed
from kapso_knowledge.errors import SourceError
from kapso_knowledge.library.protocol import Change, Learnt
from kapso_knowledge.nodes import Edge, Node
from kapso_knowledge.reading.ahead import Read, Readers
from kapso_knowledge.reading.document import Document
from kapso_knowledge.rules import Origin, nodes_of
from kapso_knowledge.sources.protocol import Raw, Same, Source, Unread

READING = "2"
"""Counts up when readers or rules make other nodes of the same text: then all is read anew."""
_MOST_SILENT = 3
"""Documents in a row about which the model gives no answer: then it is asked no more."""


class Keeper(Protocol):
    """The part of a library that learning needs."""

    def documents(self, source: str) -> Mapping[str, str]: ...

    def put(self, learnt: Learnt) -> Change: ...


@dataclass(frozen=True)
class Progress:
    """After a document: which one, and the counts so far."""

    path: str
    read: int
    same: int
    unread: int
    nodes: int


@dataclass(frozen=True)
class Walked:
    """What a walk over a source found, and what it changed in the library.

    `typed` counts the documents that a model typed, `dropped` its claims that did not hold.
    """

    source: str
    revision: str
    read: int
    same: int
    unread: tuple[Unread, ...]
    change: Change
    typed: int = 0
    dropped: int = 0


def learn(
    source: Source,
    library: Keeper,
    *,
    typist: Typist | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    now: datetime | None = None,
) -> Walked:
    """Bring the library up to the source; SourceError, and nothing changed, where none of it can be read.

    Without a typist, rules alone say what is what.
    """
    known = library.documents(source.name)
    walk = _Walk(source, typist, now or datetime.now(UTC))
    with Readers() as readers:
        for item in readers.read(source.documents(walk.unchanged(known))):
            path = walk.take(item)
            if on_progress is not None:
                on_progress(walk.progress(path))
    walk.check()
    return walk.result(library.put(walk.learnt()))


class _Walk:
    def __init__(self, source: Source, typist: Typist | None, now: datetime) -> None:
        self.source = source
        self.typist = typist
        self.typed = self.dropped = self.silent = 0
        self.now = now
        self.documents: dict[str, str] = {}
        self.same: list[str] = []
        self.unread: list[Unread] = []
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []

    def unchanged(self, known: Mapping[str, str]) -> Mapping[str, str]:
        """The known revisions of documents that were read as they would be now."""
        marked = {path: revision.partition(":") for path, revision in known.items()}
        return {path: revision for path, (mark, _, revision) in marked.items() if self._is_current(mark)}

    def _is_current(self, mark: str) -> bool:
        """What a model has typed stays as it is when there is none now."""
        return mark == _mark(self.typist) or (self.typist is None and mark.split("+")[0] == READING)

    def take(self, item: Read) -> str:
        """Count the document in, and its path."""
        if isinstance(item, Same):
            self.same.append(item.path)
            return item.path
        if isinstance(item, Unread):
            self.unread.append(item)
            return item.path
        raw, document = item
        self._take(raw, document)
        return raw.path

    def _take(self, raw: Raw, document: Document) -> None:
        origin = Origin(
            self.source.name, raw.path, raw.revision, self.now, self.source.trusted, raw.url, raw.name
        )
        nodes, edges = nodes_of(document, origin)
        mark = _mark(None)
        if self.typist is not None and self.silent < _MOST_SILENT:
            more = typed(nodes, edges, self.typist)
            nodes, edges = more.nodes, more.edges
            self.dropped += more.dropped
            self.typed += more.is_complete
            self.silent = 0 if more.is_complete else self.silent + 1
            mark = _mark(self.typist if more.is_complete else None)
        self.documents[raw.path] = f"{mark}:{raw.revision}"
        self.nodes += nodes
        self.edges += edges

    def progress(self, path: str) -> Progress:
        return Progress(path, len(self.documents), len(self.same), len(self.unread), len(self.nodes))

    def check(self) -> None:
        """Raise SourceError where nothing at all could be had."""
        if self.nodes or self.same:
            return
        if self.unread:
            first = self.unread[0]
            where = f" (`{first.path}`)" if first.path else ""
            raise SourceError(
                f"nothing in `{self.source.name}` can be read: {first.reason}{where}",
                slug="source-unreadable",
            )
        raise SourceError(
            f"`{self.source.name}` holds no document",
            help="Markdown, HTML, reStructuredText, PDF, notebooks, text and source code are read",
            slug="source-empty",
        )

    def learnt(self) -> Learnt:
        kept = [*self.same, *(item.path for item in self.unread)]
        return Learnt(
            source=self.source.name,
            revision=self.source.revision,
            trusted=self.source.trusted,
            documents=self.documents,
            nodes=self.nodes,
            edges=self.edges,
            kept=kept,
        )

    def result(self, change: Change) -> Walked:
        return Walked(
            self.source.name,
            self.source.revision,
            len(self.documents),
            len(self.same),
            tuple(self.unread),
            change,
            self.typed,
            self.dropped,
        )


def _mark(typist: Typist | None) -> str:
    """How documents are read now, as it stands before their revisions."""
    name = typist.name.replace(":", "/") if typist is not None else ""
    return f"{READING}+{name}" if name else READING
