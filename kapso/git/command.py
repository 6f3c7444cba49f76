"""Running git: without hooks, reflogs, prompts or index refresh, and deaf to the caller's GIT_DIR."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kapso.errors import MachineError, RepositoryError

MINIMUM = (2, 31)

_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.logAllRefUpdates": "false",
    "core.fsmonitor": "false",  # a daemon in the user's repository
    "core.splitIndex": "false",  # a temporary index would leave a shared one in .git
    "core.untrackedCache": "false",
    "core.safecrlf": "false",
    "core.fsync": "committed,loose-object,reference",
    "core.fsyncMethod": "batch",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_FIXED = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",  # pygit2 knows no replacements: both must see the same objects
    "LC_ALL": "C",
}
_KEPT = (
    *("GIT_SSH", "GIT_ASKPASS", "GIT_SSL_", "GIT_HTTP_", "GIT_PROXY_", "GIT_ALLOW_PROTOCOL", "GIT_EXEC_PATH"),
    *("GIT_CONFIG_", "GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_CEILING_", "GIT_DISCOVERY_"),
)


def git_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without what points git at another repository, index or locale."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith("GIT_") or key.startswith(_KEPT)
    }
    kept.pop("LANGUAGE", None)
    return {**kept, **_FIXED, **(extra or {})}


@dataclass(frozen=True)
class Git:
    """git, run in `folder` in a session of its own: Ctrl-C in the terminal does not end it halfway."""

    folder: Path
    environment: Mapping[str, str] | None = None

    def run(
        self, *arguments: str, stdin: bytes = b"", settings: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """The finished command, whatever its exit code."""
        try:
            return subprocess.run(
                self._command(arguments, settings),
                check=False,
                cwd=self.folder,
                env=git_environment(self.environment),
                input=stdin,
                capture_output=True,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise _cannot_run(self.folder) from error

    def output(
        self, *arguments: str, stdin: bytes = b"", settings: Mapping[str, str] | None = None, what: str = ""
    ) -> bytes:
        """What the command prints; MachineError, saying that `what` failed, if it fails."""
        done = self.run(*arguments, stdin=stdin, settings=settings)
        if done.returncode:
            raise failure(what or f"`git {arguments[0]}`", done.stderr)
        return done.stdout

    def start(self, *arguments: str, stderr: int) -> subprocess.Popen[bytes]:
        """The running command, with pipes to its stdin and from its stdout."""
        return self._spawn(arguments, stderr, has_own_session=True)

    def attached(self, *arguments: str, in_terminal: bool) -> subprocess.Popen[bytes]:
        """The running command, with pipes to all streams; `in_terminal`, it may ask for a password there."""
        return self._spawn(arguments, subprocess.PIPE, has_own_session=not in_terminal)

    def _spawn(
        self, arguments: tuple[str, ...], stderr: int, *, has_own_session: bool
    ) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self._command(arguments, None),
                cwd=self.folder,
                env=git_environment(self.environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=has_own_session,
            )
        except FileNotFoundError as error:
            raise _cannot_run(self.folder) from error

    def _command(self, arguments: tuple[str, ...], settings: Mapping[str, str] | None) -> list[str]:
        pairs = {**_SETTINGS, **(settings or {})}.items()
        return ["git", *(part for key, value in pairs for part in ("-c", f"{key}={value}")), *arguments]


def failure(what: str, reason: bytes | str) -> MachineError:
    """`what` failed, in git's words; the remedy if the reason is one that the machine's owner can mend."""
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("hint:")]
    said = next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "")
    detail = said.removeprefix("fatal: ").removeprefix("error: ") or "git gave no reason"
    return MachineError(f"{what} failed: {detail}", help=_remedy(text), slug="git-failed")


def _remedy(text: str) -> str | None:
    if "No space left" in text or "Disk quota exceeded" in text:
        return "free some disk space, then try again"
    if "Read-only file system" in text or "ermission denied" in text or "insufficient permission" in text:
        return "make the repository's git folder writable for this user"
    if "couldn't write" in text or "unable to write" in text or "could not write" in text:
        return "look for free space and permissions on that disk"
    if "promisor remote" in text or "unable to read sha1 file" in text or "missing blob" in text:
        return (
            "the object is not in this clone: connect to its remote, or fetch it with `git fetch --refetch`"
        )
    return None


@cache
def version() -> tuple[int, int]:
    """git's version, as (major, minor)."""
    text = subprocess.run(["git", "--version"], capture_output=True, check=False).stdout.decode(
        errors="replace"
    )
    match = re.search(r"(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def check_git() -> None:
    """Raise RepositoryError where git is missing or older than what Kapso builds on."""
    try:
        found = version()
    except FileNotFoundError as error:
        raise RepositoryError(
            "git is not installed", help="install git, for example `apt install git`", slug="git-missing"
        ) from error
    if found < MINIMUM:
        raise RepositoryError(
            f"git {found[0]}.{found[1]} is too old",
            help=f"install git {MINIMUM[0]}.{MINIMUM[1]} or later",
            slug="git-too-old",
        )


def _cannot_run(folder: Path) -> MachineError:
    if not folder.is_dir():
        return MachineError(f"the folder `{folder}` is gone", slug="folder-gone")
    return MachineError("git is not installed", help="install git", slug="git-missing")
