"""`kapso mcp`: the library, lessons, runs and attempts for coding agents, over stdio."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kapso.errors import UsageError


@click.command()
@click.option(
    "--allow-write",
    is_flag=True,
    help="Also offer try_revision, steer, pause and stop, which change a run.",
)
@click.option("--only", metavar="RUN", help="Show this run alone, as its own agents see it.")
@click.option(
    "--skill",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Put the skill `kapso` into DIR, and end.",
)
def mcp(allow_write: bool, only: str | None, skill: str | None) -> int:
    """Serve the library, lessons and runs to coding agents: the Model Context Protocol over stdio.

    An agent starts it by itself, in the folder that it works in. Hold-out results, logs and what goals hide
    are never shown; nothing is changed unless --allow-write is given.

    --skill puts a folder `kapso` with a SKILL.md there, which tells an agent how to set up a goal, run it
    and bring the best home.

    \b
    claude mcp add kapso -- kapso mcp
    codex mcp add kapso -- kapso mcp
    kapso mcp --skill .claude/skills        (or .agents/skills, ~/.claude/skills, …)
    """
    if skill is not None:
        click.echo(f"{put_skill(Path(skill))}: an agent that looks there knows Kapso now")
        return 0
    if sys.stdin.isatty():
        click.echo("kapso: waits for a client on stdin (agents start this command); Ctrl-C ends it", err=True)
    from kapso.mcp.runs import Runs
    from kapso.mcp.server import serve  # 1.1 s: the SDK

    serve(Runs(Path.cwd(), only), allow_write=allow_write)
    return 0


def put_skill(folder: Path) -> Path:
    """Copy the skill that Kapso ships to `folder`/kapso; what stands there of an earlier one gives way."""
    from kapso.shipped import skill

    target = folder / "kapso"
    try:
        target.mkdir(parents=True, exist_ok=True)
        for source in sorted(skill().iterdir()):
            (target / source.name).write_bytes(source.read_bytes())
    except OSError as error:
        raise UsageError(
            f"the skill cannot be put into `{folder}`: {error.strerror}",
            help="name a folder that can be written",
            slug="skill",
        ) from error
    return target
