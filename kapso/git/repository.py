"""One git repository: its objects, its refs, and copies of its files; the user's working tree is left alone.

Ids are 40 hex digits; where a commit or tree is asked for, either will do. Thread-safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import pygit2

from kapso.errors import RepositoryError
from kapso.git import checkout, discovery, snapshot, trees
from kapso.git.checkout import CheckedOut
from kapso.git.command import Git
from kapso.git.conversion import Conversion
from kapso.git.discovery import Place
from kapso.git.objects import Objects
from kapso.git.refs import Refs
from kapso.git.trees import Change, Entry

__all__ = ["NOBODY", "Change", "CheckedOut", "DiffStat", "Entry", "Repository"]

NOBODY = ("Kapso", "kapso@localhost")


@dataclass(frozen=True)
class DiffStat:
    """How much differs between two trees: files, and lines of text."""

    files: int
    added: int
    removed: int


class Repository:
    """The repository of the program that is improved."""

    def __init__(self, place: Place) -> None:
        self.root = place.root
        self.git_dir = place.git_dir
        self.common_dir = place.common_dir
        self.git = Git(place.root)
        self.objects = Objects(self.git, place.common_dir)
        self.refs = Refs(self.git, place, self.objects.at_ref)
        self.landed_branches: dict[str, dict[int, str]] = {}
        """The branches of landed attempts by run and number, of the runs that this process lands in."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """The repository that holds `path`. RepositoryError, with the remedy, if Kapso cannot work in it."""
        return cls(discovery.discover(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process that stands by for refs; the repository can still be used."""
        self.refs.close()

    @property
    def state_dir(self) -> Path:
        """The folder for what can be deleted without losing an attempt; made when it is asked for."""
        folder = self.common_dir / "kapso"
        with suppress(OSError):  # a read-only repository can still be listed
            folder.mkdir(exist_ok=True)
        return folder

    @property
    def pygit(self) -> pygit2.Repository:
        """This thread's own pygit2 repository; hand ids to other threads, never objects."""
        return self.objects.pygit

    def check_writable(self) -> None:
        """Raise MachineError where the repository cannot be written."""
        discovery.check_writable(self.common_dir)

    def resolve(self, revision: str) -> str:
        """The commit that `revision` names. RepositoryError where there is none."""
        done = self.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if done.returncode == 0:
            return done.stdout.decode().strip()
        raise self._no_such_revision(revision)

    def tree_of(self, commit: str) -> str:
        """The tree of a commit."""
        return self.objects.tree_of(commit)

    def entry(self, commit_or_tree: str, path: str) -> Entry | None:
        """What stands at `path`: a file, a link, a submodule or a folder; None if nothing does."""
        return self.objects.entry(commit_or_tree, path)

    def entries(self, commit_or_tree: str) -> dict[str, Entry]:
        """Every file, link and submodule by its path."""
        return self.objects.entries(commit_or_tree)

    def read(self, commit_or_tree: str, path: str) -> bytes:
        """The bytes of the file at `path` as git stores them. FileNotFoundError where there is none."""
        return self.objects.read(self._file(commit_or_tree, path).oid, path)

    def changed_paths(self, a: str, b: str) -> dict[str, Change]:
        """The paths that differ between two commits, with what stands in each (None: nothing)."""
        return self.objects.changed_paths(a, b)

    def diff(self, a: str, b: str) -> str:
        """The difference between two commits, to be read."""
        return self._diff_tree("-M", a, b).decode(errors="replace")

    def patch(self, a: str, b: str) -> bytes:
        """The difference between two commits, for `git apply`: exact, binary files included."""
        return self._diff_tree("--binary", "--full-index", a, b)

    def diff_stat(self, a: str, b: str) -> DiffStat:
        """How much differs between two commits."""
        changes = self.changed_paths(a, b)
        lines = [self.objects.changed_lines(path, *change) for path, change in changes.items()]
        return DiffStat(len(changes), sum(added for added, _ in lines), sum(removed for _, removed in lines))

    def write_blob(self, data: bytes) -> str:
        """The blob of exactly these bytes; `stored_blob` makes what `git add` would."""
        return self.objects.write_blob(data)

    def write_tree(self, base: str | None, changes: Mapping[str, Entry | None]) -> str:
        """The tree of `base` (None: empty) with `changes`; None removes a file, or a folder and all in it.

        Only folders on the way to a change are written; empty ones vanish. ValueError for a path that git
        refuses.
        """
        return self.objects.write_tree(base, changes)

    def commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        author: tuple[str, str],
        started: datetime,
        finished: datetime,
    ) -> str:
        """A commit by `author` at `started`, committed by the user at `finished`. No ref moves."""
        return self.objects.write_commit(
            tree, parents, message, (*author, started), (*self.committer(), finished)
        )

    def sync(self) -> None:
        """Return once every object written so far is on disk: before a ref comes to rest on one."""
        self.objects.sync()

    def committer(self) -> tuple[str, str]:
        """Name and address of the user, or Kapso's own where git knows none."""
        return self._committer

    def has_uncommitted_changes(self, aside: str | None = None) -> bool:
        """True if the working tree differs from HEAD, or holds new files that are not ignored.

        The file `aside`, from the root, does not count.
        """
        return snapshot.has_uncommitted_changes(self.git, aside)

    def snapshot(self, parent: str) -> str:
        """A commit of the working tree, without ignored files, on `parent`; `parent` if nothing differs."""
        tree = snapshot.working_tree(self.git, self.git_dir, parent)
        if tree == self.tree_of(parent):
            return parent
        now = datetime.now(UTC)
        return self.commit(
            tree, [parent], "Uncommitted changes, as Kapso found them\n", self.committer(), now, now
        )

    def working_bytes(self, commit: str, path: str) -> bytes:
        """The bytes of the file at `path` as a checkout writes them (line ends, ident, encoding, LFS)."""
        return self._conversion.working_bytes(commit, path, self._file(commit, path))

    def stored_blob(self, commit: str, path: str, data: bytes) -> str:
        """The blob that `git add` would make of the file `data`, at `path` in a checkout of `commit`."""
        return self._conversion.stored_blob(commit, path, data)

    def check_out(self, commit: str, folder: Path, skip: Iterable[str] = ()) -> CheckedOut:
        """Write the files of `commit` into the empty `folder` as git would, without those in `skip`."""
        return checkout.check_out(self.git_dir, self.objects, self._conversion, commit, folder, skip)

    @cached_property
    def _committer(self) -> tuple[str, str]:
        done = self.git.run("var", "GIT_COMMITTER_IDENT", settings={"user.useConfigOnly": "true"})
        match = re.match(r"(.+) <(.+)> \d+ [+-]\d{4}", done.stdout.decode(errors="replace"))
        return (match[1], match[2]) if match else NOBODY

    @cached_property
    def _conversion(self) -> Conversion:
        return Conversion(self.git, self.git_dir, self.common_dir, self.objects)

    def _file(self, commit_or_tree: str, path: str) -> Entry:
        entry = self.entry(commit_or_tree, path)
        if entry is None or entry.mode in (trees.FOLDER, trees.SUBMODULE):
            raise FileNotFoundError(path)
        return entry

    def _diff_tree(self, *arguments: str) -> bytes:
        return self.git.output("diff-tree", "-r", "-p", "--no-ext-diff", "--no-textconv", *arguments)

    def _no_such_revision(self, revision: str) -> RepositoryError:
        if self.git.run("rev-parse", "--verify", "--quiet", "HEAD").returncode:
            return RepositoryError(
                f"`{self.root}` has no commit yet",
                help="commit the program: `git add -A && git commit -m start`",
                slug="empty-repository",
            )
        help = "name a branch, a tag or a commit: `git log --oneline --all` shows them"
        if (self.common_dir / "shallow").exists():
            help = "this clone is shallow: `git fetch --unshallow` brings the rest of its history"
        return RepositoryError(
            f"`{revision}` names no commit in `{self.root}`", help=help, slug="no-such-revision"
        )
