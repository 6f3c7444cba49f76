"""The repository that runs are shared through: what it holds, pushing to it, fetching from it.

Git's own command line does the talking, with the user's credentials. No hook runs, no config changes, no tag
goes along, and no remote-tracking ref moves: pushes name an address, which has none, and fetches no target.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from kapso.errors import KapsoError, MachineError, UsageError
from kapso.git.command import Git

_PUSHED_AT_ONCE = 2_000
"""A ref takes some 120 bytes on the command line, which holds 2 MB."""
_REF = re.compile(r"refs/[^\s\x00-\x1f\x7f~^:?*\[\\]+")
_NO_ACCESS = re.compile(
    r"[Aa]uthentication failed|[Pp]ermission denied|could not read (Username|Password)|"
    r"terminal prompts disabled|Host key verification failed|HTTP.* 40[13]"
)
_NO_REPOSITORY = re.compile(r"does not appear to be a git repository|[Rr]epository .*not found")


class PushRefused(KapsoError):
    """The remote moved meanwhile, or its own rules forbid to move `ref`; nothing was pushed."""

    def __init__(self, message: str, ref: str) -> None:
        super().__init__(
            message,
            help="if it moved meanwhile, `kapso pull` and push again; else ask whoever keeps the remote",
            slug="push-refused",
        )
        self.ref = ref


@dataclass(frozen=True)
class Move:
    """A ref of the remote: from `old` to `new`; None where it is not there (any more)."""

    ref: str
    old: str | None
    new: str | None


class Remote:
    """A remote by its name, or any address that git can fetch from.

    What is not done by `deadline`, if one is set (as `time.monotonic` tells it), is ended.
    """

    def __init__(self, git: Git, name: str) -> None:
        self.name = name
        self.deadline: float | None = None
        self._git = git
        self._is_terminal = sys.stdin.isatty() and sys.stderr.isatty()

    def refs(self, *patterns: str) -> dict[str, str]:
        """Names and objects of the refs that match; those that no ref can be called are left out."""
        out = self._run("ls-remote", "--refs", self.name, *patterns, what=f"asking `{self.name}`")
        pairs = (line.split("\t", 1) for line in out.decode("utf-8", "replace").splitlines() if "\t" in line)
        return {ref: oid for oid, ref in pairs if _REF.fullmatch(ref)}

    def fetch(self, refs: Sequence[str]) -> None:
        """Bring the objects of `refs` here; no ref moves."""
        options = (
            *("--no-tags", "--no-prune", "--no-prune-tags", "--no-write-fetch-head", "--refmap="),
            *("--no-auto-maintenance", "--no-recurse-submodules", "--no-write-commit-graph"),
            *("--no-show-forced-updates", "--stdin"),
        )
        names = "".join(f"{ref}\n" for ref in refs).encode()
        self._run(
            "fetch", *options, *self._progress(), self.name, stdin=names, what=f"fetching from `{self.name}`"
        )

    def push(self, moves: Sequence[Move]) -> None:
        """Make all moves, each from exactly where it says; PushRefused where one cannot be made.

        All or none where the remote can do so. More than 2,000 go in batches, in their order.
        """
        for start in range(0, len(moves), _PUSHED_AT_ONCE):
            for address in self._addresses():
                self._push(address, moves[start : start + _PUSHED_AT_ONCE])

    def _push(self, address: str, moves: Sequence[Move]) -> None:
        # No `+`: the lease lets `best` go to any attempt, but only from where it was seen.
        specs = [f"{move.new or ''}:{move.ref}" for move in moves]
        leases = [f"--force-with-lease={move.ref}:{move.old or ''}" for move in moves]
        options = (
            *("--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"),
            *self._progress(),
        )
        what = f"pushing to `{self.name}`"
        try:
            self._run("push", "--atomic", *options, *leases, address, *specs, what=what)
        except MachineError as error:
            if "does not support --atomic" not in error.message:
                raise
            self._run("push", *options, *leases, address, *specs, what=what)

    def _addresses(self) -> list[str]:
        """Where pushes go: addresses, as git would keep track of what is pushed to a name."""
        done = self._git.run("remote", "get-url", "--push", "--all", self.name)
        return done.stdout.decode().splitlines() if done.returncode == 0 else [self.name]

    def _progress(self) -> list[str]:
        return ["--progress"] if sys.stderr.isatty() else ["--quiet"]

    def _run(self, *arguments: str, what: str, stdin: bytes = b"") -> bytes:
        """What git prints. It may ask for a password where the user sits at a terminal."""
        prompts = {"GIT_TERMINAL_PROMPT": "1"} if self._is_terminal else {}
        git = Git(self._git.folder, {**(self._git.environment or {}), **prompts})
        process = git.attached(*arguments, in_terminal=self._is_terminal)
        left = None if self.deadline is None else max(self.deadline - time.monotonic(), 0.0)
        watch = threading.Timer(left, _end, [process]) if left is not None else None
        try:
            if watch:
                watch.start()
            out, complaints = _converse(process, stdin)
        except BaseException:
            _end(process)
            raise
        finally:
            if watch:
                watch.cancel()
        if process.returncode:
            raise _refusal(what, complaints, out, process.returncode)
        return out


def find_remote(git: Git, name: str | None) -> Remote:
    """The remote `name`, a name or an address; by default the only one, else `origin`. UsageError without."""
    known = git.output("remote").decode().split()
    if not known and (name is None or not is_address(name)):
        raise UsageError(
            "this repository has no remote", help="add one: `git remote add origin URL`", slug="no-remote"
        )
    if name is None:
        if len(known) > 1 and "origin" not in known:
            listed = ", ".join(f"`{each}`" for each in known)
            raise UsageError(
                f"there are {len(known)} remotes and none is `origin`",
                help=f"name one of {listed}",
                slug="which-remote",
            )
        return Remote(git, known[0] if len(known) == 1 else "origin")
    if name not in known and not is_address(name):
        listed = ", ".join(f"`{each}`" for each in known)
        raise UsageError(
            f"`{name}` is no remote of this repository", help=f"name one of {listed}", slug="no-such-remote"
        )
    return Remote(git, name)


def is_remote(git: Git, name: str) -> bool:
    """Whether `name` is a remote or looks like an address."""
    return is_address(name) or name in git.output("remote").decode().split()


def is_address(text: str) -> bool:
    """Whether git would take `text` for an address or a path, as no remote's and no run's name is one."""
    return not text.startswith("-") and ("/" in text or ":" in text)


def _converse(process: subprocess.Popen[bytes], stdin: bytes) -> tuple[bytes, str]:
    """Feed the process; what it printed, and its complaints, shown as they come where they are progress."""
    assert process.stdin and process.stdout and process.stderr
    kept: list[bytes] = []
    listener = threading.Thread(target=_listen, args=(process.stderr, kept), daemon=True)
    listener.start()
    with suppress(BrokenPipeError):
        process.stdin.write(stdin)
        process.stdin.close()
    out = process.stdout.read()
    process.wait()
    listener.join(1.0)
    return out, b"".join(kept).decode(errors="replace")


def _listen(stream: IO[bytes], kept: list[bytes]) -> None:
    is_shown = sys.stderr.isatty()
    while chunk := os.read(stream.fileno(), 4096):
        kept.append(chunk)
        if is_shown:
            sys.stderr.write(chunk.decode(errors="replace"))
            sys.stderr.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git and what it started; a remote takes a push whole or not at all."""
    with suppress(ProcessLookupError):
        if os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGTERM)
        else:
            process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(1.0)


