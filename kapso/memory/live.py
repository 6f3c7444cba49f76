"""Whether a process is working on a run right now, as its lock and control file tell. Changes neither.

A live run holds an flock on `<state_dir>/runs/<run>/lock`; `control.json` beside it says what it was
last told: running, paused or stopping.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def live_status(state_dir: Path, run: str) -> str | None:
    """`running` or `paused` while a process holds the run, else None."""
    folder = state_dir / "runs" / run
    with _lock(folder / "lock", fcntl.LOCK_SH) as is_free:
        if is_free:
            return None
    try:
        state = json.loads((folder / "control.json").read_text()).get("state")
    except (OSError, ValueError, AttributeError):
        return "running"
    return "paused" if state == "paused" else "running"


@contextmanager
def held(state_dir: Path, run: str) -> Iterator[bool]:
    """Hold a run that nobody works on, so that nobody starts to; yields False when somebody does."""
    with _lock(state_dir / "runs" / run / "lock", fcntl.LOCK_EX) as is_free:
        yield is_free


@contextmanager
def _lock(path: Path, kind: int) -> Iterator[bool]:
    """Yields whether the lock could be had at once; a file that is not there is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        yield True
        return
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
