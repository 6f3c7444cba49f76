"""Git for repositories that are not one's own: nothing of theirs is run, and time and size are bounded."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies

from kapso_knowledge.errors import SourceError

if TYPE_CHECKING:
    import pygit2

T = TypeVar("T")

_SAFE = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.logAllRefUpdates": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.ext.allow": "never",
    "http.followRedirects": "false",  # to where nobody looked
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
    "submodule.recurse": "false",
}
_LARGEST_BLOB = 8_000_000
LARGEST = 2_000_000_000
"""Bytes of a clone without its larger files and its history."""
LONGEST_S = 900.0
_KEPT = ("GIT_SSH", "GIT_ASKPASS", "GIT_SSL_", "GIT_HTTP_", "GIT_PROXY_", "GIT_CONFIG_", "GIT_EXEC_PATH")


def shown(url: str) -> str:
    """The address without the name and password in it."""
    parts = urlsplit(url)
    if not parts.scheme or "@" not in parts.netloc or parts.scheme == "ssh":
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def fetch(url: str, revision: str | None, cache: Path, *, allow_private: bool = False) -> tuple[Path, str]:
    """The bare repository in `cache` that holds the newest commit of `revision`, and that commit."""
    pinned = _pinned(url, allow_private)
    folder = cache / hashlib.sha256(url.encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "HEAD").exists():
        _run(folder, ["init", "--quiet", "--bare", "."], url)
    wanted = revision or "HEAD"
    ref = f"refs/learnt/{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
    arguments = [
        "fetch",
        "--quiet",
        "--depth=1",
        "--no-tags",
        "--no-recurse-submodules",
        "--no-write-fetch-head",
    ]
    _run(
        folder,
        [*arguments, f"--filter=blob:limit={_LARGEST_BLOB}", "--", url, f"+{wanted}:{ref}"],
        url,
        pinned,
    )
    commit = _run(folder, ["rev-parse", "--verify", f"{ref}^{{commit}}"], url).strip()
    return folder, commit


def opened(path: Path, name: str) -> pygit2.Repository:
    """The repository at `path`, or around it; SourceError where there is none."""
    import pygit2  # 77 ms

    try:
        return pygit2.Repository(str(path))
    except pygit2.GitError as error:
        raise SourceError(
            f"`{name}` is not a git repository that can be read: {error}", slug="not-a-repository"
        ) from error


def commit_of(repository: pygit2.Repository, revision: str, name: str) -> pygit2.Commit:
    """The commit that `revision` names; SourceError where it names none."""
    import pygit2

    try:
        found = repository.revparse_single(revision).peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError) as error:
        raise SourceError(f"`{name}` has no commit `{revision}`", slug="revision-not-found") from error
    return found


def listed(files: Callable[[], Iterable[T]], name: str) -> list[T]:
    """All of `files`; SourceError where the clone lacks the folders that tell of them."""
    import pygit2

    try:
        return list(files())
    except (pygit2.GitError, KeyError) as error:
        raise SourceError(
            f"`{name}` is a clone without all of its folders",
            help="fetch them: `git fetch --refetch --no-filter`",
            slug="clone-incomplete",
        ) from error


def _pinned(url: str, allow_private: bool) -> dict[str, str]:
    """The setting that lets git connect to the address that was looked at, and to no other.

    SourceError for a private one; nothing where only a proxy knows the addresses.
    """
    from kapso_knowledge.net.addresses import resolve
    from kapso_knowledge.net.outcome import Unfetched

    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", "git") or not parts.hostname or parts.scheme in getproxies():
        return {}
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 9418)
    try:
        found = resolve(parts.hostname, port, allow_private=allow_private)
    except Unfetched as failure:
        raise SourceError(
            f"`{shown(url)}` cannot be fetched: {failure.reason}",
            help="the library is as it was; look at the address, or try again later",
            slug="source-unreachable",
        ) from failure
    except OSError as failure:  # git would look it up anew, and who knows what it is told
        raise SourceError(f"`{shown(url)}` cannot be fetched: {failure}", slug="clone-failed") from failure
    return {"http.curloptResolve": f"{parts.hostname}:{port}:{','.join(found)}"}


def _run(folder: Path, arguments: list[str], url: str, extra: Mapping[str, str] | None = None) -> str:
    """What git prints; SourceError when it fails, takes too long or brings too much."""
    pairs = {**_SAFE, **(extra or {})}.items()
    settings = [part for key, value in pairs for part in ("-c", f"{key}={value}")]
    try:
        process = subprocess.Popen(
            ["git", *settings, *arguments],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise SourceError("git is not installed", help="install git", slug="git-missing") from error
    try:
        out, said = _wait(process, folder, shown(url))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        raise SourceError(f"`{shown(url)}` cannot be fetched: {_reason(said, url)}", slug="clone-failed")
    return out.decode(errors="replace")


def _wait(process: subprocess.Popen[bytes], folder: Path, name: str) -> tuple[bytes, bytes]:
    until = time.monotonic() + LONGEST_S
    while True:
        try:
            return process.communicate(timeout=1)
        except subprocess.TimeoutExpired:
            if time.monotonic() > until:
                raise SourceError(
                    f"`{name}`: no answer within {LONGEST_S:.0f} s", slug="clone-too-slow"
                ) from None
            if _size(folder) > LARGEST:
                raise SourceError(
                    f"`{name}` has more than {LARGEST / 1e9:.0f} GB", slug="source-too-large"
                ) from None


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:
            continue
    return total


def _environment() -> dict[str, str]:
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key.startswith(_KEPT)
    }
    kept.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=20")
    return {
        **kept,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:git:file",
        "LC_ALL": "C",
    }


def _reason(said: bytes, url: str) -> str:
    """git's own words, without what is secret in the address."""
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    told = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    text = told.removeprefix("fatal: ").removeprefix("error: ") or "git gave no reason"
    return re.sub(r"://[^/@\s']+@", "://", text.replace(url, shown(url)))
