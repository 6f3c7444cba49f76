"""Copies, measures and removes folders that hostile programs have filled.

Such folders may be nested a million deep, hold names that are no text, and forbid their owner to look
inside. Nothing here follows a symbolic link or recurses.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import secrets
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

from kapso.errors import MachineError

BLOCK_BYTES = 512
LEAST_ENTRY_BYTES = 4096
"""What a file or folder counts at least, so that empty ones cannot exhaust the inodes unnoticed."""

_NO_BOUND = 1 << 62
_BIN_PLACES = 16
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(folder: Path) -> None:
    """Removes `folder` and all that it holds, whatever the modes and the depth; fine if it is gone."""
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            folder.unlink()
            return
        folder.chmod(0o700)
        top = os.open(folder, _FOLDER)
        try:
            _empty(top)
        finally:
            os.close(top)
        folder.rmdir()
    except FileNotFoundError:
        return
    except OSError as error:
        raise MachineError(f"cannot remove `{folder}`: {error.strerror}") from error


class Bin:
    """Removes folders in a thread of its own, while the next command runs. Thread-safe.

    `folder` is on the file system of what is thrown in. What cannot be removed is told by the next call.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: queue.Queue[Path | None] = queue.Queue(_BIN_PLACES)
        self._names = itertools.count()
        self._fault: MachineError | None = None
        folder.mkdir()
        self._thread = threading.Thread(target=self._empty, name="kapso-bin", daemon=True)
        self._thread.start()

    def throw(self, folder: Path) -> None:
        """Take `folder` away at once; fine if it is gone. Waits where too much is waiting already."""
        if self._fault:
            raise self._fault
        place = self._folder / str(next(self._names))
        try:
            if stat.S_ISDIR(folder.lstat().st_mode):
                folder.chmod(0o700)  # moving changes its `..`, so it must be writable itself
            folder.rename(place)
        except FileNotFoundError:
            return
        except OSError as error:
            raise MachineError(f"cannot remove `{folder}`: {error.strerror}") from error
        self._waiting.put(place)

    def close(self) -> None:
        """Return once all is removed."""
        self._waiting.put(None)
        self._thread.join()

    def _empty(self) -> None:
        while (place := self._waiting.get()) is not None:
            try:
                remove_tree(place)
            except MachineError as error:
                self._fault = error


def _empty(top: int) -> None:
    """Deletes level by level: folders inside folders are first moved up, so that no path gets long."""
    spare, moved = f".{secrets.token_hex(8)}-", 0
    while names := os.listdir(top):
        for name in names:
            if not _is_folder(name, top):
                os.unlink(name, dir_fd=top)
                continue
            os.chmod(name, 0o700, dir_fd=top)
            inner = os.open(name, _FOLDER, dir_fd=top)
            try:
                for child in os.listdir(inner):
                    if not _is_folder(child, inner):
                        os.unlink(child, dir_fd=inner)
                        continue
                    # Moving changes its `..`, so it must be writable itself.
                    os.chmod(child, 0o700, dir_fd=inner)
                    os.rename(child, f"{spare}{moved}", src_dir_fd=inner, dst_dir_fd=top)
                    moved += 1
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=top)


def _is_folder(name: str, parent: int) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode)


def copy_tree(source: Path, target: Path) -> None:
    """Copies what `source` holds into `target` (made if missing): modes, times and links as they are."""
    target.mkdir(parents=True, exist_ok=True)
    if _copy(source, target) == "":
        return
    # An ordinary user cannot read what a program has closed to everybody: open, copy, close again.
    try:
        closed = _open_up(source)
        remove_tree(target)
        target.mkdir()
        why = _copy(source, target)
        for path, mode in reversed(closed):
            os.chmod(source / path, mode)
            os.chmod(target / path, mode)
    except OSError as error:
        why = str(error)
    if why:
        raise MachineError(f"cannot copy `{source}` to `{target}`: {why}", help="is the disk full?")


def _copy(source: Path, target: Path) -> str:
    command = ["cp", "-a", *(["--reflink=auto"] if sys.platform == "linux" else [])]
    done = subprocess.run([*command, f"{source}/.", str(target)], capture_output=True, check=False)
    if done.returncode == 0:
        return ""
    return done.stderr.decode(errors="replace").strip().splitlines()[-1:][0] if done.stderr else "cp failed"


def _open_up(folder: Path) -> list[tuple[str, int]]:
    """Makes everything below readable; what was changed, as (path, mode before), parents first."""
    changed: list[tuple[str, int]] = []
    waiting = [""]
    while waiting:
        path = waiting.pop()
        with os.scandir(folder / path) as entries:
            for entry in entries:
                mode = entry.stat(follow_symlinks=False).st_mode
                needed = {stat.S_IFDIR: 0o700, stat.S_IFREG: 0o400}.get(stat.S_IFMT(mode), 0)
                below = os.path.join(path, entry.name)
                if mode & needed != needed:
                    changed.append((below, stat.S_IMODE(mode)))
                    os.chmod(entry.path, stat.S_IMODE(mode) | needed)
                if stat.S_ISDIR(mode):
                    waiting.append(below)
    return changed


def lay_over(source: Path, target: Path) -> None:
    """Puts the files of `source` into `target`; what is there and in the way, of whatever kind, goes."""
    waiting = [""]
    while waiting:
        path = waiting.pop()
        with os.scandir(source / path) as entries:
            for entry in entries:
                below = os.path.join(path, entry.name)
                place = target / below
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder and place.is_dir() and not place.is_symlink():
                    waiting.append(below)
                    continue
                remove_tree(place)
                if is_folder:
                    place.mkdir()
                    waiting.append(below)
                else:
                    shutil.copy2(entry.path, place, follow_symlinks=False)


def entries_of(folder: Path) -> list[os.DirEntry[str]]:
    """What `folder` holds; it is opened for its owner where a program has closed it."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:
        folder.chmod(0o700)
        with os.scandir(folder) as entries:
            return list(entries)


def size_of(folder: Path, enough: int = _NO_BOUND) -> int:
    """Bytes on disk below `folder`; more than `enough` as soon as that is passed.

    May be asked while programs write. What cannot be looked into counts as more than enough, since it
    could hide anything: that is what lies too deep for a path.
    """
    with contextlib.ExitStack() as opened:
        return _size_of(os.fspath(folder), enough, opened)


def _size_of(folder: str, enough: int, opened: contextlib.ExitStack) -> int:
    total = 0
    waiting = [folder]
    while waiting:
        try:
            entries = _list(waiting.pop(), opened)
        except FileNotFoundError:
            continue
        except OSError:
            return enough + 1
        for entry in entries:
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            total += max(found.st_blocks * BLOCK_BYTES, LEAST_ENTRY_BYTES)
            if total > enough:
                return total
            if stat.S_ISDIR(found.st_mode):
                waiting.append(entry.path)
    return total


def _list(folder: str, opened: contextlib.ExitStack) -> list[os.DirEntry[str]]:
    """What `folder` holds. If it is closed even to its owner, it is open until `opened` ends."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except PermissionError:
        mode = stat.S_IMODE(os.lstat(folder).st_mode)
        os.chmod(folder, mode | stat.S_IRWXU)
        opened.callback(_close_again, folder, mode)
        with os.scandir(folder) as entries:
            return list(entries)


def _close_again(folder: str, mode: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.chmod(folder, mode)
