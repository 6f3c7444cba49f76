"""What can be opened, and the remedy for what cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.errors import RepositoryError
from kapso.git import command, discovery
from kapso.git.repository import Repository

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes owners")


def _refused(path: Path) -> RepositoryError:
    with pytest.raises(RepositoryError) as caught:
        Repository.open(path)
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize("inside", ["", "src/deep/er", "src/main.py"])
def test_found_from_anywhere_within(project: Any, inside: str) -> None:
    repository = Repository.open(project.root / inside)
    assert repository.root == project.root
    assert repository.common_dir == project.root / ".git"
    assert repository.state_dir == project.root / ".git/kapso"
    assert repository.state_dir.is_dir()


def test_the_callers_git_variables_lead_nowhere(
    project: Any, new_project: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_project("other")
    commit = other.commit({"a": "1"})
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / "elsewhere"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.root / "objects"))
    with Repository.open(project.root) as repository:
        assert repository.root == project.root
        assert repository.resolve("HEAD") != commit
        assert not repository.has_uncommitted_changes()


def test_linked_worktree(project: Any, tmp_path: Path) -> None:
    project.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "linked tree"))
    repository = Repository.open(tmp_path / "linked tree")
    assert repository.root == tmp_path / "linked tree"
    assert repository.common_dir == project.root / ".git"
    assert repository.git_dir == project.root / ".git/worktrees/linked-tree"


def test_worktree_of_a_bare_repository_as_its_refusal_proposes(project: Any, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    project.git("clone", "--quiet", "--bare", str(project.root), str(bare))
    error = _refused(bare)
    assert error.slug == "bare-repository"
    assert error.help and "git worktree add ../work" in error.help
    project.git("worktree", "add", "../work", cwd=bare)
    with Repository.open(tmp_path / "work") as repository:
        assert repository.common_dir == bare
        with repository.refs.transaction() as moves:
            moves.create("refs/kapso/toy-1/a", repository.resolve("HEAD"))
        assert repository.snapshot(repository.resolve("HEAD")) == repository.resolve("HEAD")


def test_separate_git_folder(tmp_path: Path, new_project: Callable[..., Any]) -> None:
    project = new_project("apart", "--separate-git-dir", str(tmp_path / "git of it"))
    commit = project.commit({"a": "1"})
    repository = Repository.open(project.root)
    assert repository.common_dir == tmp_path / "git of it"
    assert repository.resolve("HEAD") == commit
    assert repository.refs.checked_out() == {"refs/heads/main": project.root}


def test_not_a_repository_and_the_remedy_works(tmp_path: Path) -> None:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "a").write_text("1")
    error = _refused(folder)
    assert error.slug == "not-a-repository"
    assert error.help == "make it one: `git init && git add -A && git commit -m start`"
    environment = {**os.environ, "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b"}
    environment |= {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b"}
    remedy = error.help.split("`")[1]
    subprocess.run(["sh", "-ec", remedy], cwd=folder, env=environment, check=True, capture_output=True)
    assert Repository.open(folder).resolve("HEAD")


def test_a_missing_folder(tmp_path: Path) -> None:
    assert _refused(tmp_path / "nowhere/at/all").slug == "no-such-folder"


def test_within_the_git_folder(project: Any) -> None:
    assert _refused(project.root / ".git/refs").slug == "inside-git-folder"


def test_an_empty_repository_opens_but_has_no_base(new_project: Callable[..., Any]) -> None:
    repository = Repository.open(new_project().root)
    with pytest.raises(RepositoryError) as caught:
        repository.resolve("HEAD")
    assert caught.value.slug == "empty-repository"
    assert "git commit" in (caught.value.help or "")


def test_sha256(new_project: Callable[..., Any]) -> None:
    project = new_project("modern", "--object-format=sha256")
    project.commit({"a b": "1", "src/x": "2"})
    error = _refused(project.root)
    assert error.slug == "sha256-repository"
    remedy = (error.help or "").split("`")[1]
    identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **identity}
    subprocess.run(["sh", "-ec", remedy], cwd=project.root, env=environment, check=True, capture_output=True)
    copy = Repository.open(project.root.parent / "copy")
    assert set(copy.entries(copy.resolve("HEAD"))) == {"a b", "src/x"}


def test_reftable(new_project: Callable[..., Any]) -> None:
    project = new_project()
    project.commit({"a": "1"})
    project.git("config", "core.repositoryFormatVersion", "1")
    project.git("config", "extensions.refStorage", "reftable")
    error = _refused(project.root)
    assert error.slug == "reftable-repository"
    assert "git refs migrate --ref-format=files" in (error.help or "")


def test_a_branch_called_kapso_and_the_remedy_works(project: Any) -> None:
    project.git("branch", "kapso")
    project.git("pack-refs", "--all")
    error = _refused(project.root)
    assert error.slug == "branch-called-kapso"
    assert error.help == "rename it: `git branch -m kapso NEW`"
    project.git("branch", "-m", "kapso", "NEW")
    Repository.open(project.root)


def test_an_unknown_extension(project: Any) -> None:
    project.git("config", "core.repositoryFormatVersion", "1")
    project.git("config", "extensions.teleport", "true")
    assert "teleport" in _refused(project.root).message


@needs_root
def test_dubious_ownership_and_the_remedy_works(project: Any) -> None:
    subprocess.run(["chown", "-R", "65534", project.root], check=True)
    error = _refused(project.root)
    assert error.slug == "dubious-ownership"
    remedy = (error.help or "").split("`")[1]
    assert remedy == f"git config --global --add safe.directory '{project.root}'"
    try:
        subprocess.run(["sh", "-ec", remedy], check=True)
        with Repository.open(project.root) as repository:
            assert repository.read(repository.resolve("HEAD"), "README") == b"hello\n"
    finally:
        subprocess.run(["git", "config", "--global", "--unset-all", "safe.directory"], check=True)


def test_git_is_missing(project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    command.version.cache_clear()
    try:
        assert _refused(project.root).slug == "git-missing"
    finally:
        command.version.cache_clear()


def test_git_is_too_old(project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.25.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    command.version.cache_clear()
    try:
        error = _refused(project.root)
        assert (error.slug, error.message) == ("git-too-old", "git 2.25 is too old")
    finally:
        command.version.cache_clear()


def test_writable(project: Any) -> None:
    before = project.fingerprint()
    discovery.check_writable(project.root / ".git")
    assert project.fingerprint() == before


@needs_root
def test_read_only_for_this_user(project: Any) -> None:
    script = (
        "import os, sys; from pathlib import Path; from kapso.git.repository import Repository\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "r = Repository.open(Path(sys.argv[1])); r.state_dir\n"
        "print(r.resolve('HEAD'))\n"
        "try: r.check_writable()\n"
        "except Exception as error: print(type(error).__name__, error.slug)\n"
        "try: r.write_blob(b'new'); print('written')\n"
        "except Exception as error: print(type(error).__name__, error.help)\n"
    )
    for folder in [project.root, *project.root.parents]:
        if folder == Path("/tmp"):
            break
        folder.chmod(0o755)
    environment = {**os.environ, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory"}
    environment["GIT_CONFIG_VALUE_0"] = "*"
    command_line = [sys.executable, "-c", script, project.root]
    done = subprocess.run(command_line, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert lines[1:] == [
        "MachineError repository-read-only",
        "MachineError make the repository's git folder writable for this user",
    ], done.stderr
