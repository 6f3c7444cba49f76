"""What commands may see of the machine, the same for all of them, however a level brings it about."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from kapso.evaluate.sandbox.environment import index_variables, locale_variables, paths_in
from kapso.evaluate.sandbox.host import Covers, devices, masks, uncover
from kapso.evaluate.sandbox.toolchains import find_environment, find_toolchains

_RESOLVER = Path("/etc/resolv.conf")


class Sight:
    """What is covered, what is shown all the same, and the variables that every command gets (`env`)."""

    def __init__(
        self,
        *,
        workspace: Path,
        private: Iterable[Path],
        read: Collection[Path],
        gpu: bool | None,
        home: Path,
        environ: Mapping[str, str],
    ) -> None:
        self.workspace, self.home = Path(os.path.realpath(workspace)), home
        self.private = [Path(os.path.realpath(path)) for path in private if path.exists()]
        self.covers = Covers(home, self.workspace, self.private)
        self.devices = devices(gpu)
        tools = find_toolchains(environ, home, self.covers.covers, (self.workspace, *self.private))
        self.read = {Path(os.path.realpath(path)) for path in read}
        self.shown = {*tools.paths, *read}
        self.index = index_variables(environ, home)
        self.masks = list(masks(self.covers))
        self.env = tools.env | locale_variables(environ)

    def add_environment(self, folder: Path) -> bool:
        """Shows what a virtual environment in `folder`, if it is one, needs; whether that is new."""
        found = find_environment(folder, self.covers.covers, self.home)
        is_new = not found <= self.shown
        self.shown |= found
        return is_new

    def uncovered(self, *, network: bool, is_setup: bool) -> dict[Path, str | None]:
        """What a command sees although it is covered; see `host.uncover`."""
        paths = set(self.shown)
        if network:
            paths.add(_RESOLVER)
        if is_setup:
            paths |= paths_in(self.index)
        return uncover(paths, self.covers)

    def seen_again(self, bound: set[Path]) -> list[Path]:
        """What is private although it lies in something that is shown."""
        return [path for path in self.private if bound.intersection((path, *path.parents))]
