"""Level limits: no walls, only limits. Commands run as the user, in a copy of the program.

What they start is ended with them by `supervise.py`; time, memory, processes and disk are watched as at
every level. What this level cannot keep out stands in `lost`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kapso.evaluate.sandbox.job import Job
from kapso.evaluate.sandbox.place import Place
from kapso.evaluate.sandbox.processes import become_subreaper, descendants, end_below, keeps_orphans
from kapso.evaluate.sandbox.trees import remove_tree
from kapso.evaluate.sandbox.watch import Usage

_SUPERVISOR = Path(__file__).with_name("supervise.py")
_PATIENCE_S, _PATIENCE_AFTER_KILL_S = 10.0, 0.7
"""How long the supervisor may take to end what is left and to say what was used."""


class Unwalled:
    """Starts commands without walls."""

    level = "limits"
    has_overlays = False
    lost: tuple[str, ...] = (
        "commands can use the network",
        "commands can read everything that you can read: keys, other projects, files that are hidden",
        "commands can write and delete everything that you can, your repository included",
        "commands can see, and end, the other processes that you run",
    )

    def __init__(self, *, scratch: Path, env: Mapping[str, str], index: Mapping[str, str]) -> None:
        """`env` is for every command, `index` for `setup` alone; `scratch` holds what is private to each."""
        self._scratch, self.env, self._index = scratch, dict(env), index
        if not keeps_orphans():
            self.lost += ("what commands leave behind may live on when it detaches itself from them",)

    def start(self, job: Job, place: Place) -> Supervised:
        become_subreaper()
        own = Path(tempfile.mkdtemp(prefix="own-", dir=self._scratch))
        for name in ("home", "tmp"):
            (own / name).mkdir()
        (place.folder / job.folder).mkdir(parents=True, exist_ok=True)
        status, their_status = os.pipe()
        try:
            with self._walls(job, place, own) as (files, words):
                supervisor = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(_SUPERVISOR), str(their_status), job.command, *words],
                    env=self._environment(job, place, own),
                    cwd=place.folder / job.folder,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(their_status, *files),
                    bufsize=0,
                )
        finally:
            os.close(their_status)
        return Supervised(supervisor, status, own)

    @contextlib.contextmanager
    def _walls(self, job: Job, place: Place, own: Path) -> Iterator[tuple[Sequence[int], Sequence[str]]]:
        """Open files and arguments that the supervisor needs to wall the command in."""
        yield (), ()

    def _environment(self, job: Job, place: Place, own: Path) -> dict[str, str]:
        env = {**self.env, "HOME": f"{own}/home", "TMPDIR": f"{own}/tmp"}
        if place.scratch:
            env |= self._index
        env |= job.env
        if job.out:
            env["KAPSO_OUT"] = str(job.out)
        if job.result:
            env["KAPSO_RESULT"] = str(job.result / "result.json")
        return env


class Supervised:
    """A command under its supervisor; see `watch.Started`."""

    begun = None
    own_processes = 0

    def __init__(self, supervisor: subprocess.Popen[bytes], status: int, own: Path) -> None:
        assert supervisor.stdout and supervisor.stderr and supervisor.stdin
        self._supervisor, self._control, self._own = supervisor, supervisor.stdin, own
        self.stdout, self.stderr = supervisor.stdout.fileno(), supervisor.stderr.fileno()
        self.status, self.scratch = status, (own,)
        self._group: int | None = None

    def attach(self, message: dict[str, Any]) -> None:
        self._group = message["group"]

    def on_begun(self) -> None:
        """The supervisor sees to it."""

    def kill(self) -> None:
        """Asks for an end, and ends the command's own group: a fork bomb leaves the supervisor no time."""
        self._control.close()
        if self._group is not None:
            with contextlib.suppress(OSError):
                os.killpg(self._group, signal.SIGKILL)

    def reap(self) -> Usage:
        """Waits for the supervisor to end everything; does it itself when the command has disabled it.

        What was used, the supervisor says on `status`.
        """
        try:
            self._supervisor.wait(_PATIENCE_AFTER_KILL_S if self._control.closed else _PATIENCE_S)
        except subprocess.TimeoutExpired:
            end_below(self._supervisor.pid)
            self._supervisor.kill()
            self._supervisor.wait()
        self._end_strays()
        return Usage(0.0, 0)

    def _end_strays(self) -> None:
        """Ends what became this process's child because the command killed its supervisor."""
        mark = os.fsencode(f"TMPDIR={self._own}/tmp")
        while strays := [p.pid for p in descendants(os.getpid()) if mark in _environment_of(p.pid)]:
            for pid in strays:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)

    def close(self) -> None:
        for pipe in (self._supervisor.stdin, self._supervisor.stdout, self._supervisor.stderr):
            if pipe:
                pipe.close()
        os.close(self.status)
        remove_tree(self._own)


def _environment_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
