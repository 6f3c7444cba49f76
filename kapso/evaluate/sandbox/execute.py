"""One command from start to end, at whichever level: the only way in which anything is run."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from kapso.errors import MachineError
from kapso.evaluate.sandbox.cores import off_core, on_core
from kapso.evaluate.sandbox.job import CommandResult, Job
from kapso.evaluate.sandbox.place import Place
from kapso.evaluate.sandbox.processes import ahead_of_others
from kapso.evaluate.sandbox.trees import size_of
from kapso.evaluate.sandbox.watch import Disk, NotStarted, Started, watch

TRIES = 3
"""bwrap reads a list of mounts that the machine may be changing; what never started may start again."""


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
    with ahead_of_others():
        for _ in range(TRIES - 1):
            with contextlib.suppress(NotStarted):
                return _once(level, job, place, outputs, cancel)
        return _once(level, job, place, outputs, cancel)


def _once(
    level: Level, job: Job, place: Place, outputs: Sequence[Path], cancel: threading.Event
) -> CommandResult:
    had_bytes = place.had_bytes + sum(size_of(folder) for folder in outputs)
    try:
        with on_core(job.core):
            started = level.start(job, place)
    except OSError as error:
        raise MachineError(f"cannot start `{job.words}`: {error}", slug="sandbox") from error
    folders = (*place.writes, *outputs, *started.scratch)
    disk = Disk(folders, job.limits.disk_bytes + had_bytes, space=place.folder)
    with off_core(job.core):
        return watch(started, job, disk, cancel)
