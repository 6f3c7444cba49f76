"""`kapso tui`: the dashboard."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kapso.cli.output import json_option
from kapso.errors import KapsoError, UsageError


@click.command()
@click.argument("goal", required=False, type=click.Path(path_type=Path))
@json_option
@click.pass_context
def tui(ctx: click.Context, goal: Path | None, as_json: bool) -> None:
    """Open the dashboard of this repository; with GOAL (a goal.yaml, or its folder) it offers to run that.

    Runs are processes of their own: closing the dashboard ends none of them. With `--json` it prints what
    its first screen shows, the runs, as `kapso ls --json` does.

    \b
    kapso tui
    kapso tui experiments/circle-packing
    """
    if as_json:
        from kapso.cli.ls import ls

        ctx.invoke(ls, sort="number", as_json=True)
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the dashboard needs a terminal",
            help="`kapso ls` lists the runs and `kapso ls RUN` the attempts of one; `--json` for scripts",
            slug="no-terminal",
        )
    from kapso.cli.run import check_goal_file
    from kapso.git.repository import Repository

    if goal is not None:
        check_goal_file(goal)
    repository = Repository.open(_program(goal) if goal else Path.cwd())
    from kapso_tui.app import KapsoApp

    app = KapsoApp(repository, goal=goal and goal.absolute())
    app.run()
    for run in app.going_on:
        click.echo(f"kapso: {run} goes on: `kapso tui` shows it, `kapso stop {run}` ends it", err=True)
    if app.return_code:
        ctx.exit(app.return_code)


def _program(goal: Path) -> Path:
    """Where the program of the goal is, which may lie in another repository than the goal."""
    from kapso.goal import load_goal

    try:
        found = load_goal(goal)
    except KapsoError:  # shown at its line once the dashboard is there
        return goal
    return found.repo or found.folder
