"""`kapso gc`: removes what can be had again or is no longer wanted; without --yes it only tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kapso.cli.output import json_option, print_json, table
from kapso.errors import UsageError
from kapso.wording import size

if TYPE_CHECKING:
    from kapso.cli.rubbish import Removable


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--runs", "whole", is_flag=True, help="Remove the named runs altogether, their branches too.")
@click.option(
    "--older-than",
    type=click.FloatRange(min=0),
    default=14,
    show_default=True,
    metavar="DAYS",
    help="Logs and workspaces that are younger stay, unless RUN is named.",
)
@click.option("--yes", is_flag=True, help="Do it; without this nothing is removed.")
@json_option
def gc(runs: tuple[str, ...], whole: bool, older_than: float, yes: bool, as_json: bool) -> None:
    """Remove old logs and abandoned workspaces, or whole runs.

    Without --yes it lists what would go and changes nothing. Attempts are branches, and stay unless
    --runs names their run; what a process is working on always stays.

    \b
    kapso gc                                  what could go
    kapso gc --yes                            old logs and abandoned workspaces go
    kapso gc circle-packing-3f9a --yes        the logs of that run go, whatever their age
    kapso gc --runs circle-packing-3f9a --yes that run goes: branches, records, logs
    """
    from kapso.cli import rubbish
    from kapso.cli.pick import open_log

    log = open_log()
    if whole and not runs:
        raise UsageError("`--runs` needs the runs to remove", help="`kapso ls` lists them", slug="usage")
    named = [log.run(run).run for run in runs]
    if whole:
        found = [rubbish.whole_run(log.repository, run) for run in dict.fromkeys(named)]
    else:
        found = list(rubbish.logs(log.repository, log.runs, named, older_than))
        if not named:
            found += [*rubbish.leftovers(log.repository), *rubbish.workspaces(log.repository, older_than)]
    for removable in found:
        if yes:
            removable.remove()
        if as_json:
            facts = {"kind": removable.kind, "name": removable.name, "bytes": removable.bytes}
            print_json({**facts, "removed": yes})
    if not as_json:
        _print(found, yes)


def _print(found: Sequence[Removable], yes: bool) -> None:
    if not found:
        print("nothing to remove")
        return
    rows = [(removable.kind, size(removable.bytes), removable.name) for removable in found]
    print(table(("KIND", "SIZE", "NAME"), rows, right={1}))
    total = size(sum(removable.bytes for removable in found))
    print(f"removed {total}" if yes else f"{total} would go; nothing was removed: add --yes")
