"""The home folder of an agent: copies of what `home` names, so that its login works and nothing it writes
there reaches the user's own."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kapso.errors import MachineError, UsageError
from kapso.evaluate.sandbox.trees import copy_tree, size_of

MOST_BYTES = 1 << 30
LOGIN_BYTES = 64 << 10
MOST_LOOKED_AT = 2_000
MOST_SECRETS = 100

_NAMED = re.compile(
    rb"(?i)(?<![\w.-])([\w.-]{0,40}?(?:key|token|secret|passw|credential|auth)[\w.-]{0,40})"
    rb"""["']?\s{0,9}[:=]\s{0,9}["']?([\w.~+/=-]{20,4000})"""
)


def fill_home(home: Path, names: Sequence[str], files: Mapping[str, str]) -> None:
    """Copy what `names` name to its place in `home`; make `files` there that are none of it."""
    for source, path in _sources(names):
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if source.is_dir():
                copy_tree(source, target)
            elif source.is_file():
                shutil.copy2(source, target)
                target.chmod(stat.S_IMODE(target.stat().st_mode) | stat.S_IWUSR)
        except OSError as error:
            raise MachineError(f"cannot copy `{source}` for the agent: {error.strerror or error}") from error
    for path, text in files.items():
        if not os.path.lexists(home / path):
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(text)


def logins_in(home: Path) -> dict[bytes, bytes]:
    """What in a filled home folder looks like a key or a token, by its name and its look; and its name."""
    found: dict[bytes, bytes] = {}
    for place in itertools.islice(home.rglob("*"), MOST_LOOKED_AT):
        if place.is_symlink() or not place.is_file() or place.stat().st_size > LOGIN_BYTES:
            continue
        for name, value in _NAMED.findall(place.read_bytes()):
            has_both = re.search(rb"[0-9]", value) and re.search(rb"[A-Za-z]", value)
            if has_both and len(found) < MOST_SECRETS:
                found[value] = b"[" + name + b"]"
    return found


def check_home(names: Sequence[str]) -> None:
    """UsageError where an entry cannot be copied: it does not exist, lies elsewhere or is very large."""
    for source, path in _sources(names):
        if not source.exists():
            raise UsageError(
                f"`home: [~/{path}]` names nothing that exists",
                help="log in with the agent's own command once, or remove the entry",
                slug="home-missing",
            )
        if source.is_dir() and size_of(source, MOST_BYTES) > MOST_BYTES:
            raise UsageError(
                f"`home: [~/{path}]` holds more than {MOST_BYTES >> 30} GB, which each attempt would copy",
                help="name only the files that hold the login, such as `~/.claude/.credentials.json`",
                slug="home-too-large",
            )


def _sources(names: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """What each entry names, and its path from the home folder."""
    home = Path.home()
    for name in names:
        source = Path(os.path.normpath(home / Path(name).expanduser()))
        if source == home or not source.is_relative_to(home):
            raise UsageError(
                f"`home: [{name}]` is not inside your home folder",
                help="name files or folders such as `~/.claude`; what else an agent may read is "
                "`sandbox: {read: […]}`",
                slug="home-outside",
            )
        yield source, source.relative_to(home).as_posix()
