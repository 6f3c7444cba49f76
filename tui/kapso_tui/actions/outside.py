"""What is handed to programs outside: copies of an attempt's files, logs and diffs for an editor or a pager.

The copies are read-only, lie in a folder of their own and go when the dashboard ends; what steers a terminal
is escaped in what a pager shows.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.errors import MachineError, UsageError

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso_tui.watch.attempt import AttemptReader

EDITORS = ("nano", "vim", "vi")
PAGERS = ("less", "more")
_TABLE = bytes(ord("?") if code == 127 or code < 32 and code not in b"\n\t" else code for code in range(256))


@dataclass(frozen=True)
class Changed:
    """A file that an attempt changed, at its commit."""

    path: str
    commit: str


def changed_files(reader: AttemptReader, number: int, *, to_base: bool) -> list[Changed]:
    """The files that the diff shows and that are still there. UsageError where there is none."""
    ends = reader.ends(number, to_base=to_base)
    changes = reader.repository.changed_paths(ends[0], ends[1]) if ends else {}
    found = [Changed(path, ends[1]) for path, (_, new) in changes.items() if ends and new is not None]
    if not found:
        raise UsageError(
            f"attempt {number} has no changed file to open", help="pick one that changes something"
        )
    return found


def copy_of(repository: Repository, file: Changed) -> Path:
    """A read-only copy of the file as the attempt has it."""
    try:
        data = repository.working_bytes(file.commit, file.path)
    except FileNotFoundError as error:
        raise UsageError(f"`{file.path}` is no file at `{file.commit[:12]}`") from error
    target = _scratch() / file.commit[:12] / file.path
    return _write(target, data)


def whole_log(path: Path) -> Path:
    """A copy of a log without what could steer a terminal."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"there is no log at `{path}`", help="logs are kept until `kapso gc`", slug="no-log"
        ) from error
    return _write(_scratch() / path.parent.name / path.name, harmless(data))


def whole_diff(repository: Repository, old: str, new: str) -> Path:
    """The whole diff, without what could steer a terminal."""
    text = repository.diff(old, new).encode("utf-8", "replace")
    return _write(_scratch() / f"{old[:12]}-{new[:12]}.diff", harmless(text))


def harmless(data: bytes) -> bytes:
    """Text whose control characters, but for line ends and tabs, are shown as signs."""
    shown = data.replace(b"\x1b", b"^[").replace(b"\r\n", b"\n").translate(_TABLE)
    return re.sub(rb"\xc2[\x80-\x9f]", b"?", shown)


def has_difftool(repository: Repository) -> bool:
    """Whether git knows which program is to show diffs."""
    return bool(repository.git.run("config", "--get-regexp", r"^(diff|merge)\.(gui)?tool$").stdout.strip())


def difftool(old: str, new: str) -> list[str]:
    """The command that shows a diff in the user's own tool."""
    return ["git", "difftool", "--no-prompt", old, new, "--"]


def editor() -> list[str]:
    """The user's editor: `$VISUAL`, `$EDITOR`, or one that is there."""
    return _program(("VISUAL", "EDITOR"), EDITORS, "editor")


def pager() -> list[str]:
    """The user's pager: `$PAGER`, or one that is there."""
    return _program(("PAGER",), PAGERS, "pager")


def _program(variables: tuple[str, ...], usual: tuple[str, ...], what: str) -> list[str]:
    for name in variables:
        if words := _words(name):
            return words
    for name in usual:
        if shutil.which(name):
            return [name]
    raise UsageError(f"no {what} is known", help=f"name one: `export {variables[-1]}=…`", slug=f"no-{what}")


def _words(variable: str) -> list[str]:
    try:
        return shlex.split(os.environ.get(variable, ""))
    except ValueError as error:
        raise UsageError(f"`${variable}` cannot be read as a command: {error}", slug="usage") from error


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kapso-")


def _scratch() -> Path:
    try:
        return Path(_folder().name)
    except OSError as error:
        raise MachineError(f"no copy can be written: {error.strerror}", slug="disk-full") from error


def _write(target: Path, data: bytes) -> Path:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_bytes(data)
        target.chmod(0o444)
    except OSError as error:
        raise MachineError(f"`{target}` cannot be written: {error.strerror}", slug="disk-full") from error
    return target
