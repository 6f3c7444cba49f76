"""Where one command finds the program: host folders, and how bubblewrap mounts them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kapso.evaluate.sandbox.host import empty, largest_without


@dataclass(frozen=True)
class Grounds:
    """What an interpreter for warm starts stands on: `mounts` show it the base, and below `reach` lies all
    that candidates are mounted from, with what is `shared`."""

    mounts: Sequence[str]
    reach: Path
    shared: Mapping[str, Path]


@dataclass(frozen=True)
class Place:
    """The workspace of one command.

    `mounts` are bubblewrap's arguments that put it in place; at the other levels the command runs in
    `folder` itself, and at level landlock it may read what is in `reads` besides. `writes` are the host
    folders that hold what the command writes to the workspace, `had_bytes` what was in them before.
    `scratch` holds home and temporary files where memory would be too small. With `grounds` a call may be
    started warm.
    """

    folder: Path
    mounts: Sequence[str] = ()
    writes: tuple[Path, ...] = ()
    had_bytes: int = 0
    scratch: Path | None = None
    reads: tuple[Path, ...] = ()
    is_read_only: bool = False
    grounds: Grounds | None = None


def is_within(path: str, folders: Sequence[str]) -> bool:
    """Whether the relative `path` is one of `folders` or lies in one."""
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def shared_mounts(workspace: Path, shared: Mapping[str, Path], hidden: Sequence[str] = ()) -> list[str]:
    """Arguments that show `shared` read-only in the workspace, without what is `hidden`."""
    arguments: list[str] = []
    for path, source in shared.items():
        if is_within(path, hidden):
            continue
        arguments += ["--ro-bind", str(source), str(workspace / path)]
        for name in hidden:
            concealed = source / name[len(path) + 1 :]
            if is_within(name, [path]) and concealed.exists():
                arguments += empty(str(workspace / name), concealed.is_dir())
    return arguments


def shared_reads(shared: Mapping[str, Path], hidden: Sequence[str] = ()) -> Iterator[Path]:
    """The host paths of what is `shared`, without what is `hidden`."""
    for path, source in shared.items():
        if not is_within(path, hidden):
            top = Path(os.path.realpath(source))
            inside = {top / name[len(path) + 1 :] for name in hidden if is_within(name, [path])}
            yield from largest_without(top, inside)


def make_mount_points(folder: Path, shared: Mapping[str, Path]) -> None:
    """Makes a folder or an empty file wherever something will be mounted."""
    for path, source in shared.items():
        point = folder / path
        if source.is_dir():
            point.mkdir(parents=True, exist_ok=True)
        elif not point.exists():
            point.parent.mkdir(parents=True, exist_ok=True)
            point.touch()
