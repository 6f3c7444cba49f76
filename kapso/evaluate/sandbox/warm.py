"""Warm starts at level bubblewrap: commands that are forked from an interpreter which has loaded already.

A bubblewrap of its own, in which no candidate ever runs, holds the interpreter; `forked` is what runs there.
Its children see, may write and may use what a command started by bwrap does. What cannot be had in this way
is started by bwrap: here that is always None and never an error.
"""

from __future__ import annotations

import array
import contextlib
import marshal
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kapso.errors import MachineError
from kapso.evaluate.sandbox.bubblewrap import END_S, OOM_SCORE, limits, pack
from kapso.evaluate.sandbox.processes import STEPS_AHEAD, become_subreaper
from kapso.evaluate.sandbox.watch import Usage

FORKED = Path(__file__).with_name("forked.py")
_ANSWERS_WITHIN_S = 10.0
_LEAVES_WITHIN_S = 2.0
_SAYS_WITHIN_S = 5.0
_MARSHAL_VERSION = 2
"""Every Python 3 reads it."""


class NoWarmStart(Exception):  # noqa: N818 - no error: bwrap starts the command
    """A command or a machine for which there are no warm starts."""


class Lost(MachineError):
    """The interpreter has died, and the command with it: it can be run anew, and bwrap will start it."""


@dataclass(frozen=True)
class Source:
    """What an interpreter is started with: bwrap's `arguments`, its environment, what its commands run."""

    program: str
    arguments: bytes
    env: tuple[tuple[str, str], ...]
    python: str
    text: str


@dataclass(frozen=True)
class Wanted:
    """One command, as `forked` is told of it: what is to be mounted and sealed, and what runs where.

    What is mounted is named from `top`, a folder that is covered by then; `proc` shows all processes. `env`
    is what the interpreter's own environment lacks.
    """

    mounts: Sequence[Sequence[Any]]
    seals: Sequence[Sequence[Any]]
    top: str
    proc: str
    folder: str
    env: Mapping[str, str]
    arguments: Sequence[str]

    def packed(self, processes: int) -> bytes:
        """For a command that is not meant to be more than so many processes."""
        told: dict[str, Any] = {**vars(self), "oom": OOM_SCORE, "limits": limits(processes)}
        told |= {"env": dict(self.env), "arguments": list(self.arguments)}
        told["mounts"] = [list(each) for each in self.mounts]
        told["seals"] = [list(each) for each in self.seals]
        return marshal.dumps(told, _MARSHAL_VERSION)


class Warm:
    """Keeps the interpreter of one source; thread-safe. After a failure there are no warm starts any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[Source, _Kept] | None = None
        self._is_off = self._has_worked = False

    def start(self, source: Source, wanted: Wanted, processes: int) -> Forked | None:
        """The command, ready to begin; None where bwrap has to start it."""
        try:
            with self._lock:
                kept = self._keep(source)
            if kept is None:
                return None
            started = kept.start(wanted, processes)
        except (OSError, NoWarmStart):
            self._is_off = True
            if not self._has_worked:
                self.close()  # bwrap may need what little the machine allows of namespaces
            return None
        self._has_worked = True
        return started

    def _keep(self, source: Source) -> _Kept | None:
        """The interpreter of `source`: the first source that is asked for is kept, no other one is."""
        if self._is_off:
            return None
        if self._kept is None:
            self._kept = source, _Kept(source)
        return self._kept[1] if self._kept[0] == source else None

    def close(self) -> None:
        """End the interpreter and all that it has started."""
        with self._lock:
            self._is_off = True
            if self._kept is not None:
                self._kept[1].close()


class _Kept:
    """An interpreter in its bubblewrap, in the care of a thread: bwrap dies with the one that started it."""

    def __init__(self, source: Source) -> None:
        become_subreaper()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._started = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        threading.Thread(target=self._keep, args=(source, theirs), name="kapso-warm", daemon=True).start()
        self._started.wait()

    def _keep(self, source: Source, theirs: socket.socket) -> None:
        given = os.memfd_create("bwrap")
        try:
            settings = [item for pair in source.env for item in ("--setenv", *pair)]
            os.write(given, source.arguments + pack(["--clearenv", *settings]))
            os.lseek(given, 0, os.SEEK_SET)
            text = FORKED.read_text(encoding="utf-8")
            command = [source.python, "-c", text, str(theirs.fileno()), source.text]
            self._process = subprocess.Popen(
                [source.program, "--args", str(given), *command],
                env={name: value for name, value in source.env if name == "KAPSO_RUN"},  # for `end_strays`
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(given, theirs.fileno()),
            )
        except OSError:
            return
        finally:
            os.close(given)
            theirs.close()
            self._started.set()
        self._process.wait()

    def start(self, wanted: Wanted, processes: int) -> Forked:
        """Raises OSError or NoWarmStart where nothing of the command has run."""
        with contextlib.ExitStack() as said, contextlib.ExitStack() as theirs:
            stdout, their_stdout = _pipe(theirs)
            stderr, their_stderr = _pipe(theirs)
            status, their_status = _pipe(said)
            begun, far = socket.socketpair()
            theirs.callback(far.close)
            ours = Forked(self._control, stdout, stderr, status, begun)
            files = array.array("i", [their_stdout, their_stderr, their_status, far.fileno()])
            try:
                self._control.sendmsg(
                    [wanted.packed(processes)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)]
                )
                theirs.close()
                ours.wait_until_ready()
                os.write(their_status, b'{"child-pid": %d}\n' % ours.pid)
            except BaseException:
                ours.close()
                raise
        return ours

    def close(self) -> None:
        self._control.close()
        if self._process is not None:
            try:
                self._process.wait(_LEAVES_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._process.kill()


def _pipe(theirs: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe whose writing end is closed here once it has been handed on."""
    ends = os.pipe()
    theirs.callback(os.close, ends[1])
    return ends


