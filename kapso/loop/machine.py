"""The machine: which one it is, and what its operating system refuses, which is no defect of Kapso."""

from __future__ import annotations

import errno
import os
import platform
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from kapso.errors import MachineError

_REMEDIES = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room within your quota",
    errno.EROFS: "make it writable for this user",
    errno.EACCES: "make it writable for this user",
    errno.EPERM: "make it writable for this user",
    errno.EIO: "look after that disk",
    errno.EMFILE: "raise the limit of open files: `ulimit -n`",
    errno.ENFILE: "close other programs: the machine has no file handle left",
    errno.ENOMEM: "free some memory",
    errno.EAGAIN: "end other programs: no process or thread can be started",
}
_LITTLE_BYTES = 1 << 20
_FULL = "database or disk is full"


def machine() -> str:
    """What times depend on, as a person would name it: processor and cores. Alike means comparable."""
    model = platform.processor()
    with suppress(OSError, TypeError):
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        model = found[1] if found else model
    return f"{platform.machine()}, {' '.join(model.split()) or 'unknown processor'}, {os.cpu_count()} cores"


def _full_disks(folders: Sequence[Path]) -> str:
    """Which of the folders lie on a disk without space, for an error that does not say."""
    full = []
    for folder in folders:
        with suppress(OSError):
            space = os.statvfs(folder)
            if space.f_bavail * space.f_frsize < _LITTLE_BYTES:
                full.append(f"`{folder}`")
    return f"{' and '.join(full)}: " if full else ""


@contextmanager
def machine_faults(*own: Path) -> Iterator[None]:
    """Raise what the machine refuses as MachineError; every other error passes as it is.

    A file that is gone from a folder of our `own` was deleted by somebody else.
    """
    try:
        yield
    except FileNotFoundError as error:
        if not any(Path(str(error.filename)).is_relative_to(folder) for folder in own):
            raise
        raise MachineError(
            f"`{error.filename}` was deleted while Kapso worked in it",
            help="leave Kapso's folders alone while it runs; `kapso gc` cleans them up",
            slug="workspace-deleted",
        ) from error
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        place = f"`{error.filename}`: " if error.filename else _full_disks(own) if is_full else ""
        raise MachineError(
            f"the machine refuses: {place}{error.strerror}",
            help=_REMEDIES[error.errno],
            slug="disk-full" if is_full else "machine",
        ) from error
    except sqlite3.OperationalError as error:
        raise MachineError(
            f"the checkpoints cannot be written: {error}",
            help=_REMEDIES[errno.ENOSPC] if _FULL in str(error) else "look after the disk of the git folder",
            slug="disk-full" if _FULL in str(error) else "checkpoints",
        ) from error
