"""Level landlock: walls around files, privileges and the network, where no namespace can be had.

It rides on level limits: the same supervisor, and copies of the program as workspaces. What a command may
read and write is granted path by path; what this level cannot keep out stands in `lost`.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from kapso.errors import MachineError
from kapso.evaluate.sandbox import landlock, syscalls
from kapso.evaluate.sandbox.execute import execute
from kapso.evaluate.sandbox.host import largest_without, listening_sockets
from kapso.evaluate.sandbox.job import Job, Limits
from kapso.evaluate.sandbox.limits import Unwalled
from kapso.evaluate.sandbox.place import Place
from kapso.evaluate.sandbox.sight import Sight

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_SHARED_MEMORY = Path("/dev/shm")
_SOCKET_FOLDERS = ("/run/*", "/run/*/*", "/run/user/*/*")
_PROBE = """\
(: < ../secret) && exit 77
(: > ../secret) && exit 77
echo x > "$TMPDIR/x" && read -r line < "$TMPDIR/x"
"""
_REACHED = 77
_PROBE_LIMITS = Limits(timeout_s=10.0, memory_bytes=1 << 30, processes=1_000, disk_bytes=1 << 20)


class Fence(Unwalled):
    """Starts commands in walls of Landlock and a filter of system calls."""

    level = "landlock"

    def __init__(self, abi: int, sight: Sight, *, scratch: Path) -> None:
        super().__init__(scratch=scratch, env=sight.env, index=sight.index)
        self._abi, self._sight = abi, sight
        excluded = {Path("/dev"), *sight.covers.folders, *sight.covers.files}
        excluded |= {path for path in sight.masks if not path.is_socket()}
        self._machine = list(largest_without(Path("/"), excluded))
        reachable = [] if abi >= landlock.RESOLVES else _reachable_sockets(abi)
        self._has_local_sockets = not reachable
        self.lost = tuple(_losses(abi, reachable, sight.devices))

    def show_environment(self, folder: Path) -> None:
        """Lets commands read from now on what a virtual environment in `folder`, if it is one, needs."""
        self._sight.add_environment(folder)

    @contextlib.contextmanager
    def _walls(self, job: Job, place: Place, own: Path) -> Iterator[tuple[Sequence[int], Sequence[str]]]:
        rules = landlock.Ruleset(self._abi)
        try:
            for path, rights in self._granted(job, place, own):
                rules.allow(path, rights)
            refused = syscalls.make_filter(
                network=job.network,
                local_sockets=self._has_local_sockets,
                truncate=self._abi >= landlock.TRUNCATES,
            )
            yield (rules.file,), (str(rules.file), refused.hex())
        finally:
            rules.close()

    def _granted(self, job: Job, place: Place, own: Path) -> Iterator[tuple[Path, int]]:
        readable = [*self._machine, *self._shown(job, place), *place.reads]
        writable = [own / "home", own / "tmp"]
        (readable if place.is_read_only else writable).append(place.folder)
        if job.out:
            (writable if job.out_writable else readable).append(job.out)
        if job.result:
            writable.append(job.result)
        yield from ((path, landlock.READ) for path in readable)
        yield from ((path, landlock.WRITE) for path in writable)
        yield from ((Path(path), landlock.DEVICE) for path in (*_DEVICES, *self._sight.devices))
        yield _SHARED_MEMORY, landlock.OPEN_BY_NAME

    def _shown(self, job: Job, place: Place) -> Iterator[Path]:
        """What is covered and may be read all the same: never the user's checkout, but for tools in it."""
        sight = self._sight
        shown = sight.uncovered(network=job.network, is_setup=place.scratch is not None)
        bound = {path for path, link in shown.items() if link is None}
        excluded = sight.seen_again(bound)
        for path in bound:
            is_inside = sight.workspace in path.parents
            if not (is_inside and path in sight.read):
                yield from largest_without(path, excluded if is_inside else [*excluded, sight.workspace])


def find_landlock(sight: Sight, *, scratch: Path) -> tuple[Fence | None, str]:
    """The level as this machine can give it, tried by running a command, or None and why there is none."""
    if sys.platform != "linux":
        return None, "only Linux has it"
    if why := syscalls.why_no_filter():
        return None, why
    try:
        abi = landlock.abi()
    except OSError as error:
        return None, f"this kernel does not offer it ({error.strerror})"
    if abi < landlock.LEAST_ABI:
        return None, "it came in a usable form with Linux 5.19, and this kernel is older"
    fence = Fence(abi, sight, scratch=scratch)
    why = _try(fence, scratch)
    return (None, why) if why else (fence, "")


def _try(fence: Fence, scratch: Path) -> str:
    """Why commands are not walled in, or nothing."""
    with tempfile.TemporaryDirectory(prefix="probe-", dir=scratch) as name:
        folder = Path(name) / "workspace"
        folder.mkdir()
        (Path(name) / "secret").write_text("secret\n")
        try:
            done = execute(fence, Job(_PROBE, "", {}, _PROBE_LIMITS), Place(folder), threading.Event())
        except MachineError as error:
            return str(error)
        if done.exit_code == _REACHED:
            return "a command that was walled in reached a file outside"
        return "" if done.succeeded else f"a command that was walled in ended with {done.exit_code}"


def _reachable_sockets(abi: int) -> list[str]:
    """Where servers listen, or may, that commands could have act for them; Landlock does not stop that."""
    named = (path for pattern in _SOCKET_FOLDERS for path in Path("/").glob(pattern[1:]))
    found = {path for path in named if path.is_socket()} | listening_sockets()
    sockets = sorted(str(path) for path in found if os.access(path, os.W_OK))
    return sockets + (_abstract_sockets() if abi < landlock.SCOPES else [])


def _abstract_sockets() -> list[str]:
    try:
        lines = Path("/proc/net/unix").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return []
    return [line.split()[-1] for line in lines if line.split()[-1].startswith("@")]


def _losses(abi: int, sockets: Sequence[str], devices: Sequence[str]) -> Iterator[str]:
    yield (
        "commands can tell which of your files exist, and change their modes and times: "
        "not read or write them, but let other users of this machine do so"
    )
    if devices:
        yield "programs that use CUDA do not start, as its driver has to write below /proc"
    yield "commands can see that other processes run, though not what is in them"
    if abi < landlock.SCOPES:
        yield "commands can end the other processes that you run (with Linux 6.12 or later they cannot)"
    yield "what commands leave in `/dev/shm` stays there, and others can find it by its name"
    yield "each command finds the program at another path, and no `/tmp`: temporary files belong in `$TMPDIR`"
    if sockets:
        yield f"commands cannot use Unix sockets, as servers of yours listen on some (such as `{sockets[0]}`)"
