"""`kapso steer`: a hint for the proposers that can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kapso.cli.output import json_option, print_json
from kapso.errors import UsageError

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary

READERS = ("llm", "agent")
LONGEST = 4000
"""Characters: every later prompt carries the hint."""


@click.command()
@click.argument("arguments", nargs=-1, metavar="[RUN] HINT")
@json_option
def steer(arguments: tuple[str, ...], as_json: bool) -> int:
    """Give the models and agents of RUN (default: the latest) a hint, which every later prompt carries.

    `kapso show` lists the hints of a run. Where two disagree, the later one counts.

    \b
    kapso steer circle-packing "Start from a hexagonal arrangement."
    kapso steer "Forget the hexagons: refine attempt 12."
    """
    from kapso.cli.pick import open_log
    from kapso.loop.hints import Hints

    name, text = _split(arguments)
    log = open_log()
    run = log.run(name)
    hint = Hints(log.repository, run.run).add(text)
    if as_json:
        print_json({"run": run.run, "time": hint.time, "text": hint.text})
        return 0
    click.echo(f"{run.run}: every later prompt carries the hint")
    for line in why_unheard(log.repository, run):
        click.echo(f"note: {line}", err=True)
    return 0


def _split(arguments: tuple[str, ...]) -> tuple[str | None, str]:
    if not arguments:
        raise UsageError("no hint is given", help='kapso steer RUN "what to try"', slug="usage")
    if len(arguments) > 2:
        raise UsageError(
            f"`{arguments[2]}` is one argument too many",
            help='first the run, then the hint in quotes: kapso steer RUN "what to try"',
            slug="usage",
        )
    return (arguments[0] if len(arguments) == 2 else None), checked(arguments[-1])


def checked(hint: str) -> str:
    """The hint as it is kept; UsageError where it is empty or too long."""
    text = hint.strip()
    if not text:
        raise UsageError("the hint is empty", help='kapso steer RUN "what to try"', slug="usage")
    if len(text) > LONGEST:
        raise UsageError(
            f"the hint has {len(text)} characters, and {LONGEST} are the most",
            help="every later prompt carries it: say what matters",
            slug="usage",
        )
    return text


def why_unheard(repository: Repository, run: RunSummary) -> list[str]:
    """Why no prompt may follow that carries the hint."""
    from kapso.errors import KapsoError
    from kapso.loop.stored import stored_goal

    try:
        named = [spec.name for spec in stored_goal(repository, run.run).propose]
    except (KapsoError, KeyError, FileNotFoundError):
        named = list(READERS)
    if not set(named) & set(READERS):
        listed = ", ".join(f"`{name}`" for name in named)
        return [f"only `llm` and `agent` read hints, and this run proposes by {listed}"]
    if run.status not in ("running", "paused"):
        return [f"nobody works on the run; `kapso resume {run.run}` goes on with it"]
    return []
