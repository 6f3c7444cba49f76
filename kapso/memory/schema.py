"""The tables of the episodic log, for `described` to tell of. All but `stages` can be rebuilt from git.

No keys: writers delete what they replace in the same transaction, which DuckDB does faster than upserts into
an index. `parameters` and `subject` are JSON as text: DuckDB's own type refuses NaN and half surrogate pairs.
"""

from __future__ import annotations

VERSION = 3

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
        "knowledge": "VARCHAR[]",
        "withheld": "VARCHAR[]",
        "predicted": "VARCHAR[]",
        "probabilities": "DOUBLE[]",
        "evaluator": "VARCHAR",
        "sandbox": "VARCHAR",
        "parameters": "VARCHAR",
        "feedback": "VARCHAR",
        "signature": "VARCHAR",
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
        "signature": "VARCHAR",
    },
    "diffs": {
        "run": "VARCHAR",
        "attempt": "INTEGER",
        "files": "INTEGER",
        "added": "INTEGER",
        "removed": "INTEGER",
        "hunks": "INTEGER",
    },
    "hunks": {
        "run": "VARCHAR",
        "attempt": "INTEGER",
        "position": "INTEGER",
        "path": "VARCHAR",
        "region": "VARCHAR",
        "old_line": "INTEGER",
        "new_line": "INTEGER",
        "removed": "INTEGER",
        "added": "INTEGER",
        "kinds": "VARCHAR[]",
        "names": "VARCHAR[]",
        "before": "VARCHAR",
        "after": "VARCHAR",
    },
}
"""Table → column → DuckDB type."""

LESSONS: dict[str, dict[str, str]] = {
    "lessons": {
        "lesson": "VARCHAR",
        "kind": "VARCHAR",
        "statement": "VARCHAR",
        "status": "VARCHAR",
        "confidence": "DOUBLE",
        "value": "DOUBLE",
        "expects": "VARCHAR",
        "about": "VARCHAR",
        "subject": "VARCHAR",
        "goals": "VARCHAR[]",
        "files": "VARCHAR[]",
        "language": "VARCHAR",
        "proposer": "VARCHAR",
        "attempts": "INTEGER",
        "pinned": "BOOLEAN",
        "why": "VARCHAR",
    },
    "sightings": {
        "lesson": "VARCHAR",
        "run": "VARCHAR",
        "goal": "VARCHAR",
        "attempts": "INTEGER",
        "better": "INTEGER",
        "same": "INTEGER",
        "worse": "INTEGER",
        "failed": "INTEGER",
        "others": "INTEGER",
        "others_better": "INTEGER",
        "others_failed": "INTEGER",
        "predictions": "INTEGER",
        "hits": "INTEGER",
        "brier": "DOUBLE",
        "usual": "DOUBLE",
        "told": "INTEGER",
        "told_better": "INTEGER",
        "withheld": "INTEGER",
        "withheld_better": "INTEGER",
    },
    "evidence": {
        "lesson": "VARCHAR",
        "run": "VARCHAR",
        "attempt": "INTEGER",
        "commit": "VARCHAR",
        "speaks": "VARCHAR",
    },
}
"""The tables that show what stands at `refs/kapso/memory`, written anew whenever that has moved."""

VIEWS: dict[str, str] = {
    "recalled": (
        "SELECT run, attempt, unnest(lessons) AS lesson, true AS told FROM attempts UNION ALL "
        "SELECT run, attempt, unnest(withheld) AS lesson, false AS told FROM attempts"
    ),
    "predictions": (
        "SELECT run, attempt, unnest(predicted) AS lesson, unnest(probabilities) AS probability FROM attempts"
    ),
    "signatures": (
        "SELECT signature, count(*) AS attempts, count(DISTINCT run) AS runs, min(started) AS first, "
        "max(started) AS latest FROM attempts WHERE signature IS NOT NULL GROUP BY signature"
    ),
}

_OF_VIEWS: dict[str, dict[str, str]] = {
    "recalled": {"run": "VARCHAR", "attempt": "INTEGER", "lesson": "VARCHAR", "told": "BOOLEAN"},
    "predictions": {"run": "VARCHAR", "attempt": "INTEGER", "lesson": "VARCHAR", "probability": "DOUBLE"},
    "signatures": {
        "signature": "VARCHAR",
        "attempts": "BIGINT",
        "runs": "BIGINT",
        "first": "TIMESTAMP",
        "latest": "TIMESTAMP",
    },
}

TABLES = frozenset(COLUMNS) | frozenset(LESSONS) | {"kapso_schema"}

PER_ATTEMPT = ("attempts", "metrics", "stages", "diffs", "hunks")
"""The tables whose rows belong to one attempt."""


def _ddl() -> str:
    statements = [
        "CREATE TABLE kapso_schema (version INTEGER, memory VARCHAR)",
        f"INSERT INTO kapso_schema VALUES ({VERSION}, NULL)",
    ]
    for table, columns in {**COLUMNS, **LESSONS}.items():
        body = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        statements.append(f"CREATE TABLE {table} ({body})")
    statements += [f"CREATE VIEW {view} AS {query}" for view, query in VIEWS.items()]
    return ";\n".join(statements)


def column_types(table: str) -> dict[str, str]:
    """Column → type, of a table or view."""
    return {**COLUMNS, **LESSONS, **_OF_VIEWS}[table]


SCHEMA = _ddl()
"""What creates the tables in a new file."""
