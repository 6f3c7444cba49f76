"""`kapso pause` and `kapso stop`: a word to the process that works on a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kapso.cli.output import json_option, print_json
from kapso.errors import UsageError

if TYPE_CHECKING:
    from kapso.git.repository import Repository


@click.command(epilog="Example: kapso pause circle-packing")
@click.argument("run", required=False)
@json_option
def pause(run: str | None, as_json: bool) -> int:
    """Hold RUN once what is in flight has ended; `kapso resume` lets it go on."""
    return _tell(run, "paused", "holds once what is in flight has ended", as_json)


@click.command(epilog="Example: kapso stop circle-packing")
@click.argument("run", required=False)
@json_option
def stop(run: str | None, as_json: bool) -> int:
    """End RUN once what is in flight has ended: its best is confirmed, and `kapso resume` can go on."""
    return _tell(run, "stopping", "ends once what is in flight has ended", as_json)


def told(name: str, state: str, what: str, as_json: bool) -> int:
    """Print what a run was told."""
    if as_json:
        print_json({"run": name, "state": state})
    else:
        click.echo(f"{name} {what}")
    return 0


def tell_live(repository: Repository, name: str, state: str) -> None:
    """Tell the process that works on the run; UsageError where none does."""
    from kapso.loop.run_folder import RunFolder
    from kapso.memory.live import live_status

    if live_status(repository.state_dir, name) is None:
        raise UsageError(
            f"run `{name}` is not running", help=f"`kapso resume {name}` goes on with it", slug="not-running"
        )
    RunFolder(repository.state_dir, name).tell(state)


def _tell(run: str | None, state: str, what: str, as_json: bool) -> int:
    from kapso.cli.pick import open_log

    log = open_log()
    name = log.run(run).run
    tell_live(log.repository, name, state)
    return told(name, state, what, as_json)
