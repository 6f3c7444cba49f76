"""`kapso reindex`: the episodic log, rebuilt from git alone."""

from __future__ import annotations

from pathlib import Path

import click

from kapso.cli.output import json_option, print_json


@click.command()
@json_option
def reindex(as_json: bool) -> None:
    """Rebuild the episodic log from git, so that `kapso ls` shows what git holds.

    Nothing in git changes. How long each command of an attempt took and what it printed is not in
    git and is forgotten by the log; the log files themselves stay.

    \b
    kapso reindex
    kapso reindex --json
    """
    from kapso.git.repository import Repository
    from kapso.memory.sync import rebuild

    repository = Repository.open(Path.cwd())
    episodes = rebuild(repository)
    runs = episodes.runs()
    attempts = sum(run.attempts for run in runs)
    if as_json:
        print_json({"runs": len(runs), "attempts": attempts, "path": str(episodes.database.path)})
    else:
        print(f"runs: {len(runs)}, attempts: {attempts}, read from git into {episodes.database.path}")
