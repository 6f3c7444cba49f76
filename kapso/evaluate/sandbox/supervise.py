"""Runs one command and ends whatever it left behind. The trusted part of the levels landlock and limits:
`python -I -S` runs this file alone, with nothing but the standard library.

It speaks on one pipe, lines of JSON: its own id, how the command ended, and what everything used. The pipe
on its standard input closes when the engine wants an end or is dead.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import struct
import sys
import time
from collections.abc import Iterator

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP, _FILTER = 22, 2
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION = 0x20080522
_LANDLOCK_RESTRICT_SELF = 446
_INSTRUCTION_BYTES = 8
_PROC = "/proc"


def main() -> None:
    """Arguments: the file to speak on, the command; for walls, the file of a ruleset and a filter in hex."""
    status, command, *walls = int(sys.argv[1]), *sys.argv[2:]
    os.set_inheritable(status, False)
    woken = _wake_on_signals()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    child, gate = _spawn(command, walls)
    _say(status, {"child-pid": os.getpid(), "group": child})
    begun = time.perf_counter()
    os.close(gate)
    exit_code = _wait(child, woken)
    if exit_code is not None:
        _say(status, {"exit-code": exit_code, "seconds": time.perf_counter() - begun})
    _end_all(child)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    _say(status, {"cpu": used.ru_utime + used.ru_stime, "rss": used.ru_maxrss * unit})


def _wake_on_signals() -> int:
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    return woken


def _say(status: int, message: dict[str, object]) -> None:
    try:
        os.write(status, json.dumps(message).encode() + b"\n")
    except OSError:
        pass


def _spawn(command: str, walls: list[str]) -> tuple[int, int]:
    """A child that is ready to become the command, and does so when the file that is returned is closed."""
    told, tell = os.pipe()
    waits, gate = os.pipe()
    child = os.fork()
    if child:
        os.close(tell)
        os.close(waits)
        if not os.read(told, 1):
            sys.exit(1)  # it has said why on stderr
        os.close(told)
        return child, gate
    os.close(gate)
    os.setsid()
    os.setpriority(os.PRIO_PROCESS, 0, max(0, os.getpriority(os.PRIO_PROCESS, 0)))
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    if walls:
        _wall_in(int(walls[0]), bytes.fromhex(walls[1]))
    os.write(tell, b"\n")
    os.read(waits, 1)
    os.execv("/bin/sh", ["/bin/sh", "-c", command])


def _wall_in(ruleset: int, instructions: bytes) -> None:
    """Gives up all privileges and whatever the ruleset and the filter do not let through, for good.

    Root's privileges would not come back with a program either: nothing may gain any from here on.
    """
    os.set_inheritable(ruleset, False)
    libc = ctypes.CDLL(None, use_errno=True)
    held = ctypes.create_string_buffer(instructions)
    program = struct.pack("@HP", len(instructions) // _INSTRUCTION_BYTES, ctypes.addressof(held))
    capability = 0
    while libc.prctl(_PR_CAPBSET_DROP, *map(ctypes.c_ulong, (capability, 0, 0, 0))) == 0:
        capability += 1
    for failed in (
        libc.capset(struct.pack("Ii", _CAPABILITY_VERSION, 0), bytes(24)),
        libc.prctl(_PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))),
        libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0),
        libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_FILTER), program, *map(ctypes.c_ulong, (0, 0))),
    ):
        if failed:
            os.write(2, f"cannot build the walls: {os.strerror(ctypes.get_errno())}\n".encode())
            os._exit(1)


def _wait(child: int, woken: int) -> int | None:
    """The command's exit code; None when the engine wanted an end first."""
    while True:
        ready = select.select([0, woken], [], [])[0]
        if woken in ready and signal.SIGTERM in os.read(woken, 4096):
            return None
        while True:
            pid, status = _reap_one()
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            if pid <= 0:
                break
        if 0 in ready and not os.read(0, 4096):
            return None


def _reap_one() -> tuple[int, int]:
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return -1, 0


def _end_all(child: int) -> None:
    """Kills every descendant. All are stopped first: what stands still cannot fork while it is looked for.

    The command's own group goes before that at a stroke, which a fork bomb cannot outrun.
    """
    while True:
        try:
            os.killpg(child, signal.SIGKILL)
        except OSError:
            pass
        stopped: set[int] = set()
        while found := _descendants() - stopped:
            for pid in found:
                _send(pid, signal.SIGSTOP)
            stopped |= found
        for pid in stopped:
            _send(pid, signal.SIGKILL)
        while (pid := _reap_one()[0]) > 0:
            pass
        if pid < 0 and not _descendants():
            return
        time.sleep(0.001)


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        pass


def _descendants() -> set[int]:
    """Everything below this process that is not dead already."""
    by_parent: dict[int, list[int]] = {}
    for pid, parent in _from_proc() if os.path.isdir(f"{_PROC}/self") else _from_ps():
        by_parent.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        below = by_parent.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


def _from_proc() -> Iterator[tuple[int, int]]:
    """Every process and its parent."""
    for name in filter(str.isdigit, os.listdir(_PROC)):
        try:
            with open(f"{_PROC}/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] != b"Z":
            yield int(name), int(fields[1])


def _from_ps() -> Iterator[tuple[int, int]]:
    """The same where there is no /proc: on macOS."""
    import subprocess

    with subprocess.Popen(["/bin/ps", "-A", "-o", "pid=,ppid=,stat="], stdout=subprocess.PIPE) as ps:
        listing = ps.communicate()[0]
    for line in listing.splitlines():
        pid, parent, state = line.split(maxsplit=2)
        if not state.startswith(b"Z") and int(pid) != ps.pid:
            yield int(pid), int(parent)


if __name__ == "__main__":
    main()
    os._exit(0)  # taking an interpreter down costs as much as starting one
