"""The repository that an agent works in: one commit without a parent, its objects copied, no remote.

Nothing in it leads to the user's repository. Once an agent has had it, it is never read again by git: its
settings could run anything.
"""

from __future__ import annotations

from pathlib import Path

from kapso.git.command import Git
from kapso.git.repository import Repository
from kapso.git.trees import EXECUTABLE, FILE

FOLDER = ".git"

_WHO = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Kapso"), ("EMAIL", "kapso@localhost"))
}
_SETTINGS = """\
[core]
\trepositoryformatversion = 0
\tbare = false
\tfilemode = true
[user]
\tname = agent
\temail = agent@localhost
[gc]
\tauto = 0
"""

LEFTOVERS = """\
__pycache__/
*.py[co]
.pytest_cache/
.mypy_cache/
.ruff_cache/
.hypothesis/
.ipynb_checkpoints/
node_modules/
.aider*
/.claude/
/.codex/
/.gemini/
/.opencode/
.DS_Store
*~
.*.sw[op]
"""
"""What agents and the programs that they try leave behind, in repositories that do not ignore it."""


def make_repository(source: Repository, tree: str, folder: Path) -> None:
    """Make `folder/.git` with `tree` of `source` as its one commit, on the branch `main`."""
    inside = folder / FOLDER
    _init(folder)
    (inside / "config").write_text(_SETTINGS)
    (inside / "HEAD").write_text("ref: refs/heads/main\n")
    (inside / "info").mkdir(exist_ok=True)
    (inside / "info" / "exclude").write_text(LEFTOVERS)
    pack = str(inside / "objects" / "pack" / "pack")
    source.git.output("pack-objects", "--revs", "-q", "--window=0", pack, stdin=f"{tree}\n".encode())
    git = Git(folder, {"GIT_DIR": str(inside), "GIT_WORK_TREE": str(folder), **_WHO})
    commit = git.output("commit-tree", tree, stdin=b"The program as it stands\n").decode().strip()
    git.output("update-ref", "refs/heads/main", commit)
    git.output("read-tree", commit)


def ignored(source: Repository, tree: str, paths: list[str], folder: Path) -> set[str]:
    """Those of `paths` that git would ignore in a checkout of `tree`, or that are mere leftovers.

    `folder` is an empty one that may be written to.
    """
    if not paths:
        return set()
    _init(folder)
    for path, entry in source.entries(tree).items():
        if path.rpartition("/")[2] == ".gitignore" and entry.mode in (FILE, EXECUTABLE):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(source.objects.read(entry.oid, path))
    (folder / FOLDER / "info").mkdir(exist_ok=True)
    (folder / FOLDER / "info" / "exclude").write_text(LEFTOVERS)
    asked = b"\0".join(path.encode("utf-8", "surrogateescape") for path in paths)
    said = Git(folder).run("check-ignore", "--no-index", "-z", "--stdin", stdin=asked + b"\0").stdout
    return {each.decode("utf-8", "surrogateescape") for each in said.split(b"\0") if each}


def _init(folder: Path) -> None:
    """An empty repository of the plainest kind, whatever the user's settings ask for in new ones."""
    git = Git(folder, {"GIT_DEFAULT_HASH": "sha1", "GIT_DEFAULT_REF_FORMAT": "files"})
    git.output("init", "-q", "--template=", "--", str(folder), what="making the agent's repository")
