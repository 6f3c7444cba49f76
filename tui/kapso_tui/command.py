"""`kapso tui`: the dashboard."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("goal", required=False, type=click.Path(path_type=Path))
def tui(goal: Path | None) -> None:
    """Open the dashboard of this repository; with GOAL (a goal.yaml, or its folder) it offers to run that.

    Runs are processes of their own: closing the dashboard ends none of them.

    \b
    kapso tui
    kapso tui experiments/circle-packing
    """
    from kapso.git.repository import Repository
    from kapso_tui.app import KapsoApp

    KapsoApp(Repository.open(goal or Path.cwd()), goal=goal).run()
