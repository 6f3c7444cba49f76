"""The tables of the episodic log. All of it but `stages` can be rebuilt from git.

runs      one row a run: what `kapso ls` shows; `source` names the git objects it was read from
attempts  one row an attempt, the baseline is 0; times are UTC; `source` is NULL until read from git
metrics   one row a metric that an attempt printed or Kapso measured
          `parameters` is JSON as text: DuckDB's own type refuses NaN and half surrogate pairs
stages    one row a command that was run for an attempt, in order: how it ended and what it used
diffs     one row an attempt: its size against its first parent

No keys: writers delete what they replace in the same transaction, which DuckDB does faster than
upserts into an index.
"""

from __future__ import annotations

VERSION = 2

COLUMNS: dict[str, dict[str, str]] = {
    "runs": {
        "run": "VARCHAR",
        "goal": "VARCHAR",
        "objective": "VARCHAR",
        "metric": "VARCHAR",
        "maximize": "BOOLEAN",
        "base": "VARCHAR",
        "status": "VARCHAR",
        "reason": "VARCHAR",
        "baseline": "DOUBLE",
        "best_score": "DOUBLE",
        "best_attempt": "INTEGER",
        "attempts": "INTEGER",
        "cost": "DOUBLE",
        "started": "TIMESTAMP",
        "finished": "TIMESTAMP",
        "source": "VARCHAR",
    },
    "attempts": {
        "run": "VARCHAR",
        "attempt": "INTEGER",
        "branch": "VARCHAR",
        "commit": "VARCHAR",
        "tree": "VARCHAR",
        "parents": "INTEGER[]",
        "proposer": "VARCHAR",
        "title": "VARCHAR",
        "hypothesis": "VARCHAR",
        "outcome": "VARCHAR",
        "verdict": "VARCHAR",
        "score": "DOUBLE",
        "reason": "VARCHAR",
        "duration": "DOUBLE",
        "cost": "DOUBLE",
        "lessons": "VARCHAR[]",
        "evaluator": "VARCHAR",
        "sandbox": "VARCHAR",
        "parameters": "VARCHAR",
        "feedback": "VARCHAR",
        "started": "TIMESTAMP",
        "finished": "TIMESTAMP",
        "is_demoted": "BOOLEAN",
        "is_passed_over": "BOOLEAN",
        "source": "VARCHAR",
    },
    "metrics": {"run": "VARCHAR", "attempt": "INTEGER", "name": "VARCHAR", "value": "DOUBLE"},
    "stages": {
        "run": "VARCHAR",
        "attempt": "INTEGER",
        "position": "INTEGER",
        "name": "VARCHAR",
        "command": "VARCHAR",
        "exit_code": "INTEGER",
        "seconds": "DOUBLE",
        "cpu_seconds": "DOUBLE",
        "rss_bytes": "BIGINT",
        "stopped_by": "VARCHAR",
    },
    "diffs": {
        "run": "VARCHAR",
        "attempt": "INTEGER",
        "files": "INTEGER",
        "added": "INTEGER",
        "removed": "INTEGER",
    },
}
"""Table → column → DuckDB type."""

TABLES = frozenset(COLUMNS) | {"kapso_schema"}

PER_ATTEMPT = ("attempts", "metrics", "stages", "diffs")
"""The tables whose rows belong to one attempt."""


def _ddl() -> str:
    statements = [
        "CREATE TABLE kapso_schema (version INTEGER)",
        f"INSERT INTO kapso_schema VALUES ({VERSION})",
    ]
    for table, columns in COLUMNS.items():
        body = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        statements.append(f"CREATE TABLE {table} ({body})")
    return ";\n".join(statements)


SCHEMA = _ddl()
"""What creates the tables in a new file."""
