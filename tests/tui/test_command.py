"""How the dashboard is opened: `kapso tui`, plain `kapso` on a terminal, and what happens elsewhere."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import warm


def kapso(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return warm.run(arguments, folder)


def test_without_a_terminal_it_says_what_helps(empty: Path) -> None:
    done = kapso(empty, "tui")
    assert done.returncode == 2
    assert done.stderr.startswith("error[no-terminal]: the dashboard needs a terminal\nhelp: `kapso ls`")


def test_json_lists_the_runs_as_ls_does(made: Path) -> None:
    done = kapso(made, "tui", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == kapso(made, "ls", "--json").stdout
    assert [json.loads(line)["run"] for line in done.stdout.splitlines()][0] == "pack-77b0"


def on_a_terminal(
    folder: Path, *arguments: str, shows: bytes, keys: bytes = b"", settings: dict[str, str] | None = None
) -> bytes:
    """What `kapso` writes to a terminal, until `shows` is among it and `keys` have ended it."""
    environment = {**os.environ, "PYTHONPATH": warm.PATHS, "TERM": "xterm-256color", **(settings or {})}
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "kapso", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        said, deadline, has_typed = b"", time.monotonic() + 30, False
        while time.monotonic() < deadline:
            if select.select([controller], [], [], 0.1)[0]:
                try:
                    said += os.read(controller, 65536)
                except OSError:
                    break
            if shows in said and not has_typed:
                has_typed = True
                os.write(controller, keys)
        process.terminate()
    os.close(controller)
    return said


def test_plain_kapso_opens_it_on_a_terminal(empty: Path) -> None:
    said = on_a_terminal(empty, keys=b"q", shows=b"no runs yet")
    assert b"\x1b[?1049h" in said and b"no runs yet" in said and b"\x1b[?1049l" in said
    assert b"Usage" not in said


@pytest.mark.parametrize("settings", [{"CI": "1"}, {"TERM": "dumb"}])
def test_plain_kapso_prints_its_help_where_nobody_sits(empty: Path, settings: dict[str, str]) -> None:
    assert b"Usage: kapso" in on_a_terminal(empty, shows=b"Commands", settings=settings)


def test_outside_a_repository_the_remedy_is_told(tmp_path: Path) -> None:
    said = on_a_terminal(tmp_path, shows=b"help:")
    assert b"Usage: kapso" in said and b"not-a-repository" in said and b"git init" in said


def test_a_goal_that_is_not_there_is_refused(empty: Path) -> None:
    said = on_a_terminal(empty, "tui", "nowhere", shows=b"help:")
    assert b"error[no-goal]" in said.replace(b"\x1b[1;31m", b"") and b"kapso init" in said
