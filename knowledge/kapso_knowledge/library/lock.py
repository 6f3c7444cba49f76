"""One user at a time of what cannot be shared between processes: a lock on a file beside it."""

from __future__ import annotations

import fcntl
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kapso_knowledge.errors import LibraryError


@contextmanager
def locked(folder: Path, *, patience_s: float = 30.0) -> Iterator[None]:
    """Hold the folder's lock, which the kernel takes back from a process that ends. Makes the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("w")
    except OSError as error:
        raise LibraryError(
            f"the library `{folder}` cannot be written: {error.strerror}",
            help="make the folder writable for you",
            slug="library-folder",
        ) from error
    with file:
        deadline = time.monotonic() + patience_s
        while not _try(file.fileno()):
            if time.monotonic() >= deadline:
                raise LibraryError(
                    f"the library `{folder}` is held by another process",
                    help="wait for it (a `kapso learn`?) and try again",
                    slug="library-locked",
                )
            time.sleep(random.uniform(0.005, 0.05))
        yield


def _try(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
