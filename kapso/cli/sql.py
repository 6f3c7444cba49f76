"""`kapso sql`: a question of one's own to the episodic log, in SQL."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from kapso.cli.output import json_option, print_json, styled, table
from kapso.wording import number

if TYPE_CHECKING:
    from kapso.memory.query import Answer

_WIDEST = 60
"""Characters of a cell; `--json` and `--csv` cut nothing."""


@click.command()
@click.argument("query", metavar="SELECT", required=False)
@click.option("--schema", "wants_schema", is_flag=True, help="Tables, columns and examples.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--timeout", default="30s", show_default=True, metavar="TIME", help="How long it may take.")
@json_option
def sql(query: str | None, wants_schema: bool, as_csv: bool, timeout: str, as_json: bool) -> None:
    """Run one SELECT of DuckDB's SQL over runs, attempts, hunks, errors and lessons.

    It only reads, on a copy, and reaches no file. `-` reads the statement from standard input.

    \b
    kapso sql --schema
    kapso sql "SELECT proposer, count(*), max(score) FROM attempts GROUP BY proposer"
    kapso sql "SELECT attempt, title FROM attempts WHERE verdict = 'better'" --json
    """
    if wants_schema:
        _print_schema(as_json)
        return
    if query is None:
        raise click.UsageError("a SELECT is needed, or --schema")
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    from kapso.cli.pick import open_log
    from kapso.goal.units import parse_duration
    from kapso.memory.query import ask, bring_up_to_date

    timeout_s = parse_duration(timeout)
    text = sys.stdin.read() if query == "-" else query
    log = open_log()
    bring_up_to_date(log.repository, log.episodes)
    answer = ask(log.episodes, text, timeout_s)
    if as_json:
        print_json(*({n: _plain(v) for n, v in zip(answer.columns, r, strict=True)} for r in answer.rows))
    elif as_csv:
        click.echo(_csv(answer), nl=False)
    else:
        click.echo(_table(answer))
    if answer.is_cut:
        shown = f"{len(answer.rows):,}"
        click.echo(f"kapso: only the first {shown} rows are shown; LIMIT and OFFSET page on", err=True)


def _print_schema(as_json: bool) -> None:
    from kapso.memory.described import COLUMNS, EXAMPLES, TABLES
    from kapso.memory.schema import column_types

    if as_json:
        print_json(
            *(
                {"table": name, "column": column, "type": column_types(name).get(column), "meaning": meaning}
                for name, columns in COLUMNS.items()
                for column, meaning in columns.items()
            )
        )
        return
    for name, columns in COLUMNS.items():
        click.echo(f"{styled(name, 'bold')}  {TABLES[name]}")
        types = column_types(name)
        rows = [[f"  {column}", types[column], meaning] for column, meaning in columns.items()]
        widths = [max(len(row[at]) for row in rows) for at in (0, 1)]
        click.echo(
            "\n".join(f"{row[0].ljust(widths[0])}  {row[1].ljust(widths[1])}  {row[2]}" for row in rows)
            + "\n"
        )
    click.echo(styled("Examples", "bold"))
    for question, statement in EXAMPLES:
        click.echo(f"\n-- {question}\n{statement};")


def _table(answer: Answer) -> str:
    columns = list(zip(*answer.rows, strict=True)) or [() for _ in answer.columns]
    right = {at for at, values in enumerate(columns) if all(map(_is_number, values))}
    rows = [[_clipped(_cell(value)) for value in row] for row in answer.rows]
    return table(answer.columns, rows, right=right)


def _csv(answer: Answer) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer.rows:
        plain = (_plain(value) for value in row)
        writer.writerow(
            [json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for v in plain]
        )
    return text.getvalue()


def _cell(value: Any) -> str:
    value = _plain(value)
    if value is None:
        return "-"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _clipped(text: str) -> str:
    line = "⏎".join(text.strip().splitlines())
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"


def _plain(value: Any) -> Any:
    """As JSON has it: times as elsewhere in Kapso, in UTC."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return (
        value.hex()
        if isinstance(value, bytes)
        else value.isoformat()
        if isinstance(value, date)
        else str(value)
    )


def _is_number(value: Any) -> bool:
    """Whether it goes to the right; what is unknown goes wherever the others go."""
    return value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))
