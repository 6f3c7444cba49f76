"""Hints that the user gives a run: `hints.jsonl` in its folder, and beside its records in git.

The file is what a live run looks at; git is what outlives the folder and travels with the run.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kapso.errors import MachineError
from kapso.git.layout import RunRefs
from kapso.git.ledger import write_records

if TYPE_CHECKING:
    from kapso.git.repository import Repository

NAME = "hints.jsonl"


@dataclass(frozen=True)
class Hint:
    """What the user said, and when (RFC 3339)."""

    time: str
    text: str


class Hints:
    """The hints of one run, oldest first."""

    def __init__(self, repository: Repository, run: str) -> None:
        self._repository = repository
        self._run = run
        self._path = repository.state_dir / "runs" / run / NAME
        self._seen: tuple[int, tuple[Hint, ...]] | None = None

    def all(self) -> tuple[Hint, ...]:
        """All of them, those that came with a pull too. Cheap enough to ask before every attempt."""
        try:
            stamp = os.stat(self._path).st_mtime_ns
        except OSError:
            stamp = 0
        if self._seen is None or self._seen[0] != stamp:
            lines = [*self._in_git(), *(self._path.read_bytes().splitlines() if stamp else ())]
            hints = _parse(dict.fromkeys(lines))
            self._seen = stamp, tuple(sorted(hints, key=lambda hint: hint.time))
        return self._seen[1]

    def add(self, text: str) -> Hint:
        """Give the run a hint: on the disk and in git when this returns."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        hint = Hint(moment, text)
        line = json.dumps(asdict(hint), ensure_ascii=False).encode("utf-8", "backslashreplace")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(0)
                held = file.read()
                cut_off = b"\n" if held and not held.endswith(b"\n") else b""
                file.write(cut_off + line + b"\n")
                file.flush()
                os.fsync(file.fileno())
                lines = dict.fromkeys([*self._in_git(), *held.splitlines(), line])
                write_records(self._repository, self._run, {NAME: b"\n".join(lines) + b"\n"})
        except OSError as error:
            raise MachineError(
                f"`{self._path}` cannot be written: {error.strerror}", slug="state-folder"
            ) from error
        return hint

    def _in_git(self) -> list[bytes]:
        records = self._repository.refs.get(RunRefs(self._run).records)
        try:
            return self._repository.read(records, NAME).splitlines() if records else []
        except FileNotFoundError:
            return []


def _parse(lines: Iterable[bytes]) -> Iterator[Hint]:
    """The lines that can be read; what a kill cut off is none."""
    for line in lines:
        try:
            told = json.loads(line)
            yield Hint(str(told["time"]), str(told["text"]))
        except (ValueError, KeyError, TypeError):
            continue
