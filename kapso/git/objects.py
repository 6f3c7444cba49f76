"""The object database: bytes by id and back, through pygit2; git fetches what a partial clone lacks."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel, ObjectType, Option, RepositoryOpenFlag

from kapso.errors import MachineError, RepositoryError
from kapso.git import trees
from kapso.git.command import Git, failure
from kapso.git.discovery import check_writable
from kapso.git.durability import Unsynced
from kapso.git.trees import Change, Entry

_CACHE_BYTES = 32 * 2**20  # libgit2 would keep 256 MB of parsed objects
_SMALL_BYTES, _MOST_SMALL = 2**14, 2**11
"""Objects up to so many bytes, and so many of them, are kept as they were read: an attempt of a model reads
a hundred, most of them trees and commits that the one before it has read."""
_EXTENSIONS = ["worktreeconfig", "preciousobjects", "partialclone", "relativeworktrees"]


class Objects:
    """All objects of a repository. Thread-safe: each thread has its own pygit2, and only ids cross."""

    def __init__(self, git: Git, common_dir: Path) -> None:
        self._git = git
        self._common_dir = common_dir
        self._threads = threading.local()
        self._unsynced = Unsynced(common_dir / "objects")
        self._small: dict[str, tuple[int, bytes]] = {}

    @property
    def pygit(self) -> pygit2.Repository:
        """This thread's own pygit2 repository."""
        found: pygit2.Repository | None = getattr(self._threads, "pygit", None)
        if found is None:
            found = self._threads.pygit = _open(self._common_dir)
        return found

    def at_ref(self, name: str) -> str | None:
        """The object that the ref `name` stands at, None where there is no such ref."""
        try:
            return str(self.pygit.lookup_reference(name).resolve().target)
        except KeyError:
            return None
        except pygit2.GitError as error:
            raise MachineError(
                f"the ref `{name}` is damaged: {error}",
                help=f"remove it if the disk lost its content: `{self._common_dir / name}`",
                slug="ref-damaged",
            ) from error

    def read(self, oid: str, path: str = "") -> bytes:
        """The raw bytes of an object. MachineError, naming it and `path`, if it cannot be had."""
        return self._object(oid, path)[1]

    def tree_of(self, commit_or_tree: str) -> str:
        """The tree of a commit, a tree itself."""
        kind, data = self._object(commit_or_tree)
        if kind == ObjectType.TREE:
            return commit_or_tree
        if kind == ObjectType.COMMIT:
            return data[len(b"tree ") : len(b"tree ") + 40].decode()
        raise MachineError(f"`{commit_or_tree}` is no commit", slug="not-a-commit")

    def commit(self, oid: str) -> pygit2.Commit:
        """A commit's fields, for this thread only."""
        self._object(oid)
        found = self.pygit[oid]
        if not isinstance(found, pygit2.Commit):
            raise MachineError(f"`{oid}` is no commit", slug="not-a-commit")
        return found

    def entry(self, commit_or_tree: str, path: str) -> Entry | None:
        return trees.find(self.read, self.tree_of(commit_or_tree), path)

    def entries(self, commit_or_tree: str) -> dict[str, Entry]:
        return dict(trees.walk(self.read, self.tree_of(commit_or_tree)))

    def changed_paths(self, a: str, b: str) -> dict[str, Change]:
        return dict(trees.compare(self.read, self.tree_of(a), self.tree_of(b)))

    def changed_lines(self, path: str, old: Entry | None, new: Entry | None) -> tuple[int, int]:
        """Lines added and removed between two states of a file; none where either is binary or a submodule.

        Bytes against bytes: for objects libgit2 would read the user's index, and a split one it cannot.
        """
        before, after = (self._content(entry, path) for entry in (old, new))
        _, added, removed = pygit2.Patch.create_from(before, after, context_lines=0).line_stats
        return added, removed

    def write_blob(self, data: bytes) -> str:
        return self._write(ObjectType.BLOB, data)

    def write_tree(self, base: str | None, changes: Mapping[str, Entry | None]) -> str:
        tree = self.tree_of(base) if base else None
        return trees.rewrite(self.read, lambda data: self._write(ObjectType.TREE, data), tree, changes)

    def write_commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        author: tuple[str, str, datetime],
        committer: tuple[str, str, datetime],
    ) -> str:
        with _written("a commit"):
            oid = self.pygit.create_commit(
                None,  # no ref moves
                _signature(author),
                _signature(committer),
                message,
                pygit2.Oid(hex=tree),
                [pygit2.Oid(hex=parent) for parent in parents],
            )
            if oid not in self.pygit:  # libgit2 loses a commit without a word
                check_writable(self._common_dir)
                raise OSError(os.strerror(errno.ENOSPC))
        self._unsynced.add(str(oid))
        return str(oid)

    def note_written(self, oid: str) -> None:
        """An object that git wrote for us is to be synced too."""
        self._unsynced.add(oid)

    def begin_sync(self) -> None:
        """Bring every object written so far to disk, beside what the caller goes on to do."""
        self._unsynced.begin()

    def sync(self) -> None:
        """Return once every object written so far is on disk."""
        self._unsynced.sync()

    def _content(self, entry: Entry | None, path: str) -> bytes:
        return b"" if entry is None or entry.mode == trees.SUBMODULE else self.read(entry.oid, path)

    def _object(self, oid: str, path: str = "") -> tuple[int, bytes]:
        if (known := self._small.get(oid)) is not None:
            return known
        kind, data = self._read(oid, path)
        if len(data) <= _SMALL_BYTES:
            if len(self._small) >= _MOST_SMALL:
                self._small.clear()
            self._small[oid] = kind, data
        return kind, data

    def _read(self, oid: str, path: str) -> tuple[int, bytes]:
        try:
            kind, data = self.pygit.read(oid)
        except KeyError:
            self._fetch(oid, path)
            kind, data = self.pygit.read(oid)
        except pygit2.GitError as error:
            raise MachineError(
                f"{_named(oid, path)} is damaged: {error}",
                help="`git fsck` shows what else is; copy the object from another clone",
                slug="object-damaged",
            ) from error
        return kind, data

    def _fetch(self, oid: str, path: str = "") -> None:
        """Let git fetch what a partial clone left out; the next read finds it."""
        done = self._git.run("cat-file", "-e", oid)
        if done.returncode == 0:
            return
        raise MachineError(
            f"{_named(oid, path)} is missing from the repository, and git cannot fetch it",
            help="connect to the remote of this clone, or fetch all: `git fetch --refetch --no-filter`",
            slug="object-missing",
        )

    def _write(self, kind: ObjectType, data: bytes) -> str:
        with _written("a file" if kind == ObjectType.BLOB else "a folder"):
            oid = str(self.pygit.write(kind, data))
        self._unsynced.add(oid)
        return oid


