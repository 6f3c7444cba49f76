"""Ends what a killed engine may have left behind.

An engine that is killed while bwrap makes a namespace may leave a process 1 that waits for ever for what its
dead parent was about to tell it. Nothing of a candidate runs in it. Whoever takes the run over ends it.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def end_strays(run: str) -> list[int]:
    """End every process of `run` that lives in another namespace; call it with the run's lock held.

    Returns the ids of the ended processes. What merely carries `KAPSO_RUN` in this namespace, such as a
    shell in which somebody debugs a command, is left alone.
    """
    own = _namespace("self")
    mark = f"KAPSO_RUN={run}".encode()
    ended = []
    for folder in Path("/proc").glob("[0-9]*") if own else ():
        with contextlib.suppress(OSError):
            is_ours = mark in (folder / "environ").read_bytes().split(b"\0")
            if is_ours and _namespace(folder.name) not in (None, own):
                os.kill(int(folder.name), signal.SIGKILL)
                ended.append(int(folder.name))
    return ended


def _namespace(pid: str) -> str | None:
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return None
