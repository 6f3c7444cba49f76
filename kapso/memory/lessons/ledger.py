"""Lessons in git: `refs/kapso/memory`, each state a commit whose tree holds `lessons.jsonl`.

Lines are joined with what stands, whoever wrote it meanwhile, so nothing that was learnt is lost. A line that
this version cannot read is kept as it is and told to nobody. Where that file has grown large, a run that is
under way commits what it saw to a file of its own, `runs/<run>.jsonl`, at a cost that does not grow with what
others saw; whoever writes the whole next joins it, as joining twice changes nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kapso.git import landing
from kapso.git.layout import MEMORY
from kapso.git.ledger import change_files
from kapso.git.trees import FOLDER, SUBMODULE
from kapso.memory.lessons.guard import taken
from kapso.memory.lessons.lesson import Line, Mark
from kapso.memory.lessons.marks import moment
from kapso.memory.lessons.merge import merged
from kapso.memory.lessons.wire import LONGEST_LINE, from_text, key_of, to_text

if TYPE_CHECKING:
    from kapso.git.repository import Repository

FILE = "lessons.jsonl"
FORGOTTEN = "forgotten"
"""The keys of lines that were dropped for good: what others say of them is not taken again."""
_RUNS = "runs/"
_LARGE = 1 << 18
"""Bytes of that file from which on runs keep files of their own (5 ms to write)."""
_QUARANTINED = b'"status": "quarantined", "subject": {'
"""In a line that was written here; within a text its quotes would be escaped."""
_LOG = logging.getLogger(__name__)


class Ledger:
    """The lessons of a repository. Not for several threads at once."""

    def __init__(self, repository: Repository, ref: str = MEMORY) -> None:
        self._repository = repository
        self._ref = ref
        self._at: str | None = None
        self._texts: dict[str, bytes] = {}
        self._of_run: dict[str, bytes] = {}
        self._whole = ("", 0)
        """The blob of the whole and its size."""

    @property
    def commit(self) -> str | None:
        """Where the ref stands."""
        return self._repository.refs.get(self._ref)

    def lines(self) -> dict[str, Line]:
        """All lines that can be read, by key."""
        commit = self.commit
        return {} if commit is None else parse_lines(_raw_texts(self._repository, commit))

    def lines_for(self, run: str, most: int) -> dict[str, Line]:
        """The lines that `run` begins with: all but those in quarantine, and of these so many, by lot, as
        others can write any number and each costs a millisecond to judge."""
        waiting: list[tuple[str, bytes]] = []
        texts: list[bytes] = []
        commit = self.commit
        for text in _raw_texts(self._repository, commit) if commit else ():
            if _QUARANTINED in text:
                waiting.append((hashlib.sha256(f"{run}:{key_of(text)}".encode()).hexdigest(), text))
            else:
                texts.append(text)
        return parse_lines([*texts, *(text for _, text in sorted(waiting)[:most])])

    def quarantined(self) -> list[str]:
        """The keys of the lines that are in quarantine, as of when they were written."""
        return [key for key, text in self._read(self.commit).items() if _QUARANTINED in text]

    def forget(self, keys: Collection[str], subject: str) -> int:
        """Drop these lines for good; how many there were. What is seen here again is learnt again."""
        gone: set[str] = set()

        def change(standing: str | None) -> Mapping[str, bytes | None]:
            texts = self._read(standing)
            gone.update(texts.keys() & set(keys))
            kept = {key: text for key, text in texts.items() if key not in gone}
            forgotten = sorted({*_forgotten(self._repository, standing), *gone})
            apart = _files_of_runs(self._repository, standing)
            file = "".join(f"{key}\n" for key in forgotten).encode()
            return {FILE: content_of(kept), FORGOTTEN: file, **dict.fromkeys(apart)}

        if keys and self.commit is not None:
            with self._alone():
                change_files(self._repository, self._ref, change, subject)
        return len(gone)

    def put(
        self, lines: Mapping[str, Line], subject: str = "Lessons", also: Sequence[str] = ()
    ) -> str | None:
        """Join `lines` with what stands and commit it; returns the ref's commit, None while there is none.

        `also` are commits that the lines came from.
        """
        if not lines and not _files_of_runs(self._repository, self.commit):
            return self.commit
        after: dict[str, bytes] = {}

        def change(standing: str | None) -> Mapping[str, bytes | None]:
            nonlocal after
            after = joined(self._read(standing), lines)
            apart = _files_of_runs(self._repository, standing)
            return {FILE: content_of(after), **dict.fromkeys(apart)}

        with self._alone():
            commit = change_files(self._repository, self._ref, change, subject, also)
        self._at, self._texts = commit, after
        return commit

    def keep(self, run: str, lines: Mapping[str, Line]) -> str | None:
        """Commit what `run` saw so far, `lines` being what changed since this was last asked: by itself where
        the whole is large."""
        self._of_run |= {key: to_text(line) for key, line in lines.items()}
        if not self._of_run or not self._is_large():
            self._of_run = {}
            return self.put(lines)
        file = {f"{_RUNS}{run}.jsonl": content_of(dict(sorted(self._of_run.items())))}
        with self._alone():
            return change_files(self._repository, self._ref, lambda _: file, f"Lessons of {run}")

    def _is_large(self) -> bool:
        commit = self.commit
        entry = None if commit is None else self._repository.entry(commit, FILE)
        if entry is not None and entry.oid != self._whole[0]:
            self._whole = entry.oid, len(self._repository.objects.read(entry.oid, FILE))
        return entry is not None and self._whole[1] >= _LARGE

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other Kapso moves the ref meanwhile, so that a lock on it is what a kill left behind."""
        with open(self._repository.state_dir / "memory.lock", "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            landing.remove_stale_lock(self._repository, self._ref)
            yield

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
        forgotten = _forgotten(self._repository, self.commit) - standing.keys()
        lines = {key: line for key, line in lines.items() if key not in forgotten}
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
    found: dict[str, bytes] = {}
    for text in _raw_texts(repository, commit):
        if (key := key_of(text)) is None:
            continue
        found[key] = (
            text if key not in found else joined({key: found[key]}, parse_lines([text])).get(key, text)
        )
    return found


def _raw_texts(repository: Repository, commit: str) -> Iterator[bytes]:
    """The lines of all files."""
    for path in (FILE, *_files_of_runs(repository, commit)):
        yield from _content(repository, commit, path).split(b"\n")


def _content(repository: Repository, commit: str, path: str) -> bytes:
    entry = repository.entry(commit, path)
    is_file = entry is not None and entry.mode not in (FOLDER, SUBMODULE)
    return repository.objects.read(entry.oid, path) if entry is not None and is_file else b""


def _forgotten(repository: Repository, commit: str | None) -> set[str]:
    content = b"" if commit is None else _content(repository, commit, FORGOTTEN)
    return set(content.decode("ascii", "ignore").split())


def _files_of_runs(repository: Repository, commit: str | None) -> list[str]:
    """The files of runs that nobody joined with the whole yet."""
    if commit is None or repository.entry(commit, _RUNS.rstrip("/")) is None:
        return []
    return sorted(path for path in repository.entries(commit) if path.startswith(_RUNS))


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
        standing, readable = from_text(texts[key]) if key in texts else None, from_text(to_text(line))
        whole = readable if standing is None or readable is None else merged(standing, readable)
        text = b"" if whole is None or whole == standing else to_text(whole, derived(whole))
        if whole is None or len(text) > LONGEST_LINE:
            _LOG.warning("lesson %s says what cannot be kept", line.subject.id)
        elif text:
            found[key] = text
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
