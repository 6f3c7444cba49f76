"""The DuckDB file: opened, used and closed within one call, because DuckDB allows one process at a time.

Waits for a process that holds the file, sets a file aside that cannot be read (it is a projection
of git), and maps every error of duckdb to `MachineError` here and nowhere else.
"""

from __future__ import annotations

import os
import random
import re
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from kapso.errors import MachineError
from kapso.memory.schema import SCHEMA, TABLES, VERSION

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "128MB",
    "autoinstall_known_extensions": False,  # nothing may reach for the network by itself
    "autoload_known_extensions": False,
    "enable_external_access": False,
}
_MACHINE = (
    "permission denied",
    "read-only",
    "no space left",
    "disk quota",
    "input/output error",
    "too many open",
)
_ONE_AT_A_TIME = threading.Lock()
"""Within a process duckdb shares what is open and refuses to open it in another mode."""

_HOLDER = re.compile(r"held in (?P<program>.+?) \(PID (?P<pid>\d+)\)")


class NotUsable(Exception):
    """The file is no episodic log of this version: corrupt, foreign, or written by a newer Kapso."""


def to_stderr(line: str) -> None:
    """Say a line to whoever sits at the terminal."""
    print(f"kapso: {line}", file=sys.stderr)


class Database:
    """One DuckDB file; `path` None keeps everything in memory, for a repository that cannot be written.

    `say` gets a line for the user when a file that cannot be used is set aside.
    """

    def __init__(
        self, path: Path | None, *, patience_s: float = 10.0, say: Callable[[str], None] = to_stderr
    ) -> None:
        self.path = path
        self.patience_s = patience_s
        self._say = say
        self._resident: DuckDBPyConnection | None = None

    def read(self, query: Callable[[DuckDBPyConnection], T]) -> T | None:
        """What `query` returns, or None when there is no file yet. Readers do not lock each other out."""
        if self.path is not None and not _is_there(self.path):
            return None
        return self._use(query, read_only=True)

    def write(self, change: Callable[[DuckDBPyConnection], T]) -> T:
        """Carry `change` out in one transaction."""

        def transaction(connection: DuckDBPyConnection) -> T:
            connection.begin()
            result = change(connection)
            connection.commit()
            return result

        if self.path is not None:
            _make_folder(self.path.parent)
        return self._use(transaction, read_only=False)

    def _use(self, work: Callable[[DuckDBPyConnection], T], *, read_only: bool) -> T:
        duckdb = driver()
        deadline = time.monotonic() + self.patience_s
        set_aside = False
        while True:
            try:
                with _ONE_AT_A_TIME:
                    return self._once(work, read_only=read_only)
            except (duckdb.Error, NotUsable) as error:
                if _is_locked(error):
                    self._wait(deadline, error)
                elif _is_machine(error) or _is_input(error) or set_aside or self.path is None:
                    raise self._failure(error) from error
                else:
                    self._set_aside(error)
                    set_aside, read_only = True, False

    def _once(self, work: Callable[[DuckDBPyConnection], T], *, read_only: bool) -> T:
        duckdb = driver()
        if self.path is None:
            if self._resident is None:
                self._resident = duckdb.connect(":memory:", config=_SETTINGS)
                _prepare(self._resident, read_only=False)
            return work(self._resident)
        connection = duckdb.connect(str(self.path), read_only=read_only, config=_SETTINGS)
        try:
            _prepare(connection, read_only=read_only)
            return work(connection)
        finally:
            connection.close()

    def _wait(self, deadline: float, error: Exception) -> None:
        if time.monotonic() >= deadline:
            holder = _HOLDER.search(str(error))
            who = f"{holder['program']} (pid {holder['pid']})" if holder else "another process"
            raise MachineError(
                f"`{self.path}` is held by {who}",
                slug="database-locked",
                help="close that process (a DuckDB shell?) and try again; git has every attempt",
            ) from error
        time.sleep(random.uniform(0.005, 0.05))

    def _failure(self, error: Exception) -> MachineError:
        return MachineError(
            f"the episodic log `{self.path or 'in memory'}` failed: {_first_line(error)}",
            slug="database",
            help="make its folder writable, or delete the file: it is rebuilt from git",
        )

    def _set_aside(self, error: Exception) -> None:
        """Move the unusable file out of the way; what it held is read from git again."""
        assert self.path is not None
        aside = self.path.with_name(self.path.name + ".set-aside")
        try:
            if self.path.exists():
                os.replace(self.path, aside)
            Path(f"{self.path}.wal").unlink(missing_ok=True)
        except OSError as problem:
            raise self._failure(error) from problem
        self._say(
            f"`{self.path}` cannot be used ({_first_line(error)}): "
            f"moved to `{aside.name}` and rebuilt from git"
        )


@cache
def driver() -> ModuleType:
    """DuckDB's own extension module: it opens a file 200 ms sooner than the Python package around it."""
    try:
        import _duckdb as driver
    except ImportError:
        import duckdb as driver  # type: ignore[no-redef]
    return driver


def _prepare(connection: DuckDBPyConnection, *, read_only: bool) -> None:
    """Create the tables in a new file; raise `NotUsable` for a file that is not ours."""
    rows = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    tables = {name for (name,) in rows}
    if not tables and not read_only:
        connection.execute(f"BEGIN; {SCHEMA}; COMMIT")
        return
    if not tables >= TABLES:
        raise NotUsable("it is not an episodic log")
    found = connection.execute("SELECT version FROM kapso_schema").fetchone()
    if found is None or found[0] != VERSION:
        raise NotUsable(f"its schema is version {found[0] if found else 'unknown'}, this Kapso has {VERSION}")


def _is_there(path: Path) -> bool:
    """Whether there is such a file; MachineError where its folder may not be looked into."""
    try:
        return path.exists()
    except OSError as error:
        raise MachineError(
            f"cannot look into `{path.parent}`: {error.strerror}",
            slug="state-folder",
            help="make the repository's git folder readable for you",
        ) from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MachineError(
            f"cannot create `{folder}`: {error.strerror}",
            slug="state-folder",
            help="make the repository's git folder writable for you",
        ) from error


def _is_locked(error: Exception) -> bool:
    text = str(error).lower()
    return "could not set lock" in text or "different configuration than existing" in text


def _is_machine(error: Exception) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in _MACHINE) or type(error).__name__ == "OutOfMemoryException"


def _is_input(error: Exception) -> bool:
    """What was to be stored is at fault, not the file."""
    return type(error).__name__ in ("InvalidInputException", "ConversionException", "OutOfRangeException")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
