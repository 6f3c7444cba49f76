"""Layers for overlay mounts: what makes a path vanish, and how an upper layer is folded into a folder.

A whiteout is a character device 0:0, which every user may make. The kernel lays folders of several layers
over each other and takes mode and times from the topmost one, so folders made here copy those of the base.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from kapso.evaluate.sandbox.files import Written
from kapso.evaluate.sandbox.trees import entries_of, remove_tree

_OPAQUE = "user.overlay.opaque"


def make_whiteouts(paths: Iterable[str], base: Path, layer: Path) -> None:
    """Fills `layer` so that, laid over `base`, it makes `paths` vanish."""
    layer.mkdir(parents=True, exist_ok=True)
    for path in paths:
        _make_parents(path, base, layer)
        os.mknod(layer / path, stat.S_IFCHR, os.makedev(0, 0))
    shutil.copystat(base, layer)


def _make_parents(path: str, base: Path, layer: Path) -> None:
    parent = os.path.dirname(path)
    if parent and not (layer / parent).is_dir():
        _make_parents(parent, base, layer)
        (layer / parent).mkdir()
        shutil.copystat(base / parent, layer / parent)


def vanishing(base: Path, paths: Iterable[str]) -> list[str]:
    """The least set of existing paths of `base` whose absence makes `paths` vanish.

    A folder of which nothing would be left goes too, as it would in a git checkout.
    """
    by_depth: defaultdict[int, set[str]] = defaultdict(set)
    for path in filter(None, (_actual(base, p) for p in paths)):
        by_depth[path.count("/")].add(path)
    for depth in range(max(by_depth, default=0), 0, -1):
        for parent in {os.path.dirname(path) for path in by_depth[depth]}:
            left = {f"{parent}/{name}" for name in os.listdir(base / parent)} - by_depth[depth]
            if not left:
                by_depth[depth - 1].add(parent)
    gone = set().union(*by_depth.values())
    return sorted(path for path in gone if not any(parent in gone for parent in _parents(path)))


def _actual(base: Path, path: str) -> str | None:
    """`path` with links in its folders followed, or None when `base` has no such path."""
    path = os.path.normpath(path.strip("/"))
    folder = os.path.realpath(base / os.path.dirname(path))
    top = os.path.realpath(base)
    if path == "." or (folder != top and not folder.startswith(f"{top}/")):
        return None
    found = os.path.relpath(os.path.join(folder, os.path.basename(path)), top)
    return found if os.path.lexists(base / found) else None


def _parents(path: str) -> Iterator[str]:
    while path := os.path.dirname(path):
        yield path


def fold(upper: Path, target: Path, leave_out: frozenset[str] = frozenset()) -> None:
    """Moves what an overlay wrote in `upper` into `target`, itself a lower layer of that overlay.

    Deletions stay as whiteouts, since `target` may lie over something else. `leave_out` are paths whose
    state is somebody else's: they are dropped from both.
    """
    waiting = [""]
    while waiting:
        path = waiting.pop()
        for name in os.listdir(upper / path):
            below = os.path.join(path, name)
            if below in leave_out:
                continue
            if (
                _is_plain_folder(upper / below)
                and _is_plain_folder(target / below)
                and not _hides(upper / below)
            ):
                waiting.append(below)
            else:
                remove_tree(target / below)
                _move(upper / below, target / below)
    for path in leave_out:
        if _is_plain_folder((target / path).parent):
            remove_tree(target / path)


def written_in(upper: Path) -> Written:
    """What an overlay's `upper` layer changes; no link in it is followed."""
    files: dict[str, Path] = {}
    others: set[str] = set()
    waiting = [""]
    while waiting:
        path = waiting.pop()
        for entry in entries_of(upper / path):
            below = os.path.join(path, entry.name)
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder:
                waiting.append(below)
            elif entry.is_file(follow_symlinks=False):
                files[below] = upper / below
            if not is_folder or _hides(upper / below):
                others.add(below)
    return Written(files, others)


def _move(path: Path, target: Path) -> None:
    """Renames; a folder that moves must be writable itself, as its `..` changes."""
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        path.chmod(0o700)
    path.rename(target)
    if stat.S_ISDIR(mode):
        target.chmod(stat.S_IMODE(mode))


def _is_plain_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _hides(folder: Path) -> bool:
    """Whether the folder hides that of lower layers instead of being laid over it."""
    try:
        return os.getxattr(folder, _OPAQUE) == b"y"
    except OSError:
        return False
