"""A task: a folder with goal.yaml, a program and a scorer, read by Kapso's own loader.

`bench.toml` in it is optional: `kind` (words for the table), `truth` (a command like the scorer's that says
what a program is really worth, where the scorer is noisy) and `best` (the best score that can be had).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kapso.errors import KapsoError
from kapso.goal import Goal, load_goal
from kapso.goal.protection import Editable

ABOUT = "bench.toml"
_IDENTITY = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")
_LEFT_OUT = shutil.ignore_patterns(".git", "__pycache__", ABOUT)


@dataclass(frozen=True)
class Task:
    """One problem; `files` are all of its files, of which a method may change the `editable` ones."""

    name: str
    folder: Path
    goal: Goal
    kind: str
    truth: str | None
    best: float | None
    files: Mapping[str, bytes]

    @property
    def editable(self) -> dict[str, bytes]:
        """What may be changed, as the task has it."""
        return {path: content for path, content in self.files.items() if self.may_change(path)}

    def may_change(self, path: str) -> bool:
        """Whether a method may change, add or delete the file at `path`."""
        return Editable.of(self.goal, "").matches(path)

    @property
    def sign(self) -> float:
        """1 where more is better, else -1: a score times this is a height."""
        return 1.0 if self.goal.primary.goal == "maximize" else -1.0

    @property
    def digest(self) -> str:
        """Stands for everything that could change a result."""
        whole = hashlib.sha256(f"{self.truth} {self.best}".encode())
        for path, content in sorted(self.files.items()):
            whole.update(f"{path} {len(content)} ".encode() + content)
        return whole.hexdigest()[:12]

    def make_repository(self, place: Path) -> Path:
        """A git repository of the task's own at `place`, with one commit."""
        shutil.copytree(self.folder, place, ignore=_LEFT_OUT)
        for command in (
            ["init", "-q", "-b", "main"],
            ["add", "-A"],
            [*_IDENTITY, "commit", "-qm", "the task"],
        ):
            subprocess.run(["git", *command], cwd=place, check=True)
        return place


def find_tasks(folders: Sequence[Path], names: Sequence[str] = ()) -> list[Task]:
    """The tasks below these folders (or that these are), by name; of the `names` alone, if there are any."""
    found = {path.name: path for folder in folders for path in _folders(folder)}
    missing = sorted(set(names) - set(found))
    if missing:
        raise SystemExit(f"no task is called {', '.join(missing)}; there are: {', '.join(sorted(found))}")
    if not found:
        raise SystemExit(f"no goal.yaml in or below {', '.join(map(str, folders))}")
    return [load_task(found[name]) for name in sorted(found) if not names or name in names]


def load_task(folder: Path) -> Task:
    """The task that a folder holds; ends the program with a message where it holds none."""
    folder = folder.resolve()
    about = {}
    try:
        if (folder / ABOUT).exists():
            about = tomllib.loads((folder / ABOUT).read_text())
        goal = load_goal(folder)
    except (KapsoError, tomllib.TOMLDecodeError, OSError) as error:
        raise SystemExit(f"{folder}: {error}") from error
    unknown = sorted(set(about) - {"kind", "truth", "best"})
    if unknown:
        raise SystemExit(f"{folder / ABOUT}: unknown key `{unknown[0]}`; there are: kind, truth, best")
    files = {path: (folder / path).read_bytes() for path in _files(folder)}
    kind = str(about.get("kind", goal.objective.split(".")[0].strip()))
    return Task(folder.name, folder, goal, kind, about.get("truth"), about.get("best"), files)


def _folders(folder: Path) -> Iterator[Path]:
    if (folder / "goal.yaml").exists():
        yield folder.resolve()
        return
    yield from (path.parent for path in sorted(folder.glob("*/goal.yaml")))


def _files(folder: Path) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - {".git", "__pycache__"})
        for name in sorted(names):
            path = (Path(place) / name).relative_to(folder).as_posix()
            if path != ABOUT and not path.endswith(".pyc"):
                yield path
