"""A task of the bench: a program, the moves that a model may think of, and what it has to learn from."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NAMES = ("orders", "solver", "paths")
_NOT_THE_PROGRAM = ("task.toml", "history.toml", "__pycache__")


@dataclass(frozen=True)
class Move:
    """An edit of the task's file, and how one would say it."""

    says: str
    search: str
    replace: str
    wins: bool = False


@dataclass(frozen=True)
class Task:
    """`target` is what the score must not exceed for the winning move to count as found."""

    name: str
    file: str
    target: float
    knowledge: Sequence[str]
    moves: Sequence[Move]

    @classmethod
    def read(cls, name: str) -> Task:
        told = tomllib.loads((HERE / name / "task.toml").read_text())
        program = (HERE / name / told["file"]).read_text()
        moves = [_whole_lines(Move(**each), program) for each in told["move"]]
        return cls(name, told["file"], told["target"], told["knowledge"], moves)

    def make(self, folder: Path, more: str) -> Path:
        """A repository with the program and its past; `more` is added to its goal."""
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        for commit in self._past():
            (folder / commit["file"]).write_text(commit["text"])
            git(folder, "add", "-A")
            git(folder, "commit", "-qm", commit["message"])
        ignore = shutil.ignore_patterns(*_NOT_THE_PROGRAM)
        shutil.copytree(HERE / self.name, folder, ignore=ignore, dirs_exist_ok=True)
        goal = folder / "goal.yaml"
        goal.write_text(f"name: {self.name}\n{goal.read_text()}{more}")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "The program to be improved")
        return goal

    def _past(self) -> list[dict[str, Any]]:
        file = HERE / self.name / "history.toml"
        return list(tomllib.loads(file.read_text())["commit"]) if file.exists() else []


def _whole_lines(move: Move, program: str) -> Move:
    """The move, with all of the lines that it changes."""
    search, replace = move.search.rstrip("\n"), move.replace.rstrip("\n")
    at = program.index(search)
    start, end = program.rfind("\n", 0, at) + 1, program.index("\n", at + len(search)) + 1
    lines = program[start:end]
    return dataclasses.replace(move, search=lines, replace=lines.replace(search, replace))


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)
