"""The user's uncommitted work, seen and copied without touching it: the index is copied, not refreshed."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from kapso.git.command import Git, version

_WHAT = "taking a snapshot of uncommitted changes"


def has_uncommitted_changes(git: Git, aside: str | None = None) -> bool:
    """True if the working tree or index differs from HEAD, or there are new files that are not ignored.

    The file `aside`, from the repository's root, does not count.
    """
    arguments = ["status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty"]
    if aside is not None:
        arguments += ["--", ":/", f":(top,exclude,literal){aside}"]
    return bool(git.output(*arguments, what="looking for uncommitted changes"))


def working_tree(git: Git, git_dir: Path, parent: str) -> str:
    """The tree of the working tree as it is: tracked files and new ones, without what is ignored."""
    with tempfile.TemporaryDirectory(prefix="kapso-git-") as folder:
        index = Path(folder, "index")
        apart = Git(git.folder, {"GIT_INDEX_FILE": str(index)})
        try:
            # With its time: git tells by it which files may have changed within the clock's grain.
            shutil.copy2(git_dir / "index", index)
        except FileNotFoundError:
            apart.output("read-tree", parent)
        outside_sparse = ["--sparse"] if version() >= (2, 34) else []  # new files there are refused otherwise
        apart.output("add", "--all", *outside_sparse, what=_WHAT)
        return apart.output("write-tree", what=_WHAT).decode().strip()
