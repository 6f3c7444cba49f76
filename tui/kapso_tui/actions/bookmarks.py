"""Attempts that the user marked: a small file in the run's folder, for this machine alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

from kapso.errors import MachineError

NAME = "bookmarks.json"


class Bookmarks:
    """The marked attempts of the run whose folder is `folder`; read anew each time: others may mark, too."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def all(self) -> frozenset[int]:
        """The numbers of the marked attempts; none where the file cannot be read."""
        try:
            told = json.loads(self._path.read_text())
            return frozenset(each for each in told["attempts"] if isinstance(each, int))
        except (OSError, ValueError, KeyError, TypeError):
            return frozenset()

    def toggle(self, number: int) -> bool:
        """Mark the attempt, or take its mark away; whether it is marked now."""
        marked = self.all() ^ {number}
        fresh = self._path.with_suffix(f".{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps({"attempts": sorted(marked)}) + "\n")
            fresh.replace(self._path)
        except OSError as error:
            raise MachineError(
                f"`{self._path}` cannot be written: {error.strerror}", slug="state-folder"
            ) from error
        return number in marked
