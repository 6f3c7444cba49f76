"""`kapso best`: the best attempt of a run, and the front where the run is after several metrics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from kapso.attempt import BASELINE
from kapso.cli.output import json_option, print_json, table
from kapso.report.words import how_confirmed
from kapso.wording import number, plural, printable

if TYPE_CHECKING:
    from kapso.memory.front import Front

MOST_ROWS = 30
_DIRECTIONS = {"maximize": "max", "minimize": "min"}


@click.command()
@click.argument("run", required=False)
@json_option
def best(run: str | None, as_json: bool) -> None:
    """The best attempt of RUN (default: the latest run), by the primary metric.

    The baseline is the best where nothing beat it. Hold-out results never change which one it is.

    Under `search: {policy: pareto}` the front follows: the attempts that none beats, as whatever is better
    in one metric is worse in another. Of them, the best alone is confirmed in fresh evaluations. With
    `--json`, `front` names them for every goal with several metrics.

    \b
    kapso best
    kapso best circle-packing --json | jq .branch
    """
    from kapso.cli.pick import open_log

    log = open_log()
    picked = log.run(run)
    attempt = log.attempt(picked, "best")
    front, less, held = log.front(picked), log.smallest(picked), log.confirmation(picked)
    if as_json:
        told = {"confirmed": held.to_json() if held else None, "smallest": less.to_json() if less else None}
        print_json({**attempt.to_json(), **told, **({"front": front.numbers} if front else {})})
        return
    name = "the baseline" if attempt.number == BASELINE else f"attempt {attempt.number}"
    print(f"{name} of {picked.run}: {printable(attempt.title)}")
    print(f"score   {number(attempt.score)} (baseline {number(picked.baseline)})")
    if held is not None and attempt.number != BASELINE:
        print(f"{'held   ' if held.is_confirmed else 'not held'} {how_confirmed(held)}")
    print(f"branch  {attempt.branch}")
    if front and front.is_sought:
        print("\n".join(_front(front, attempt.number, attempt.score)))
    if less is not None:
        print(f"less    attempt {less.attempt.number} keeps the score with {less.share}")
    if attempt.number != BASELINE:
        print(f"next    kapso show {picked.run} best · kapso diff {picked.run} · kapso apply {picked.run}")
    elif front and front.is_sought and len(front.attempts) > 1:
        print(f"next    kapso show {picked.run} ATTEMPT · kapso apply {picked.run} ATTEMPT")


def _front(front: Front, best: int, best_score: float | None) -> Iterator[str]:
    """Every attempt of the front with all metrics, the best marked."""
    count = len(front.attempts)
    yield f"front   {plural(count, 'attempt')}: whatever is better in one metric is worse in another"
    header = ["", "#", *(f"{printable(m.name)} ({_DIRECTIONS[m.goal]})" for m in front.metrics), "title"]
    rows = [
        [
            "best" if attempt.number == best else "",
            str(attempt.number),
            *(number(attempt.metrics.get(metric.name)) for metric in front.metrics),
            attempt.title,
        ]
        for attempt in front.attempts[:MOST_ROWS]
    ]
    yield from (
        f"  {line}" for line in table(header, rows, right=range(1, len(front.metrics) + 2)).split("\n")
    )
    if count > MOST_ROWS:
        yield f"  … and {count - MOST_ROWS} more: --json names them all"
    if best not in front.numbers:
        yield f"  {_why_not_on_it(front, best_score)}"


def _why_not_on_it(front: Front, best_score: float | None) -> str:
    first = front.attempts[0]
    if first.score == best_score:
        return f"attempt {first.number} has the score of the best, and is better by the other metrics"
    return "the best is not among them: no lead over it held in fresh evaluations"
