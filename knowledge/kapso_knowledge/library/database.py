"""The DuckDB file: opened, used and closed within one call, because DuckDB allows one process at a time.

Waits for a process that holds the file, and maps every error of duckdb to `LibraryError` here and nowhere
else. A write is one transaction: when it fails, the file is as it was.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library.schema import SCHEMA, VERSION

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")

_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,  # nothing may reach for the network by itself
    "autoload_known_extensions": False,
    "enable_external_access": False,
}
_ONE_AT_A_TIME = threading.Lock()
"""Within a process duckdb shares what is open and refuses to open it in another mode."""


class Database:
    """One DuckDB file with the tables of schema.py; made at the first write."""

    def __init__(self, path: Path, *, patience_s: float = 10.0) -> None:
        self.path = path
        self.patience_s = patience_s

    def read(self, query: Callable[[DuckDBPyConnection], T]) -> T | None:
        """What `query` returns, or None when there is no file yet. Readers do not lock each other out."""
        return self._use(query, read_only=True) if self.path.exists() else None

    def write(self, change: Callable[[DuckDBPyConnection], T]) -> T:
        """Carry `change` out in one transaction."""

        def transaction(connection: DuckDBPyConnection) -> T:
            connection.begin()
            result = change(connection)
            connection.commit()
            return result

        return self._use(transaction, read_only=False)

    def _use(self, work: Callable[[DuckDBPyConnection], T], *, read_only: bool) -> T:
        duckdb = _driver()
        deadline = time.monotonic() + self.patience_s
        while True:
            try:
                with _ONE_AT_A_TIME:
                    return self._once(work, read_only=read_only)
            except duckdb.Error as error:
                if not _is_locked(error):
                    raise self._failure(error) from error
                if time.monotonic() >= deadline:
                    raise LibraryError(
                        f"the library `{self.path}` is held by another process",
                        help="wait for it (a `kapso learn`?) or close it (a DuckDB shell?), and try again",
                        slug="library-locked",
                    ) from error
            time.sleep(random.uniform(0.005, 0.05))

    def _once(self, work: Callable[[DuckDBPyConnection], T], *, read_only: bool) -> T:
        connection = _driver().connect(str(self.path), read_only=read_only, config=_SETTINGS)
        try:
            self._prepare(connection, read_only=read_only)
            return work(connection)
        finally:
            connection.close()

    def _prepare(self, connection: DuckDBPyConnection, *, read_only: bool) -> None:
        """Create the tables in a new file; refuse one that is not ours."""
        try:
            found = connection.execute("SELECT version FROM library").fetchall()
        except _driver().CatalogException:
            found = []
        if found == [(VERSION,)]:
            return
        if not found and not read_only and not connection.execute("FROM duckdb_tables()").fetchall():
            connection.execute(f"BEGIN; {SCHEMA}; COMMIT")
            return
        what = f"has version {found[0][0]}, this Kapso reads {VERSION}" if found else "is no library"
        raise LibraryError(
            f"the library `{self.path}` {what}",
            help="move it away and learn its sources again",
            slug="library-version",
        )

    def _failure(self, error: Exception) -> LibraryError:
        return LibraryError(
            f"the library `{self.path}` failed: {_first_line(error)}",
            help="see that its folder is writable and has space; if the file is broken, move it away and "
            "learn its sources again",
            slug="library",
        )


def insert(
    connection: DuckDBPyConnection, table: str, columns: Mapping[str, NDArray[np.generic]], **made: str
) -> None:
    """Append many rows at once, ten times as fast as lists; `made` are expressions that make a column."""
    if not len(next(iter(columns.values()))):
        return
    connection.register("batch", dict(columns))
    values = ", ".join(made.get(name, name) for name in columns)
    connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM batch")
    connection.unregister("batch")


@cache
def _driver() -> ModuleType:
    """DuckDB's own extension module: it opens a file 200 ms sooner than the Python package around it."""
    try:
        import _duckdb as driver
    except ImportError:
        import duckdb as driver  # type: ignore[no-redef]
    return driver


def _is_locked(error: Exception) -> bool:
    text = str(error).lower()
    return "could not set lock" in text or "different configuration than existing" in text


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
