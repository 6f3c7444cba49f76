"""The frame around all commands: help, errors, exit codes, and what is not imported."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kapso.cli as cli
from kapso.cli.catalogue import COMMANDS, Entry
from kapso.errors import BaselineError, Interrupted
from kapso.wording import duration, number, printable, printable_lines

ROOT = Path(__file__).parents[2]
Kapso = Callable[..., Any]

HEAVY = {
    "langgraph",
    "optuna",
    "duckdb",
    "pygit2",
    "rich",
    "ruamel",
    "pydantic",
    "chromadb",
    "textual",
    "httpx",
}
MAIN = "from kapso.cli import main; main()"


def python(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, env=environment
    )


@pytest.mark.parametrize("arguments", [[], ["--help"], ["inti"], ["tui"]])
def test_nothing_heavy_is_imported_for_help_and_refusals(arguments: list[str]) -> None:
    done = python("-X", "importtime", "-c", MAIN, *arguments)
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert not imported & HEAVY


def test_help_lists_every_command(kapso: Kapso) -> None:
    done = kapso("--help")
    assert done.code == 0
    assert all(f"\n  {name} " in done.out for name in COMMANDS)
    assert kapso().out == done.out


def test_every_help_text_has_an_example(kapso: Kapso) -> None:
    mine = ["init", "ls", "show", "best", "diff", "apply", "try", "push", "pull", "reindex", "gc"]
    mine += ["approve", "reject"]
    for name in mine:
        done = kapso(name, "--help")
        assert done.code == 0
        assert f"  kapso {name}" in done.out and "--json" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lss"], "error[no-such-command]: `lss` is no command of kapso\nhelp: did you mean `kapso ls`?"),
        (["ls", "--colour"], "error[usage]: No such option"),
        (["ls", "--limit", "-1"], "error[usage]: Invalid value for '--limit'"),
        (["-C", "/nonexistent", "ls"], "error[no-such-folder]: `-C /nonexistent`"),
        (["best", "a", "b"], "error[usage]: Got unexpected extra argument (b)"),
    ],
)
def test_mistakes_in_the_command_exit_with_2(kapso: Kapso, arguments: list[str], said: str) -> None:
    done = kapso(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(said)
    assert "help:" in done.err or "no-such-folder" in done.err


def test_outside_a_repository(kapso: Kapso, tmp_path: Path) -> None:
    done = kapso("-C", str(tmp_path), "ls")
    assert done.code == 2
    assert "git init" in done.err


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Makes `kapso probe` call a function."""

    def install(function: Callable[[], object]) -> None:
        probe = click.Command("probe", callback=function)
        monkeypatch.setitem(COMMANDS, "probe", Entry("kapso.cli:probe", ""))
        monkeypatch.setattr(cli, "probe", probe, raising=False)

    return install


def fail(error: BaseException) -> Callable[[], object]:
    def function() -> object:
        raise error

    return function


@pytest.mark.parametrize(
    ("function", "code"),
    [
        (lambda: None, 0),
        (lambda: 3, 3),
        (lambda: sys.exit(3), 3),
        (lambda: click.get_current_context().exit(4), 4),
        (fail(BaselineError("it crashed")), 4),
        (fail(Interrupted("terminated", exit_code=143)), 143),
        (fail(KeyboardInterrupt()), 130),
        (fail(BrokenPipeError()), 141),
    ],
)
def test_how_a_command_ends_is_the_exit_code(
    kapso: Kapso, command: Callable[[Callable[[], object]], None], function: Callable[[], object], code: int
) -> None:
    command(function)
    assert kapso("probe").code == code


def test_a_defect_is_one_line_and_a_traceback_in_a_file(
    kapso: Kapso, command: Callable[[Callable[[], object]], None], private_home: Path
) -> None:
    command(fail(RuntimeError("two words\nand a line")))
    done = kapso("probe")
    log = private_home / "state" / "kapso" / "errors.log"
    assert done.code == 1
    assert "Traceback" not in done.err and str(log) in done.err
    assert "Traceback" in log.read_text() and "RuntimeError" in log.read_text()


def test_debug_shows_the_traceback(
    command: Callable[[Callable[[], object]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    command(fail(RuntimeError("two words")))
    monkeypatch.setenv("KAPSO_DEBUG", "1")
    with pytest.raises(RuntimeError):
        cli.main(["probe"])


def test_a_reader_that_goes_away_is_no_error() -> None:
    program = (
        "import click, kapso.cli as cli; from kapso.cli.catalogue import COMMANDS, Entry\n"
        "COMMANDS['probe'] = Entry('kapso.cli:probe', '')\n"
        "def flood():\n    for _ in range(99999): print('y' * 99)\n"
        "cli.probe = click.Command('probe', callback=flood)\n"
        "cli.main(['probe'])"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize(("settings", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_only_on_a_terminal(settings: dict[str, str], coloured: bool) -> None:
    assert "\033[" not in python("-c", MAIN, "inti", **settings).stderr
    controller, terminal = os.openpty()
    environment = {**os.environ, "TERM": "xterm", **settings}
    subprocess.run([sys.executable, "-c", MAIN, "inti"], stderr=terminal, cwd=ROOT, env=environment)
    os.close(terminal)
    assert ("\033[" in os.read(controller, 10_000).decode()) is coloured
    os.close(controller)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (2.0, "2"),
        (-0.1, "-0.1"),
        (15269890.0, "15269890"),
        (1e300, "1e+300"),
        (1 / 3, "0.3333333"),
    ],
)
def test_numbers_for_people(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_for_people(value: float) -> None:
    assert number(value) == f"{value}"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0.305, "0.30s"), (12.4, "12s"), (247, "4m07s"), (7500, "2h05m"), (59.7, "60s")],
)
def test_durations_for_people(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@given(st.text())
def test_what_is_printed_cannot_steer_the_terminal(text: str) -> None:
    assert printable(text).isprintable()
    assert all(line.replace("\t", "").isprintable() for line in printable_lines(text).split("\n"))
