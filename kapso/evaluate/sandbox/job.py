"""What a command is asked to do, within which limits, and what became of it. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from kapso.evaluate.sandbox.capture import LOG_HEAD_BYTES

StoppedBy = Literal["timeout", "memory", "processes", "disk", "cancel"]


@dataclass(frozen=True)
class Limits:
    """Bounds of one command's whole process tree; `disk_bytes` is what it may add to workspace and out."""

    timeout_s: float
    memory_bytes: int
    processes: int
    disk_bytes: int


@dataclass(frozen=True)
class Call:
    """What a command does where all of it is `python -c text arguments`, in words that need no shell.

    Where `python` is a path, its folder goes before all others on the command's PATH.
    """

    python: str
    text: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """One command for `/bin/sh -c`.

    `folder` is the working folder, relative to the workspace's root ('' is the root). `env` is added to
    what the sandbox sets by itself (PATH, HOME, TMPDIR, locale, what toolchains need). `out` and `result`
    are host folders: the command finds them as `$KAPSO_OUT` and as the parent of `$KAPSO_RESULT`. The
    log and errors call the command `shown` where that is given. `core` is the one core that it runs on.
    `secrets` maps values that are struck out of all that the command prints to what stands in their place;
    `log_bytes` is how much of its output goes to the log as it comes, before only the end is kept. With
    `call`, which says the same as `command`, it may be started warm.
    """

    command: str
    folder: str
    env: Mapping[str, str]
    limits: Limits
    out: Path | None = None
    out_writable: bool = True
    result: Path | None = None
    network: bool = False
    log: Path | None = None
    shown: str = ""
    core: int | None = None
    secrets: Mapping[bytes, bytes] = field(default_factory=dict)
    log_bytes: int = LOG_HEAD_BYTES
    call: Call | None = None

    @property
    def words(self) -> str:
        """The command as people read it."""
        return self.shown or self.command


@dataclass(frozen=True)
class CommandResult:
    """How a command ended. `exit_code` is 128 + n after signal n, and None when Kapso stopped it.

    `seconds` is the wall time of the command alone; `cpu_seconds` counts every process it started;
    `max_rss_bytes` is the largest process or the largest sum seen, whichever is more. `stdout` and
    `stderr` hold the last megabyte and the last 64 KB. `threads` is how many were seen at once, 0 where it
    ended before the first look.
    """

    exit_code: int | None
    stopped_by: StoppedBy | None
    seconds: float
    cpu_seconds: float
    max_rss_bytes: int
    stdout: bytes
    stderr: bytes
    threads: int = 0

    @property
    def succeeded(self) -> bool:
        return self.exit_code == 0 and self.stopped_by is None


@dataclass(frozen=True)
class Layer:
    """What a candidate changes: `folder` holds the files to lay over the base, `removed` names what goes."""

    folder: Path
    removed: tuple[str, ...] = ()
