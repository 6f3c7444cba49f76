"""A commit's files in a folder outside the user's working tree, exactly as git would check them out."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kapso.errors import MachineError
from kapso.git import lfs, trees
from kapso.git.command import Git, failure
from kapso.git.conversion import ATTRIBUTES_FILE, Conversion
from kapso.git.objects import Objects
from kapso.git.trees import Entry


@dataclass(frozen=True)
class CheckedOut:
    """A folder with a commit's files; those in `missing_lfs` are pointers until `git lfs pull`."""

    folder: Path
    missing_lfs: tuple[str, ...] = ()


def check_out(
    git_dir: Path, objects: Objects, conversion: Conversion, commit: str, folder: Path, skip: Iterable[str]
) -> CheckedOut:
    """Write the files of `commit` into the empty or new `folder`, without the files and folders in `skip`.

    Submodules become empty folders. Index, HEAD and hooks of the repository have no part in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"`{folder}` is not empty")
    tree = objects.write_tree(commit, {path.rstrip("/"): None for path in skip})
    with tempfile.TemporaryDirectory(prefix="kapso-git-") as temporary:
        index = os.path.join(temporary, "index")
        git = Git(
            folder, {"GIT_DIR": str(git_dir), "GIT_WORK_TREE": str(folder.resolve()), "GIT_INDEX_FILE": index}
        )
        # `read-tree -u` and not `checkout-index`: it fetches what a partial clone lacks in one go.
        arguments = ("read-tree", "--reset", "-u", "--no-sparse-checkout", "--no-recurse-submodules", tree)
        done = git.run(*arguments, settings=lfs.OFF)
        entries = objects.entries(tree)
        if done.returncode:
            raise _failure(commit, done.stderr, entries)
        large = _large_files(git, objects, conversion, entries)
    return CheckedOut(
        folder, tuple(path for path in large if not _fill_in(folder / path, conversion.large_files))
    )


def _large_files(
    git: Git, objects: Objects, conversion: Conversion, entries: Mapping[str, Entry]
) -> list[str]:
    """The files that attributes leave to LFS."""
    files = {path: entry for path, entry in entries.items() if entry.mode in (trees.FILE, trees.EXECUTABLE)}
    attribute_files = (entry.oid for path, entry in files.items() if path.split("/")[-1] == ATTRIBUTES_FILE)
    if not conversion.has_outside_attributes and not any(
        b"lfs" in objects.read(oid) for oid in attribute_files
    ):
        return []
    names = b"".join(trees.encode_path(path) + b"\0" for path in files)
    out = git.output("check-attr", "--cached", "--stdin", "-z", "filter", stdin=names)
    fields = trees.decode_path(out).split("\0")[:-1]
    return [path for path, filter in zip(fields[0::3], fields[2::3], strict=True) if filter == "lfs"]


def _fill_in(path: Path, store: lfs.Store) -> bool:
    """Put the content in a pointer's place; False if the store lacks it."""
    with path.open("rb") as file:
        pointer = lfs.parse_pointer(file.read(lfs.LONGEST_POINTER + 1))
    if pointer is None or pointer.size == 0:
        return True
    content = store.find(pointer)
    if content is not None:
        shutil.copyfile(content, path)
    return content is not None


def _failure(commit: str, said: bytes, entries: Mapping[str, Entry]) -> MachineError:
    error = failure(f"checking out `{commit[:12]}`", said)
    named = set(re.findall(r"[0-9a-f]{40}", said.decode(errors="replace")))
    paths = [f"`{path}`" for path, entry in entries.items() if entry.oid in named]
    if not paths:
        return error
    return MachineError(f"{error.message} ({', '.join(paths[:3])})", help=error.help, slug="object-missing")