def _refusal(what: str, complaints: str, out: bytes, code: int) -> KapsoError:
    rejected = [line for line in out.decode(errors="replace").splitlines() if line.startswith("!")]
    if rejected:
        first = next((line for line in rejected if "atomic" not in line), rejected[0])
        _, ref, reason = [*first.split("\t"), "", ""][:3]
        ref = ref.rpartition(":")[2]
        return PushRefused(f"{what}: the remote refuses `{ref}`: {reason.strip('[]')}", ref)
    if code < 0:
        return MachineError(f"{what}: git was ended before it was done", slug="remote-failed")
    said = _said(complaints) or f"git ended with {code}"
    if _NO_ACCESS.search(complaints) and not _NO_REPOSITORY.search(complaints):
        return MachineError(
            f"{what}: no access: {said}",
            help="see that `git fetch` works there by hand: Kapso uses the same credentials",
            slug="no-access",
        )
    return MachineError(
        f"{what}: {said}",
        help="see that the address is right (`git remote -v`) and can be reached",
        slug="remote-failed",
    )


def _said(complaints: str) -> str:
    """The line that tells most: what ssh said, before git's own that the remote could not be read."""
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    own = [line for line in lines if line.startswith(("fatal:", "error:"))]
    if own and "Could not read from remote" not in own[0]:
        return own[0].partition(": ")[2]
    return lines[0].removeprefix("fatal: ") if lines else ""
