"""The base of a run on disk: checked out once, set up once, shared read-only by every evaluation.

It lies in the cache, keyed by what it is made of, so that a later run on the same base finds it ready.
"""

from __future__ import annotations

import fcntl
import hashlib
import itertools
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path

from kapso.errors import BaselineError, GoalError, Interrupted, UsageError
from kapso.evaluate.failures import failure_of, last_line
from kapso.evaluate.interpreter import find_interpreter
from kapso.evaluate.sandbox import Base, CandidateFiles, Job, Layer, Limits, Sandbox, secrets_in
from kapso.evaluate.sandbox.trees import remove_tree
from kapso.git.repository import Repository
from kapso.git.trees import EXECUTABLE, FILE, LINK
from kapso.goal import Command, Goal
from kapso.goal.mentions import mentions
from kapso.goal.protection import VIRTUAL_ENVIRONMENT, check_hide, hidden_paths

SETUP_DISK_BYTES = 64 << 30
SETUP_PROCESSES = 100_000
_PYTHON = "python3"


def cache_folder(repository: Repository) -> Path:
    """The folder below the XDG cache folder that holds this repository's workspaces.

    A relative `XDG_CACHE_HOME` is ignored, as the XDG specification asks. Raises UsageError where the cache
    would lie inside the repository.
    """
    root = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not root.is_absolute():
        root = Path.home() / ".cache"
    if root.resolve().is_relative_to(repository.root):
        raise UsageError(
            f"the cache folder `{root}` lies inside the repository",
            help="set `XDG_CACHE_HOME` to a folder outside of it",
            slug="cache-in-repository",
        )
    key = hashlib.sha256(str(repository.common_dir).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return root / "kapso" / f"{repository.root.name}-{key}"


def private_paths(goal: Goal, repository: Repository) -> list[Path]:
    """Where else on this machine the program stands, and with it what is hidden: no command may look there.

    Git's own folder, other working trees, repositories that objects are borrowed from, and where links
    lead to that are shared and hold something hidden.
    """
    found = [repository.common_dir, repository.state_dir, cache_folder(repository).parent]
    listed = repository.git.output("worktree", "list", "--porcelain").split(b"\n")
    trees = [Path(os.fsdecode(line[9:])) for line in listed if line.startswith(b"worktree ")]
    found += [tree for tree in trees if tree != repository.root]
    for objects in _borrowed(repository.common_dir / "objects"):
        owner = objects.parent
        found.append(owner.parent if owner.name == ".git" else owner)
    prefix = goal.prefix(repository.root)
    for path in goal.share:
        source = repository.root / prefix / path
        real = Path(os.path.realpath(source))
        inside = os.path.join(prefix, path.rstrip("/"))
        if not real.is_relative_to(repository.root) and hidden_paths(goal, prefix, _below(real, inside)):
            found.append(real)
    return found


def _borrowed(objects: Path) -> list[Path]:
    """The folders of objects that `objects` borrows from, directly or not."""
    found: list[Path] = []
    waiting = [objects]
    while waiting:
        folder = waiting.pop()
        try:
            lines = (folder / "info/alternates").read_bytes().split(b"\n")
        except OSError:
            continue
        named = [Path(os.path.realpath(folder / os.fsdecode(line))) for line in lines if line]
        waiting += [each for each in named if each not in found]
        found += [each for each in named if each not in found]
    return found


class BaseFiles:
    """The base, and candidates laid over it."""

    def __init__(
        self, goal: Goal, repository: Repository, commit: str, sandbox: Sandbox, cache: Path
    ) -> None:
        self.cache = cache
        self.commit = commit
        self.prefix = goal.prefix(repository.root)
        self.hidden: tuple[str, ...] = ()
        self.python = self.interpreter = _PYTHON
        self.base: Base
        self._goal = goal
        self._repository = repository
        self.sandbox = sandbox

    def prepare(
        self, log: Path | None, cancel: threading.Event, variables: Mapping[str, str] | None = None
    ) -> None:
        """Check out and set up whatever is not there yet. Raises BaselineError when `setup` fails."""
        shared = self._shared()
        folder = self.cache / "bases" / self._key()
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder / "lock"):
            files = folder / "files"
            ready = folder / "ready"
            if not (ready.exists() and files.is_dir()):
                remove_tree(files)
                self._check_out(files)
                base = self.sandbox.base(files, shared)
                self._set_up(base, log, cancel, variables or {})
                ready.touch()
        self.base = self.sandbox.base(files, shared)
        self.hidden = self._find_hidden(files, shared)
        self.python = self.interpreter = self._find_python(files, shared)
        if self.python == _PYTHON and any(stage.function for stage in self._goal.all_stages):
            environment = {**self._environment(), **(variables or {})}
            self.interpreter = find_interpreter(_PYTHON, self.base, self.prefix, environment, cancel)

    @contextmanager
    def candidate(self, commit: str, slot: int) -> Iterator[CandidateFiles]:
        """The files of `commit` as its own commands see them: without what is hidden."""
        with (
            self._changes(commit, slot) as changes,
            self._caches(slot) as caches,
            self.base.candidate(changes, self.hidden, slot, caches) as files,
        ):
            yield files

    @contextmanager
    def workshop(self, tree: str, furnish: Callable[[Path], None]) -> Iterator[CandidateFiles]:
        """The files of `tree` for somebody to work on, with what `furnish` puts into the workspace's root.

        Nothing that is hidden is there, and no build's caches.
        """
        with self._changes(tree, 0) as changes:
            furnish(changes.folder)
            with self.base.candidate(changes, self.hidden, 0) as files:
                yield files

    @contextmanager
    def _changes(self, commit: str, slot: int) -> Iterator[Layer]:
        (self.cache / "changes").mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-{slot}-", dir=self.cache / "changes"))
        try:
            removed = self._write_changes(commit, folder)
            yield Layer(folder, removed)
        finally:
            self.sandbox.discard(folder)

    @contextmanager
    def _caches(self, slot: int) -> Iterator[dict[str, Path]]:
        """Where `keep` is kept: the slot's own folder, or the next one while another run holds that."""
        if not self._goal.keep:
            yield {}
            return
        for number in itertools.count(slot):
            folder = self.cache / "keep" / self._key() / str(number)
            folder.mkdir(parents=True, exist_ok=True)
            with _try_lock(folder / "lock") as is_mine:
                if is_mine:
                    yield {
                        self._inside(path): folder / str(place) for place, path in enumerate(self._goal.keep)
                    }
                    return

    def changed_lines(self, commit: str) -> int:
        """Lines added and removed against the base."""
        if commit == self.commit:
            return 0
        changed = self._repository.diff_stat(self.commit, commit)
        return changed.added + changed.removed

    def _inside(self, path: str) -> str:
        path = path.rstrip("/")
        return f"{self.prefix}/{path}" if self.prefix else path

    def _shared(self) -> dict[str, Path]:
        shared = {}
        for path in self._goal.share:
            found = self._repository.root / self._inside(path)
            if not found.exists():
                raise GoalError(
                    f"`share: [{path}]` names nothing that exists",
                    where=self._goal.where("share"),
                    help=f"put the files at `{found}`, or remove the entry",
                    slug="share-missing",
                )
            shared[self._inside(path)] = found
        return shared

    def _key(self) -> str:
        setup = self._goal.setup.command if self._goal.setup else None
        parts = [
            self._repository.tree_of(self.commit),
            setup,
            self.prefix,
            str(self._repository.root),
            self.sandbox.level,
            list(self._goal.share),
            self._environment(),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    def _environment(self) -> dict[str, str]:
        return {name: os.environ[name] for name in self._goal.sandbox.env if name in os.environ}

    def _check_out(self, files: Path) -> None:
        missing = self._repository.check_out(self.commit, files).missing_lfs
        commands = [each.command for each in _commands(self._goal)]
        named = mentions(commands, self.prefix)
        needed = [path for path in missing if named.word_for(path)]
        if needed:
            raise GoalError(
                f"`{needed[0]}` is a Git LFS pointer, and its content is not on this machine",
                where=self._goal.shown_as,
                help="fetch it with `git lfs pull`",
                slug="lfs-missing",
            )

    def _set_up(
        self, base: Base, log: Path | None, cancel: threading.Event, variables: Mapping[str, str]
    ) -> None:
        setup = self._goal.setup
        if setup is None:
            return
        limits = Limits(setup.timeout_s, 1 << 62, SETUP_PROCESSES, SETUP_DISK_BYTES)
        environment = {**self._environment(), **variables}
        job = Job(
            setup.command,
            self.prefix,
            environment,
            limits,
            network=True,
            log=log,
            secrets=secrets_in(environment),
        )
        result = base.set_up(job, cancel)
        if result.stopped_by == "cancel":
            raise Interrupted("the setup was cancelled")
        if not result.succeeded:
            raise BaselineError(
                f"`setup` failed: {failure_of('setup', setup, result).reason}",
                where=self._goal.where("setup"),
                help=_see(log) or last_line(result.stdout) or "run it by hand to see more",
                slug="setup-failed",
            )

    def _find_hidden(self, files: Path, shared: Mapping[str, Path]) -> tuple[str, ...]:
        """Tracked, set-up and shared files alike: `hide` covers whatever stands at a path."""
        paths = _walk(files, "")
        for inside, source in shared.items():
            paths |= _below(source, inside)
        check_hide(self._goal, self.prefix, paths)
        hidden = hidden_paths(self._goal, self.prefix, paths)
        return tuple(sorted(hidden | _targets(files, hidden, paths)))

    def _find_python(self, files: Path, shared: Mapping[str, Path]) -> str:
        """The interpreter of a function that judges: that of `.venv` in the goal's folder, or the PATH's.

        Found in the base, so that no candidate brings its own.
        """
        python = f"{VIRTUAL_ENVIRONMENT}/bin/python"
        path = self._inside(python)
        places = [files / path, *(each / os.path.relpath(path, inside) for inside, each in shared.items())]
        return f"./{python}" if any(os.path.lexists(place) for place in places) else _PYTHON

    def _write_changes(self, commit: str, folder: Path) -> tuple[str, ...]:
        """Write what differs from the base; returns the paths that vanish."""
        folder.chmod(0o755)  # it becomes the top of the workspace
        removed = []
        for path, (_, entry) in self._repository.changed_paths(self.commit, commit).items():
            if entry is None:
                removed.append(path)
                continue
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if entry.mode == LINK:
                target.symlink_to(os.fsdecode(self._repository.read(commit, path)))
            elif entry.mode in (FILE, EXECUTABLE):
                target.write_bytes(self._repository.working_bytes(commit, path))
                target.chmod(0o755 if entry.mode == EXECUTABLE else 0o644)
        return tuple(removed)


def _see(log: Path | None) -> str | None:
    """Where all that a command printed stands, unless that is about to vanish with a check-up."""
    if log is None or log.is_relative_to(tempfile.gettempdir()):
        return None
    return f"all that it printed is in `{log}`"


def _commands(goal: Goal) -> list[Command]:
    optional = (goal.setup, goal.build, goal.holdout, *(stage.run for stage in goal.all_stages))
    judges = (*goal.check, *(stage.command for stage in goal.all_stages))
    return [each for each in (*optional, *judges) if each is not None]


def _below(path: Path, inside: str) -> set[str]:
    """The file at `path`, or every file below it, under the name `inside`."""
    return _walk(path, f"{inside}/") if path.is_dir() else {inside}


def _walk(folder: Path, prefix: str) -> set[str]:
    """Every file below `folder`, as `prefix` and the path from there."""
    found: set[str] = set()
    for parent, folders, files in os.walk(folder):
        inside = os.path.relpath(parent, folder)
        start = prefix if inside == "." else f"{prefix}{inside}/"
        found.update(f"{start}{name}" for name in files)
        found.update(f"{start}{name}" for name in folders if os.path.islink(os.path.join(parent, name)))
    return found


def _targets(files: Path, hidden: Set[str], paths: Set[str]) -> set[str]:
    """What hidden links lead to: a link hides nothing as long as its target can be read."""
    top = os.path.realpath(files)
    found: set[str] = set()
    for link in (path for path in hidden if os.path.islink(files / path)):
        target = os.path.relpath(os.path.realpath(files / link), top)
        found |= {path for path in paths if path == target or path.startswith(f"{target}/")}
    return found


@contextmanager
def _try_lock(path: Path) -> Iterator[bool]:
    """Whether this is the only one to hold the lock, for as long as the `with` lasts."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two runs may want the same base at once; the second waits for the first."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
