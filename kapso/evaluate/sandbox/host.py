"""What commands see of the machine: its programs and libraries, read-only; nothing that is the user's.

It is looked for once per sandbox, since it is the same for every command.
"""

from __future__ import annotations

import glob
import itertools
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

COVERED = ("/tmp", "/var/tmp", "/run", "/home", "/root", "/mnt", "/media", "/srv")
"""Folders that hold what belongs to users, other programs or other machines."""

_SYSTEM_FOLDERS = ("/etc", "/opt", "/usr/local", "/var")
_KERNEL_FOLDERS = ("/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security")
_SCAN_DEPTH = 3
_MOST_ENTRIES = 1_000
_EMPTY_BYTES = "4096"
_DEVICES = ("/dev/nvidia*", "/dev/dri", "/dev/kfd", "/dev/dxg")


class Covers:
    """The folders that are out of sight. `home` and `private` add to those that always are."""

    def __init__(self, home: Path, workspace: Path, private: Iterable[Path]) -> None:
        wanted = [*map(Path, COVERED), home, *private, workspace]
        real = sorted({Path(os.path.realpath(path)) for path in wanted if path.exists()})
        self.workspace = Path(os.path.realpath(workspace))
        self.folders: list[Path] = []
        self.files: list[Path] = []
        for path in real:
            if path == Path("/") or self.covers(path) or self.workspace in path.parents:
                continue
            (self.folders if path.is_dir() else self.files).append(path)

    def covers(self, path: Path) -> bool:
        """Whether `path`, written without links, is out of sight."""
        # As text: asked thousands of times, and `Path.parents` would take a second of the start.
        return f"{path}/".startswith(tuple(f"{folder}/" for folder in self.folders))


def uncover(paths: Iterable[Path], covers: Covers) -> dict[Path, str | None]:
    """What must be put back for `paths` to be seen: path → text of the link to make there, or None to bind.

    A path may lead through links: each of them that is out of sight is made again. What lies inside
    something that is bound anyway is left out.
    """
    needed: dict[Path, str | None] = {}
    for path in paths:
        _walk(path, covers, needed)
    bound = {path for path, link in needed.items() if link is None}
    return {path: needed[path] for path in sorted(needed) if not bound.intersection(path.parents)}


def _walk(path: Path, covers: Covers, needed: dict[Path, str | None]) -> None:
    waiting = list(reversed(Path(os.path.normpath(path)).parts[1:]))
    here, hops = Path("/"), 0
    while waiting:
        name = waiting.pop()
        if name == "..":
            here = here.parent
            continue
        step = here / name
        if not step.is_symlink():
            here = step
            continue
        hops += 1
        if hops > 40:
            return
        text = os.readlink(step)
        if covers.covers(step):
            needed[step] = text
        here = Path("/") if text.startswith("/") else here
        waiting += reversed([part for part in text.split("/") if part not in ("", ".")])
    if here.exists() and covers.covers(here):
        needed[here] = None


def largest_without(top: Path, excluded: Collection[Path]) -> Iterator[Path]:
    """The fewest files and folders, links left out, that together are `top` without all that is `excluded`.

    A folder in which something is excluded and that has very many entries is left out whole.
    """
    if any(path == top or path in top.parents for path in excluded):
        return
    inside = [path for path in excluded if top in path.parents]
    if not inside:
        yield top
        return
    try:
        entries = list(itertools.islice(os.scandir(top), _MOST_ENTRIES + 1))
    except OSError:
        return
    if len(entries) <= _MOST_ENTRIES:
        for entry in entries:
            if not entry.is_symlink():
                yield from largest_without(Path(entry.path), inside)


def masks(covers: Covers) -> Iterator[Path]:
    """Files and folders of the system that only this user's privileges make readable, and open sockets.

    Commands keep the user's id, so what root alone may read, root's commands could read as well.
    """
    for folder in _SYSTEM_FOLDERS:
        yield from _not_for_everybody(folder, covers, _SCAN_DEPTH)
    yield from (Path(name) for name in _KERNEL_FOLDERS if _may_be_listed(name))
    for socket in listening_sockets():
        if not covers.covers(socket) and not socket.is_relative_to("/dev") and os.access(socket, os.W_OK):
            yield socket


def _not_for_everybody(folder: str, covers: Covers, depth: int) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        is_folder = stat.S_ISDIR(found.st_mode)
        if is_folder and covers.covers(Path(entry.path)):
            continue
        if not is_folder and not stat.S_ISREG(found.st_mode):
            continue
        everybody = stat.S_IROTH | stat.S_IXOTH if is_folder else stat.S_IROTH
        if found.st_mode & everybody == 0:
            if _may_be_listed(entry.path) if is_folder else found.st_size and os.access(entry.path, os.R_OK):
                yield Path(entry.path)
        elif is_folder and depth > 1:
            yield from _not_for_everybody(entry.path, covers, depth - 1)


def _may_be_listed(folder: str) -> bool:
    try:
        return bool(os.listdir(folder))
    except OSError:
        return False


def listening_sockets() -> set[Path]:
    """Paths of the sockets on which something listens: a read-only mount does not stop a connection."""
    try:
        with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()[1:]
    except OSError:
        return set()
    names = (fields[7] for fields in (line.split(maxsplit=7) for line in lines) if len(fields) == 8)
    return {Path(os.path.realpath(name)) for name in names if name.startswith("/") and os.path.exists(name)}


def devices(gpu: bool | None) -> list[str]:
    """The machine's accelerators; `gpu` False hides them."""
    return [] if gpu is False else sorted(path for pattern in _DEVICES for path in glob.glob(pattern))


def sealed_proc(devices: Sequence[str]) -> list[str]:
    """Arguments that keep the kernel's settings below /proc from being written.

    Root's commands own them, and need no privilege to write them. Drivers of accelerators name their
    threads by writing below /proc/self (CUDA does not start without), so with `devices` the settings alone
    are sealed; bwrap itself has sealed `sys`, `sysrq-trigger`, `irq` and `bus`.
    """
    if not devices:
        return ["--remount-ro", "/proc"]
    settings = [entry for entry in os.scandir("/proc") if not entry.name.isdigit() and not entry.is_symlink()]
    paths = sorted(each.path for each in settings if each.is_dir() or each.stat().st_mode & 0o222)
    return [item for path in paths for item in ("--ro-bind", path, path)]


def empty(path: str, is_folder: bool) -> list[str]:
    """Arguments that put nothing in the place of `path`."""
    if is_folder:
        return ["--size", _EMPTY_BYTES, "--tmpfs", path, "--remount-ro", path]
    return ["--ro-bind", "/dev/null", path]
