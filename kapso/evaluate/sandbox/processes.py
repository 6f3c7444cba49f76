"""Looks at a tree of processes from outside: how many, how much memory, how much processor time.

Numbers come from /proc; where there is none (macOS) from `ps`, at a cost of some milliseconds a look.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from kapso.errors import MachineError

_PR_SET_CHILD_SUBREAPER = 36
STEPS_AHEAD = 10
_PROC = "/proc"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def keeps_orphans() -> bool:
    """Whether a process whose parent is dead can still be told to belong to a command."""
    return sys.platform == "linux" and _has_proc()


@cache
def become_subreaper() -> None:
    """Makes orphans of commands children of this process, so that `wait4` tells what they used."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise MachineError(f"prctl(PR_SET_CHILD_SUBREAPER) failed: {os.strerror(ctypes.get_errno())}")


@contextlib.contextmanager
def ahead_of_others() -> Iterator[None]:
    """Lets this thread run before a thousand busy processes do, where that is allowed (to root).

    A fork bomb would else keep it from ever looking. What is started meanwhile has to step back itself.
    """
    if os.geteuid() != 0 or sys.platform != "linux":
        yield
        return
    thread = threading.get_native_id()
    before = os.getpriority(os.PRIO_PROCESS, thread)
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, before - STEPS_AHEAD)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, before)


@dataclass(frozen=True)
class Process:
    """One process at one moment. `started` tells it from a later one with the same id."""

    pid: int
    parent: int
    started: int
    cpu_seconds: float
    rss_bytes: int
    threads: int = 1


