"""Trees as git stores them: bytes to entries and back, and the smallest rewrite for a set of changes.

Trees are read and written raw: pygit2's builder refuses names that are not UTF-8 and rewrites odd modes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

FOLDER = 0o040000
FILE = 0o100644
EXECUTABLE = 0o100755
LINK = 0o120000
SUBMODULE = 0o160000

# The spellings that some file system takes for `.git`, as `git fsck --strict` knows them.
_GIT_FOLDER = re.compile(r"(\.git|git~1)[ .]*([\\:].*)?", re.IGNORECASE | re.DOTALL)
_INVISIBLE = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")

ReadTree = Callable[[str], bytes]
WriteTree = Callable[[bytes], str]


class Entry(NamedTuple):
    """What stands at a path: git's mode (`FILE`, `EXECUTABLE`, `LINK`, …) and the object's hex id."""

    mode: int
    oid: str


Change = tuple[Entry | None, Entry | None]


def decode_path(raw: bytes) -> str:
    """A path as `str`; bytes that are not UTF-8 become surrogates, as in Python's own file names."""
    return raw.decode("utf-8", "surrogateescape")


def encode_path(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def parse_tree(data: bytes) -> dict[str, Entry]:
    """The entries directly in a tree, from its raw bytes."""
    entries, start = {}, 0
    while start < len(data):
        space = data.index(b" ", start)
        end = data.index(b"\0", space)
        name = decode_path(data[space + 1 : end])
        entries[name] = Entry(int(data[start:space], 8), data[end + 1 : end + 21].hex())
        start = end + 21
    return entries


def format_tree(entries: Mapping[str, Entry]) -> bytes:
    """The raw bytes of a tree. Git sorts a folder as if its name ended in a slash."""

    def order(item: tuple[bytes, Entry]) -> bytes:
        return item[0] + b"/" if item[1].mode == FOLDER else item[0]

    named = sorted(((encode_path(name), entry) for name, entry in entries.items()), key=order)
    return b"".join(b"%o %s\0%s" % (entry.mode, name, bytes.fromhex(entry.oid)) for name, entry in named)


def walk(read: ReadTree, tree: str, prefix: str = "") -> Iterator[tuple[str, Entry]]:
    """Every path below `tree` that is not a folder."""
    for name, entry in parse_tree(read(tree)).items():
        if entry.mode == FOLDER:
            yield from walk(read, entry.oid, f"{prefix}{name}/")
        else:
            yield prefix + name, entry


def find(read: ReadTree, tree: str, path: str) -> Entry | None:
    """What stands at `path` below `tree`, a folder too."""
    entry: Entry | None = Entry(FOLDER, tree)
    for name in path.split("/"):
        if entry is None or entry.mode != FOLDER:
            return None
        entry = parse_tree(read(entry.oid)).get(name)
    return entry


def compare(
    read: ReadTree, old: str | None, new: str | None, prefix: str = ""
) -> Iterator[tuple[str, Change]]:
    """Every path that differs between two trees, with what stood and what stands there; None is empty."""
    before = parse_tree(read(old)) if old else {}
    after = parse_tree(read(new)) if new else {}
    for name in sorted(before.keys() | after.keys()):
        a, b = before.get(name), after.get(name)
        if a == b:
            continue
        a_folder, a_file = _by_kind(a)
        b_folder, b_file = _by_kind(b)
        if a_file or b_file:
            yield prefix + name, (a_file, b_file)
        if a_folder or b_folder:
            yield from compare(read, a_folder, b_folder, f"{prefix}{name}/")


def rewrite(read: ReadTree, write: WriteTree, tree: str | None, changes: Mapping[str, Entry | None]) -> str:
    """`tree` with `changes`; only folders on the way to a change are written, empty ones vanish.

    None removes what stands at a path, a folder with all it holds. A file gives way to a folder, and a folder
    to a file. ValueError for a path that git refuses, or that is to be both file and folder.
    """
    for path in changes:
        if reason := why_not_path(path):
            raise ValueError(f"`{path}` {reason}")
    return _rewrite(read, write, tree, changes) or write(b"")


def why_not_path(path: str) -> str | None:
    """Why git would not keep a file at `path`, None if it would."""
    names = path.split("/")
    if "\0" in path or "" in names:
        return "is not a relative path"
    if any(name in (".", "..") for name in names):
        return "leads out of its folder"
    if any(_GIT_FOLDER.fullmatch(_INVISIBLE.sub("", name)) for name in names):
        return "stands for git's own folder"
    return None


def _rewrite(
    read: ReadTree, write: WriteTree, tree: str | None, changes: Mapping[str, Entry | None]
) -> str | None:
    entries = parse_tree(read(tree)) if tree else {}
    below: dict[str, dict[str, Entry | None]] = {}
    here: dict[str, Entry | None] = {}
    for path, entry in changes.items():
        name, slash, rest = path.partition("/")
        if slash:
            below.setdefault(name, {})[rest] = entry
        else:
            here[name] = entry
    for name, entry in here.items():
        if entry is None:
            entries.pop(name, None)
        else:
            entries[name] = entry
    for name, inner in below.items():
        if here.get(name) is not None:
            if any(inner.values()):
                raise ValueError(f"`{name}` is to be a file and a folder")
            continue
        old, _ = _by_kind(entries.get(name))
        if old is None and not any(inner.values()):
            continue
        oid = _rewrite(read, write, old, inner)
        if oid is None:
            entries.pop(name, None)
        else:
            entries[name] = Entry(FOLDER, oid)
    return write(format_tree(entries)) if entries else None


def _by_kind(entry: Entry | None) -> tuple[str | None, Entry | None]:
    """The folder's tree, and the entry that is no folder: one of them, or neither."""
    if entry is None:
        return None, None
    return (entry.oid, None) if entry.mode == FOLDER else (None, entry)
