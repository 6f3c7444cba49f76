"""Shared by all tests: the user's git configuration and caches are left out of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="session")
def _blank_settings() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


@pytest.fixture(scope="session")
def _cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, _cache_folder: Path) -> None:
    """For each test anew: fixtures of other folders change the environment of their session, too."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(_cache_folder))
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def make_repository(tmp_path: Path) -> Callable[..., Path]:
    """`make_repository({path: text}, name="demo")` → a repository with these files committed."""

    def make(files: dict[str, str], name: str = "demo") -> Path:
        root = tmp_path / name
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        commands = (
            ["init", "-q", "-b", "main"],
            ["add", "-A"],
            ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "start"],
        )
        for command in commands:
            subprocess.run(["git", *command], cwd=root, check=True)
        return root

    return make
