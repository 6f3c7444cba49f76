"""`kapso` in a process of its own that need not import it: one that has done so forks for every call.

Imports are most of what a short run takes. All else is as if it were started afresh: arguments, folder,
environment, standard streams, exit code. What only a fresh start shows (what is imported and when, hash
seeds, `/proc/*/environ`, signals) is for tests that start one.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
PATHS = os.pathsep.join(str(ROOT / name) for name in ("", "knowledge", "tui"))
AT_START = ("PYTHON", "LC_", "LANG", "LD_", "TZ", "OPENBLAS_", "OMP_")
"""A process has these from its start."""
LARGEST = 1 << 17


class Starter:
    """Starts the process that forks, which ends with this one."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {**os.environ, "PYTHONPATH": PATHS}
        self.at_start = at_start(environment)
        with theirs:
            command = [sys.executable, str(Path(__file__)), str(theirs.fileno())]
            self.process = subprocess.Popen(
                command,
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,  # so that Python makes its streams for pipes, which they will be
                stderr=subprocess.PIPE,
            )

    def run(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        told = {"arguments": list(arguments), "folder": str(folder), "environment": dict(environment)}
        pipes = [os.pipe() for _ in range(3)]
        try:
            request = json.dumps(told).encode()
            assert len(request) < LARGEST
            socket.send_fds(self._socket, [request], [theirs for _, theirs in pipes])
        finally:
            for _, theirs in pipes:
                os.close(theirs)
        out, err, status = read_all([ours for ours, _ in pipes], timeout)
        assert len(status.split()) == 2, f"the process that forks has ended: {self.process.poll()}"
        return subprocess.CompletedProcess(
            ["kapso", *arguments], int(status.split()[1]), universal(out), universal(err)
        )

    def close(self) -> None:
        self._socket.close()
        self.process.communicate()


def universal(data: bytes) -> str:
    return data.decode().replace("\r\n", "\n").replace("\r", "\n")


def read_all(pipes: Sequence[int], timeout: float) -> list[bytes]:
    """All that comes out of them; the last tells whom to kill when that takes too long."""
    found = {pipe: b"" for pipe in pipes}
    end = time.monotonic() + timeout
    with selectors.DefaultSelector() as waiting:
        for pipe in pipes:
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select(max(0.0, end - time.monotonic())):
                data = os.read(key.fd, 1 << 16)
                found[key.fd] += data
                if not data:
                    waiting.unregister(key.fd)
                    os.close(key.fd)
            if time.monotonic() > end:
                os.kill(int(found[pipes[-1]].split()[0]), signal.SIGKILL)
                raise subprocess.TimeoutExpired("kapso", timeout, *(found[pipe] for pipe in pipes[:2]))
    return list(found.values())


def at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(AT_START)}


_starter: list[Starter] = []


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """`kapso` with these arguments in `folder`; its output, and its exit code as `subprocess` has it."""
    environment = environment or {**os.environ, "PYTHONPATH": PATHS}
    if not _starter:
        _starter.append(Starter())
        atexit.register(_starter[0].close)
    if at_start(environment) == _starter[0].at_start:
        return _starter[0].run(arguments, folder, environment, timeout)
    return run_fresh(arguments, folder, environment, timeout)


def run_fresh(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """The same in a Python of its own."""
    command = [sys.executable, "-m", "kapso", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout
    )


def serve(requests: socket.socket) -> None:
    """Forks for each request, until no more can come."""
    load()
    while True:
        told, streams, _, _ = socket.recv_fds(requests, LARGEST, 3)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not told:
            return
        if not os.fork():
            requests.close()
            if child := os.fork():
                report(child, streams)
            os.close(streams.pop())
            become(json.loads(told), *streams)
        for stream in streams:
            os.close(stream)


def load() -> None:
    """Imports what commands import."""
    for package in ("kapso", "kapso_knowledge"):
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            importlib.import_module(module.name)
    for name in ("duckdb", "langgraph.graph", "langsmith.run_helpers", "numpy", "pygit2"):
        importlib.import_module(name)


def report(child: int, streams: Sequence[int]) -> NoReturn:
    """Who works on the request, and how that ended."""
    out, err, status = streams
    os.close(out)
    os.close(err)
    os.write(status, b"%d " % child)
    _, how = os.waitpid(child, 0)
    os.write(status, b"%d" % os.waitstatus_to_exitcode(how))
    os._exit(0)


def become(told: Mapping[str, Any], out: int, err: int) -> NoReturn:
    """Is `kapso` with these streams, in that folder and environment, with those arguments."""
    from kapso.cli import main

    for theirs, mine in ((out, 1), (err, 2)):
        os.dup2(theirs, mine)
        os.close(theirs)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv[:] = [str(ROOT / "kapso/__main__.py"), *told["arguments"]]
    code = 1
    try:
        main()
    except SystemExit as exit:
        assert isinstance(exit.code, int)
        code = exit.code
    except BaseException:
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)  # to take down all that was imported would take as long as the command


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of tests
    serve(socket.socket(fileno=int(sys.argv[1])))
