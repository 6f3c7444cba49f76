"""Shared by all tests: the user's git configuration and caches are left out of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scripted.server import ScriptedServer

# What is imported thousands of times is compiled once, whatever the caller's environment says.
sys.dont_write_bytecode = False


@pytest.fixture(autouse=True, scope="session")
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home, caches and git settings of the tests' own; nothing else changes a session's environment."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GIT_", "XDG_", "KAPSO_"))]:
            patch.delenv(name)
        for name in ("CI", "PYTHONDONTWRITEBYTECODE"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        yield


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


@pytest.fixture
def scripted() -> Iterator[ScriptedServer]:
    """A model on loopback, called `scripted`, that says what the test told it to."""
    with ScriptedServer() as server:
        yield server
