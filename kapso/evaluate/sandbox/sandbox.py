"""Opens the sandbox: the best level that the settings ask for and the machine can give."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kapso.errors import MachineError, UsageError
from kapso.evaluate.sandbox.base import Base
from kapso.evaluate.sandbox.bubblewrap import find_bubblewrap
from kapso.evaluate.sandbox.enclosure import Enclosure
from kapso.evaluate.sandbox.environment import index_variables, locale_variables
from kapso.evaluate.sandbox.fence import Fence, find_landlock
from kapso.evaluate.sandbox.limits import Unwalled
from kapso.evaluate.sandbox.sight import Sight
from kapso.evaluate.sandbox.toolchains import find_toolchains
from kapso.evaluate.sandbox.trees import Bin, remove_tree
from kapso.goal import SandboxSettings

_REMEDY = (
    "install bubblewrap and allow user namespaces "
    "(Ubuntu: `sysctl kernel.apparmor_restrict_unprivileged_userns=0`; "
    "Docker: `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`), or accept "
    "`sandbox: {level: auto}`, which takes the best that can be had and says what is lost"
)
_NEWER_KERNEL = (
    "it takes Linux 5.19 or later with `landlock` among its security modules, and a container that lets "
    "its calls through; `sandbox: {level: auto}` takes the best that can be had and says what is lost"
)


class Sandbox:
    """Where commands run. `lost` says in sentences what `level` cannot keep out, `why` why not more.

    Use `open`; `close` removes everything that commands have left in the cache.
    """

    def __init__(
        self,
        level: Enclosure | Unwalled,
        *,
        session: _Session,
        workspace: Path,
        overlays: bool,
        why: str | None,
    ) -> None:
        self.level = level.level
        self.overlays = overlays
        self.lost = tuple(level.lost)
        self.why = why
        self._level, self._session, self._workspace = level, session, workspace

    @classmethod
    def open(
        cls,
        settings: SandboxSettings,
        *,
        workspace: Path,
        private: Sequence[Path],
        cache: Path,
        overlays: bool | None = None,
    ) -> Sandbox:
        """The sandbox that `settings` ask for.

        `workspace` is the absolute path at which every command sees the program, `private` are host paths
        that no command may see, `cache` is a host folder for what commands write. `overlays` False makes
        copies where overlays would work. Raises MachineError when a demanded level cannot be had.
        """
        if workspace == Path("/"):
            raise UsageError(
                "the repository cannot be the root of the file system", slug="repository-is-root"
            )
        session = _Session(cache)
        try:
            level, why = _choose(settings, workspace, [*private, cache], session.folder)
        except BaseException:
            session.close()
            raise
        has_overlays = isinstance(level, Enclosure) and level.has_overlays and overlays is not False
        return cls(level, session=session, workspace=workspace, overlays=has_overlays, why=why)

    def base(self, folder: Path, shared: Mapping[str, Path]) -> Base:
        """The base in `folder`, checked out already, with `shared` (workspace path → host path) in it."""
        return Base(
            self._level,
            workspace=self._workspace,
            session=self._session.folder,
            discard=self.discard,
            folder=folder,
            shared=shared,
            overlays=self.overlays,
        )

    def folder(self, prefix: str) -> Path:
        """A new folder of the cache for what belongs to one command; a kill leaves it no longer than that."""
        return Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=self._session.folder))

    def discard(self, folder: Path) -> None:
        """Remove a folder of the cache; it is gone from its place when this returns."""
        self._session.bin.throw(folder)

    def close(self) -> None:
        if isinstance(self._level, Enclosure):
            self._level.close()
        self._session.close()


def _choose(
    settings: SandboxSettings, workspace: Path, private: Sequence[Path], scratch: Path
) -> tuple[Enclosure | Unwalled, str | None]:
    """The level, and why it is not a better one."""
    environ, wanted = dict(os.environ), settings.level
    home = Path(os.path.realpath(Path.home()))
    whys: list[str] = []
    if wanted != "limits":
        sight = Sight(
            workspace=workspace,
            private=private,
            read=list(_read_paths(settings.read, workspace)),
            gpu=settings.gpu,
            home=home,
            environ=environ,
        )
        walled = _build_walls(wanted, sight, scratch, whys)
        if walled:
            by_name = "`sandbox.level` asks for no namespaces" if wanted == "landlock" else None
            return walled, "; ".join(whys) or by_name
        if wanted != "auto":
            remedy = _NEWER_KERNEL if wanted == "landlock" else _REMEDY
            raise MachineError(
                f"no sandbox at level `{wanted}`: {'; '.join(whys)}", help=remedy, slug="no-sandbox"
            )
    env = find_toolchains(environ, home, lambda path: False, ()).env | locale_variables(environ)
    level = Unwalled(scratch=scratch, env=env, index=index_variables(environ, home))
    return level, "; ".join(whys) or "`sandbox.level` asks for no walls"


def _build_walls(wanted: str, sight: Sight, scratch: Path, whys: list[str]) -> Enclosure | Fence | None:
    """The best level that has walls, as far as `wanted` allows; `whys` gets why it is not a better one."""
    if wanted != "landlock":
        bubblewrap, why = find_bubblewrap(scratch)
        if bubblewrap:
            return Enclosure(bubblewrap, sight)
        whys.append(f"no bubblewrap: {why}")
    if wanted not in ("auto", "landlock"):
        return None
    fence, why = find_landlock(sight, scratch=scratch)
    if not fence:
        whys.append(f"no Landlock: {why}")
    return fence


def _read_paths(paths: Sequence[str], workspace: Path) -> Iterator[Path]:
    for text in paths:
        path = workspace / Path(text).expanduser()
        if not path.exists():
            raise UsageError(f"`sandbox.read`: `{text}` does not exist", slug="read-missing")
        yield path


class _Session:
    """A folder in the cache that belongs to this process. Those of dead processes are removed."""

    def __init__(self, cache: Path) -> None:
        try:
            cache.mkdir(parents=True, exist_ok=True)
            # One at a time: a folder that is not locked yet would look like that of a dead process.
            with _locked(cache, wait=True):
                self._remove_stale(cache)
                self.folder = Path(tempfile.mkdtemp(prefix="session-", dir=cache))
                self._lock: int | None = _lock(self.folder)
                self.bin = Bin(self.folder / "bin")
        except OSError as error:
            raise MachineError(f"cannot write to `{cache}`: {error.strerror}", slug="cache") from error

    @staticmethod
    def _remove_stale(cache: Path) -> None:
        for folder in cache.glob("session-*"):
            with contextlib.suppress(BlockingIOError), _locked(folder):
                remove_tree(folder)

    def close(self) -> None:
        if self._lock is not None:
            self.bin.close()
            remove_tree(self.folder)
            os.close(self._lock)
            self._lock = None


@contextlib.contextmanager
def _locked(folder: Path, *, wait: bool = False) -> Iterator[None]:
    file = _lock(folder, wait=wait)
    try:
        yield
    finally:
        os.close(file)


def _lock(folder: Path, *, wait: bool = False) -> int:
    """Locks a folder as long as the file that is returned stays open; BlockingIOError if another has."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file
