"""The libraries around a repository as a reader has them: hits, nodes and their links, sources."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kapso.errors import KapsoError, UsageError
from kapso.recall.hits import where
from kapso.wording import printable
from kapso_tui.watch.asked import asked

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.recall.shelves import Shelves
    from kapso_knowledge import Kind, Node
    from kapso_knowledge.library.library import Library
    from kapso_knowledge.library.protocol import Hit, Known

KEYS = ("kind", "source", "language")
"""What a question may name."""
MOST_HITS = 50
LONGEST = 400
"""Characters of a question that count."""
_WORD = re.compile(r"[^\W_]+(?:[_.'\-+#]*[^\W_]+)*")
_FENCE = re.compile(r"`{3,}\w*")
_ID = re.compile(r"\b[0-9a-f]{12}\b")


@dataclass(frozen=True)
class Shelved:
    """A source, and whose library it stands in: the repository's, the user's own, or what Kapso ships."""

    known: Known
    shelf: str

    @property
    def is_shipped(self) -> bool:
        return self.shelf == SHIPPED


HERE, OWN, SHIPPED = "repository", "yours", "shipped"


@dataclass(frozen=True)
class Found:
    """A hit as it is shown; `marks` are the stretches of the snippet that the question names."""

    node: Node
    snippet: str
    marks: Sequence[tuple[int, int]]
    why: Sequence[str]

    @property
    def place(self) -> str:
        return where(self.node)


@dataclass(frozen=True)
class Link:
    """An edge as it reads from the node that is open."""

    relation: str
    node: Node


@dataclass(frozen=True)
class Opened:
    """A node whole, what it is linked to, and on whose shelf it stands."""

    node: Node
    links: Sequence[Link]
    shelf: str


class ReadingRoom:
    """Searches the libraries of `repository`; one call at a time, each may take a moment."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.faults: list[KapsoError] = []
        """What keeps libraries closed; the others are searched."""
        self._lock = threading.RLock()

    def open(self) -> list[Shelved]:
        """Open the libraries and load what a search needs, so that the first one is quick; what is there.

        The first time on a machine the shipped playbooks are read: seconds.
        """
        with self._lock:
            sources = self.sources()
            self.search("warm up", lambda: False)  # the model, the vectors
            return sources

    def sources(self) -> list[Shelved]:
        """All that was learnt, the nearest first."""
        from kapso.recall.shelves import library_faults

        with self._lock, library_faults():
            return [Shelved(known, name) for name, library in self._shelved for known in library.known()]

    def search(self, text: str, is_late: Callable[[], bool]) -> list[Found] | None:
        """The best hits for what somebody typed; None where the answer `is_late` before it is begun.

        UsageError for a kind that there is none of, or a source that nobody learnt.
        """
        question = asked(text[:LONGEST], KEYS)
        with self._lock:
            if is_late():
                return None
            shelves = self._shelves
            names = [name for each in question.of("source") for name in self._sources(each)]
            filter = shelves.filter(_kinds(question.of("kind")), names, question.of("language"))
            if not question.words:
                return []
            hits = shelves.search(question.words, MOST_HITS, filter)
            titles = self._titles(hits)
        return [_found(hit, question.words, titles) for hit in hits]

    def node(self, id: str) -> Opened | None:
        """A node with what it is linked to; None where it is gone."""
        with self._lock:
            shelves = self._shelves
            node = shelves.node(id)
            if node is None:
                return None
            return Opened(node, list(self._links(node)), self._shelf_of(node))

    @cached_property
    def _shelved(self) -> list[tuple[str, Library]]:
        from kapso.recall.shelves import of_repository, of_user, shipped

        near = [(HERE, of_repository(self.repository)), (OWN, of_user())]
        found = [*near, *((SHIPPED, library) for library in shipped())]
        return [(name, library) for name, library in found if self._can_be_read(library)]

    def _can_be_read(self, library: Library) -> bool:
        from kapso.recall.shelves import library_faults

        try:
            with library_faults():
                library.known()
        except KapsoError as fault:
            self.faults.append(fault)
            return False
        return True

    @cached_property
    def _shelves(self) -> Shelves:
        from kapso.recall.shelves import Shelves

        return Shelves([library for _, library in self._shelved])

    def _sources(self, text: str) -> list[str]:
        """The sources whose names hold `text`; itself where there is none, for the complaint."""
        names = list(dict.fromkeys(each.source for each in self._shelves.known()))
        return [text] if text in names else [each for each in names if text in each] or [text]

    def _links(self, node: Node) -> Iterator[Link]:
        from kapso_knowledge.nodes import INVERSE

        for edge in self._shelves.edges(node.id):
            is_origin = edge.origin == node.id
            other = self._shelves.node(edge.target if is_origin else edge.origin)
            if other is not None:
                yield Link(edge.relation if is_origin else INVERSE[edge.relation], other)

    def _shelf_of(self, node: Node) -> str:
        from kapso.recall.shelves import library_faults

        with library_faults():
            return next((name for name, library in self._shelved if library.node(node.id) is not None), "")

    def _titles(self, hits: Sequence[Hit]) -> dict[str, str]:
        """What to say instead of ids in the reasons of hits."""
        titles = {hit.node.id: hit.node.title for hit in hits}
        named = {id for hit in hits for why in hit.why for id in _ID.findall(why)} - titles.keys()
        others = ((id, self._shelves.node(id)) for id in named)
        return titles | {id: node.title for id, node in others if node is not None}


def _found(hit: Hit, words: str, titles: Mapping[str, str]) -> Found:
    why = [_ID.sub(lambda id: f"“{titles.get(id[0], id[0])}”", each) for each in hit.why]
    lines = _FENCE.sub("", hit.snippet).splitlines()
    snippet = " ".join(printable(line.strip()) for line in lines if line.strip())
    return Found(hit.node, snippet, marks(snippet, words), [printable(each) for each in why])


def marks(text: str, words: str) -> list[tuple[int, int]]:
    """The stretches of `text` that are words of the question, in whatever form."""
    from kapso_knowledge.library.words import terms

    wanted = set(terms(words))
    return [found.span() for found in _WORD.finditer(text) if not wanted.isdisjoint(terms(found[0]))]


def _kinds(names: Sequence[str]) -> list[Kind]:
    """The kinds whose names begin like these."""
    from kapso_knowledge import KINDS

    for name in names:
        if not any(kind.startswith(name) for kind in KINDS):
            raise UsageError(
                f"there is no kind `{name}`", help=f"one of {', '.join(KINDS)}", slug="no-such-kind"
            )
    return [kind for kind in KINDS if any(kind.startswith(name) for name in names)]
