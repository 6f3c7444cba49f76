"""Real repositories, deaf to the developer's own git settings, and the fingerprint that must never change."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from kapso.git.repository import Repository

HOOKS = [
    "reference-transaction",
    "post-checkout",
    "post-index-change",
    "pre-commit",
    "post-commit",
    "commit-msg",
    "prepare-commit-msg",
    "pre-auto-gc",
    "post-rewrite",
    "post-merge",
    "pre-push",
    "fsmonitor-watchman",
    "applypatch-msg",
]


class Project:
    """A repository on disk, driven by git itself as its user would."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hook_mark = root.parent / f"{root.name} hook ran"

    def git(self, *arguments: str, stdin: bytes = b"", cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=cwd or self.root, input=stdin, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def init(self, *arguments: str) -> Project:
        self.root.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *arguments)
        self.git("config", "user.name", "Ada Lovelace")
        self.git("config", "user.email", "ada@example.org")
        return self

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: Mapping[str, str | bytes] | None = None, message: str = "start") -> str:
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def arm_hooks(self) -> None:
        """Every hook leaves a mark beside the repository."""
        folder = Path(self.git("rev-parse", "--path-format=absolute", "--git-common-dir"), "hooks")
        folder.mkdir(exist_ok=True)
        for name in HOOKS:
            hook = folder / name
            hook.write_text(f"#!/bin/sh\ntouch '{self.hook_mark}'\n")
            hook.chmod(0o755)

    def fsck(self) -> None:
        done = subprocess.run(
            ["git", "fsck", "--strict", "--no-dangling"], cwd=self.root, capture_output=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, b""), (done.stdout, done.stderr)

    def fingerprint(self) -> dict[str, object]:
        """All that is the user's: working tree, index, HEAD, config, hooks, stash, reflogs, other refs."""
        common = Path(self.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
        kapso = tuple(str(common / name) for name in ("objects", "kapso", "refs/heads/kapso", "refs/kapso"))
        found: dict[str, object] = {}
        for top in {self.root, common}:
            for folder, folders, files in os.walk(top):
                folders[:] = [name for name in folders if os.path.join(folder, name) not in kapso]
                for name in files + [name for name in folders if os.path.islink(os.path.join(folder, name))]:
                    path = os.path.join(folder, name)
                    found[path] = _stamp(path)
        assert str(common / "HEAD") in found
        found["hook"] = self.hook_mark.exists()
        return found


def _stamp(path: str) -> tuple[object, ...]:
    status = os.lstat(path)
    content: object = None
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        content = Path(path).read_bytes()
    if os.path.basename(path).startswith("sharedindex."):
        return (content,)  # git sets its time whenever a split index is read, by `git diff` too
    return status.st_mode, status.st_mtime_ns, status.st_ino, content


@pytest.fixture(autouse=True)
def no_git_identity(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Kapso commits where git knows nobody's name.

    A file and not /dev/null: `git config --global` renames a new file over it, as root over the device.
    """
    nobody = tmp_path / "nobody.gitconfig"
    nobody.touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(nobody))


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[..., Project]:
    """Makes empty repositories below a folder whose name is hard on careless code."""

    def make(name: str = "my project", *arguments: str) -> Project:
        return Project(tmp_path / "größe & co" / name).init(*arguments)

    return make


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = Project(tmp_path_factory.mktemp("template") / "program").init()
    project.commit({"README": "hello\n", "src/main.py": "x = 0\n", "src/deep/er/data.txt": "1\n2\n3\n"})
    return project.root


@pytest.fixture
def project(_template: Path, tmp_path: Path) -> Project:
    """A small program with one commit."""
    root = tmp_path / "größe & co" / "my project"
    shutil.copytree(_template, root, symlinks=True)
    project = Project(root)
    project.git("update-index", "-q", "--refresh")
    return project


@pytest.fixture
def repository(project: Project) -> Iterator[Repository]:
    with Repository.open(project.root) as repository:
        yield repository
