"""A real repository and the workspace of a candidate in it, in which replies are carried out."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from kapso.git.repository import Repository
from kapso.goal import parse_goal
from kapso.goal.protection import Editable
from kapso.loop.workspace import CandidateWorkspace, EditableIndex

PACK = """\
import math


def area(r):
    total = 0
    for _ in range(3):
        total += math.pi * r * r
    return total / 3


def main():
    print(area(2))
"""

Made = Callable[..., CandidateWorkspace]


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """`workspace({path: text}, edit)`: what may be edited of a repository that also holds a scorer."""
    made: dict[tuple[tuple[str, str], ...], Path] = {}

    def make(files: Mapping[str, str] | None = None, edit: str = "['**']") -> CandidateWorkspace:
        given = {"pack.py": PACK} if files is None else files
        key = tuple(given.items())
        if key not in made:
            made[key] = _committed(tmp_path_factory.mktemp("program"), given)
        repository = Repository.open(made[key])
        written = f"{{objective: x, edit: {edit}, evaluate: python evaluate.py}}"
        editable = Editable.of(parse_goal(written, made[key] / "goal.yaml"), "")
        base = repository.resolve("HEAD")
        return CandidateWorkspace(
            repository, base, editable, EditableIndex(repository, base, editable).files(base)
        )

    return make


def _committed(root: Path, files: Mapping[str, str]) -> Path:
    for path, text in {**files, "evaluate.py": "print('{\"score\": 1}')\n"}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root
