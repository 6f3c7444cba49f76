"""`kapso doctor`: checks machine and goal, and prints what it found as it goes."""

from __future__ import annotations

from pathlib import Path

import click

from kapso.cli.output import json_option, print_json, styled
from kapso.errors import KapsoError
from kapso.wording import printable_lines

_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command(
    epilog="""\b
Examples:
  kapso doctor                       the goal in ./goal.yaml, or the machine alone
  kapso doctor experiments/digits"""
)
@click.argument("goal", required=False, type=click.Path(path_type=Path))
@json_option
def doctor(goal: Path | None, as_json: bool) -> int:
    """Check git, sandbox and GOAL: run every command, and evaluate the baseline twice or more."""
    from kapso.cli.run import check_goal_file
    from kapso.goal import load_goal
    from kapso.loop.checkup import examine

    file = goal or Path("goal.yaml")
    if goal is not None:
        check_goal_file(goal)
    loaded = load_goal(file) if goal is not None or file.exists() else None
    failure: KapsoError | None = None
    for finding in examine(loaded):
        failure = finding.error or failure
        if as_json:
            print_json(finding.to_json())
        else:
            mark = styled(f"{finding.level:8}", _COLOURS[finding.level])
            click.echo(f"{mark} {finding.what:10} {printable_lines(finding.says)}")
            if finding.error is not None and finding.error.where:
                click.echo(f"{'':8} {'where':10} {finding.error.where}")
            if finding.error is not None and finding.error.help:
                click.echo(f"{'':8} {'help':10} {finding.error.help}")
    if loaded is None and not as_json:
        click.echo("no goal.yaml here: only the machine was checked")
    return failure.exit_code if failure else 0
