"""SQL of a user's over the episodic log: reads only, on a copy, so that no query keeps a run from writing.

No file can be read or written, nothing can be attached, no setting changed, and a time limit ends it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

from kapso.errors import UsageError
from kapso.goal.units import format_duration
from kapso.memory.database import driver
from kapso.memory.schema import SCHEMA

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from kapso.git.repository import Repository
    from kapso.memory.episodes import Episodes, Key
    from kapso.memory.rows import Row

MOST_ROWS = 100_000
MOST_CHARACTERS = 1 << 28
_FETCHED = 64
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "1GB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_LOCKED = (
    "SET temp_directory = ''",  # only before the next one
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
_AT_ONCE = 500


@dataclass(frozen=True)
class Answer:
    """Rows of values; `is_cut` says that there are more than `MOST_ROWS`, or than memory is spent on."""

    columns: tuple[str, ...]
    rows: Sequence[Row]
    is_cut: bool


def bring_up_to_date(repository: Repository, episodes: Episodes) -> None:
    """Look at what queries ask for and `kapso ls` does not: the hunks of attempts, and the lessons."""
    from kapso.memory.episode import diff_size
    from kapso.memory.hunks import Diffs
    from kapso.memory.lessons.table import show_lessons

    diffs = Diffs(repository)
    waiting = list(episodes.unlooked().items())
    for start in range(0, len(waiting), _AT_ONCE):
        found: dict[Key, Any] = {}
        for key, (parent, commit) in waiting[start : start + _AT_ONCE]:
            found[key] = (diff_size(repository, parent, commit), diffs.hunks(parent, commit))
        episodes.keep_hunks(found)
    show_lessons(repository, episodes)


def ask(episodes: Episodes, sql: str, timeout_s: float) -> Answer:
    """What the one SELECT in `sql` gives. UsageError where it is none, is wrong, or takes too long."""
    duckdb = driver()
    with _copy(episodes) as connection:
        timer = Timer(timeout_s, connection.interrupt)
        timer.start()
        try:
            _check(connection, sql)
            found = connection.execute(sql)
            columns = tuple(_distinct([column[0] for column in found.description or ()]))
            rows, is_cut = _fetched(found)
        except duckdb.InterruptException as error:
            raise UsageError(
                f"the query took longer than {format_duration(timeout_s)}",
                help="`--timeout 5m` gives it more; a LIMIT or a WHERE makes it need less",
                slug="query-too-long",
            ) from error
        except duckdb.Error as error:
            raise _mistaken(error) from error
        except MemoryError as error:
            raise UsageError(
                "the answer is larger than the memory of this machine",
                help="ask for less: a LIMIT, or `left(column, 1000)`",
                slug="answer-too-large",
            ) from error
        finally:
            timer.cancel()
        return Answer(columns, rows, is_cut)


def _fetched(found: DuckDBPyConnection) -> tuple[list[Row], bool]:
    """The rows, as long as they are neither too many nor too large; whether there are more."""
    rows: list[Row] = []
    size = 0
    while some := found.fetchmany(_FETCHED):
        rows += some
        size += sum(len(each) for row in some for each in row if isinstance(each, str | bytes))
        if len(rows) > MOST_ROWS or size > MOST_CHARACTERS:
            return rows[:MOST_ROWS], len(rows) > MOST_ROWS or bool(found.fetchmany(1))
    return rows, False


@contextmanager
def _copy(episodes: Episodes) -> Iterator[DuckDBPyConnection]:
    """A connection to a copy of the log that nothing can be done with but to read it."""
    path = episodes.database.path
    with tempfile.TemporaryDirectory(prefix="kapso-sql-") as folder:
        copy = Path(folder, "kapso.duckdb")
        if path is None:
            connection = episodes.database.read(lambda resident: resident)
            assert connection is not None, "what is kept in memory is always there"
        elif episodes.database.read(lambda _: _copy_file(path, copy)) is None:
            connection = driver().connect(":memory:", config=_SETTINGS)
            connection.execute(SCHEMA)
        else:
            connection = driver().connect(str(copy), read_only=True, config=_SETTINGS)
        try:
            for setting in _LOCKED if path else _LOCKED[2:]:
                connection.execute(setting)
            yield connection
        finally:
            connection.close()


def _copy_file(path: Path, copy: Path) -> Path:
    """Copy a file that is open, so that nobody writes it, with what a killed process left beside it."""
    shutil.copyfile(path, copy)
    log = path.with_name(f"{path.name}.wal")
    if log.exists():
        shutil.copyfile(log, copy.with_name(f"{copy.name}.wal"))
    return copy


def _check(connection: DuckDBPyConnection, sql: str) -> None:
    """One statement, and one that reads."""
    statements = connection.extract_statements(sql)
    kinds = [str(each.type).rpartition(".")[2] for each in statements]
    if len(kinds) != 1:
        raise UsageError(
            f"{len(kinds)} statements were given, and one is needed" if kinds else "no statement was given",
            help='`kapso sql "SELECT …"`; `kapso sql --schema` shows tables and examples',
            slug="sql",
        )
    if kinds[0] not in ("SELECT", "EXPLAIN"):
        raise UsageError(
            f"`{kinds[0]}` is no SELECT: the log is a projection of git, and here only read",
            help="`kapso sql --schema` shows what can be asked",
            slug="read-only",
        )


def _mistaken(error: Exception) -> UsageError:
    """DuckDB's own words, without the lines that point into the statement."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line.strip("^") and not line.startswith("LINE ")]
    return UsageError(
        " ".join(told[:3]) or type(error).__name__,
        help="`kapso sql --schema` lists tables and columns",
        slug="sql",
    )


def _distinct(names: list[str]) -> Iterator[str]:
    """Names of columns, a second one of the same name with its number."""
    for at, name in enumerate(names):
        times = names[:at].count(name)
        yield f"{name}_{times + 1}" if times else name
