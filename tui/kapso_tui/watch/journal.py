"""A run's journal as a reader sees it: what is new since the last look, what it tells of earlier sessions.

Nothing is locked and nothing waits. The file may be cut short, deleted or replaced at any time; that is told.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from kapso.loop.run_folder import TELLING

_SESSION = re.compile(
    rb'^\{"time": "[^"]+", "event": "(?:run\.[a-z]+|%b)"'
    % b"|".join(map(re.escape, map(str.encode, TELLING))),
    re.MULTILINE,
)
_ATTEMPT = re.compile(
    rb'^\{"time": "[^"]+", "event": "attempt\.(started|evaluated)", "run": "[^"]+", "attempt": (\d+)',
    re.MULTILINE,
)
"""Lines as `Journal` writes them: to parse those of 10,000 attempts would take half a second."""
RECENT_BYTES = 1 << 22
"""How far back what is in flight may have begun: some 3,000 attempts ago."""


@dataclass
class Sessions:
    """How long the sessions of a run lasted."""

    before_s: float = 0.0
    """Seconds that sessions took which are over."""
    since: datetime | None = None
    """When the session began that is not over."""
    last: datetime | None = None
    """When something was written last."""

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take an event in, as `Journal.elapsed_s` counts."""
        moment = datetime.fromisoformat(event["time"])
        if event["event"] in ("run.started", "run.resumed"):
            if self.since and self.last:
                self.before_s += (self.last - self.since).total_seconds()
            self.since = moment
        elif event["event"] in TELLING and isinstance(event.get("elapsed"), int | float):
            self.before_s = float(event["elapsed"])
            self.since = None if event["event"] == "run.finished" else moment
        self.last = moment

    def elapsed_s(self, until: datetime | None) -> float:
        """Seconds until now (`until`), or until the last sign of life (None)."""
        end = until or self.last
        return self.before_s + (max((end - self.since).total_seconds(), 0.0) if self.since and end else 0.0)


@dataclass
class Past:
    """What the journal told before."""

    sessions: Sessions = field(default_factory=Sessions)
    begun: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    """`attempt.started` of the attempts whose end it does not tell of."""
    latest: Mapping[str, Any] | None = None
    """The last event of all."""


class JournalReader:
    """Reads `path` from its beginning once, and then what is added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: tuple[int, int] | None = None
        """Device and inode of the file that was read; None where there was none."""
        self._offset = 0
        self.past = Past()
        data = self._bytes()
        if data:
            self.past = _told(data)

    @property
    def is_there(self) -> bool:
        """Whether there was a file at the last look."""
        return self._file is not None

    def new_events(self) -> list[dict[str, Any]] | None:
        """What was written since; None where the file is gone, or no longer the one that was read.

        One that is new, or comes again after that, is read from its beginning.
        """
        try:
            found = os.stat(self._path)
        except OSError:
            is_same, self._file, self._offset = self._file is None, None, 0
            return [] if is_same else None
        if self._file is None:
            return list(_events(self._bytes()))
        if (found.st_dev, found.st_ino) != self._file or found.st_size < self._offset:
            return None
        return list(_events(self._bytes())) if found.st_size > self._offset else []

    def _bytes(self) -> bytes:
        """The whole lines behind what was read; one that is not whole yet is left for the next time."""
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                self._file = (found.st_dev, found.st_ino)
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return b""
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        return whole


def _events(data: bytes) -> Iterator[dict[str, Any]]:
    """Whoever has written something else into the file does not matter."""
    for line in data.splitlines():
        try:
            event = json.loads(line)
            datetime.fromisoformat(event["time"])
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(event.get("event"), str):
            yield event


def _told(data: bytes) -> Past:
    past = Past()
    for match in _SESSION.finditer(data):
        if match.start():
            _note_moment(past.sessions, data, match.start())
        for event in _events(_line(data, match.start())):
            past.sessions.hear(event)
    _note_moment(past.sessions, data, len(data))
    begun: dict[int, int] = {}
    for match in _ATTEMPT.finditer(data, max(len(data) - RECENT_BYTES, 0)):
        if match[1] == b"started":
            begun[int(match[2])] = match.start()
        else:
            begun.pop(int(match[2]), None)
    past.begun = {number: event for number, at in begun.items() for event in _events(_line(data, at))}
    past.latest = next(_events(_line(data, data.rfind(b"\n", 0, len(data) - 1) + 1)), None)
    return past


def _note_moment(sessions: Sessions, data: bytes, end: int) -> None:
    """The line that ends at `end` is the last sign of life before what comes next."""
    for event in _events(_line(data, data.rfind(b"\n", 0, end - 1) + 1)):
        sessions.last = datetime.fromisoformat(event["time"])


def _line(data: bytes, start: int) -> bytes:
    return data[start : data.find(b"\n", start)]
