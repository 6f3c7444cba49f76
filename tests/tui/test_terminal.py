"""The dashboard in a real terminal: the main path by keys, and what may go wrong around it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kapso.memory.live import live_status
from tests.tui.conftest import GOAL, PARAMS, SCORE
from tests.tui.terminal import WHY_NOT, Terminal, dashboard

pytestmark = [pytest.mark.slow, pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))]
SLOW = GOAL.replace("run: cp", "run: sleep 0.2; cp").replace("attempts: 12", "attempts: 400") + (
    "search: {parallel: 1}\n"
)
GARBAGE = "\x1b[31m[@click=app.quit]💥 ﷽" + "".join(chr(33 + at % 90) for at in range(400)) + "\n"


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


def landed(screen: str) -> int:
    """How many attempts the list's title tells of."""
    found = re.search(r"(\d+) attempts ·", screen)
    return int(found[1]) if found else 0


def run_of(root: Path) -> str:
    return next((root / ".git/kapso/runs").iterdir()).name


def status_of(root: Path) -> str | None:
    return live_status(root / ".git/kapso", run_of(root))


def wait(holds: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.1)


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Iterator[Path]:
    """A repository with a goal whose attempts take a moment; a run that it left is killed in the end."""
    root = make_repository({"goal.yaml": SLOW, "params.json": PARAMS, "score.sh": SCORE})
    yield root
    for lock in root.glob(".git/kapso/runs/*/lock"):
        if live_status(root / ".git/kapso", lock.parent.name):
            os.killpg(int(lock.read_text()), signal.SIGKILL)


def start(terminal: Terminal) -> None:
    """Start the goal's run by keys, and wait until attempts land."""
    terminal.see("no runs yet")
    terminal.press("n")
    terminal.see("objective: Bring x", "Start")
    terminal.press("C-s")
    terminal.until(lambda screen: landed(screen) >= 3, what="three attempts")


def test_the_main_path_by_keys(root: Path, tmp_path: Path) -> None:
    with dashboard(root, tmp_path) as terminal:
        start(terminal)
        run = run_of(root)
        terminal.press("s")
        terminal.see("A hint for the models")
        terminal.type("Keep y where it is.")
        terminal.press("Enter")
        hints = root / ".git/kapso/runs" / run / "hints.jsonl"
        wait(lambda: hints.exists() and "Keep y where it is." in hints.read_text())
        terminal.press("p")
        terminal.see("‖ paused")
        wait(lambda: status_of(root) == "paused")
        time.sleep(1)
        before = landed(terminal.screen)
        time.sleep(1)
        assert landed(terminal.screen) == before, "nothing lands while it is paused"
        terminal.press("p")
        terminal.until(lambda screen: landed(screen) > before, what="the next attempt")
        terminal.press("Home", "]")
        terminal.until(lambda screen: re.search(r"[+-] ?\{\"x\":", screen), what="a diff")
        terminal.until(lambda screen: re.search(r"#\d+ scored", screen), what="the end of what was in flight")
        terminal.press("A")
        branch = re.search(rf"kapso-apply/{run}-\d+", terminal.see("enter makes the branch"))
        assert branch is not None
        terminal.press("Enter")
        wait(lambda: branch[0] in git(root, "branch", "--list", "kapso-apply/*"))
        terminal.see(branch[0])
        terminal.press("q")
        wait(lambda: not terminal.is_up())
    commits = git(root, "log", "--format=%H", f"main..{branch[0]}").split()
    assert len(commits) == 1 and git(root, "diff", "--stat", "main", branch[0]).startswith(" params.json")
    assert git(root, "status", "--porcelain") == "" and git(root, "branch", "--show-current") == "main\n"
    count = len(git(root, "branch", "--list", f"kapso/{run}/0*").split())
    wait(lambda: len(git(root, "branch", "--list", f"kapso/{run}/0*").split()) > count)
    assert status_of(root) == "running", "the run goes on without the dashboard"


def test_whatever_happens_around_it_it_stays_up_and_says_so(root: Path, tmp_path: Path) -> None:
    with dashboard(root, tmp_path) as terminal:
        start(terminal)
        run = run_of(root)
        for columns, rows in ((20, 5), (80, 24), (20, 5), (120, 40)):
            terminal.resize(columns, rows)
            time.sleep(0.5)
            assert terminal.is_up()
        terminal.see("attempts ·")
        for before in ((), ("/",), ("s",)):  # onto the screen, into the filter, into a dialog
            terminal.press(*before) if before else None
            terminal.paste(GARBAGE * 230)  # 100 kB
            time.sleep(0.5)
            terminal.press("Escape")
        terminal.press("Escape")
        git(root, "update-ref", "-d", ref_of(root, run, 2))
        os.killpg(int((root / ".git/kapso/runs" / run / "lock").read_text()), signal.SIGKILL)
        terminal.see("interrupted")
        terminal.press("1")
        terminal.see("interrupted", run)
        database = root / ".git/kapso/kapso.duckdb"
        with held(database):
            terminal.press("Enter")
            terminal.until(lambda screen: landed(screen) >= 3, what="the attempts, from git")
            terminal.press("3")
            terminal.see("lesson")
            terminal.press("1")
            terminal.see(run)
        database.write_bytes(b"this is no database" * 1000)
        terminal.press("Enter")
        terminal.until(lambda screen: landed(screen) >= 3, what="the attempts, rebuilt")
        terminal.press("1")
        terminal.see("interrupted", run)
        terminal.press("u")
        terminal.see("● running")
        terminal.press("q")
        wait(lambda: not terminal.is_up())


def ref_of(root: Path, run: str, number: int) -> str:
    """The ref of an attempt."""
    return git(root, "for-each-ref", "--format=%(refname)", f"refs/heads/kapso/{run}/{number:04}-*").strip()


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Another process that has the database open."""
    code = """if True:
        import duckdb, sys, time
        while True:
            try:
                it = duckdb.connect(sys.argv[1])
                break
            except duckdb.IOException:
                time.sleep(0.01)  # the dashboard is just looking
        print("held", flush=True)
        sys.stdin.read()"""
    command = [sys.executable, "-c", code, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield
        process.communicate()
