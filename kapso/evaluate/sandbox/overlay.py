"""A candidate's files as overlay mounts: the base is shared, and only what differs is ever written.

From the bottom up: the base, what makes files vanish, what the candidate changed, what its build made, and
a layer per command that is thrown away. No layer is touched while a mount uses it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from kapso.evaluate.sandbox.files import Program, Written
from kapso.evaluate.sandbox.layers import fold, written_in
from kapso.evaluate.sandbox.place import Place

_LAYER_MODE = 0o755
_KERNELS_OWN = {"user.overlay.uuid"}


class Spares:
    """Folders for layers that a command has left as it found them: the next one gets them again.

    Making and removing them would cost more than all else that the engine does around a short command.
    """

    def __init__(self, folder: Path, discard: Callable[[Path], None]) -> None:
        self._folder, self._discard = folder, discard
        self._free: list[Path] = []
        self._made = itertools.count()

    def take(self) -> Path:
        with contextlib.suppress(IndexError):
            return self._free.pop()
        folder = self._folder / f"spare-{next(self._made)}"
        for name in (_upper(0), _work(0)):
            (folder / name).mkdir(parents=True)
        return folder

    def give_back(self, folder: Path) -> None:
        upper = folder / _upper(0)
        is_alone = len(os.listdir(folder)) == 2
        if is_alone and not os.listdir(upper) and set(os.listxattr(upper)) <= _KERNELS_OWN:
            upper.chmod(_LAYER_MODE)
            self._free.append(folder)
        else:
            self._discard(folder)


def _upper(number: int) -> str:
    return f"upper{number}"


def _work(number: int) -> str:
    return f"work{number}"


class OverlayFiles:
    """See `files.Files`. `folder` is the candidate's own; `gone` the layer of whiteouts, if there is one."""

    def __init__(
        self,
        program: Program,
        *,
        folder: Path,
        gone: Path | None,
        spares: Spares,
        workspace: Path,
        mounts: Sequence[str],
    ) -> None:
        self._program, self._folder, self._gone, self._spares = program, folder, gone, spares
        self._workspace, self._mounts = workspace, mounts
        self._lower = [program.base, *([gone] if gone else []), program.changes.folder]
        self._caches = program.usable_caches()
        self._cached = False
        self._builds = 0

    def for_build(self) -> Place:
        for cache in self._caches.values():
            cache.open()
        self._cached = True
        self._builds += 1
        return self._place(self._folder / f"build-{self._builds}")

    def after_build(self, succeeded: bool) -> None:
        """Keeps what the build wrote, and what it wrote to caches if it succeeded."""
        written = self._folder / f"build-{self._builds}"
        for number, (path, cache) in enumerate(self._caches.items(), start=1):
            if succeeded:
                with cache.changing():
                    fold(written / _upper(number), cache.folder, self._program.changed_in(path))
        self._cached = succeeded
        self._lower.append(written / _upper(0))

    def written(self) -> Written:
        return written_in(self._folder / f"build-{self._builds}" / _upper(0))

    def for_run(self) -> Place:
        return self._place(self._spares.take())

    def drop(self, place: Place) -> None:
        self._spares.give_back(place.folder)

    def _place(self, folder: Path) -> Place:
        stacks = {"": self._lower}
        if self._cached:
            stacks |= {path: self._layers_at(path, cache.folder) for path, cache in self._caches.items()}
        mounts: list[str] = []
        uppers: list[Path] = []
        for number, (path, lower) in enumerate(stacks.items()):
            upper, work = folder / _upper(number), folder / _work(number)
            upper.mkdir(parents=True, exist_ok=True)
            work.mkdir(exist_ok=True)
            uppers.append(upper)
            mounts += [item for layer in lower for item in ("--overlay-src", str(layer))]
            mounts += ["--overlay", str(upper), str(work), os.path.join(self._workspace, path)]
        return Place(folder=folder, mounts=[*mounts, *self._mounts], writes=tuple(uppers))

    def _layers_at(self, path: str, cache: Path) -> list[Path]:
        """The layers below a cached folder: the base's and the candidate's own files are in it as well."""
        below = [self._program.base / path] if not self._is_gone(path) else []
        if self._gone:
            below.append(self._gone / path)
        layers = [*below, cache, self._program.changes.folder / path]
        return [layer for layer in layers if layer.is_dir() and not layer.is_symlink()]

    def _is_gone(self, path: str) -> bool:
        while path and self._gone:
            try:
                return stat.S_ISCHR((self._gone / path).lstat().st_mode)
            except OSError:
                path = os.path.dirname(path)
        return False
