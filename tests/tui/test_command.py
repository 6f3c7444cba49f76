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
    folder: Path, *arguments: str, talk: list[tuple[bytes, bytes]], settings: dict[str, str] | None = None
) -> bytes:
    """What `kapso` writes to a terminal where the keys of `talk` are typed once what goes before is shown."""
    environment = {**os.environ, "PYTHONPATH": warm.PATHS, "TERM": "xterm-256color", **(settings or {})}
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "kapso", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        said, since, deadline = b"", 0, time.monotonic() + 60
        while time.monotonic() < deadline:
            if select.select([controller], [], [], 0.1)[0]:
                try:
                    said += os.read(controller, 65536)
                except OSError:  # it has ended
                    break
            if talk and talk[0][0] in said[since:]:
                since = len(said)
                os.write(controller, talk.pop(0)[1])
        process.terminate()
    os.close(controller)
    assert not talk, said[-2000:]
    return said


def test_plain_kapso_opens_it_on_a_terminal(empty: Path) -> None:
    said = on_a_terminal(empty, talk=[(b"no runs yet", b"q")])
    assert b"\x1b[?1049h" in said and b"no runs yet" in said and b"\x1b[?1049l" in said
    assert b"Usage" not in said


@pytest.mark.parametrize("settings", [{"CI": "1"}, {"TERM": "dumb"}])
def test_plain_kapso_prints_its_help_where_nobody_sits(empty: Path, settings: dict[str, str]) -> None:
    assert b"Usage: kapso" in on_a_terminal(empty, talk=[(b"Commands", b"")], settings=settings)


def test_outside_a_repository_the_remedy_is_told(tmp_path: Path) -> None:
    said = on_a_terminal(tmp_path, talk=[(b"help:", b"")])
    assert b"Usage: kapso" in said and b"not-a-repository" in said and b"git init" in said


@pytest.mark.slow
def test_the_goal_is_mended_in_the_users_editor(empty: Path) -> None:
    goal = empty / "goal.yaml"
    goal.write_text(goal.read_text().replace("evaluate:", "evalute:"))
    editor = {"VISUAL": "sed -i s/evalute/evaluate/"}
    talk = [(b"unknown key", b"\x0f"), (b"at most 12 attempts", b"\x11")]
    on_a_terminal(empty, "tui", "goal.yaml", talk=talk, settings=editor)
    assert "evaluate: sh" in goal.read_text()


def test_a_goal_that_is_not_there_is_refused(empty: Path) -> None:
    said = on_a_terminal(empty, "tui", "nowhere", talk=[(b"help:", b"")])
    assert b"error[no-goal]" in said.replace(b"\x1b[1;31m", b"") and b"kapso init" in said
