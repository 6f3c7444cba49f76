"""Watches one command from start to end: output, time, memory, processes, disk, cancellation.

It holds for every level of the sandbox; how a command is started and ended is the level's part (`Started`).
When `watch` returns, no process of the command is left.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

from kapso.errors import MachineError
from kapso.evaluate.sandbox.capture import STDERR_BYTES, STDOUT_BYTES, Log, Redactor, Tail
from kapso.evaluate.sandbox.job import CommandResult, Job, StoppedBy
from kapso.evaluate.sandbox.processes import TreeMeter, held_bytes, left_cpu_seconds, oom_kills, own_bytes
from kapso.evaluate.sandbox.trees import size_of

FIRST_LOOK_S = 0.02
LOOK_EVERY_S = 0.05
STARTUP_S = 60.0
_READ_BYTES = 1 << 16
_PIPE_READS = 32
_KILLED = 128 + signal.SIGKILL
_LITTLE_SPACE_BYTES = 4 << 20
_LEFT_BYTES = 1 << 20


@dataclass(frozen=True)
class Usage:
    """What the kernel has accounted for a command and all that it started."""

    cpu_seconds: float
    max_rss_bytes: int


class Started(Protocol):
    """A command under way. Calls: `attach`, `on_begun`, any number of `kill`, then `reap`, `close`.

    `status` yields lines of JSON. `{"child-pid": n}` names the process above all others of the command and
    goes to `attach`; `{"exit-code": n}` comes when the command itself has ended, perhaps with its `seconds`,
    and perhaps later `{"cpu": seconds, "rss": bytes}`. `begun` becomes readable when the command starts,
    and yields at its end what `left_cpu_seconds` reads; None when `status` tells all that. `scratch` are
    host folders that the level itself lets the command write to, and `own_processes` says how many of the
    processes below the one named are the level's.
    """

    @property
    def stdout(self) -> int: ...
    @property
    def stderr(self) -> int: ...
    @property
    def status(self) -> int: ...
    @property
    def begun(self) -> int | None: ...
    @property
    def scratch(self) -> tuple[Path, ...]: ...
    @property
    def own_processes(self) -> int: ...

    def attach(self, message: dict[str, Any]) -> None: ...
    def on_begun(self) -> None: ...
    def kill(self) -> None: ...
    def reap(self) -> Usage: ...
    def close(self) -> None: ...


class NotStarted(MachineError):
    """The sandbox could not start the command: nothing of it has run."""


class Disk:
    """How much a command has written: the growth of `folders`, and files deleted but still open.

    `space` lies on the file system that takes it.
    """

    def __init__(self, folders: tuple[Path, ...], allowance: int, space: Path) -> None:
        self.folders, self.allowance, self.space = folders, allowance, space

    def is_exceeded(self, open_bytes: int) -> bool:
        total = open_bytes
        for folder in self.folders:
            if total > self.allowance:
                break
            total += size_of(folder, self.allowance - total)
        return total > self.allowance

    def is_full(self) -> bool:
        """Whether the machine itself has no space left, which is nobody's fault."""
        space = os.statvfs(self.space)
        return space.f_bavail * space.f_frsize < _LITTLE_SPACE_BYTES or (space.f_files > 0 == space.f_favail)


