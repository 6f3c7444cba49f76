"""`kapso mcp`: the library, runs and attempts for coding agents, over stdio."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.option(
    "--allow-write",
    is_flag=True,
    help="Also offer try_revision, steer, pause and stop, which change a run.",
)
@click.option("--only", metavar="RUN", help="Show this run alone, as its own agents see it.")
def mcp(allow_write: bool, only: str | None) -> int:
    """Serve the library, runs and attempts to coding agents: the Model Context Protocol over stdio.

    An agent starts it by itself, in the folder that it works in. Hold-out results, logs and what goals hide
    are never shown; nothing is changed unless --allow-write is given.

    \b
    claude mcp add kapso -- kapso mcp
    codex mcp add kapso -- kapso -C /path/of/the/repository mcp
    """
    if sys.stdin.isatty():
        click.echo("kapso: waits for a client on stdin (agents start this command); Ctrl-C ends it", err=True)
    from kapso.mcp.runs import Runs
    from kapso.mcp.server import serve  # 1.1 s: the SDK

    serve(Runs(Path.cwd(), only), allow_write=allow_write)
    return 0
