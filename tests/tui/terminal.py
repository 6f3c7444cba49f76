"""A real terminal (tmux, on a server of its own), driven by keys and read as a person would."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests import warm

WHY_NOT = None if shutil.which("tmux") else "tmux is not installed"
PATIENCE_S = 60.0


class Terminal:
    """One window. `socket` names the server, so that none of the user's own is touched."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *words: str, given: str | None = None) -> str:
        command = ["tmux", "-S", str(self._socket), "-f", "/dev/null", *words]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, f"tmux {words[0]}: {done.stderr}"
        return done.stdout

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names, one after the other."""
        self.tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        """Type text as it is."""
        self.tmux("send-keys", "-l", text)

    def paste(self, text: str) -> None:
        """Paste text as a terminal does: in brackets."""
        self.tmux("load-buffer", "-", given=text)
        self.tmux("paste-buffer", "-p", "-d")

    def resize(self, columns: int, rows: int) -> None:
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def screen(self) -> str:
        """What stands there, line by line."""
        return self.tmux("capture-pane", "-p")

    def is_up(self) -> bool:
        """Whether what was started in it still runs."""
        return self.tmux("display-message", "-p", "#{pane_dead}").strip() == "0"

    def see(self, *wanted: str, seconds: float = PATIENCE_S) -> str:
        """Wait until all that is wanted stands there; the screen."""
        return self.until(lambda screen: all(each in screen for each in wanted), seconds, str(wanted))

    def until(self, holds: Callable[[str], object], seconds: float = PATIENCE_S, what: str = "it") -> str:
        """Wait until it holds of the screen; the screen."""
        deadline = time.monotonic() + seconds
        while not holds(screen := self.screen):
            assert self.is_up(), f"it has ended:\n{screen}"
            assert time.monotonic() < deadline, f"{what} never came; the screen shows:\n{screen}"
            time.sleep(0.1)
        return screen


@contextmanager
def dashboard(
    root: Path, folder: Path, size: tuple[int, int] = (120, 40), environment: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """`kapso tui` in a terminal of this size; `folder` holds the terminal's socket."""
    terminal = Terminal(folder / "tmux")
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "XDG_CACHE_HOME", "GIT_CONFIG_GLOBAL")}
    told = {
        **kept,
        "PYTHONPATH": warm.PATHS,
        "LANG": "C.UTF-8",
        "TERM": "tmux-256color",
        **(environment or {}),
    }
    command = [sys.executable, "-m", "kapso", "tui"]
    words = ["env", "-i", *(f"{name}={value}" for name, value in told.items()), *command]
    columns, rows = map(str, size)
    stay = ["start-server", ";", "set-option", "-g", "remain-on-exit", "on", ";"]
    start = ["new-session", "-d", "-x", columns, "-y", rows, "-c", str(root), shlex.join(words)]
    try:
        terminal.tmux(*stay, *start)
        yield terminal
    finally:
        subprocess.run(["tmux", "-S", str(folder / "tmux"), "kill-server"], capture_output=True)
