"""`kapso ls`: runs, or the attempts of one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from kapso.attempt import BASELINE, Attempt, Outcome
from kapso.cli.output import how_called, json_option, print_json, styled, table
from kapso.wording import duration, number, plural

if TYPE_CHECKING:
    from kapso.cli.pick import Log
    from kapso.memory.episode import RunSummary

SORTS: dict[str, Callable[[Attempt], Any]] = {
    "number": lambda attempt: attempt.number,
    "score": lambda attempt: attempt.score if attempt.is_scored else None,
    "duration": lambda attempt: attempt.duration_s,
    "cost": lambda attempt: attempt.cost,
    "outcome": lambda attempt: str(attempt.outcome),
    "proposer": lambda attempt: attempt.proposer,
    "started": lambda attempt: attempt.started,
    "finished": lambda attempt: attempt.finished,
}


@click.command()
@click.argument("run", required=False)
@click.option(
    "--sort",
    type=click.Choice(list(SORTS)),
    default="number",
    show_default=True,
    help="Order of a run's attempts; `score` puts the best first, unknown comes last.",
)
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option(
    "--outcome",
    "outcomes",
    type=click.Choice([str(outcome) for outcome in Outcome]),
    multiple=True,
    help="Only attempts that ended so; may be repeated.",
)
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most N lines.")
@json_option
def ls(
    run: str | None, sort: str, reverse: bool, outcomes: tuple[str, ...], limit: int | None, as_json: bool
) -> None:
    """List the runs of this repository, or the attempts of RUN.

    RUN is a run's id, the start of one, or a goal's name (its latest run).

    \b
    kapso ls                                  every run, the latest first
    kapso ls circle-packing --sort score --limit 5
    kapso ls circle-packing-3f9a --outcome crashed
    kapso ls circle-packing --json | jq .score
    """
    from kapso.cli.pick import open_log

    log = open_log()
    if run is None:
        if outcomes or sort != "number":
            raise click.UsageError("--sort and --outcome need a RUN")
        _print_runs(_cut(list(log.runs), reverse, limit), as_json)
        return
    picked = log.run(run)
    attempts = [a for a in log.episodes.attempts(picked.run) if not outcomes or a.outcome in outcomes]
    ordered = arrange(attempts, sort, maximize=picked.maximize, reverse=reverse)
    _print_attempts(picked, ordered[:limit], as_json)
    if not as_json:
        _note_waiting(log, picked.run)


def arrange(attempts: Sequence[Attempt], sort: str, *, maximize: bool, reverse: bool) -> list[Attempt]:
    """`attempts` in the order of `sort`: the best score first, unknown last whichever way round."""
    key = SORTS[sort]
    known = [attempt for attempt in attempts if key(attempt) is not None]
    unknown = [attempt for attempt in attempts if key(attempt) is None]
    best_is_high = sort == "score" and maximize
    return [*sorted(known, key=key, reverse=best_is_high is not reverse), *unknown]


def _cut(runs: list[RunSummary], reverse: bool, limit: int | None) -> list[RunSummary]:
    return (runs[::-1] if reverse else runs)[:limit]


def _print_runs(runs: Sequence[RunSummary], as_json: bool) -> None:
    if as_json:
        print_json(*(run.to_json() for run in runs))
        return
    if not runs:
        print("no runs yet: `kapso run` in a folder that holds a goal.yaml starts one")
        return
    rows = [
        (
            run.run,
            run.status,
            number(run.baseline),
            number(run.best_score),
            number(run.best_attempt),
            str(run.attempts),
            number(run.cost),
            f"{run.started:%Y-%m-%d %H:%M}" if run.started else "-",
        )
        for run in runs
    ]
    header = ("RUN", "STATUS", "BASELINE", "BEST", "ATTEMPT", "ATTEMPTS", "COST", "STARTED (UTC)")
    print(table(header, rows, right={2, 3, 4, 5, 6}))


def _print_attempts(run: RunSummary, attempts: Sequence[Attempt], as_json: bool) -> None:
    if as_json:
        print_json(*(attempt.to_json() for attempt in attempts))
        return
    rows = [
        (
            str(attempt.number),
            "*" if attempt.number == run.best_attempt else "",
            str(attempt.outcome),
            str(attempt.verdict or "-"),
            number(attempt.score),
            duration(attempt.duration_s),
            attempt.proposer if attempt.number != BASELINE else "-",
            " ".join(map(str, attempt.parents)) or "-",
            attempt.title
            if attempt.is_scored
            else f"{attempt.title} ({attempt.reason or 'no reason given'})",
        )
        for attempt in attempts
    ]
    header = ("ATTEMPT", "", "OUTCOME", "VERDICT", "SCORE", "TIME", "PROPOSER", "FROM", "TITLE")
    print(table(header, rows, right={0, 4, 5}))
    if any(attempt.number == run.best_attempt for attempt in attempts):
        print(styled("* the best", "dim"))


def _note_waiting(log: Log, run: str) -> None:
    """Say that attempts wait, which have not ended and are not listed."""
    from kapso.loop.approval import waiting

    if found := waiting(log.repository, run):
        what = f"{plural(len(found), 'attempt')} wait{'s' * (len(found) == 1)} for approval"
        click.echo(f"note: {what}: `{how_called()} approve {run}`", err=True)
