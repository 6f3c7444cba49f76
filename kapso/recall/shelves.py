"""The libraries here, searched as one: the repository's, the user's own, and that of the shipped playbooks.

Where the errors of `kapso_knowledge` become Kapso's own.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.errors import KapsoError, MachineError, UsageError

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso_knowledge import Edge, Kind, Node
    from kapso_knowledge.library.library import Library
    from kapso_knowledge.library.protocol import Filter, Hit, Known

_LOG = logging.getLogger(__name__)
_KEPT_S = 30 * 86400
_BEST = 3
"""Of a library's hits, those that tell how much it has to say."""


@contextmanager
def library_faults() -> Iterator[None]:
    """A source that cannot be had is a mistake of the caller's, a library that fails one of the machine's."""
    from kapso_knowledge.errors import KnowledgeError, SourceError

    try:
        yield
    except SourceError as error:
        raise UsageError(error.message, help=error.help, slug=error.slug) from error
    except KnowledgeError as error:
        raise MachineError(error.message, help=error.help, slug=error.slug) from error


def unknown_source(name: str, known: Sequence[str]) -> UsageError:
    """What is said of a source that is not among the known ones."""
    listed = ", ".join(f"`{each}`" for each in known[:8]) or "nothing"
    return UsageError(f"nothing was learnt of `{name}`", help=f"there is: {listed}", slug="source-unknown")


def of_repository(repository: Repository) -> Library:
    """The library that belongs to a repository."""
    return _open(repository.state_dir / "library")


def of_user() -> Library:
    """The user's own library, for all repositories."""
    return _open(xdg_folder("XDG_DATA_HOME", ".local/share") / "library")


def cache_folder() -> Path:
    """Where clones, and answers from the network, are kept."""
    return xdg_folder("XDG_CACHE_HOME", ".cache") / "sources"


@dataclass(frozen=True)
class Shelves:
    """Several libraries, the nearest first: of a node that stands in two, the nearer one's counts."""

    libraries: Sequence[Library]

    @classmethod
    def around(cls, repository: Repository | None) -> Shelves:
        """All that is there for work on a repository, or elsewhere."""
        near = [] if repository is None else [of_repository(repository)]
        with library_faults():
            return cls([*near, of_user(), *shipped()])

    def known(self) -> list[Known]:
        """The sources of all."""
        with library_faults():
            return [known for library in self.libraries for known in library.known()]

    def filter(self, kinds: Sequence[Kind], sources: Sequence[str], languages: Sequence[str]) -> Filter:
        """The filter of these names, as people write them; a source that nobody learnt is a mistake."""
        from kapso_knowledge.library.protocol import Filter
        from kapso_knowledge.reading.formats import known_language

        names = [each if ":" in each else each.rstrip("/") for each in sources]
        known = [each.source for each in self.known()] if names else []
        for name in names:
            if name not in known:
                raise unknown_source(name, known)
        return Filter(tuple(kinds), tuple(names), tuple(known_language(each) or each for each in languages))

    def search(self, query: str, limit: int, filter: Filter) -> list[Hit]:
        """The best hits of all, best first."""
        with library_faults():
            found = [library.search(query, limit, filter) for library in self.libraries]
        return _merged(query, found)[:limit]

    def node(self, id: str) -> Node | None:
        """The node with this id."""
        with library_faults():
            found = (library.node(id) for library in self.libraries)
            return next((node for node in found if node is not None), None)

    def edges(self, id: str) -> list[Edge]:
        """The edges from and to a node."""
        with library_faults():
            return list(dict.fromkeys(edge for library in self.libraries for edge in library.edges(id)))


@cache
def shipped() -> tuple[Library, ...]:
    """The playbooks that Kapso ships, learnt anew when they or the readers differ; none without them."""
    from kapso.recall.learning import surroundings
    from kapso.shipped import playbooks
    from kapso_knowledge.learning import learn
    from kapso_knowledge.sources.catalogue import parse

    folder = playbooks()
    if not folder.is_dir():
        return ()
    try:
        library = _open(xdg_folder("XDG_CACHE_HOME", ".cache") / "playbooks" / _fingerprint(folder))
        with library_faults():
            if not library.documents("playbooks"):
                learn(parse("playbooks", surroundings(None, folder)), library)
                _clear_away(library.folder)
    except KapsoError as error:  # a home that cannot be written
        _LOG.warning("searched without the playbooks: %s", error.message)
        return ()
    return (library,)


def _clear_away(current: Path) -> None:
    """Remove the playbooks' libraries beside this one that no search has locked for a month: those of other
    versions of Kapso, which would make them again."""
    long_ago = time.time() - _KEPT_S
    for folder in current.parent.iterdir():
        with suppress(OSError):
            if folder != current and (folder / "lock").stat().st_mtime < long_ago:
                shutil.rmtree(folder)


def _merged(query: str, found: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Hits of several libraries, each node and each text once.

    A score is a share of the best in its own library, however little that has to say: a library counts less
    whose best hits have fewer of the query's words than another's.
    """
    counts = [_answered(query, hits) for hits in found]
    most = max(counts, default=0)
    hits: dict[str, Hit] = {}
    for each, count in zip(found, counts, strict=True):
        share = (1 + count / most) / 2 if most else 1.0
        for hit in each:
            hits.setdefault(hit.node.id, replace(hit, score=hit.score * share))
    best = sorted(hits.values(), key=lambda hit: -hit.score)
    texts: dict[str, Hit] = {}
    for hit in best:
        texts.setdefault(hit.node.hash, hit)
    return list(texts.values())


def _answered(query: str, hits: Sequence[Hit]) -> int:
    """How many of the query's words stand in the one of the best hits that has most of them."""
    from kapso_knowledge.library.words import terms

    asked = set(terms(query))
    texts = (f"{hit.node.title} {hit.node.text}" for hit in hits[:_BEST])
    return max((len(asked.intersection(terms(text))) for text in texts), default=0)


def _fingerprint(folder: Path) -> str:
    from kapso_knowledge.learning import READING
    from kapso_knowledge.library.schema import VERSION

    files = sorted(path for path in folder.rglob("*") if path.is_file())
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
    named = [f"{path.relative_to(folder)} {each}" for path, each in zip(files, hashes, strict=True)]
    return hashlib.sha256("\n".join([READING, str(VERSION), *named]).encode()).hexdigest()[:12]


def _open(folder: Path) -> Library:
    from kapso_knowledge.library.library import Library

    with library_faults():
        return Library.open(folder)


def xdg_folder(variable: str, default: str) -> Path:
    """Kapso's folder below one of the XDG specification's, which asks that a relative setting be ignored."""
    root = Path(os.environ.get(variable, ""))
    return (root if root.is_absolute() else Path.home() / default) / "kapso"
