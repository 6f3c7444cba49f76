"""A program in a base folder, a candidate that changes it, and the sandbox in each of its ways of working."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.sandbox import Base, Call, CandidateFiles, CommandResult, Job, Layer, Limits, Sandbox
from kapso.goal import SandboxSettings

LIMITS = Limits(timeout_s=20, memory_bytes=1 << 30, processes=200, disk_bytes=64 << 20)
MODES = {
    "overlay": ("auto", True),
    "copy": ("auto", False),
    "warm": ("auto", True),
    "landlock": ("landlock", False),
    "limits": ("limits", False),
}


SHELL = "import os, sys; os.execv('/bin/sh', ['/bin/sh', '-c', sys.argv[1]])"


@dataclass
class World:
    """One sandbox on a throw-away repository. `write` and `change` fill base and candidate."""

    root: Path
    mode: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    private: Sequence[Path] = ()
    shared: Mapping[str, Path] = field(default_factory=dict)
    hidden: Sequence[str] = ()
    removed: Sequence[str] = ()
    caches: Mapping[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.workspace = self._folder("home/repo")
        self.cache = self._folder("cache")
        self.folder = self._folder("cache/base")
        self.changes = self._folder("cache/changes")
        self.out = self._folder("cache/out")
        self.log = self.root / "log.txt"
        self._sandbox: Sandbox | None = None
        self._base: Base | None = None

    def _folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True)
        return path

    @property
    def sandbox(self) -> Sandbox:
        if self._sandbox is None:
            level, overlays = MODES[self.mode]
            settings = SandboxSettings(**{"level": level, **self.settings})
            self._sandbox = Sandbox.open(
                settings, workspace=self.workspace, private=self.private, cache=self.cache, overlays=overlays
            )
        return self._sandbox

    @property
    def base(self) -> Base:
        if self._base is None:
            self._base = self.sandbox.base(self.folder, self.shared)
        return self._base

    def write(self, path: str, text: str = "base\n") -> Path:
        return write(self.folder / path, text)

    def change(self, path: str, text: str = "candidate\n") -> Path:
        return write(self.changes / path, text)

    def candidate(self, slot: int = 0) -> CandidateFiles:
        layer = Layer(self.changes, tuple(self.removed))
        return self.base.candidate(layer, self.hidden, slot, self.caches)

    def job(self, command: str, **settings: Any) -> Job:
        given = {"folder": "", "env": {}, "limits": LIMITS, "out": self.out, "log": self.log, **settings}
        if self.mode == "warm":
            given.setdefault("call", Call(sys.executable, SHELL, (command,)))
        return Job(command, **given)

    def run(self, command: str, cancel: threading.Event | None = None, **settings: Any) -> CommandResult:
        """Runs one command of a fresh candidate."""
        with self.candidate() as files:
            return files.run(self.job(command, **settings), cancel or threading.Event())

    def score(self, command: str, **settings: Any) -> CommandResult:
        return self.base.run(self.job(command, **settings), threading.Event())

    def close(self) -> None:
        if self._sandbox:
            self._sandbox.close()


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    made: list[World] = []

    def make(mode: str = "overlay", **settings: Any) -> World:
        world = World(tmp_path / f"world-{len(made)}", mode, **settings)
        made.append(world)
        return world

    yield make
    for world in made:
        world.close()


@pytest.fixture(scope="session")
def world_class() -> type[World]:
    """For worlds that more than one test share."""
    return World


@pytest.fixture(params=["overlay", "copy", "warm", "landlock", "limits"])
def world(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """A world in every mode: what holds for it holds wherever Kapso runs."""
    return make_world(request.param)


@pytest.fixture(params=["overlay", "copy", "warm"])
def walled(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """A world at level bubblewrap, with and without overlays."""
    return make_world(request.param)


@pytest.fixture(params=["overlay", "copy", "warm", "landlock"])
def fenced(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """A world in which walls stand around files and the network, whether of mounts or of Landlock."""
    return make_world(request.param)


@pytest.fixture(params=["overlay", "warm", "landlock", "limits"])
def bounded(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """A world at each level: limits hold at all of them."""
    return make_world(request.param)
