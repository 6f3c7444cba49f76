"""The user's own lessons, for all repositories: what names no file of any, and only where a goal asks for it.

A file of lines under the XDG data folder. Runs and goals carry their repository's mark there, `run@1f2e3d4c`,
as names repeat; such sightings never enter a repository's own memory, so that none travels with a push.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.memory.lessons.guard import foreign_runs
from kapso.memory.lessons.ledger import FILE, content_of, joined, parse_lines
from kapso.memory.lessons.lesson import About, Line, Sighting, Subject
from kapso.memory.lessons.marks import PIN, RESTORE, RETIRE, UNPIN
from kapso.memory.lessons.wire import key_of

if TYPE_CHECKING:
    from kapso.git.repository import Repository

_AT = "@"
"""No run of a repository has it in its name."""
_DECIDED = (RETIRE, RESTORE, PIN, UNPIN)


class UserMemory:
    """The user's lessons, as they concern one repository."""

    def __init__(self, repository: Repository | None = None, folder: Path | None = None) -> None:
        from kapso.recall.shelves import xdg_folder

        self._folder = folder or xdg_folder("XDG_DATA_HOME", ".local/share")
        self._mark = "" if repository is None else _mark_of(repository)

    @property
    def file(self) -> Path:
        return self._folder / FILE

    def lines(self) -> dict[str, Line]:
        """What other repositories taught, by key; all of it where none was given."""
        found = {}
        for key, line in parse_lines(self._texts().values()).items():
            elsewhere = {r: e for r, e in line.sightings.items() if not self._mark or not self._is_here(r)}
            if elsewhere:
                found[key] = replace(line, sightings=elsewhere)
        return found

    def put(self, lines: Mapping[str, Line]) -> None:
        """Join what was seen in this repository and names no file of it; what was pulled stays out."""
        moved = {key: self._moved(line) for key, line in lines.items() if travels(line.subject)}
        moved = {key: line for key, line in moved.items() if line.sightings}
        if not moved:
            return
        with self._locked():
            texts = self._texts()
            after = joined(texts, moved)
            if after != texts:
                _write(self.file, content_of(after))

    def _moved(self, line: Line) -> Line:
        foreign = foreign_runs(line)
        own = (e for run, e in line.sightings.items() if run not in foreign and _AT not in run)
        sightings = {each.run: each for each in map(self._named, own)}
        marks = tuple(mark for mark in line.marks if mark.change in _DECIDED)
        return Line(line.subject, sightings, marks)

    def _named(self, seen: Sighting) -> Sighting:
        run, goal = (f"{name}{_AT}{self._mark}" for name in (seen.run, seen.goal))
        return replace(seen, run=run, goal=goal, files=(), examples=())

    def _is_here(self, run: str) -> bool:
        return run.endswith(f"{_AT}{self._mark}")

    def _texts(self) -> dict[str, bytes]:
        try:
            content = self.file.read_bytes()
        except FileNotFoundError:
            return {}
        return {key: text for text in content.split(b"\n") if (key := key_of(text)) is not None}

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with open(self._folder / f"{FILE}.lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def travels(subject: Subject) -> bool:
    """Whether a subject may mean something in another repository: kinds of edits, and errors of no place."""
    if subject.about is About.OPERATOR:
        return True
    return subject.about is About.ERROR and not subject.told.get("path")


def _mark_of(repository: Repository) -> str:
    """Eight hex digits that tell this repository from the user's others."""
    path = os.fsencode(repository.common_dir.resolve())
    return hashlib.sha1(path, usedforsecurity=False).hexdigest()[:8]


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    with open(fresh, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
