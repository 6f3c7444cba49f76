"""Source archives from the package index, at pinned versions, kept in the cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import urllib.parse
import urllib.request
from pathlib import Path

PINNED = {
    "django": "5.2.19",
    "numpy": "2.5.5",
    "pikepdf": "10.18.0",
    "pypdf": "7.1.1",
    "scikit-learn": "1.9.1",
    "sqlalchemy": "2.1.9",
}


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kapso/bench/packages"


def unpacked(name: str) -> Path:
    """The folder of the package's source archive, fetched and unpacked if it is not there yet."""
    stem = f"{name.replace('-', '_')}-{PINNED[name]}"
    folder = cache() / stem
    if not folder.is_dir():
        archive = _archive(name, f"{stem}.tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(cache(), filter="data")
    return folder


def _archive(name: str, filename: str) -> Path:
    path = cache() / filename
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        url, digest = _listed(name, filename)
        with urllib.request.urlopen(url, timeout=300) as answer:
            content = answer.read()
        if hashlib.sha256(content).hexdigest() != digest:
            raise SystemExit(f"{url} is not what the index says it is")
        path.write_bytes(content)
    return path


def _listed(name: str, filename: str) -> tuple[str, str]:
    """Address and SHA-256 by the index's own list (PEP 691)."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
    page = f"{index}/{name}/"
    request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        files = json.load(answer)["files"]
    for each in files:
        if each["filename"] == filename:
            return urllib.parse.urljoin(page, each["url"]), each["hashes"]["sha256"]
    raise SystemExit(f"{page} lists no {filename}")
