"""A candidate's files as copies: for machines that cannot mount overlays. Every command gets a fresh one."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

from kapso.evaluate.sandbox.files import Program, Written
from kapso.evaluate.sandbox.layers import vanishing
from kapso.evaluate.sandbox.place import Place, is_within
from kapso.evaluate.sandbox.trees import copy_tree, entries_of, lay_over, remove_tree, size_of


class CopyFiles:
    """See `files.Files`. With `linked`, shared files are links in the copy, as nothing can be mounted."""

    def __init__(
        self,
        program: Program,
        folder: Path,
        workspace: Path,
        mounts: Sequence[str],
        *,
        linked: bool,
        reads: tuple[Path, ...] = (),
    ) -> None:
        self._program, self._folder, self._linked = program, folder, linked
        self._workspace, self._mounts, self._reads = workspace, mounts, reads
        self._caches = program.usable_caches()
        self._built: Path | None = None
        self._commands = 0

    def for_build(self) -> Place:
        for cache in self._caches.values():
            cache.open()
        return self._place(with_caches=True)

    def after_build(self, succeeded: bool) -> None:
        self._built = self._folder / str(self._commands)
        for path, cache in self._caches.items() if succeeded else ():
            made = self._built / path
            with cache.changing():
                remove_tree(cache.folder)
                cache.folder.mkdir()
                if made.is_dir() and not made.is_symlink():
                    copy_tree(made, cache.folder)
                self._forget_changes(path, cache.folder)

    def _forget_changes(self, path: str, cache: Path) -> None:
        """Puts the base's files in a cache in the place of those that are this candidate's own."""
        for name in self._program.changed_in(path):
            remove_tree(cache / name)
            original = self._program.base / path / name
            if original.is_file() and (cache / name).parent.is_dir():
                shutil.copy2(original, cache / name, follow_symlinks=False)

    def written(self) -> Written:
        assert self._built
        program, shared = self._program, set(self._program.shared)
        own = _marks(program.changes.folder, shared)
        gone = {*vanishing(program.base, program.gone), *own, *shared}
        before, after = {**_marks(program.base, gone), **own}, _marks(self._built, shared)
        changed = {path: mark for path, mark in after.items() if before.get(path) != mark}
        files = {path: self._built / path for path, mark in changed.items() if stat.S_ISREG(mark[0])}
        return Written(files, {*changed, *(before.keys() - after.keys())})

    def for_run(self) -> Place:
        return self._place(with_caches=False)

    def drop(self, place: Place) -> None:
        remove_tree(place.folder)

    def _place(self, with_caches: bool) -> Place:
        self._commands += 1
        folder = self._folder / str(self._commands)
        if self._built:
            copy_tree(self._built, folder)
        else:
            self._compose(folder, with_caches)
        mounts = ["--bind", str(folder), str(self._workspace), *self._mounts]
        # What is built may name the folder in which it was.
        reads = (*self._reads, *([self._built] if self._built else []))
        return Place(folder, mounts, writes=(folder,), had_bytes=size_of(folder), reads=reads)

    def _compose(self, folder: Path, with_caches: bool) -> None:
        program = self._program
        copy_tree(program.base, folder)
        for path in vanishing(program.base, program.gone):
            remove_tree(folder / path)
        for path, cache in self._caches.items() if with_caches else ():
            if os.listdir(cache.folder):
                remove_tree(folder / path)
                copy_tree(cache.folder, folder / path)
            (folder / path).mkdir(parents=True, exist_ok=True)
        lay_over(program.changes.folder, folder)
        if self._linked:
            link_shared(folder, program.shared, program.hidden)


def _marks(folder: Path, without: Set[str]) -> dict[str, tuple[int, int, int]]:
    """What tells whether a file or link below `folder` has changed, by its path; `without` what is there."""
    found: dict[str, tuple[int, int, int]] = {}
    waiting = [""]
    while waiting:
        top = waiting.pop()
        for entry in entries_of(folder / top):
            path = os.path.join(top, entry.name)
            if path in without:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            else:
                is_now = entry.stat(follow_symlinks=False)
                found[path] = (is_now.st_mode, is_now.st_size, is_now.st_mtime_ns)
    return found


def link_shared(folder: Path, shared: Mapping[str, Path], hidden: Sequence[str] = ()) -> None:
    """Makes links to what is shared; a folder that holds something hidden becomes a folder of links."""
    for path, source in shared.items():
        outer = [other for other in shared if other != path]
        if is_within(path, hidden) or is_within(path, outer):
            continue
        # What is there may be a link from before: nothing must be written through it.
        remove_tree(folder / path)
        if source.is_dir() and any(is_within(name, [path]) for name in hidden):
            (folder / path).mkdir(parents=True)
            inner = {f"{path}/{child.name}": child for child in source.iterdir()}
            link_shared(folder, inner, hidden)
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).symlink_to(source)
