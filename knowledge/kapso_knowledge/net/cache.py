"""Pages on the disk with what their servers know them by, so that what has not changed is not sent again.

Every use asks the server (`If-None-Match`): nothing is taken for fresh. What is damaged counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

_BYTES = 500_000_000  # what the folder may hold; the oldest goes first


@dataclass(frozen=True)
class Kept:
    """The answer as it came; `etag` and `modified` as the server wrote them, `robots` its X-Robots-Tag."""

    content: bytes
    etag: str | None
    modified: str | None
    media: str | None
    robots: str = ""


class Cache:
    def __init__(self, folder: Path, max_bytes: int = _BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes

    def get(self, url: str) -> Kept | None:
        body, about = self._paths(url)
        try:
            fields = json.loads(about.read_bytes())
            content = body.read_bytes()
            if fields.pop("sha256") != hashlib.sha256(content).hexdigest():
                return None
            return Kept(content, **fields)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, url: str, kept: Kept) -> None:
        """Keeps it. A cache that cannot be written costs time alone, so that is no error."""
        body, about = self._paths(url)
        fields = {**asdict(kept), "sha256": hashlib.sha256(kept.content).hexdigest()}
        del fields["content"]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(body, kept.content)
            self._write(about, json.dumps(fields).encode())
            self._trim()
        except OSError:
            self.drop(url)

    def drop(self, url: str) -> None:
        for path in self._paths(url):
            try:
                path.unlink(missing_ok=True)
            except OSError:
                pass

    def _paths(self, url: str) -> tuple[Path, Path]:
        name = hashlib.sha256(url.encode()).hexdigest()[:32]  # an address may hold what no file name may
        return self._folder / f"{name}.body", self._folder / f"{name}.json"

    def _write(self, path: Path, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _trim(self) -> None:
        bodies = [(path.stat().st_mtime, path.stat().st_size, path) for path in self._folder.glob("*.body")]
        total = sum(size for _, size, _ in bodies)
        for _, size, path in sorted(bodies):
            if total <= self._max_bytes:
                return
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)
            total -= size
