"""A real run in a process of its own, for the dashboard to watch and to steer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import warm


@contextmanager
def running(root: Path, *arguments: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The id of a run that has landed its baseline, and its process, which is killed in the end."""
    known = {each.name for each in (root / ".git/kapso/runs").glob("*")}
    process = subprocess.Popen(
        [sys.executable, "-m", "kapso", "run", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": warm.PATHS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield _begun(root, known, process), process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _begun(root: Path, known: set[str], process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for folder in (root / ".git/kapso/runs").glob("*"):
            journal = folder / "events.jsonl"
            if folder.name not in known and journal.exists() and "attempt.evaluated" in journal.read_text():
                return folder.name
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.02)
    raise AssertionError("the run never began")
