"""A program that evaluates in milliseconds, and ways to run Kapso on it as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import warm

ROOT = Path(__file__).parents[2]

GOAL = """\
name: demo
objective: Bring x to 3 and y to 20.
edit: [params.json]
run: cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
propose: [tune]
"""
PARAMS = '{"x": 1.0, "y": 5.0}\n'
SCORE = """\
awk -F'[:,}]' '{ d = ($2 - 3)^2 + ($4 - 20)^2 / 100; printf "{\\"score\\": %.12g}\\n", 10 - d }' "$1"
"""


class Kapso:
    """Runs the command line in a repository."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __call__(
        self, *arguments: str, check: int | None = None, timeout: float = 120, fresh: bool = False
    ) -> Any:
        """`fresh` is for what depends on how Python starts, such as its hash seed."""
        run = warm.run_fresh if fresh else warm.run
        done = run(arguments, self.root, self.environment(), timeout)
        if check is not None:
            assert done.returncode == check, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(),
            start_new_session=True,
        )

    def json(self, *arguments: str) -> list[dict[str, Any]]:
        done = self(*arguments, "--json")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout

    def wait_for(self, process: subprocess.Popen[str], attempts: int) -> str:
        """Wait until so many attempts of the run that goes on are announced; the run's id."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for journal in (self.root / ".git/kapso/runs").glob("*/events.jsonl"):
                if journal.read_text().count('"attempt.evaluated"') > attempts:
                    return str(journal.parent.name)
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        raise AssertionError("no attempt was evaluated in time")

    def announced(self, run: str) -> list[int]:
        """The attempts that the run's journal announced."""
        text = (self.root / ".git/kapso/runs" / run / "events.jsonl").read_text()
        events = [json.loads(line) for line in text.splitlines()]
        return [each["attempt"] for each in events if each["event"] == "attempt.evaluated"]

    def check_whole(self, run: str, attempts: int) -> None:
        """Nothing lost, nothing twice, nothing left over."""
        numbers = [each["attempt"] for each in self.json("ls", run)]
        assert numbers == list(range(attempts + 1))
        assert sorted(self.announced(run)) == numbers
        assert self.git("for-each-ref", f"refs/kapso/{run}/pending") == ""
        assert not self.git("fsck", "--strict", "--no-dangling").strip()

    def edit(self, old: str, new: str, path: str = "goal.yaml") -> None:
        """Replace `old` by `new` in a file and commit that."""
        file = self.root / path
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
        self.git("commit", "-qam", f"edit {path}")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "kapso", *arguments]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": warm.PATHS}


@pytest.fixture
def demo(make_repository: Callable[..., Path]) -> Callable[..., Kapso]:
    """`demo(goal="…", extra={path: text})` → Kapso on the demo program; `goal` is added to its goal.yaml."""

    def make(goal: str = "", extra: dict[str, str] | None = None, base_goal: str = GOAL) -> Kapso:
        files = {"goal.yaml": base_goal + goal, "params.json": PARAMS, "score.sh": SCORE, **(extra or {})}
        return Kapso(make_repository(files))

    return make
