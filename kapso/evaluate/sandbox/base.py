"""The base of a run as commands see it: set up once, then read-only; and candidates made from it."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from kapso.errors import UsageError
from kapso.evaluate.sandbox.copies import CopyFiles, link_shared
from kapso.evaluate.sandbox.enclosure import Enclosure
from kapso.evaluate.sandbox.execute import execute
from kapso.evaluate.sandbox.fence import Fence
from kapso.evaluate.sandbox.files import Cache, Files, Program, Written, normal
from kapso.evaluate.sandbox.job import CommandResult, Job, Layer
from kapso.evaluate.sandbox.layers import make_whiteouts, vanishing
from kapso.evaluate.sandbox.limits import Unwalled
from kapso.evaluate.sandbox.overlay import OverlayFiles, Spares
from kapso.evaluate.sandbox.place import (
    Grounds,
    Place,
    is_within,
    make_mount_points,
    shared_mounts,
    shared_reads,
)
from kapso.evaluate.sandbox.trees import copy_tree, remove_tree, size_of


class Base:
    """A checkout of the base, made ready by `set_up`. Nothing changes it afterwards.

    `run` and the commands of candidates may be called from several threads at once, one slot each.
    """

    def __init__(
        self,
        level: Enclosure | Unwalled,
        *,
        workspace: Path,
        session: Path,
        folder: Path,
        shared: Mapping[str, Path],
        overlays: bool,
        discard: Callable[[Path], None],
    ) -> None:
        self._discard = discard
        self._level, self._workspace, self._session = level, workspace, session
        self._folder, self._overlays = folder, overlays
        self._shared = {path.strip("/"): source for path, source in shared.items()}
        for path, source in self._shared.items():
            if not source.exists():
                raise UsageError(f"`{path}` is shared but `{source}` does not exist", slug="share-missing")
        self._lock = threading.Lock()
        self._seen: dict[str, Path] | None = None
        self._gone: dict[tuple[str, ...], Path | None] = {}
        self._spares: dict[int, Spares] = {}
        if isinstance(level, Unwalled):
            link_shared(folder, self._shared)
        else:
            make_mount_points(folder, self._shared)

    def set_up(self, job: Job, cancel: threading.Event) -> CommandResult:
        """Runs the trusted `setup`: what it writes to the base stays, and it may reach package indexes."""
        scratch = Path(tempfile.mkdtemp(prefix="setup-", dir=self._session))
        for name in ("home", "tmp", "out", "result"):
            (scratch / name).mkdir()
        mounts = ["--bind", str(self._folder), str(self._workspace)]
        mounts += shared_mounts(self._workspace, self._shared)
        try:
            place = Place(self._folder, mounts, scratch=scratch, reads=self._reads())
            return execute(self._level, replace(job, out=scratch / "out"), place, cancel)
        finally:
            remove_tree(scratch)
            with self._lock:
                self._seen = None

    def run(self, job: Job, cancel: threading.Event) -> CommandResult:
        """Runs a command of the user's own (the scorer) that finds the base as it is, read-only."""
        if isinstance(self._level, Fence):
            place = Place(self._folder, reads=self._reads(), is_read_only=True)
            return execute(self._level, job, place, cancel)
        if isinstance(self._level, Unwalled):
            folder = Path(tempfile.mkdtemp(prefix="base-", dir=self._session))
            try:
                copy_tree(self._folder, folder)
                place = Place(folder, writes=(folder,), had_bytes=size_of(folder))
                return execute(self._level, job, place, cancel)
            finally:
                self._discard(folder)
        return execute(self._level, job, Place(self._folder, self._mounts()), cancel)

    def candidate(
        self,
        changes: Layer,
        hidden: Sequence[str],
        slot: int,
        caches: Mapping[str, Path] | None = None,
    ) -> CandidateFiles:
        """A candidate's files, to be used with `with`: the base without `hidden`, with `changes`.

        `caches` maps folders of the workspace to host folders that keep what builds leave in them; they
        must lie on the file system of the sandbox's own cache, and belong to this slot alone.
        """
        kept = {path.strip("/"): Cache(folder) for path, folder in (caches or {}).items()}
        program = Program(self._folder, changes, normal(hidden), self._shared, kept)
        folder = Path(tempfile.mkdtemp(prefix=f"slot-{slot}-", dir=self._session))
        with self._lock:
            if slot not in self._spares:
                self._spares[slot] = Spares(
                    Path(tempfile.mkdtemp(prefix="spares-", dir=self._session)), self._discard
                )
        files, grounds = self._files(program, folder, slot), self._grounds()
        return CandidateFiles(self._level, files, partial(self._discard, folder), grounds)

    def _grounds(self) -> Grounds | None:
        if not isinstance(self._level, Enclosure):
            return None
        return Grounds(self._mounts(), self._session.parent, self._all_seen())

    def _mounts(self) -> list[str]:
        """Arguments that show the base as it is, read-only."""
        mounts = ["--ro-bind", str(self._folder), str(self._workspace)]
        return mounts + shared_mounts(self._workspace, self._all_seen())

    def _files(self, program: Program, folder: Path, slot: int) -> Files:
        mounts = shared_mounts(self._workspace, self._all_seen(), program.hidden)
        if self._overlays:
            gone = self._gone_layer(program, folder)
            return OverlayFiles(
                program,
                folder=folder,
                gone=gone,
                spares=self._spares[slot],
                workspace=self._workspace,
                mounts=mounts,
            )
        linked = isinstance(self._level, Unwalled)
        reads = self._reads(program.hidden)
        return CopyFiles(program, folder, self._workspace, mounts, linked=linked, reads=reads)

    def _reads(self, hidden: Sequence[str] = ()) -> tuple[Path, ...]:
        """What commands at level landlock may read beside their own copy: what is shared, and environments.

        A virtual environment names its own path, so a copy of it leads back to the base's.
        """
        if not isinstance(self._level, Fence):
            return ()
        for folder in (places := [*self._folder.iterdir(), *self._shared.values()]):
            self._level.show_environment(folder)
        made = {place.name: place for place in places if (place / "pyvenv.cfg").is_file()}
        return tuple(shared_reads({**made, **self._shared}, hidden))

    def _gone_layer(self, program: Program, folder: Path) -> Path | None:
        """The layer that hides files; one for all candidates unless this one removes more."""
        if program.changes.removed:
            return self._make_gone(program.gone, folder / "gone")
        with self._lock:
            if program.hidden not in self._gone:
                place = Path(tempfile.mkdtemp(prefix="hidden-", dir=self._session))
                self._gone[program.hidden] = self._make_gone(program.hidden, place)
            return self._gone[program.hidden]

    def _make_gone(self, paths: Sequence[str], layer: Path) -> Path | None:
        gone = vanishing(self._folder, paths)
        if not gone:
            return None
        make_whiteouts(gone, self._folder, layer)
        return layer

    def _all_seen(self) -> dict[str, Path]:
        """What is shared, and toolchains in the user's own checkout that the base does not have itself."""
        with self._lock:
            if self._seen is None:
                tools = self._tools()
                make_mount_points(self._folder, tools)
                self._seen = {**tools, **self._shared}
            return self._seen

    def _tools(self) -> dict[str, Path]:
        if not isinstance(self._level, Enclosure):
            return {}
        for folder in [*self._folder.iterdir(), *self._shared.values()]:
            self._level.show_environment(folder)
        return {
            path: source
            for path, source in self._level.tools_in_workspace().items()
            if not os.path.lexists(self._folder / path) and not is_within(path, list(self._shared))
        }


class CandidateFiles:
    """The files of one candidate. What its commands wrote to the workspace vanishes when the `with` ends."""

    def __init__(
        self,
        level: Enclosure | Unwalled,
        files: Files,
        discard: Callable[[], None],
        grounds: Grounds | None,
    ) -> None:
        self._level, self._files, self._discard, self._grounds = level, files, discard, grounds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._discard()

    def build(self, job: Job, cancel: threading.Event) -> CommandResult:
        """Runs a command whose writes later commands find, and caches too if it succeeded."""
        result = execute(self._level, job, self._files.for_build(), cancel)
        self._files.after_build(result.succeeded)
        return result

    def written(self) -> Written:
        """What the command that `build` ran has changed; to be read before another one runs."""
        return self._files.written()

    def run(self, job: Job, cancel: threading.Event) -> CommandResult:
        """Runs a command that starts from the candidate as built; what it writes to the workspace goes."""
        place = replace(self._files.for_run(), grounds=self._grounds)
        try:
            return execute(self._level, job, place, cancel)
        finally:
            self._files.drop(place)