class Forked:
    """A command that was forked; see `watch.Started`. `forked` accounts for it and tells on `status`."""

    scratch: tuple[Path, ...] = ()
    own_processes = 0

    def __init__(
        self, control: socket.socket, stdout: int, stderr: int, status: int, begun: socket.socket
    ) -> None:
        self._control = control
        self.stdout, self.stderr, self.status, self._told = stdout, stderr, status, begun
        self.begun = begun.fileno()
        self._root: int | None = None
        self._root_file: int | None = None

    def wait_until_ready(self) -> None:
        """Until it hears that it may begin; NoWarmStart where it never will."""
        self._told.settimeout(_ANSWERS_WITHIN_S)
        said, ancillary, _, _ = self._told.recvmsg(1, socket.CMSG_SPACE(4))
        for _, _, data in ancillary:
            self._root_file = int(array.array("i", data)[0])
        if said == b"p" and self._root_file is not None:
            said = self._told.recv(1)
        if said != b"r" or self._root_file is None:
            raise NoWarmStart((said + self._told.recv(1000)).decode(errors="replace"))
        self._root = _pid_of(self._root_file)

    def attach(self, message: dict[str, Any]) -> None:
        """It is known already."""

    @property
    def pid(self) -> int:
        """Of process 1 of the command's namespaces, as it is called here."""
        assert self._root is not None
        return self._root

    def on_begun(self) -> None:
        """Puts process 1 before the thousands that may come, where it may (see `kill`), and lets go."""
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.pid, -STEPS_AHEAD)
        with contextlib.suppress(OSError):
            os.write(self.begun, b"go\n")

    def kill(self) -> None:
        """Ends everything: see `bubblewrap.Inside.kill`."""
        if self._root_file is None or _wait_for(self._root_file, 0):
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            signal.pidfd_send_signal(self._root_file, signal.SIGKILL)

    def reap(self) -> Usage:
        """Waits until all has ended; what was used is told on `status`. Raises Lost."""
        if self._root_file is not None and not _wait_for(self._root_file, END_S):
            raise MachineError("a process of the sandbox cannot be ended; is a file system hanging?")
        _wait_for(self.status, _SAYS_WITHIN_S)
        if self._control.fileno() < 0 or _wait_for(self._control.fileno(), 0):
            raise Lost("what Python functions are started from was killed", slug="sandbox")
        return Usage(0.0, 0)

    def close(self) -> None:
        self._told.close()
        for file in (self.stdout, self.stderr, self.status, self._root_file):
            if file is not None:
                os.close(file)


def _pid_of(pidfd: int) -> int:
    """The process that a file stands for, as it is called in this namespace."""
    with open(f"/proc/self/fdinfo/{pidfd}", "rb", buffering=0) as file:
        found = next(line for line in file.read().split(b"\n") if line.startswith(b"Pid:"))
    if (pid := int(found.split()[1])) <= 0:
        raise NoWarmStart("it has ended")
    return pid


def _wait_for(file: int, within_s: float) -> bool:
    """Whether there is something to read, or never will be."""
    waiting = select.poll()
    waiting.register(file, select.POLLIN)
    return bool(waiting.poll(within_s * 1000))


# What bwrap is told, for `forked`


def steps_of(arguments: Sequence[str], named: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    """bwrap's `arguments` as steps of `forked`; `named` says by which names it knows folders of the host.

    Raises NoWarmStart where it knows no way.
    """
    words = iter(arguments)
    size, mode, lower = "", "755", []
    for word in words:
        if word == "--size":
            size = next(words)
        elif word == "--perms":
            mode = next(words)
        elif word == "--tmpfs":
            yield "tmpfs", next(words), size, mode
            mode = "755"
        elif word == "--dir":
            yield "folder", next(words), 0o755
        elif word == "--remount-ro":
            yield "read-only", next(words)
        elif word in ("--bind", "--ro-bind"):
            source, target = next(words), next(words)
            yield "bind", _name_of(source, named), target
            if word == "--ro-bind":
                yield "read-only", target
        elif word == "--symlink":
            yield "link", next(words), next(words)
        elif word == "--overlay-src":
            lower.append(_name_of(next(words), named))
        elif word == "--overlay":
            upper, work = _name_of(next(words), named), _name_of(next(words), named)
            target = next(words)
            yield "folder", target, 0o700
            yield "overlay", target, lower, upper, work
            lower = []
        else:
            raise NoWarmStart(f"`{word}`")


def _name_of(path: str, named: Mapping[str, str]) -> str:
    for folder, name in named.items():
        if path == folder or path.startswith(f"{folder}/"):
            return name + path[len(folder) :]
    raise NoWarmStart(f"`{path}` is not known there")
