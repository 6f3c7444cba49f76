"""Takes over what a candidate left in its output folder. What comes out is data that a scorer may open:
regular files and folders, no links, no execute bits. Call it only when no process of the command is left.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

_DEPTH = 64
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@dataclass
class _Room:
    """How much may still be taken."""

    bytes: int
    files: int


def take_over(out: Path, *, max_bytes: int, max_files: int) -> str | None:
    """Why `out` cannot be accepted, or None after its files have been made plain data.

    Bits that run, set ids or keep the engine from reading are dropped. Nothing is followed or removed;
    what is refused may be left half changed.
    """
    if not stat.S_ISDIR(out.lstat().st_mode):
        return "the output folder was replaced by something else"
    out.chmod(0o755)
    top = os.open(out, _FOLDER)
    try:
        return _take_folder(top, "", _Room(max_bytes, max_files), _DEPTH)
    finally:
        os.close(top)


def _take_folder(folder: int, path: str, room: _Room, depth: int) -> str | None:
    if depth == 0:
        return f"`{_shown(path)}` in the output folder is nested deeper than {_DEPTH} folders"
    with os.scandir(folder) as entries:
        for entry in entries:
            room.files -= 1
            if room.files < 0:
                return "the output folder holds too many files"
            why = _take_entry(folder, entry.name, f"{path}{entry.name}", room, depth)
            if why:
                return why
    return None


def _take_entry(folder: int, name: str, path: str, room: _Room, depth: int) -> str | None:
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    kind = stat.S_IFMT(found.st_mode)
    if kind in _KINDS:
        return f"`{_shown(path)}` in the output folder is {_KINDS[kind]}"
    if kind == stat.S_IFDIR:
        os.chmod(name, 0o755, dir_fd=folder)
        inner = os.open(name, _FOLDER, dir_fd=folder)
        try:
            return _take_folder(inner, f"{path}/", room, depth - 1)
        finally:
            os.close(inner)
    if found.st_nlink > 1:
        return f"`{_shown(path)}` in the output folder is a hard link"
    room.bytes -= found.st_size
    if room.bytes < 0:
        return "the output folder holds too many bytes"
    if stat.S_IMODE(found.st_mode) != 0o644:
        os.chmod(name, 0o644, dir_fd=folder)
    return None


def _shown(path: str) -> str:
    """The path in a form that is safe to print: names are a candidate's choice."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return printable if len(printable) <= 120 else f"{printable[:117]}..."
