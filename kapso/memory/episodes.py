"""`Episodes`: the episodic log of one repository, a projection of git that anyone may delete.

Every call opens the file, does its work in one transaction and closes it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kapso.attempt import Attempt
from kapso.memory.database import Database, to_stderr
from kapso.memory.episode import DiffSize, Episode, RunSummary
from kapso.memory.rows import (
    Row,
    hunk_rows,
    replaced_by,
    rows_of,
    run_row,
    storable,
    to_episode,
    to_summary,
)
from kapso.memory.schema import COLUMNS, LESSONS, PER_ATTEMPT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from kapso.memory.hunks import Hunk

Key = tuple[str, int]
"""A run's id and an attempt's number."""


class Known(NamedTuple):
    """What an attempt's row was read from; `source` is None when it came straight from the engine."""

    source: str | None
    commit: str
    has_diff: bool


class Episodes:
    """`path` None keeps the log in memory, for a repository whose folder cannot be written."""

    def __init__(
        self, path: Path | None, *, patience_s: float = 10.0, say: Callable[[str], None] = to_stderr
    ) -> None:
        self.database = Database(path, patience_s=patience_s, say=say)

    def record(self, batch: Sequence[Episode]) -> None:
        """Insert or replace `batch` in one transaction; stages and diff that are not given are kept."""
        self.update(batch)

    def update(
        self,
        batch: Sequence[Episode] = (),
        *,
        runs: Mapping[str, tuple[RunSummary, str]] | None = None,
        vanished: Collection[Key] = (),
        vanished_runs: Collection[str] = (),
    ) -> None:
        """Bring all of it up to date in one transaction; `runs` maps a run to its summary and source."""
        newest = {episode.key: episode for episode in batch}.values()
        summaries = runs or {}

        def change(connection: DuckDBPyConnection) -> None:
            for table in PER_ATTEMPT:
                _delete(connection, table, [*replaced_by(newest, table), *vanished])
            for table in COLUMNS:
                _delete_runs(connection, table, vanished_runs)
            _delete_runs(connection, "runs", summaries)
            for table, rows in rows_of(newest).items():
                _insert(connection, table, rows)
            _insert(connection, "runs", [run_row(summary, source) for summary, source in summaries.values()])

        self.database.write(change)

    def clear(self) -> None:
        """Forget everything, the stages too."""

        def change(connection: DuckDBPyConnection) -> None:
            for table in (*COLUMNS, *LESSONS):
                connection.execute(f"DELETE FROM {table}")
            connection.execute("UPDATE kapso_schema SET memory = NULL")

        self.database.write(change)

    def runs(self) -> list[RunSummary]:
        """Every run that has been read from git, the latest first."""
        return self.overview()[0]

    def overview(self) -> tuple[list[RunSummary], dict[str, str | None]]:
        """Every run, and what its rows were read from: None where some came straight from the engine."""

        def query(connection: DuckDBPyConnection) -> tuple[list[RunSummary], dict[str, str | None]]:
            rows = _select(connection, "runs", "ORDER BY started DESC NULLS LAST, run DESC")
            unread = connection.execute("SELECT DISTINCT run FROM attempts WHERE source IS NULL").fetchall()
            sources: dict[str, str | None] = {row[0]: row[-1] for row in rows}
            return [to_summary(row) for row in rows], {**sources, **{run: None for (run,) in unread}}

        return self.database.read(query) or ([], {})

    def scores(self) -> dict[str, dict[int, float | None]]:
        """Of every run, the score of each attempt in order: None where it cannot make it the best."""

        def query(connection: DuckDBPyConnection) -> dict[str, dict[int, float | None]]:
            rows = connection.execute(
                "SELECT run, attempt, CASE WHEN outcome = 'scored' AND NOT coalesce(is_demoted, FALSE) "
                "AND NOT coalesce(is_passed_over, FALSE) THEN score END FROM attempts ORDER BY run, attempt"
            ).fetchall()
            found: dict[str, dict[int, float | None]] = {}
            for run, number, score in rows:
                found.setdefault(run, {})[number] = score
            return found

        return self.database.read(query) or {}

    def attempts(self, run: str) -> list[Attempt]:
        """The attempts of `run` in order, baseline first; none for an unknown run."""

        return [each.attempt for each in self.told(run)]

    def told(self, run: str) -> list[Episode]:
        """The attempts of `run` in order with all but stages and diffs: enough to list them."""

        def query(connection: DuckDBPyConnection) -> list[Episode]:
            metrics: dict[int, dict[str, float]] = {}
            for _, number, name, value in _select(connection, "metrics", "WHERE run = ? ORDER BY name", run):
                metrics.setdefault(number, {})[name] = value
            rows = _select(connection, "attempts", "WHERE run = ? ORDER BY attempt", run)
            return [to_episode(row, metrics.get(row[1], {})) for row in rows]

        return self.database.read(query) or []

    def episodes(self, run: str) -> list[Episode]:
        """The attempts of `run` without metrics, stages and diffs: enough to summarise the run."""

        def query(connection: DuckDBPyConnection) -> list[Episode]:
            return [to_episode(row, {}) for row in _select(connection, "attempts", "WHERE run = ?", run)]

        return self.database.read(query) or []

    def episode(self, run: str, number: int) -> Episode | None:
        """One attempt with all that is known about it."""

        def query(connection: DuckDBPyConnection) -> Episode | None:
            one = "WHERE run = ? AND attempt = ?"
            rows = _select(connection, "attempts", one, run, number)
            if not rows:
                return None
            metrics = _select(connection, "metrics", f"{one} ORDER BY name", run, number)
            diffs = _select(connection, "diffs", one, run, number)
            stages = _select(connection, "stages", f"{one} ORDER BY position", run, number)
            return to_episode(rows[0], {name: value for _, _, name, value in metrics}, diffs, stages)

        return self.database.read(query)

    def known(self) -> dict[Key, Known]:
        """Every attempt that has a row."""

        def query(connection: DuckDBPyConnection) -> dict[Key, Known]:
            rows = connection.execute(
                'SELECT a.run, a.attempt, a.source, a."commit", d.files IS NOT NULL FROM attempts a '
                "LEFT JOIN diffs d ON a.run = d.run AND a.attempt = d.attempt"
            ).fetchall()
            return {(run, number): Known(*rest) for run, number, *rest in rows}

        return self.database.read(query) or {}

    def unlooked(self) -> dict[Key, tuple[str, str]]:
        """The attempts whose hunks nobody has looked at, with their commits: the parent's and their own."""

        def query(connection: DuckDBPyConnection) -> dict[Key, tuple[str, str]]:
            rows = connection.execute(
                'SELECT a.run, a.attempt, p."commit", a."commit" FROM attempts a '
                "JOIN attempts p ON p.run = a.run AND p.attempt = a.parents[1] "
                "LEFT JOIN diffs d ON d.run = a.run AND d.attempt = a.attempt WHERE d.hunks IS NULL"
            ).fetchall()
            return {(run, number): (parent, commit) for run, number, parent, commit in rows}

        return self.database.read(query) or {}

    def keep_hunks(self, hunks: Mapping[Key, tuple[DiffSize, Sequence[Hunk]]]) -> None:
        """What was looked up of some attempts."""

        def change(connection: DuckDBPyConnection) -> None:
            for table in ("hunks", "diffs"):
                _delete(connection, table, hunks)
            rows = [row for key, (_, found) in hunks.items() for row in hunk_rows(key, found)]
            _insert(connection, "hunks", rows)
            _insert(
                connection,
                "diffs",
                [
                    (*key, size.files, size.added, size.removed, len(each))
                    for key, (size, each) in hunks.items()
                ],
            )

        self.database.write(change)

    @property
    def memory(self) -> str | None:
        """The commit of `refs/kapso/memory` whose lessons the log shows."""

        def query(connection: DuckDBPyConnection) -> str | None:
            found = connection.execute("SELECT memory FROM kapso_schema").fetchone()
            return found[0] if found else None

        return self.database.read(query)

    def show_lessons(self, rows: Mapping[str, Sequence[Row]], memory: str | None) -> None:
        """Show these lessons, by table, and no others."""

        def change(connection: DuckDBPyConnection) -> None:
            for table, columns in LESSONS.items():
                connection.execute(f"DELETE FROM {table}")
                _insert(connection, table, rows[table], columns)
            connection.execute("UPDATE kapso_schema SET memory = ?", [memory])

        self.database.write(change)


