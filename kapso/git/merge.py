"""Three-way merges of single files, by git itself; nothing of any repository is read or written."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from kapso.git.command import Git, failure

_CONFLICTS = range(1, 128)
_NOT_MERGED = 255
_NAMES = ("ours", "base", "theirs")
_TOKENS = re.compile(rb"\w+|\n|[^\S\n]+|[^\w\s]")


def merge_file(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """What both sides made of `base`; where both changed the same, ours stands. None for binary files.

    Sides that conflict line by line are merged token by token: two values on neighbouring lines, or on
    one, are no conflict.
    """
    merged, has_conflicts = _merge(base, ours, theirs)
    if not has_conflicts:
        return merged
    merged, _ = _merge(_apart(base), _apart(ours), _apart(theirs), "--ours")
    return None if merged is None else _together(merged)


def merge_cleanly(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """What both sides made of `base`; None where both changed the same, and for binary files."""
    merged, has_conflicts = _merge(base, ours, theirs)
    if has_conflicts:
        merged, has_conflicts = _merge(_apart(base), _apart(ours), _apart(theirs))
        merged = None if merged is None else _together(merged)
    return None if has_conflicts else merged


def _merge(base: bytes, ours: bytes, theirs: bytes, *options: str) -> tuple[bytes | None, bool]:
    """The merge, and whether it holds conflicts; (None, False) for binary files."""
    with tempfile.TemporaryDirectory(prefix="kapso-merge-") as folder:
        for name, content in zip(_NAMES, (ours, base, theirs), strict=True):
            (Path(folder) / name).write_bytes(content)
        done = Git(Path(folder)).run("merge-file", "-p", *options, *_NAMES)
    if done.returncode == _NOT_MERGED and b"binary" in done.stderr:
        return None, False
    if done.returncode and done.returncode not in _CONFLICTS:
        raise failure("`git merge-file`", done.stderr)
    return done.stdout, done.returncode != 0


def _apart(content: bytes) -> bytes:
    """One token a line; a line end within the content stands as a line of its own, marked."""
    return b"".join(b"\\n\n" if token == b"\n" else token + b"\n" for token in _TOKENS.findall(content))


def _together(lines: bytes) -> bytes:
    return b"".join(b"\n" if line == b"\\n" else line for line in lines.split(b"\n"))
