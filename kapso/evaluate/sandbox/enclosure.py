"""Level bubblewrap: everything a command sees and may write, as arguments for bwrap.

What is the same for every command of a sandbox is put together once. Inside, a command finds its home,
its temporary files, its output and its result under one folder, at the same place in every slot.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kapso.evaluate.sandbox.bubblewrap import Bubblewrap, Inside, pack, start
from kapso.evaluate.sandbox.host import empty, sealed_proc, uncover
from kapso.evaluate.sandbox.job import Call, Job
from kapso.evaluate.sandbox.place import Grounds, Place, is_within
from kapso.evaluate.sandbox.sight import Sight
from kapso.evaluate.sandbox.warm import Forked, NoWarmStart, Source, Wanted, Warm, steps_of

_COVER_BYTES = 1 << 20
_WRITABLE = ("/tmp", "/var/tmp")
_OWN = [path[1:] for path in (*_WRITABLE, "/dev/shm")]
_EACH_ITS_OWN = ("KAPSO_ATTEMPT", "KAPSO_OUT", "KAPSO_RESULT")
_SEED = "PYTHONHASHSEED"
"""Of an interpreter, and so of what is forked from it: one with another seed is another source."""
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
        self._again: dict[_Kind, list[tuple[Any, ...]]] = {}
        self._warm = Warm()
        self._hidden = self._covered()
        self._tail = pack([item for path in self._hidden for item in ("--remount-ro", path)])

    def _choose_inside(self) -> str:
        places = map(Path, _INSIDE)
        return next(
            str(p) for p in places if not p.is_relative_to(self.workspace) and p not in self.workspace.parents
        )

    def show_environment(self, folder: Path) -> None:
        """Shows from now on what a virtual environment in `folder`, if it is one, needs from elsewhere."""
        if self.sight.add_environment(folder):
            self._forget_heads()

    def tools_in_workspace(self) -> dict[str, Path]:
        """Toolchains that live in the workspace, such as a virtual environment on PATH."""
        shown = uncover(self.sight.shown, self.sight.covers)
        return {
            str(path.relative_to(self.workspace)): path
            for path, link in shown.items()
            if link is None and self.workspace in path.parents
        }

    def _forget_heads(self) -> None:
        self._heads.clear()
        self._again.clear()

    def close(self) -> None:
        """End what is kept for warm starts."""
        self._warm.close()

    def start(self, job: Job, place: Place) -> Inside | Forked:
        kind = _Kind(job.network, job.limits.memory_bytes, place.scratch is not None)
        if not all(map(os.path.lexists, self._masks)):  # a server has taken its socket away: nothing to mask
            self._masks = [path for path in self._masks if os.path.lexists(path)]
            self._forget_heads()
        folder = os.path.normpath(os.path.join(self.workspace, job.folder))
        env = self._environment(job, is_setup=kind.is_setup)
        own = [*place.mounts, *self._own_folders(job, place)]
        if place.writes:
            # Hiding files may have emptied it, and what is empty is not there.
            own += ["--dir", folder]
        forked = self._start_warm(job, place, kind, folder, own, env)
        if forked is not None:
            return forked
        flags = list(self.bubblewrap.flags)
        arguments = self._arguments(kind, flags, [*own, "--chdir", folder])
        return start(self.bubblewrap.program, arguments, env, job.command, job.limits.processes)

    def _arguments(self, kind: _Kind, flags: Sequence[str], own: Sequence[str]) -> bytes:
        view = self._heads.get(kind)
        if view is None:
            view = self._heads[kind] = pack(self._view(kind))
        return pack(flags) + view + pack(own) + self._tail

    def _start_warm(
        self,
        job: Job,
        place: Place,
        kind: _Kind,
        folder: str,
        own: Sequence[str],
        env: Mapping[str, str],
    ) -> Forked | None:
        """The command, forked from an interpreter that is kept for it; None where that cannot be."""
        call, grounds = job.call, place.grounds
        if call is None or grounds is None or not self._may_be_warm(job, call, kind, grounds, env):
            return None
        if os.path.isabs(call.python):
            env = {**env, "PATH": ":".join([os.path.dirname(call.python), *filter(None, [env.get("PATH")])])}
        try:
            return self._warm.start(
                self._source(call, kind, folder, grounds, env),
                self._wanted(call, kind, folder, own, grounds, env),
                job.limits.processes,
            )
        except NoWarmStart:
            return None

    def _may_be_warm(
        self, job: Job, call: Call, kind: _Kind, grounds: Grounds, env: Mapping[str, str]
    ) -> bool:
        """Whether a command finds the same as in a new interpreter: what the environment tells Python, and
        packages of a candidate's own, are read when one starts."""
        is_foreign = os.path.isabs(call.python) or "/" not in call.python
        python = os.path.normpath(os.path.join(job.folder, call.python))
        return (
            (is_foreign or is_within(python, list(grounds.shared)))
            and not kind.network
            and not kind.is_setup
            and job.core is None
            and not any(name.startswith("PYTHON") and name != _SEED for name in env)
        )

    def _shown_again(self, kind: _Kind) -> list[tuple[Any, ...]]:
        """What is shown in folders that every command has to itself; NoWarmStart where it is out of reach.

        The interpreter's own such folder is covered when this is looked for: it is found from within.
        """
        if kind not in self._again:
            again, top = [], os.path.dirname(self._inside)
            for step in steps_of(self._uncovered(kind), {"": ""}):
                name, *rest = step
                if not is_within(rest[1 if name in ("bind", "link") else 0].lstrip("/"), _OWN):
                    continue
                if name == "bind" and is_within(rest[0].lstrip("/"), _OWN):
                    if not is_within(rest[0], [top]):
                        raise NoWarmStart(f"`{rest[0]}` is covered there")
                    rest[0] = os.path.relpath(rest[0], top)
                again.append((name, *rest))
            self._again[kind] = again
        return self._again[kind]

    def _source(
        self, call: Call, kind: _Kind, folder: str, grounds: Grounds, env: Mapping[str, str]
    ) -> Source:
        """The interpreter to keep: it sees the base as a scorer does, and what candidates are made from."""
        flags = [each for each in self.bubblewrap.flags if each != "--disable-userns"]
        if os.geteuid() == 0:
            flags += ["--cap-add", "CAP_SETFCAP"]  # else root's namespaces could not have a root of their own
        own = [*grounds.mounts, "--bind", str(grounds.reach), f"{self._inside}/host"]
        own += ["--bind", "/proc", f"{self._inside}/proc"]
        for number, path in enumerate(grounds.shared.values()):
            own += ["--ro-bind", str(path), f"{self._inside}/shared/{number}"]
        for name in ("home", "tmp"):
            own += ["--dir", f"{self._inside}/{name}"]
        arguments = self._arguments(kind, flags, [*own, "--chdir", folder])
        same = tuple(sorted((name, each) for name, each in env.items() if name not in _EACH_ITS_OWN))
        return Source(self.bubblewrap.program, arguments, same, call.python, call.text)

    def _wanted(
        self,
        call: Call,
        kind: _Kind,
        folder: str,
        own: Sequence[str],
        grounds: Grounds,
        env: Mapping[str, str],
    ) -> Wanted:
        top, own_name = os.path.split(self._inside)
        shared = enumerate(grounds.shared.values())
        named = {str(path): f"{own_name}/shared/{number}" for number, path in shared}
        named |= {str(grounds.reach): f"{own_name}/host", "/dev/null": "/dev/null", "/proc": "/proc"}
        writable = [word for path in (*_WRITABLE, "/dev/shm") for word in self._writable(path, kind)]
        seals = sealed_proc(self.sight.devices)
        return Wanted(
            mounts=[
                *(("proc",), ("terminals",)),
                *steps_of(writable, named),
                *self._shown_again(kind),
                *steps_of(own, named),
            ],
            seals=list(steps_of(seals, named)),
            top=top,
            proc=f"{self._inside}/proc",
            folder=folder,
            env={name: env[name] for name in _EACH_ITS_OWN if name in env},
            arguments=call.arguments,
        )

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

    def _view(self, kind: _Kind) -> list[str]:
        """The machine without what is covered, and what is shown all the same."""
        arguments = ["--share-net"] if kind.network else []
        arguments += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        arguments += sealed_proc(self.sight.devices)
        arguments += [item for device in self.sight.devices for item in ("--dev-bind", device, device)]
        arguments += [*self._writable("/dev/shm", kind), "--remount-ro", "/dev"]
        for path in _WRITABLE:
            arguments += self._writable(path, kind)
        for path in self._hidden:
            arguments += ["--size", str(_COVER_BYTES), "--tmpfs", path]
        return arguments + self._uncovered(kind)

    @staticmethod
    def _writable(path: str, kind: _Kind) -> list[str]:
        """An empty folder that a command has to itself."""
        size = str(max(_COVER_BYTES, kind.memory_bytes // 2))
        return ["--perms", "1777", "--size", size, "--tmpfs", path]

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
