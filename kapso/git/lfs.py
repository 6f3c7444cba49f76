"""Git LFS without git-lfs: pointers, and the repository's local store of what they stand for."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from kapso.git.command import Git

OFF = {
    "filter.lfs.smudge": "",
    "filter.lfs.clean": "",
    "filter.lfs.process": "",
    "filter.lfs.required": "false",
}
"""Settings that make git leave pointers as they are: git-lfs would go to the network."""

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:[a-z0-9.-]+ .*\n)*?"
    rb"oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
LONGEST_POINTER = 1024


@dataclass(frozen=True)
class Pointer:
    oid: str
    size: int


def parse_pointer(data: bytes) -> Pointer | None:
    """The pointer that a blob is, None if it is anything else."""
    match = _POINTER.fullmatch(data) if len(data) <= LONGEST_POINTER else None
    return Pointer(match[1].decode(), int(match[2])) if match else None


class Store:
    """The contents of LFS files that this clone holds."""

    def __init__(self, git: Git, common_dir: Path) -> None:
        configured = git.run("config", "--type=path", "--get", "lfs.storage").stdout
        self._folder = common_dir / (os.fsdecode(configured).rstrip("\n") or "lfs") / "objects"

    def find(self, pointer: Pointer) -> Path | None:
        """The file with the content that `pointer` stands for, None if `git lfs pull` has not brought it."""
        path = self._path(pointer)
        return path if path.is_file() and path.stat().st_size == pointer.size else None

    def keep(self, data: bytes) -> bytes:
        """Store `data` and return its pointer, as `git add` with git-lfs does."""
        pointer = Pointer(hashlib.sha256(data).hexdigest(), len(data))
        if self.find(pointer) is None:
            path = self._path(pointer)
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(data)
            os.replace(file.name, path)
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{pointer.oid}\nsize {pointer.size}\n"
        return text.encode()

    def _path(self, pointer: Pointer) -> Path:
        return self._folder / pointer.oid[:2] / pointer.oid[2:4] / pointer.oid
