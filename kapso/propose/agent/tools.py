"""Kapso's own tools for an agent in the sandbox: its MCP client talks through named pipes to a `kapso mcp`
outside, which shows it the run that it works for and the library, and changes nothing.

The sandbox has no way to the user's repository, and needs none: `sh` and `cat` are all it takes.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

FOLDER = ".kapso"
"""Below the agent's home folder."""
CONFIG = f"$HOME/{FOLDER}/mcp.json"
"""Where most clients find it, in the words of a shell."""
PAIRS = 4
"""So many clients at a time: an agent may start its servers more than once."""
LOOK_EVERY_S = 0.2
READER_WITHIN_S = 5.0
LEAVE_WITHIN_S = 3.0

RELAY = """\
# The Model Context Protocol over stdio: Kapso answers at the other end of a free pair of pipes.
cd "$(dirname "$0")" || exit 1
for pair in {pairs}; do
  if mkdir "$pair/taken" 2>/dev/null; then
    exec 3<&0
    cat <&3 >"$pair/in" &
    exec 3<&-
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


class Tools:
    """The pipes in the agent's home folder, and what answers at them while the context lasts."""

    def __init__(self, home: Path, repository: Path, run: str) -> None:
        self._folder = home / FOLDER
        self._repository, self._run = repository, run
        self._is_over = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._folder.mkdir()
        names = [str(number) for number in range(1, PAIRS + 1)]
        (self._folder / "relay").write_text(RELAY.format(pairs=" ".join(names)))
        (self._folder / "mcp.json").write_text(json.dumps({"mcpServers": {"kapso": server_settings()}}))
        for name in names:
            pair = self._folder / name
            pair.mkdir()
            os.mkfifo(pair / "in")
            os.mkfifo(pair / "out")
            folder = os.open(pair, os.O_RDONLY | os.O_DIRECTORY)
            thread = threading.Thread(
                target=self._serve, args=(folder,), name=f"kapso-mcp-{name}", daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _serve(self, pair: int) -> None:
        """Answer at one pair of pipes, client after client; whatever stands there by then is looked at."""
        with contextlib.suppress(OSError):
            while not self._is_over.is_set():
                self._serve_one(pair)
        os.close(pair)

    def _serve_one(self, pair: int) -> None:
        asked = _open_pipe(pair, "in", os.O_RDONLY)
        try:
            answers = self._answers(pair) if self._has_client(asked) else None
            if answers is None:
                return self._free(pair)
            os.set_blocking(asked, True)
            # -P: no module of the repository's takes the place of one of ours.
            command = [sys.executable, "-P", "-m", "kapso", "mcp", "--only", self._run]
            try:
                server = subprocess.Popen(
                    command, cwd=self._repository, stdin=asked, stdout=answers, stderr=subprocess.DEVNULL
                )
            finally:
                os.close(answers)
        finally:
            os.close(asked)
        self._attend(server)
        self._free(pair)

    @staticmethod
    def _free(pair: int) -> None:
        """The next client may have this pair."""
        with contextlib.suppress(OSError):
            os.rmdir("taken", dir_fd=pair)

    def _has_client(self, asked: int) -> bool:
        """Wait for the first bytes of a client; False when it is over before, or it went again."""
        waiting = select.poll()
        waiting.register(asked, select.POLLIN)
        while not self._is_over.is_set():
            if events := waiting.poll(LOOK_EVERY_S * 1000):
                return bool(events[0][1] & select.POLLIN)
        return False

    def _answers(self, pair: int) -> int | None:
        """The pipe for answers, once the client reads it."""
        deadline = time.monotonic() + READER_WITHIN_S
        while time.monotonic() < deadline and not self._is_over.is_set():
            try:
                answers = _open_pipe(pair, "out", os.O_WRONLY)
            except OSError:  # nobody reads yet
                time.sleep(0.01)
            else:
                os.set_blocking(answers, True)
                return answers
        return None

    def _attend(self, server: subprocess.Popen[bytes]) -> None:
        """Until the client has gone, or the agent's work is over."""
        while server.poll() is None and not self._is_over.wait(LOOK_EVERY_S):
            pass
        if server.poll() is None:
            server.terminate()
            try:
                server.wait(LEAVE_WITHIN_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _open_pipe(pair: int, name: str, mode: int) -> int:
    """Open a pipe that an agent could have put something else in the place of: then OSError."""
    descriptor = os.open(name, mode | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=pair)
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(name)
    return descriptor