class _Watch:
    """The state of one watch. Methods named `_on_…` take what arrived."""

    def __init__(self, started: Started, job: Job, disk: Disk, cancel: threading.Event) -> None:
        self.started, self.job, self.disk, self.cancel = started, job, disk, cancel
        self.stdout, self.stderr = Tail(STDOUT_BYTES), Tail(STDERR_BYTES)
        self.log = Log(job.log, job.words, job.log_bytes) if job.log else None
        self.redact_stdout, self.redact_stderr = Redactor(job.secrets), Redactor(job.secrets)
        self.meter: TreeMeter | None = None
        self.used = Usage(0.0, 0)
        self.exit_code: int | None = None
        self.stopped_by: StoppedBy | None = None
        self.seconds: float | None = None
        self.has_begun = False
        self.is_over = False
        self.begun_at = time.perf_counter()
        self.next_look = self.next_disk_look = float("inf")
        self._status = self._left = b""
        self._oom_kills = oom_kills()

    def run(self) -> CommandResult:
        handlers = self._handlers()
        poll = select.poll()
        for file in handlers:
            os.set_blocking(file, False)
            poll.register(file, select.POLLIN)
        while not self.is_over:
            for file, _ in poll.poll(self._patience_ms()):
                if not self._read(file, handlers[file]):
                    poll.unregister(file)
            self._check()
        reaped = self.started.reap()
        self.used = Usage(
            max(reaped.cpu_seconds, self.used.cpu_seconds), max(reaped.max_rss_bytes, self.used.max_rss_bytes)
        )
        for file in handlers:
            # What is left fits into a pipe's buffer; more could only come from a process that escaped.
            for _ in range(_PIPE_READS):
                if not self._read(file, handlers[file], once=True):
                    break
        self._keep(self.stdout, self.redact_stdout.close())
        self._keep(self.stderr, self.redact_stderr.close())
        return self._result()

    def _handlers(self) -> dict[int, Callable[[bytes], None]]:
        handlers: dict[int, Callable[[bytes], None]] = {
            self.started.stdout: self._on_stdout,
            self.started.stderr: self._on_stderr,
            self.started.status: self._on_status,
        }
        if self.started.begun is not None:
            handlers[self.started.begun] = self._on_begun
        return handlers

    def _read(self, file: int, handler: Callable[[bytes], None], once: bool = False) -> bool:
        """Hands on what has arrived; whether more may come (with `once`: whether something did)."""
        try:
            chunk = os.read(file, _READ_BYTES)
        except BlockingIOError:
            return not once
        except ConnectionResetError:  # `begun`, of a command that was ended before it heard that it may start
            return False
        if chunk:
            handler(chunk)
        elif file == self.started.status:
            self._end()
        return bool(chunk)

    def _on_stdout(self, chunk: bytes) -> None:
        self._keep(self.stdout, self.redact_stdout.add(chunk))

    def _on_stderr(self, chunk: bytes) -> None:
        self._keep(self.stderr, self.redact_stderr.add(chunk))

    def _keep(self, tail: Tail, chunk: bytes) -> None:
        tail.add(chunk)
        if self.log:
            self.log.add(chunk)

    def _on_begun(self, chunk: bytes) -> None:
        if not self.has_begun:
            self._begin()
        self._left = (self._left + chunk)[:_LEFT_BYTES]

    def _begin(self) -> None:
        self.has_begun = True
        self.started.on_begun()
        self.begun_at = time.perf_counter()
        self.next_look = self.next_disk_look = self.begun_at + FIRST_LOOK_S

    def _on_status(self, chunk: bytes) -> None:
        self._status += chunk
        *lines, self._status = self._status.split(b"\n")
        for line in lines:
            # Without walls, a command can reach this pipe.
            with contextlib.suppress(ValueError, TypeError, KeyError):
                self._on_message(json.loads(line))

    def _on_message(self, message: dict[str, Any]) -> None:
        if "child-pid" in message and self.meter is None:
            self.meter = TreeMeter(message["child-pid"])
            self.started.attach(message)
            if self.started.begun is None:
                self._begin()
        if "exit-code" in message and not self.is_over:
            self.exit_code = int(message["exit-code"])
            self.seconds = message.get("seconds")
            self._end()
        if "cpu" in message:
            self.used = Usage(message["cpu"], message["rss"])

    def _end(self) -> None:
        if not self.is_over:
            self.is_over = True
            if self.seconds is None:
                self.seconds = time.perf_counter() - self.begun_at

    def _patience_ms(self) -> float:
        until = min(self.next_look, self.begun_at + self._time_s(), time.perf_counter() + LOOK_EVERY_S)
        return max(0.0, (until - time.perf_counter()) * 1000)

    def _time_s(self) -> float:
        return self.job.limits.timeout_s if self.has_begun else STARTUP_S

    def _check(self) -> None:
        """Ends the command when it has passed a limit."""
        now = time.perf_counter()
        if self.is_over:
            return
        if self.cancel.is_set():
            self._stop("cancel")
        elif now - self.begun_at > self._time_s():
            self._stop("timeout")
        elif now >= self.next_look and self.meter:
            self._look(self.meter, now)

    def _look(self, meter: TreeMeter, now: float) -> None:
        limits = self.job.limits
        most = limits.processes + self.started.own_processes
        processes, memory = meter.look(enough=most)
        if processes > most:
            return self._stop("processes")
        if memory > limits.memory_bytes:
            memory = own_bytes(meter.pids)
        if memory > limits.memory_bytes:
            return self._stop("memory")
        if now >= self.next_disk_look:
            deleted, in_memory = held_bytes(meter.pids)
            if memory + in_memory > limits.memory_bytes:
                return self._stop("memory")
            if self.disk.is_exceeded(deleted):
                return self._stop("disk")
            # Walking a large folder takes long: spend at most a tenth of the time on it.
            self.next_disk_look = now + max(LOOK_EVERY_S, 10 * (time.perf_counter() - now))
        self.next_look = now + max(LOOK_EVERY_S, 10 * (time.perf_counter() - now))

    def _stop(self, reason: StoppedBy) -> None:
        self.started.kill()
        self.stopped_by = reason
        self._end()

    def _result(self) -> CommandResult:
        if not self.stopped_by:
            self._check_the_machine()
            if self.disk.is_exceeded(0):
                self.stopped_by = "disk"
        if self.log:
            how = f"stopped: {self.stopped_by}" if self.stopped_by else f"exit {self.exit_code}"
            self.log.close(f"{how} after {self.seconds:.3f} s")
        sampled = Usage(self.meter.cpu_seconds, self.meter.peak_rss_bytes) if self.meter else self.used
        return CommandResult(
            exit_code=None if self.stopped_by else self.exit_code,
            stopped_by=self.stopped_by,
            seconds=self.seconds or 0.0,
            cpu_seconds=max(self.used.cpu_seconds + left_cpu_seconds(self._left), sampled.cpu_seconds),
            max_rss_bytes=max(self.used.max_rss_bytes, sampled.max_rss_bytes),
            stdout=self.stdout.close(),
            stderr=self.stderr.close(),
            threads=self.meter.peak_threads if self.meter else 0,
        )

    def _check_the_machine(self) -> None:
        """Raises when the machine, not the command, is to blame for how it ended."""
        if self.exit_code is None and not self.has_begun:
            raise NotStarted(self._not_run("the sandbox could not start the command"), slug="sandbox")
        if self.exit_code is None:
            self.exit_code = _KILLED
        if self.exit_code == _KILLED and oom_kills() > self._oom_kills:
            self._give_up("the machine ran out of memory although the command kept to its limit")
        if self.exit_code and self.disk.is_full():
            self._give_up("no space is left for what commands write")

    def _give_up(self, why: str) -> NoReturn:
        raise MachineError(self._not_run(why), slug="sandbox")

    def _not_run(self, why: str) -> str:
        last = self.stderr.close().decode(errors="replace").strip().splitlines()[-1:]
        if self.log:
            self.log.close(f"not run: {why}")
        return ": ".join([why, *last])


def watch(started: Started, job: Job, disk: Disk, cancel: threading.Event) -> CommandResult:
    """Waits for the command's end, or brings it about, and says how it went."""
    try:
        return _Watch(started, job, disk, cancel).run()
    except MachineError:
        raise
    except BaseException as error:
        started.kill()
        started.reap()
        if isinstance(error, OSError):
            raise MachineError(f"cannot watch `{job.words}`: {error}", slug="sandbox") from error
        raise
    finally:
        started.close()
