"""A repository with a finished run, made once by a real one, for the dashboard to look at."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.git.repository import Repository
from tests import warm
from tests.tui import climb, hand_made

GOAL = """\
name: demo
objective: Bring x to 3 and y to 20.
edit: [params.json]
run: cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
propose: [tune, mutate]
budget: {attempts: 12}
"""
PARAMS = '{"x": 1.0, "y": 5.0}\n'
SCORE = """\
awk -F'[:,}]' '{ d = ($2 - 3)^2 + ($4 - 20)^2 / 100; printf "{\\"score\\": %.12g}\\n", 10 - d }' "$1"
"""
DATES = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}


def kapso(root: Path, *arguments: str) -> str:
    """What a command of `kapso` prints."""
    done = warm.run(arguments, root, {**os.environ, "PYTHONPATH": warm.PATHS}, 120)
    assert done.returncode in (0, 3), done.stderr
    return str(done.stdout)


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("finished") / "demo"
    root.mkdir()
    for name, content in {"goal.yaml": GOAL, "params.json": PARAMS, "score.sh": SCORE}.items():
        (root / name).write_text(content)
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=root, check=True, env={**os.environ, **DATES})
    kapso(root, "run")
    return root


@pytest.fixture
def finished(finished_once: Path, tmp_path: Path) -> Path:
    """A copy of a repository with one finished run of 12 attempts, the test's own."""
    root = tmp_path / "demo"
    shutil.copytree(finished_once, root, symlinks=True)
    return root


@pytest.fixture
def empty(make_repository: Callable[..., Path]) -> Path:
    """A repository with a goal and no run."""
    return make_repository({"goal.yaml": GOAL, "params.json": PARAMS, "score.sh": SCORE})


def open_repository(root: Path) -> Repository:
    return Repository.open(root)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.tui.made import make_runs

    root = tmp_path_factory.mktemp("made") / "demo"
    make_runs(root)
    return root


@pytest.fixture(scope="session")
def climbed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("climbed") / "climb"
    root.mkdir()
    for name, content in {"goal.yaml": climb.GOAL, "program.py": "X = 0\n", "evaluate.py": ""}.items():
        (root / name).write_text(content)
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run(["git", *command], cwd=root, check=True, env={**os.environ, **DATES})
    climb.climb(root).repository.close()
    return root


@pytest.fixture(scope="session")
def hand_made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hand-made") / "demo"
    hand_made.make(root).close()
    return root


@pytest.fixture
def made(made_once: Path, tmp_path: Path) -> Path:
    """A copy of a repository with three runs that are always the same."""
    root = tmp_path / "made"
    shutil.copytree(made_once, root, symlinks=True)
    return root


@pytest.fixture
def climbed(climbed_once: Path, tmp_path: Path) -> Path:
    """A copy of a repository with a run of twelve attempts whose content is known; nobody works on it."""
    root = tmp_path / "climb"
    shutil.copytree(climbed_once, root, symlinks=True)
    return root


@pytest.fixture
def climbing(make_repository: Callable[..., Path]) -> climb.Made:
    """A run that has its baseline, to which the test adds."""
    root = make_repository({"goal.yaml": climb.GOAL, "program.py": "X = 0\n", "evaluate.py": ""})
    return climb.Made(root)


@pytest.fixture
def made_by_hand(hand_made_once: Path, tmp_path: Path) -> Path:
    """A copy of a repository whose run is the same to the byte, each time."""
    root = tmp_path / "by-hand"
    shutil.copytree(hand_made_once, root, symlinks=True)
    return root