class TreeMeter:
    """Measures everything below `root`. Sums grow with every look; `pids` are those of the last one."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.peak_rss_bytes = 0
        self.peak_threads = 0
        self.pids: list[int] = []
        self.seen: dict[tuple[int, int], float] = {}

    @property
    def cpu_seconds(self) -> float:
        return sum(self.seen.values())

    def look(self, enough: int) -> tuple[int, int]:
        """(processes, bytes resident) right now; stops counting once there are more than `enough`."""
        count = rss = threads = 0
        self.pids = []
        for process in descendants(self.root):
            count += 1
            rss += process.rss_bytes
            threads += process.threads
            self.pids.append(process.pid)
            self.seen[process.pid, process.started] = process.cpu_seconds
            if count > enough:
                break
        self.peak_rss_bytes = max(self.peak_rss_bytes, rss)
        self.peak_threads = max(self.peak_threads, threads)
        return count, rss


def descendants(root: int) -> Iterator[Process]:
    """Every process below `root`, parents first, `root` itself not included."""
    children, look = _family()
    waiting, known = [root], {root}
    while waiting:
        for pid in children(waiting.pop()):
            if pid in known:
                continue
            known.add(pid)
            process = look(pid)
            if process is not None:
                waiting.append(pid)
                yield process


def own_bytes(pids: Iterable[int]) -> int:
    """Bytes resident, pages that several processes share counted once: exact, and slow (smaps).

    A sum of RSS counts what a forked worker has not touched once more for every worker.
    """
    total = 0
    for pid in pids:
        try:
            with open(f"{_PROC}/{pid}/smaps_rollup", "rb", buffering=0) as file:
                text = file.read()
        except OSError:
            process = _process(pid)
            total += process.rss_bytes if process else 0
            continue
        _, found, rest = text.partition(b"\nPss:")
        total += int(rest.split(maxsplit=1)[0]) * 1024 if found else 0
    return total


def held_bytes(pids: Iterable[int]) -> tuple[int, int]:
    """(bytes on disk, bytes in memory) of files that have no name any more but are still open."""
    sizes: dict[tuple[int, int], tuple[int, bool]] = {}
    for pid in pids:
        try:
            for number in os.listdir(f"{_PROC}/{pid}/fd"):
                path = f"{_PROC}/{pid}/fd/{number}"
                found = os.stat(path)
                if found.st_nlink == 0 and stat.S_ISREG(found.st_mode):
                    is_memory = os.readlink(path).startswith("/memfd:")
                    sizes[found.st_dev, found.st_ino] = (found.st_blocks * 512, is_memory)
        except OSError:
            continue
    in_memory = sum(size for size, is_memory in sizes.values() if is_memory)
    return sum(size for size, _ in sizes.values()) - in_memory, in_memory


def left_cpu_seconds(records: bytes) -> float:
    """Processor time of processes, and of those they waited for: `/proc/*/stat`, a zero byte after each."""
    ticks = 0
    for text in records.split(b"\0"):
        fields = text.rpartition(b")")[2].split()
        ticks += sum(int(field) for field in fields[11:15] if field.isdigit())
    return ticks / _TICKS_PER_SECOND


def oom_kills() -> int:
    """How many processes the kernel has ended for want of memory since it started."""
    try:
        with open(f"{_PROC}/vmstat", "rb", buffering=0) as file:
            text = file.read(1 << 16)
    except OSError:
        return 0
    _, found, rest = text.partition(b"\noom_kill ")
    return int(rest.split(maxsplit=1)[0]) if found else 0


def end_below(root: int) -> None:
    """Kills everything below `root`. All is stopped first: what stands still cannot fork meanwhile."""
    stopped: set[int] = set()
    while found := {process.pid for process in descendants(root)} - stopped:
        for pid in found:
            _send(pid, signal.SIGSTOP)
        stopped |= found
    for pid in stopped:
        _send(pid, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _family() -> tuple[Callable[[int], list[int]], Callable[[int], Process | None]]:
    """Who the children of a process are, and how one is doing, by the cheapest way that this machine has."""
    if os.path.exists(f"{_PROC}/self/task/{os.getpid()}/children"):
        return _children_from_kernel, _process
    found = {process.pid: process for process in all_processes()}
    by_parent: dict[int, list[int]] = {}
    for process in found.values():
        by_parent.setdefault(process.parent, []).append(process.pid)
    return lambda pid: by_parent.get(pid, []), found.get


def _has_proc() -> bool:
    return os.path.isdir(f"{_PROC}/self")


def _children_from_kernel(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in os.listdir(f"{_PROC}/{pid}/task"):
            with open(f"{_PROC}/{pid}/task/{task}/children", "rb", buffering=0) as file:
                found += map(int, file.read().split())
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


def all_processes() -> Iterator[Process]:
    if not _has_proc():
        yield from _processes_from_ps("-A")
        return
    for name in os.listdir(_PROC):
        if name.isdigit() and (process := _process(int(name))):
            yield process


def _process(pid: int) -> Process | None:
    try:
        with open(f"{_PROC}/{pid}/stat", "rb", buffering=0) as file:
            text = file.read()
    except (ProcessLookupError, FileNotFoundError):
        if _has_proc():
            return None
        return next(_processes_from_ps("-p", str(pid)), None)
    # The name in brackets may hold spaces and brackets itself, so count from the last one.
    fields = text[text.rindex(b")") + 2 :].split()
    return Process(
        pid=pid,
        parent=int(fields[1]),
        started=int(fields[19]),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND,
        rss_bytes=int(fields[21]) * _PAGE_BYTES,
        threads=int(fields[17]),
    )


def _processes_from_ps(*which: str) -> Iterator[Process]:
    command = ["ps", *which, "-o", "pid=,ppid=,rss=,time="]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for line in listing.splitlines():
        pid, parent, rss_kb, time = line.split()
        yield Process(int(pid), int(parent), 0, _seconds(time), int(rss_kb) * 1024)


def _seconds(clock: str) -> float:
    """`[dd-]hh:mm:ss.cc` in seconds."""
    days, _, rest = clock.rpartition("-")
    total = 0.0
    for part in rest.split(":"):
        total = total * 60 + float(part)
    return total + 86_400 * int(days or 0)
