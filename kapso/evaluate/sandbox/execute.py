"""One command from start to end, at whichever level: the only way in which anything is run."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from kapso.errors import MachineError
from kapso.evaluate.sandbox.job import CommandResult, Job
from kapso.evaluate.sandbox.place import Place
from kapso.evaluate.sandbox.processes import ahead_of_others
from kapso.evaluate.sandbox.trees import size_of
from kapso.evaluate.sandbox.watch import Disk, Started, watch


class Level(Protocol):
    """A way to start commands, and what it cannot keep out."""

    @property
    def level(self) -> str: ...
    @property
    def lost(self) -> Sequence[str]: ...
    def start(self, job: Job, place: Place) -> Started: ...


def execute(level: Level, job: Job, place: Place, cancel: threading.Event) -> CommandResult:
    """Runs `job` in `place`. MachineError means that the machine or Kapso failed, not the command."""
    if cancel.is_set():
        return CommandResult(None, "cancel", 0.0, 0.0, 0, b"", b"")
    outputs = [folder for folder in (job.out if job.out_writable else None, job.result) if folder]
    had_bytes = place.had_bytes + sum(size_of(folder) for folder in outputs)
    disk = Disk((*place.writes, *outputs), job.limits.disk_bytes + had_bytes, space=place.folder)
    with ahead_of_others():
        try:
            started = level.start(job, place)
        except OSError as error:
            raise MachineError(f"cannot start `{job.words}`: {error}", slug="sandbox") from error
        return watch(started, job, disk, cancel)
