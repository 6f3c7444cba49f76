"""Finding the repository around a folder, and refusing with the remedy what Kapso cannot work in."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kapso.errors import MachineError, RepositoryError
from kapso.git.command import Git, check_git


@dataclass(frozen=True)
class Place:
    """Top of the working tree, its git folder, and the git folder that all its worktrees share."""

    root: Path
    git_dir: Path
    common_dir: Path

    @property
    def main_tree(self) -> Path:
        """The working tree that is no linked one; the git folder itself where that is bare or lies apart."""
        if self.git_dir == self.common_dir:
            return self.root
        return self.common_dir.parent if self.common_dir.name == ".git" else self.common_dir


def discover(path: Path) -> Place:
    """The repository that holds `path`. RepositoryError, with a remedy, for each kind that cannot be used."""
    check_git()
    folder = path.parent if path.is_file() else path
    if not folder.is_dir():
        raise RepositoryError(f"`{path}` does not exist", slug="no-such-folder")
    git = Git(folder)
    asked = ("--is-bare-repository", "--is-inside-git-dir", "--show-object-format")
    done = git.run("rev-parse", *asked, "--absolute-git-dir", "--path-format=absolute", "--git-common-dir")
    if done.returncode:
        raise _refusal(folder, done.stderr.decode(errors="replace"))
    bare, inside, object_format, git_dir, common_dir = os.fsdecode(done.stdout).rstrip("\n").split("\n")
    _check_kind(folder, bare == "true", inside == "true", object_format)
    _check_ref_format(git, folder)
    root = git.output("rev-parse", "--path-format=absolute", "--show-toplevel", what=f"looking at `{folder}`")
    place = Place(Path(os.fsdecode(root).rstrip("\n")), Path(git_dir), Path(common_dir))
    _check_room(git, place)
    return place


def check_writable(common_dir: Path) -> None:
    """Raise MachineError where objects, refs or Kapso's own state cannot be written."""
    for folder in (common_dir / "objects", common_dir / "refs", common_dir):
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise MachineError(
                f"the repository cannot be written: `{folder}`: {error.strerror}",
                help="make the git folder writable for this user, or work in a clone",
                slug="repository-read-only",
            ) from error


def _check_kind(folder: Path, bare: bool, inside: bool, object_format: str) -> None:
    if object_format != "sha1":
        raise RepositoryError(
            f"`{folder}` is a {object_format} repository, and Kapso reads SHA-1 only",
            help="work in a SHA-1 copy of its files: "
            "`git archive HEAD | (mkdir ../copy && cd ../copy && git init --object-format=sha1 && tar x"
            " && git add -A && git commit -m start)`",
            slug="sha256-repository",
        )
    if bare:
        raise RepositoryError(
            f"`{folder}` is a bare repository, without a working tree",
            help="run Kapso in a working tree of it: `git worktree add ../work`",
            slug="bare-repository",
        )
    if inside:
        raise RepositoryError(
            f"`{folder}` lies inside a git folder, not in a working tree",
            help="change to the working tree",
            slug="inside-git-folder",
        )


def _check_ref_format(git: Git, folder: Path) -> None:
    if git.run("config", "--get", "extensions.refStorage").stdout.strip().lower() in (b"", b"files"):
        return
    raise _reftable(folder)


def _check_room(git: Git, place: Place) -> None:
    if git.run("show-ref", "--verify", "--quiet", "refs/heads/kapso").returncode == 0:
        raise RepositoryError(
            "a branch is called `kapso`, so that git can keep no branch `kapso/...` beside it",
            help="rename it: `git branch -m kapso NEW`",
            slug="branch-called-kapso",
        )


def _refusal(folder: Path, said: str) -> RepositoryError:
    if "dubious ownership" in said:
        match = re.search(r"dubious ownership in repository at '(.*)'", said)
        owned = match[1] if match else str(folder)
        return RepositoryError(
            f"`{owned}` belongs to another user, and git does not trust it",
            help=f"if you do: `git config --global --add safe.directory {shlex.quote(owned)}`",
            slug="dubious-ownership",
        )
    if "refstorage" in said.lower():
        return _reftable(folder)
    if "not a git repository" in said:
        return RepositoryError(
            f"`{folder}` is not in a git repository",
            help="make it one: `git init && git add -A && git commit -m start`",
            slug="not-a-repository",
        )
    detail = " ".join(said.split()).removeprefix("fatal: ")
    return RepositoryError(f"git cannot open `{folder}`: {detail}", slug="unreadable-repository")


def _reftable(folder: Path) -> RepositoryError:
    return RepositoryError(
        f"`{folder}` keeps its refs in a reftable, which Kapso cannot read",
        help="change it with git 2.46 or later: `git refs migrate --ref-format=files`",
        slug="reftable-repository",
    )
