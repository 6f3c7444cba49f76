"""Cores of the processor: which this process has to itself, and what is started where.

A core that nobody else measures on makes times steadier. Where the system does not let one choose (macOS),
nothing of this has an effect.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Collection, Iterator
from typing import IO

_held: dict[int, IO[bytes]] = {}


def claim_core() -> int | None:
    """A core that no other process has claimed, until this one ends; None where there is none to spare.

    The first one is left to the system, which handles most interrupts there.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    if _held:
        return next(iter(_held))
    for core in sorted(os.sched_getaffinity(0))[:0:-1]:
        path = os.path.join(tempfile.gettempdir(), f"kapso-{os.geteuid()}-core-{core}")
        with contextlib.suppress(OSError):
            file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600), "wb")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            _held[core] = file
            return core
    return None


@contextlib.contextmanager
def on_core(core: int | None) -> Iterator[None]:
    """What this thread starts meanwhile runs on `core` alone."""
    with _on([] if core is None else [core]):
        yield


@contextlib.contextmanager
def off_core(core: int | None) -> Iterator[None]:
    """This thread leaves `core` to others meanwhile."""
    with _on([] if core is None else os.sched_getaffinity(0) - {core}):
        yield


@contextlib.contextmanager
def _on(cores: Collection[int]) -> Iterator[None]:
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    with contextlib.suppress(OSError):  # a container may have taken the core away
        os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, before)
