"""Processes of a harness: started so that none gets lost, their CPU time, and what is left after a kill."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
TICKS = os.sysconf("SC_CLK_TCK")


def adopt_orphans() -> None:
    """Whatever a killed harness leaves behind becomes a child of this process from now on."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("prctl(PR_SET_CHILD_SUBREAPER) failed")


def descendants(pid: int) -> Iterator[int]:
    """Living processes below this one, zombies left out."""
    with contextlib.suppress(OSError):
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, listed.read_text().split()):
                if _fields(child)[:1] not in ([], ["Z"]):
                    yield child
                    yield from descendants(child)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, of what lives below it, and of what it or they have waited for."""
    each = [_fields(one)[11:15] for one in (pid, *descendants(pid))]
    return sum(int(ticks) for fields in each for ticks in fields) / TICKS


def end_all(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.1)
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _fields(pid: int) -> list[str]:
    """Of /proc/PID/stat, from the state on; empty where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
