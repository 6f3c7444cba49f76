"""`kapso best`: the best attempt of a run."""

from __future__ import annotations

import click

from kapso.attempt import BASELINE
from kapso.cli.output import json_option, print_json
from kapso.wording import number, printable


@click.command()
@click.argument("run", required=False)
@json_option
def best(run: str | None, as_json: bool) -> None:
    """The best attempt of RUN (default: the latest run).

    The baseline is the best where nothing beat it. Hold-out results never change which one it is.

    \b
    kapso best
    kapso best circle-packing --json | jq .branch
    """
    from kapso.cli.pick import open_log

    log = open_log()
    picked = log.run(run)
    attempt = log.attempt(picked, "best")
    less = log.smallest(picked)
    if as_json:
        print_json({**attempt.to_json(), "smallest": less.to_json() if less else None})
        return
    name = "the baseline" if attempt.number == BASELINE else f"attempt {attempt.number}"
    print(f"{name} of {picked.run}: {printable(attempt.title)}")
    print(f"score   {number(attempt.score)} (baseline {number(picked.baseline)})")
    print(f"branch  {attempt.branch}")
    if less is not None:
        print(f"less    attempt {less.attempt.number} keeps the score with {less.share}")
    if attempt.number != BASELINE:
        print(f"next    kapso show {picked.run} best · kapso diff {picked.run} · kapso apply {picked.run}")