def _select(connection: DuckDBPyConnection, table: str, rest: str, *values: Any) -> list[Row]:
    columns = ", ".join(f'"{name}"' for name in COLUMNS[table])
    rows: list[Row] = list(
        connection.execute(f"SELECT {columns} FROM {table} {rest}", list(values)).fetchall()
    )
    return rows


def _insert(
    connection: DuckDBPyConnection, table: str, rows: Sequence[Row], columns: Mapping[str, str] | None = None
) -> None:
    """One statement whatever the number: a list a column, which is 7 times faster than multi-row VALUES."""
    if rows:
        lists = [[storable(value) for value in column] for column in zip(*rows, strict=True)]
        kinds = (columns or COLUMNS[table]).values()
        values = ", ".join(f"unnest(?::{kind}[])" for kind in kinds)
        connection.execute(f"INSERT INTO {table} SELECT {values}", lists)


def _delete(connection: DuckDBPyConnection, table: str, keys: Iterable[Key]) -> None:
    pairs = list(keys)
    if pairs:
        runs, numbers = zip(*pairs, strict=True)
        connection.execute(
            f"DELETE FROM {table} "
            "WHERE (run, attempt) IN (SELECT unnest(?::VARCHAR[]), unnest(?::INTEGER[]))",
            [list(runs), list(numbers)],
        )


def _delete_runs(connection: DuckDBPyConnection, table: str, runs: Collection[str]) -> None:
    if runs:
        connection.execute(f"DELETE FROM {table} WHERE run IN (SELECT unnest(?::VARCHAR[]))", [list(runs)])
