"""Refs as a mapping with transactions, moved by one resident `git update-ref` without hooks or reflogs.

pygit2 would write reflogs for branches and publish a transaction's refs one by one. The process starts with
the first transaction, ends with the engine (its stdin closes), and is started anew when it died.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kapso.errors import KapsoError, MachineError, RepositoryError
from kapso.git.command import Git, failure

if TYPE_CHECKING:
    from kapso.git.discovery import Place

_CONFLICT = re.compile(r"reference already exists|but expected|unable to resolve reference")
_IN_THE_WAY = re.compile(r"'([^']+)' exists; cannot create '([^']+)'")
_LOCKED = re.compile(r"Unable to create '(.+\.lock)': File exists")
# How long to wait for another git that holds a lock: its own `git gc` keeps packed-refs.lock for seconds.
_PATIENCE = ("-c", "core.filesRefLockTimeout=2000", "-c", "core.packedRefsTimeout=10000")


class RefConflict(KapsoError):
    """A ref was not where the transaction expected it; nothing was moved."""


@dataclass
class Transaction:
    """Moves that are made together when the `with` block ends without an error."""

    commands: list[str] = field(default_factory=list)
    wanted: dict[str, str | None] = field(default_factory=dict)

    def create(self, name: str, new: str) -> None:
        """`name` must not exist yet."""
        self._add(name, new, f"create {name}\0{new}\0")

    def update(self, name: str, new: str, old: str | None = None) -> None:
        """`name` must stand at `old`, or anywhere or nowhere if that is None."""
        self._add(name, new, f"update {name}\0{new}\0{old or ''}\0")

    def delete(self, name: str, old: str | None = None) -> None:
        """`name` must exist, at `old` unless that is None."""
        self._add(name, None, f"delete {name}\0{old or ''}\0")

    def _add(self, name: str, new: str | None, command: str) -> None:
        self.commands.append(command)
        self.wanted[name] = new


class Refs:
    """All refs of a repository. Thread-safe: transactions follow one another."""

    def __init__(self, git: Git, place: Place, look_up: Callable[[str], str | None]) -> None:
        self._git = git
        self._place = place
        self._look_up = look_up
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None
        self._end: Callable[[], object] = lambda: None

    def get(self, name: str) -> str | None:
        """The object that `name` stands at, None where there is no such ref."""
        return self._look_up(name)

    def list(self, pattern: str) -> dict[str, str]:
        """Names and objects of the refs below `refs/a/b/`, or matching a glob, in the order of names."""
        out = self._git.output("for-each-ref", "--format=%(objectname) %(refname)", pattern)
        lines = (line.split(" ", 1) for line in out.decode("utf-8", "surrogateescape").split("\n")[:-1])
        return {name: oid for oid, name in lines}

    def checked_out(self) -> dict[str, Path]:
        """The refs that some working tree has checked out, and where: moving one would move its HEAD."""
        common_dir = self._place.common_dir
        folders = {common_dir / "HEAD": self._place.main_tree}
        for link in common_dir.glob("worktrees/*/gitdir"):
            folders[link.with_name("HEAD")] = Path(os.path.normpath(link.parent / _text(link))).parent
        stands_for = {head: _text(head) for head in folders}
        return {
            text.removeprefix("ref: "): folders[head]
            for head, text in stands_for.items()
            if text.startswith("ref: ")
        }

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Collects moves and makes them all, or none. Raises RefConflict where a ref has moved meanwhile."""
        transaction = Transaction()
        yield transaction
        if transaction.commands:
            self._commit(transaction)

    def close(self) -> None:
        """End the resident process; the next transaction starts another."""
        with self._lock:
            self._end()
            self._process = None

    def _commit(self, transaction: Transaction) -> None:
        request = "\0".join(["start", "".join(transaction.commands) + "prepare", "commit", ""]).encode()
        with self._lock:
            complaint = self._exchange(request)
            if complaint == "":  # killed from outside, perhaps after it had moved the refs
                if all(self.get(name) == new for name, new in transaction.wanted.items()):
                    return
                complaint = self._exchange(request)
        if complaint is not None:
            raise _refusal(complaint, transaction)

    def _exchange(self, request: bytes) -> str | None:
        """None if the refs were moved, else what git said before it ended."""
        process = self._resident()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(request)
            process.stdin.flush()
            if all(process.stdout.readline() for _ in ("start: ok", "prepare: ok", "commit: ok")):
                return None
        except BrokenPipeError:
            pass
        process.wait()
        assert self._complaints
        self._complaints.seek(0)
        complaint = self._complaints.read().decode(errors="replace").strip()
        self._end()
        self._process = None
        return complaint

    def _resident(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (ends with the process)
            self._process = self._git.start(
                *_PATIENCE, "update-ref", "--stdin", "-z", stderr=self._complaints.fileno()
            )
            self._end = weakref.finalize(self, _end, self._process, self._complaints)
        return self._process


def _text(path: Path) -> str:
    """The one line of a file in the git folder; none if it is gone, as when a worktree is being removed."""
    with suppress(FileNotFoundError):
        return os.fsdecode(path.read_bytes()).strip()
    return ""


def _end(process: subprocess.Popen[bytes], complaints: IO[bytes]) -> None:
    for stream in (process.stdin, process.stdout, complaints):
        with suppress(BrokenPipeError):
            if stream:
                stream.close()
    process.wait()


def _refusal(complaint: str, transaction: Transaction) -> KapsoError:
    names = ", ".join(f"`{name}`" for name in transaction.wanted)
    if _CONFLICT.search(complaint):
        said = complaint.splitlines()[0].removeprefix("fatal: ").removeprefix("prepare: ")
        return RefConflict(f"{names} moved meanwhile: {said}", slug="ref-conflict")
    if match := _IN_THE_WAY.search(complaint):
        return RepositoryError(
            f"`{match[1]}` stands where Kapso keeps `{match[2]}`",
            help=f"rename it: `git branch -m {match[1].removeprefix('refs/heads/')} NEW`",
            slug="ref-in-the-way",
        )
    if match := _LOCKED.search(complaint):
        return MachineError(
            f"{names} cannot be moved: `{match[1]}` exists",
            help="wait for the git that holds it; if none is running, remove that file",
            slug="ref-locked",
        )
    return failure(f"moving {names}", complaint)
