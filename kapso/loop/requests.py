"""Trees that a user wants evaluated: one file each in the run's folder, until the run has taken it up.

A file goes only when its candidate stands under a pending ref, so a kill loses no request; taken up again
after a kill, its tree is known, so none counts twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """A tree to evaluate as the next attempt; `parents` are attempts, `also_from` commits of other runs."""

    tree: str
    parents: tuple[int, ...]
    title: str
    hypothesis: str = ""
    also_from: tuple[str, ...] = ()


class Requests:
    """The requests that wait in a run's folder."""

    def __init__(self, run_folder: Path) -> None:
        self._folder = run_folder / "requests"

    def add(self, request: Request) -> None:
        """Keep a request, on the disk when this returns. One that asks for the same tree gives way."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(request)
        fresh = path.with_suffix(f".{os.getpid()}")
        with fresh.open("w") as file:
            file.write(json.dumps(asdict(request)))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def remove(self, request: Request) -> None:
        """Forget a request that was taken up or withdrawn."""
        self._path(request).unlink(missing_ok=True)

    def __contains__(self, request: Request) -> bool:
        return self._path(request).exists()

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __iter__(self) -> Iterator[Request]:
        """Those that wait, the eldest first. Cheap where none does: the loop asks before every attempt."""
        try:
            names = [name for name in os.listdir(self._folder) if name.endswith(".json")]
        except OSError:
            return
        for path in sorted((self._folder / name for name in names), key=_age):
            with suppress(OSError, ValueError, TypeError):
                told = json.loads(path.read_text())
                yield Request(
                    **{**told, "parents": tuple(told["parents"]), "also_from": tuple(told["also_from"])}
                )

    def _path(self, request: Request) -> Path:
        return self._folder / f"{request.tree}.json"


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except OSError:
        return 0, path.name
