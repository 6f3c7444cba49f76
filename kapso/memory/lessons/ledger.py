"""Lessons in git: `refs/kapso/memory`, each state a commit whose tree holds `lessons.jsonl`.

Lines are joined with what stands, whoever wrote it meanwhile, so nothing that was learnt is lost. A line that
this version cannot read is kept as it is and told to nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kapso.git.layout import MEMORY
from kapso.git.ledger import change_files
from kapso.git.trees import FOLDER, SUBMODULE
from kapso.memory.lessons.guard import taken
from kapso.memory.lessons.lesson import Line, Mark
from kapso.memory.lessons.marks import moment
from kapso.memory.lessons.merge import merged
from kapso.memory.lessons.wire import from_text, key_of, to_text

if TYPE_CHECKING:
    from kapso.git.repository import Repository

FILE = "lessons.jsonl"
_LOG = logging.getLogger(__name__)


class Ledger:
    """The lessons of a repository. Not for several threads at once."""

    def __init__(self, repository: Repository, ref: str = MEMORY) -> None:
        self._repository = repository
        self._ref = ref
        self._at: str | None = None
        self._texts: dict[str, bytes] = {}

    @property
    def commit(self) -> str | None:
        """Where the ref stands."""
        return self._repository.refs.get(self._ref)

    def lines(self) -> dict[str, Line]:
        """All lines that can be read, by key."""
        return parse_lines(self._read(self.commit).values())

    def put(
        self, lines: Mapping[str, Line], subject: str = "Lessons", also: Sequence[str] = ()
    ) -> str | None:
        """Join `lines` with what stands and commit it; returns the ref's commit, None while there is none.

        `also` are commits that the lines came from.
        """
        if not lines:
            return self.commit
        after: dict[str, bytes] = {}

        def change(standing: str | None) -> Mapping[str, bytes]:
            nonlocal after
            after = joined(self._read(standing), lines)
            return {FILE: content_of(after)}

        commit = change_files(self._repository, self._ref, change, subject, also)
        self._at, self._texts = commit, after
        return commit

    def mark(self, key: str, mark: Mark) -> str | None:
        """Keep what somebody decided about the lesson with this key. KeyError where there is none."""
        line = self.lines()[key]
        title = f"{line.subject.id}: {mark.change}"
        return self.put({key: replace(line, marks=(*line.marks, mark))}, title)

    def take(self, lines: Mapping[str, Line], origin: str, also: Sequence[str] = ()) -> int:
        """Join what came from `origin`, as pulled: in quarantine until sightings of one's own agree.

        Returns how many lessons say more than before. What nobody can judge is left out.
        """
        before = dict(self._read(self.commit))
        standing = parse_lines(before.values())
        found = {
            key: line
            for key, line in taken(standing, lines, origin, moment()).items()
            if derived(merged(standing[key], line) if key in standing else line)
        }
        commit = self.put(found, f"Lessons pulled from {origin}", also)
        after = self._read(commit)
        return sum(text != before.get(key) for key, text in after.items())

    def _read(self, commit: str | None) -> dict[str, bytes]:
        """The texts of all lines by key, as of a commit."""
        if commit is None:
            return {}
        if commit != self._at:
            self._at, self._texts = commit, read_texts(self._repository, commit)
        return self._texts


def read_texts(repository: Repository, commit: str) -> dict[str, bytes]:
    """The texts of all lines of a state of some memory, by the key that each begins with."""
    entry = repository.entry(commit, FILE)
    is_file = entry is not None and entry.mode not in (FOLDER, SUBMODULE)
    content = repository.objects.read(entry.oid, FILE) if entry is not None and is_file else b""
    found: dict[str, bytes] = {}
    for text in content.split(b"\n"):
        if (key := key_of(text)) is None:
            continue
        found[key] = (
            text if key not in found else joined({key: found[key]}, parse_lines([text])).get(key, text)
        )
    return found


def parse_lines(texts: Iterable[bytes]) -> dict[str, Line]:
    """The lines that can be read, by key; of two of one subject what both say."""
    found: dict[str, Line] = {}
    for text in texts:
        line = from_text(text)
        if line is not None:
            key = line.subject.key
            found[key] = merged(found[key], line) if key in found else line
    return found


def joined(texts: Mapping[str, bytes], lines: Mapping[str, Line]) -> dict[str, bytes]:
    """The texts after the lines were joined with them; what says nothing new stays, byte for byte."""
    found = dict(texts)
    for key, line in lines.items():
        assert key == line.subject.key, "a line under another's key"
        standing = from_text(texts[key]) if key in texts else None
        whole = from_text(to_text(line if standing is None else merged(standing, line)))
        if whole is None:
            _LOG.warning("lesson %s says what cannot be kept", line.subject.id)
        elif whole != standing:
            found[key] = to_text(whole, derived(whole))
    return dict(sorted(found.items()))


def content_of(texts: Mapping[str, bytes]) -> bytes:
    """The file of these lines."""
    return b"".join(text + b"\n" for text in texts.values())


def derived(line: Line) -> dict[str, Any]:
    """What follows from a line, for those that read the file; nothing of one that nobody can judge."""
    try:
        from kapso.memory.lessons.judge import judge

        told = judge(line).to_json()
    except Exception as error:  # the line is worth more than what is told beside it
        _LOG.warning("lesson %s could not be judged: %r", line.subject.id, error)
        return {}
    return {name: told[name] for name in _DERIVED}


_DERIVED = ("kind", "statement", "scope", "confidence", "value", "status")