def _named(oid: str, path: str) -> str:
    return f"`{path}` (object `{oid}`)" if path else f"object `{oid}`"


@contextmanager
def _written(what: str) -> Iterator[None]:
    try:
        yield
    except (pygit2.GitError, OSError) as error:
        raise failure(f"writing {what} to the repository", str(error)) from error


def _signature(who: tuple[str, str, datetime]) -> pygit2.Signature:
    name, address, moment = who
    return pygit2.Signature(name, address, int(moment.timestamp()), 0, "utf-8")


@cache
def _configure_libgit2() -> None:
    pygit2.settings.cache_max_size(_CACHE_BYTES)
    pygit2.settings.set_extensions(_EXTENSIONS)
    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = ""  # conversions are git's; an unreadable home is no error
    # Git has judged the repository's ownership, by the user's safe.directory, before it is opened here.
    pygit2.option(Option.SET_OWNER_VALIDATION, 0)


def _open(common_dir: Path) -> pygit2.Repository:
    _configure_libgit2()
    try:
        return pygit2.Repository(str(common_dir), RepositoryOpenFlag.BARE)  # without index and working tree
    except (pygit2.GitError, ValueError) as error:
        raise RepositoryError(
            f"libgit2 cannot open `{common_dir}`: {error}", slug="unreadable-repository"
        ) from error
