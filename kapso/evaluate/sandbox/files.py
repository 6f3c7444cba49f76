"""What the two ways to give a candidate its files have in common: overlay mounts, or whole copies.

Both give the same results. Overlays cost what a candidate changes, copies cost the repository.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from kapso.evaluate.sandbox.job import Layer
from kapso.evaluate.sandbox.place import Place
from kapso.evaluate.sandbox.trees import remove_tree


@dataclass(frozen=True)
class Program:
    """What a candidate consists of: the base without what is hidden, and with what it changes.

    `shared` are the host paths that are seen read-only in the workspace, and `caches` the folders that
    only builds know.
    """

    base: Path
    changes: Layer
    hidden: tuple[str, ...]
    shared: Mapping[str, Path]
    caches: Mapping[str, Cache]

    @property
    def gone(self) -> tuple[str, ...]:
        return (*self.hidden, *self.changes.removed)

    def changed_in(self, folder: str) -> frozenset[str]:
        """The files that the candidate changes in `folder`, relative to it."""
        top = self.changes.folder / folder
        return frozenset(str(path.relative_to(top)) for path in top.rglob("*") if not _is_folder(path))

    def usable_caches(self) -> dict[str, Cache]:
        """The caches whose folder the candidate has not replaced by a file."""
        places = {path: self.changes.folder / path for path in self.caches}
        return {
            path: self.caches[path] for path, place in places.items() if _is_folder(place) or _is_free(place)
        }


@dataclass(frozen=True)
class Written:
    """What builds have changed in the workspace, as it stands on the host.

    `files` maps the paths of regular files that were written to where they lie; at a path of `others`
    stands something else now, a link or nothing, and whatever was there or below it is gone.
    """

    files: Mapping[str, Path]
    others: Set[str]

    def is_gone(self, path: str) -> bool:
        """Whether what stood at `path` is not there any more."""
        if path in self.files:
            return False
        parts = path.split("/")
        return any("/".join(parts[:n]) in self.others for n in range(1, len(parts) + 1))


class Files(Protocol):
    """The files of one candidate. A build comes first, if any; `drop` follows each `for_run`.

    `written` tells of the last build, before another command runs.
    """

    def for_build(self) -> Place: ...
    def after_build(self, succeeded: bool) -> None: ...
    def for_run(self) -> Place: ...
    def drop(self, place: Place) -> None: ...
    def written(self) -> Written: ...


@dataclass(frozen=True)
class Cache:
    """A host folder that builds find as the last successful one left it.

    A change is not atomic, so a marker beside it stands as long as one is made; who finds the marker
    starts with an empty folder.
    """

    folder: Path
    _marker: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_marker", self.folder.with_name(f"{self.folder.name}.incomplete"))

    def open(self) -> None:
        if self._marker.exists():
            remove_tree(self.folder)
            self._marker.unlink()
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        self._marker.touch()
        yield
        self._marker.unlink()


def normal(paths: Sequence[str]) -> tuple[str, ...]:
    """Relative paths without the slash that marks folders."""
    return tuple(dict.fromkeys(path.strip("/") for path in paths if path.strip("/") not in ("", ".")))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _is_free(path: Path) -> bool:
    return not path.exists() and not path.is_symlink()
