"""A program in a real repository, its goal, and candidates that are evaluated for real, run or not."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.base import BaseFiles
from kapso.evaluate.evaluator import Evaluator, Place
from kapso.evaluate.measured import Measured
from kapso.evaluate.sandbox import Sandbox
from kapso.git.repository import Repository
from kapso.git.trees import FILE, Entry
from kapso.goal import load_goal
from kapso.loop.setting import Setting, open_sandbox, settle

ROOT = Path(__file__).parents[2]
_ADA = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")

Change = str | bytes | tuple[int, str] | None
"""New content, `(mode, content)`, or None for a file that goes."""


class Arena:
    """One goal in one repository, opened as a run opens it; `evaluate` takes what a candidate changes."""

    def __init__(self, root: Path, goal: Path, mode: str = "overlay", base: str | None = None) -> None:
        self.root, self.mode = root, mode
        self.setting: Setting = settle(load_goal(goal), base=base, say=lambda line: None)
        self.repository: Repository = self.setting.repository
        self.log = root.parent / "log.txt"
        self.cancel = threading.Event()
        self._open = ExitStack()
        self.sandbox, self.cache = self._open_sandbox()
        self.files = BaseFiles(
            self.setting.goal, self.repository, self.setting.base, self.sandbox, self.cache
        )
        self.files.prepare(self.log, self.cancel)
        self.evaluator = self.fresh_evaluator()

    def fresh_evaluator(self) -> Evaluator:
        seed = self.setting.goal.search.seed
        return Evaluator(self.setting.goal, self.files, seed=seed, memory_bytes=self.setting.memory_bytes)

    def commit(self, changes: Mapping[str, Change]) -> str:
        entries = {path: self._entry(change) for path, change in changes.items()}
        tree = self.repository.write_tree(self.setting.base, entries)
        command = ["git", *_ADA, "commit-tree", tree, "-p", self.setting.base, "-m", "candidate"]
        done = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def evaluate(self, changes: Mapping[str, Change], number: int = 1, slot: int = 0) -> Measured:
        return self.evaluator.evaluate(self.commit(changes), self.place(number, slot), self.cancel)

    def baseline(self) -> Measured:
        measured = self.evaluator.evaluate(self.setting.base, self.place(0), self.cancel)
        self.evaluator.baseline_metrics = measured.metrics
        return measured

    def hold_out(self, changes: Mapping[str, Change]) -> dict[str, Any]:
        commit, place = self.commit(changes), self.place(1)
        produced = self.evaluator.produce(commit, place, self.cancel)
        try:
            return self.evaluator.hold_out(commit, produced, place, self.cancel)
        finally:
            self.evaluator.discard(place)

    def place(self, number: int, slot: int = 0) -> Place:
        return Place("demo-0000", number, slot, self.log)

    def leftovers(self) -> list[Path]:
        """What evaluations have left in the cache although nothing should be."""
        changes, out = self.cache / "changes", self.cache / "out"
        return [path for folder in (changes, out) for path in folder.rglob("*") if not path.is_dir()]

    def close(self) -> None:
        self._open.close()

    def _entry(self, change: Change) -> Entry | None:
        if change is None:
            return None
        mode, content = change if isinstance(change, tuple) else (FILE, change)
        data = content.encode() if isinstance(content, str) else content
        return Entry(mode, self.repository.write_blob(data))

    def _open_sandbox(self) -> tuple[Sandbox, Path]:
        if self.mode != "copy":
            return self._open.enter_context(open_sandbox(self.setting))
        sandbox, cache = self._open.enter_context(open_sandbox(self.setting))
        sandbox.overlays = False
        return sandbox, cache


MakeArena = Callable[..., Arena]


def _make_repository(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], [*_ADA, "commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=root, check=True)


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MakeArena]:
    """`arena(goal, {path: text}, mode="overlay")` → an Arena, the same for the same arguments.

    `folder` is where goal.yaml lies, `place` where the repository does;
    `untracked` files are written after the commit, and `prepare(root)` is called before the run would begin.
    """
    made: dict[str, Arena] = {}

    def make(
        goal: str,
        files: Mapping[str, str] | None = None,
        *,
        mode: str = "overlay",
        folder: str = "",
        place: Path | None = None,
        untracked: Mapping[str, str] | None = None,
        prepare: Callable[[Path], object] = lambda root: None,
    ) -> Arena:
        key = repr((goal, files, mode, folder, place, untracked, prepare))
        if key in made:
            return made[key]
        level = f"sandbox: {{level: {mode}}}\n" if mode in ("landlock", "limits") else ""
        text = f"objective: Win.\n{goal}{level}"
        root = (place or tmp_path_factory.mktemp("arena")) / "demo"
        _make_repository(root, {**(files or {}), f"{folder}/goal.yaml".lstrip("/"): text})
        for path, content in (untracked or {}).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        prepare(root)
        made[key] = Arena(root, root / folder / "goal.yaml", mode)
        return made[key]

    yield make
    for each in made.values():
        each.close()


@pytest.fixture
def run_git() -> Callable[..., None]:
    """`run_git(folder, "add", "-A")`"""

    def run(folder: Path, *words: str) -> None:
        subprocess.run(["git", *_ADA, *words], cwd=folder, check=True)

    return run


@pytest.fixture
def run_kapso(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`run_kapso(goal, {path: text})` → a whole `kapso run` of it, as a user starts it."""

    def run(
        goal: str, files: Mapping[str, str], *, untracked: Mapping[str, str] | None = None, folder: str = "."
    ) -> subprocess.CompletedProcess[str]:
        root = tmp_path / "demo"
        _make_repository(root, files)
        text = {f"{folder}/goal.yaml": f"name: demo\nobjective: Win.\n{goal}", **(untracked or {})}
        for path, content in text.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        paths = os.pathsep.join(str(ROOT / name) for name in ("", "knowledge", "tui"))
        return subprocess.run(
            [sys.executable, "-m", "kapso", "run"],
            cwd=root / folder,
            env={**os.environ, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            timeout=100,
        )

    return run
