"""A git repository, by path or by address, at one commit: read from its objects, never checked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kapso_knowledge.reading import Unreadable, check_size
from kapso_knowledge.reading.formats import format_by_name
from kapso_knowledge.sources import git
from kapso_knowledge.sources.protocol import Raw, Same, Unread
from kapso_knowledge.sources.skipping import as_text, is_document

if TYPE_CHECKING:
    import pygit2

_FILE = (0o100644, 0o100755)


class Repository:
    """`where` is a path, or an address that is fetched into `cache`; `commit` any name of one, else HEAD."""

    def __init__(
        self,
        where: Path | str,
        name: str,
        *,
        commit: str | None = None,
        cache: Path | None = None,
        allow_private: bool = False,
        trusted: bool = False,
    ) -> None:
        self.name = name
        self.trusted = trusted
        self._where = where
        self._wanted = commit
        self._cache = cache
        self._allow_private = allow_private
        self._revision = ""

    @property
    def revision(self) -> str:
        return self._revision

    def documents(self, known: Mapping[str, str]) -> Iterator[Raw | Same | Unread]:
        repository, wanted = self._open()
        commit = git.commit_of(repository, wanted, self.name)
        self._revision = str(commit.id)
        for path, blob in git.listed(lambda: _files(repository, commit.tree, ""), self.name):
            yield _document(repository, path, blob, known)

    def _open(self) -> tuple[pygit2.Repository, str]:
        if isinstance(self._where, Path):
            return git.opened(self._where, self.name), self._wanted or "HEAD"
        if self._cache is None:
            raise ValueError("an address needs a cache")
        folder, commit = git.fetch(self._where, self._wanted, self._cache, allow_private=self._allow_private)
        return git.opened(folder, self.name), commit


def _files(repository: pygit2.Repository, tree: pygit2.Tree, prefix: str) -> Iterator[tuple[str, str]]:
    """The paths of all documents with their blobs' ids, in git's order."""
    from pygit2.enums import FileMode

    for entry in tree:
        path = f"{prefix}{entry.name}"
        if entry.filemode == FileMode.TREE:
            if is_document(f"{path}/any.md") and prefix.count("/") < 60:
                yield from _files(repository, entry, f"{path}/")  # type: ignore[arg-type]
        elif entry.filemode in _FILE and is_document(path):
            yield as_text(path), str(entry.id)


def _document(
    repository: pygit2.Repository, path: str, blob: str, known: Mapping[str, str]
) -> Raw | Same | Unread:
    if known.get(path) == blob:
        return Same(path)
    try:
        found = repository[blob]
        check_size(format_by_name(path), found.size)  # type: ignore[attr-defined]
    except KeyError:
        return Unread(path, "not fetched, as it is too large")
    except Unreadable as error:
        return Unread(path, str(error))
    content: bytes = found.data  # type: ignore[attr-defined]
    if content.startswith(b"version https://git-lfs"):
        return Unread(path, "kept in Git LFS")
    return Raw(path, content, blob)
