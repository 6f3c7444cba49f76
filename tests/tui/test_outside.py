"""Programs that take the terminal: the editor, the pager, git's difftool; in a terminal of their own."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from kapso.errors import UsageError
from kapso_tui.actions import outside
from tests import warm
from tests.tui.hand_made import BELL, ESC, RUN

SPY = """#!/bin/sh
for last; do :; done
{ printf '%s\\n' "$@"; echo ---; cat "$last"; ls -l "$last"; } > "$SPIED.new" && mv "$SPIED.new" "$SPIED"
"""
SHOW = """
import sys
from pathlib import Path
from kapso.git.repository import Repository
from kapso_tui.app import KapsoApp
KapsoApp(Repository.open(Path.cwd()), run=sys.argv[1]).run()
"""


@contextmanager
def terminal(root: Path, **environment: str) -> Iterator[Callable[..., bytes]]:
    """The dashboard in a terminal; `press(keys, holds)` sends keys and waits until something holds."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(root)
        told = {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40", "PYTHONPATH": warm.PATHS}
        os.execve(sys.executable, [sys.executable, "-c", SHOW, RUN], {**os.environ, **told, **environment})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    seen = b""

    def press(keys: str, holds: Callable[[], object]) -> bytes:
        nonlocal seen
        os.write(terminal, keys.encode())
        deadline = time.monotonic() + 25
        while not holds():
            assert time.monotonic() < deadline, seen[-4000:].decode(errors="replace")
            if select.select([terminal], [], [], 0.05)[0]:
                with suppress(OSError):  # it has ended
                    seen += os.read(terminal, 65536)
        return seen

    try:
        press("", lambda: b"look at every place once" in seen)
        yield press
        press("q", lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)
    except BaseException:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        raise
    finally:
        os.close(terminal)


@pytest.mark.slow
def test_editor_pager_and_difftool_get_the_attempts_files(made_by_hand: Path, tmp_path: Path) -> None:
    spy, spied = tmp_path / "spy.sh", tmp_path / "spied"
    spy.write_text(SPY)
    spy.chmod(0o755)
    tools = {"VISUAL": f"{spy} --wait", "PAGER": str(spy), "SPIED": str(spied)}

    def told() -> str:
        text = spied.read_text()
        spied.unlink()
        return text

    with terminal(made_by_hand, **tools) as press:
        press("e", spied.exists)
        text = told()
        assert "--wait" in text and "for place in places:" in text and "-r--r--r--" in text
        press("d", spied.exists)
        assert "-STEPS = 40" in (text := told()) and "+STEPS = 10" in text
        press("L", spied.exists)
        assert "found 20.25" in told()
        for name, value in (("diff.tool", "spy"), ("difftool.spy.cmd", f'{spy} "$LOCAL" "$REMOTE"')):
            subprocess.run(["git", "config", name, value], cwd=made_by_hand, check=True)
        press("d", spied.exists)
        assert "for place in places:" in told()
    assert not subprocess.run(["git", "status", "--porcelain"], cwd=made_by_hand, capture_output=True).stdout


def test_what_a_pager_shows_cannot_steer_it(hand_made_once: Path) -> None:
    log = hand_made_once / ".git/kapso/runs" / RUN / "attempts/0004/log.txt"
    shown = outside.whole_log(log).read_bytes().decode()
    assert "^[[31mred" in shown and not {ESC, BELL, "\r", "\x9b"} & set(shown)
    assert shown.count("\n") == log.read_text().count("\n")
    assert outside.harmless("é \x9b31m \t並\n".encode()) == "é ?31m \t並\n".encode()


def test_without_a_program_it_is_told_which_variable_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VISUAL", "EDITOR", "PAGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="no editor is known") as error:
        outside.editor()
    assert error.value.help == "name one: `export EDITOR=…`"
    monkeypatch.setenv("PAGER", "less -S")
    assert outside.pager() == ["less", "-S"]
