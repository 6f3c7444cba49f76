"""Level bubblewrap: everything a command sees and may write, as arguments for bwrap.

What is the same for every command of a sandbox is put together once. Inside, a command finds its home,
its temporary files, its output and its result under one folder, at the same place in every slot.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kapso.evaluate.sandbox.bubblewrap import Bubblewrap, Inside, pack, start
from kapso.evaluate.sandbox.host import empty, sealed_proc, uncover
from kapso.evaluate.sandbox.job import Job
from kapso.evaluate.sandbox.place import Place
from kapso.evaluate.sandbox.sight import Sight

_COVER_BYTES = 1 << 20
_WRITABLE = ("/tmp", "/var/tmp")
_INSIDE = ("/tmp/kapso", "/tmp/kapso-inside", "/var/tmp/kapso")


@dataclass(frozen=True)
class _Kind:
    """What the part of the arguments that is put together once depends on."""

    network: bool
    memory_bytes: int
    is_setup: bool


class Enclosure:
    """Starts commands in bubblewrap. `level` is what the user asked for and got."""

    level = "bubblewrap"
    lost: tuple[str, ...] = ()

    def __init__(self, bubblewrap: Bubblewrap, sight: Sight) -> None:
        self.bubblewrap, self.sight, self.workspace = bubblewrap, sight, sight.workspace
        self.has_overlays = bubblewrap.overlays
        self.env = dict(sight.env)
        self._masks = sight.masks
        self._inside = self._choose_inside()
        self._heads: dict[_Kind, bytes] = {}
        self._tail = pack([item for path in self._covered() for item in ("--remount-ro", path)])

    def _choose_inside(self) -> str:
        places = map(Path, _INSIDE)
        return next(
            str(p) for p in places if not p.is_relative_to(self.workspace) and p not in self.workspace.parents
        )

    def show_environment(self, folder: Path) -> None:
        """Shows from now on what a virtual environment in `folder`, if it is one, needs from elsewhere."""
        if self.sight.add_environment(folder):
            self._heads.clear()

    def tools_in_workspace(self) -> dict[str, Path]:
        """Toolchains that live in the workspace, such as a virtual environment on PATH."""
        shown = uncover(self.sight.shown, self.sight.covers)
        return {
            str(path.relative_to(self.workspace)): path
            for path, link in shown.items()
            if link is None and self.workspace in path.parents
        }

    def start(self, job: Job, place: Place) -> Inside:
        kind = _Kind(job.network, job.limits.memory_bytes, place.scratch is not None)
        if not all(map(os.path.lexists, self._masks)):  # a server has taken its socket away: nothing to mask
            self._masks = [path for path in self._masks if os.path.lexists(path)]
            self._heads.clear()
        head = self._heads.get(kind)
        if head is None:
            head = self._heads[kind] = pack(self._head(kind))
        folder = os.path.join(self.workspace, job.folder)
        folder = os.path.normpath(folder)
        own = [*place.mounts, *self._own_folders(job, place), "--chdir", folder]
        if place.writes:
            # Hiding files may have emptied it, and what is empty is not there.
            own += ["--dir", folder]
        env = self._environment(job, is_setup=kind.is_setup)
        arguments = head + pack(own) + self._tail
        return start(self.bubblewrap.program, arguments, env, job.command, job.limits.processes)

    def _environment(self, job: Job, is_setup: bool) -> dict[str, str]:
        env = {**self.env, "HOME": f"{self._inside}/home", "TMPDIR": f"{self._inside}/tmp"}
        if is_setup:
            env |= self.sight.index
        env |= job.env
        if job.out:
            env["KAPSO_OUT"] = f"{self._inside}/out"
        if job.result:
            env["KAPSO_RESULT"] = f"{self._inside}/result/result.json"
        return env

    def _own_folders(self, job: Job, place: Place) -> list[str]:
        if place.scratch:
            arguments = ["--bind", str(place.scratch), self._inside]
        else:
            arguments = [item for name in ("home", "tmp") for item in ("--dir", f"{self._inside}/{name}")]
        if job.out:
            arguments += ["--bind" if job.out_writable else "--ro-bind", str(job.out), f"{self._inside}/out"]
        if job.result:
            arguments += ["--bind", str(job.result), f"{self._inside}/result"]
        return arguments

    def _head(self, kind: _Kind) -> list[str]:
        """Namespaces, the machine without what is covered, and what is shown all the same."""
        size = str(max(_COVER_BYTES, kind.memory_bytes // 2))
        arguments = [*self.bubblewrap.flags, *(["--share-net"] if kind.network else [])]
        arguments += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        arguments += sealed_proc(self.sight.devices)
        arguments += [item for device in self.sight.devices for item in ("--dev-bind", device, device)]
        arguments += ["--perms", "1777", "--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
        for path in _WRITABLE:
            arguments += ["--perms", "1777", "--size", size, "--tmpfs", path]
        for path in self._covered():
            arguments += ["--size", str(_COVER_BYTES), "--tmpfs", path]
        return arguments + self._uncovered(kind)

    def _covered(self) -> list[str]:
        """Covered folders in which nothing may be written; they stay open until all mounts are made."""
        return [
            str(path)
            for path in self.sight.covers.folders
            if str(path) not in _WRITABLE and path != self.workspace and _may_hold_something(path)
        ]

    def _uncovered(self, kind: _Kind) -> list[str]:
        arguments: list[str] = []
        shown = self.sight.uncovered(network=kind.network, is_setup=kind.is_setup)
        for path, link in shown.items():
            if path != self.workspace and self.workspace not in path.parents:
                arguments += ["--symlink", link, str(path)] if link else ["--ro-bind", str(path), str(path)]
        bound = {path for path, link in shown.items() if link is None}
        for path in [*self._masks, *self.sight.covers.files, *self.sight.seen_again(bound)]:
            if self.workspace not in path.parents:
                arguments += empty(str(path), path.is_dir())
        return arguments


def _may_hold_something(folder: Path) -> bool:
    try:
        return bool(os.listdir(folder))
    except OSError:
        return True
