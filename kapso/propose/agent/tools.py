"""Kapso's own tools for an agent in the sandbox: its MCP client talks through named pipes to a `kapso mcp`
outside, which shows it the run that it works for and the library, and changes nothing.

The sandbox has no way to the user's repository, and needs none: `sh` and `cat` are all it takes.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Self

FOLDER = ".kapso"
"""Below the agent's home folder."""
CONFIG = f"$HOME/{FOLDER}/mcp.json"
"""Where most clients find it, in the words of a shell."""
PAIRS = 4
"""So many clients at a time: an agent may start its servers more than once."""
LOOK_EVERY_S = 0.05
READY_WITHIN_S = 15.0
LEAVE_WITHIN_S = 3.0
MOST_BYTES = 4 << 30
"""Of memory for a server: it reads whole lines, and an agent may send one without an end."""
PING = b'{"jsonrpc": "2.0", "id": "warm", "method": "ping"}\n'

RELAY = """\
# The Model Context Protocol over stdio: Kapso answers at the other end of a free pair of pipes.
cd "$(dirname "$0")" || exit 1
for pair in {pairs}; do
  if mkdir "$pair/taken" 2>/dev/null; then
    exec 3<&0 4>"$pair/in"
    mkdir "$pair/open"
    cat <&3 >&4 &
    exec 3<&- 4>&-
    exec cat "$pair/out"
  fi
done
echo "kapso: all connections are taken" >&2
exit 1
"""
START = f'exec sh "$HOME/{FOLDER}/relay"'
"""What an agent's client runs, by `sh -c`."""


def server_settings() -> dict[str, object]:
    """How most clients are told of a server; gemini is told to `trust` it, others pass over that."""
    return {"command": "sh", "args": ["-c", START], "trust": True}


def name_server(settings: Path) -> None:
    """Name it in an agent's settings, a JSON file; left as they are where they are no such thing.

    A link gives way to a file of its own: it may lead to the user's.
    """
    try:
        told = json.loads(settings.read_text("utf-8"))
        told.setdefault("mcpServers", {})["kapso"] = server_settings()
    except (OSError, ValueError, AttributeError, TypeError):
        return
    settings.unlink()
    settings.write_text(json.dumps(told))


class Tools:
    """The pipes in the agent's home folder, and what answers at them while the context lasts.

    `is_ready`: a server stands ready at the next free pair, as some clients offer a model only what they have
    at once. Otherwise one is started when a client comes, if one does.
    """

    def __init__(self, home: Path, repository: Path, run: str, *, is_ready: bool = True) -> None:
        self._stands_ready = is_ready
        self._folder = home / FOLDER
        self._repository, self._run = repository, run
        self._is_over = threading.Event()
        self._is_ready = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._folder.mkdir()
        names = [str(number) for number in range(1, PAIRS + 1)]
        (self._folder / "relay").write_text(RELAY.format(pairs=" ".join(names)))
        (self._folder / "mcp.json").write_text(json.dumps({"mcpServers": {"kapso": server_settings()}}))
        pairs = [self._make_pair(name) for name in names]
        needed = [threading.Event() for _ in names]
        if self._stands_ready:
            needed[0].set()
        for pair, is_needed, next_one in zip(pairs, needed, [*needed[1:], threading.Event()], strict=True):
            thread = threading.Thread(target=self._serve, args=(pair, is_needed, next_one), daemon=True)
            thread.name = "kapso-mcp"
            thread.start()
            self._threads.append(thread)
        if self._stands_ready:
            self._is_ready.wait(2 * READY_WITHIN_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _make_pair(self, name: str) -> int:
        """The folder of a pair of pipes, held open: what takes its place counts for nothing."""
        pair = self._folder / name
        pair.mkdir()
        os.mkfifo(pair / "in")
        os.mkfifo(pair / "out")
        return os.open(pair, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def _serve(self, pair: int, is_needed: threading.Event, next_one: threading.Event) -> None:
        """Answer at one pair of pipes, client after client."""
        try:
            while not self._is_over.is_set():
                if is_needed.wait(LOOK_EVERY_S) or _there(pair, "taken"):
                    self._serve_one(pair, next_one)
        except OSError:  # the agent broke its own pipes, or no server starts: it works without
            self._is_ready.set()
        finally:
            os.close(pair)

    def _serve_one(self, pair: int, next_one: threading.Event) -> None:
        with contextlib.ExitStack() as stack:
            asked = stack.enter_context(_pipe(pair, "in", os.O_RDONLY))
            held = stack.enter_context(_pipe(pair, "in", os.O_WRONLY))
            answers = stack.enter_context(_pipe(pair, "out", os.O_RDWR))
            os.set_blocking(asked.fileno(), True)
            # -P: no module of the repository's takes the place of one of ours.
            command = [sys.executable, "-P", "-m", "kapso", "mcp", "--only", self._run]
            server = subprocess.Popen(
                command, cwd=self._repository, stdin=asked, stdout=answers, stderr=subprocess.DEVNULL
            )
            _bound(server)
            try:
                if self._stands_ready and not self._is_ready.is_set():  # no client can be there yet
                    _wait_for(server, held, answers)
                    self._is_ready.set()
                os.set_blocking(answers.fileno(), True)
                answers.close()
                self._attend(server, pair, held, next_one)
                if not held.closed and not self._is_over.is_set():
                    raise OSError("the server ended before anybody came")
            finally:
                _end(server)
                _free(pair)

    def _attend(
        self, server: subprocess.Popen[bytes], pair: int, held: IO[bytes], next_one: threading.Event
    ) -> None:
        """Until the client has gone, or the agent's work is over."""
        while server.poll() is None and not self._is_over.wait(LOOK_EVERY_S):
            if not held.closed and _there(pair, "open"):
                held.close()  # from now on, the pipe ends when the client goes
                if self._stands_ready:
                    next_one.set()


def _wait_for(server: subprocess.Popen[bytes], held: IO[bytes], answers: IO[bytes]) -> None:
    """Until the server is up: it answers a ping, as it may before anything else is said."""
    held.write(PING)
    held.flush()
    deadline = time.monotonic() + READY_WITHIN_S
    waiting = select.poll()
    waiting.register(answers, select.POLLIN)
    while time.monotonic() < deadline and server.poll() is None:
        if waiting.poll(LOOK_EVERY_S * 1000):
            answers.read(select.PIPE_BUF)
            return


def _bound(server: subprocess.Popen[bytes]) -> None:
    """No more memory than a server needs; where the system cannot do that to another process, as it comes."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(server.pid, resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))


def _end(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(LEAVE_WITHIN_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _there(pair: int, name: str) -> bool:
    """Whether a client stands at the pipes (`taken`), and has opened them (`open`)."""
    try:
        os.stat(name, dir_fd=pair, follow_symlinks=False)
    except OSError:
        return False
    return True


def _free(pair: int) -> None:
    """The next client may have this pair."""
    for name in ("open", "taken"):
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=pair)


def _pipe(pair: int, name: str, mode: int) -> IO[bytes]:
    """A pipe, not blocking. OSError where the agent has put something else in its place."""
    descriptor = os.open(name, mode | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=pair)
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(name)
    return os.fdopen(descriptor, _MODES[mode], buffering=0)


_MODES = {os.O_RDONLY: "rb", os.O_WRONLY: "wb", os.O_RDWR: "r+b"}
