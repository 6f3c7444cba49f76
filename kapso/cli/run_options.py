"""The options of `kapso run` and `kapso resume`, by what they are about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def limits(command: F) -> F:
    """The options that limit a run."""
    for option in (
        click.option("--cost", type=float, metavar="DOLLARS", help="End after so many dollars."),
        click.option("--time", metavar="DURATION", help="End after so long, such as 90s, 10m or 2h."),
        click.option("--attempts", type=int, metavar="N", help="End after N attempts."),
    ):
        command = option(command)
    return command


def goal_options(command: F) -> F:
    """The options that stand for a goal.yaml."""
    for option in (
        click.option("--objective", metavar="TEXT", help="What to improve, in words."),
        click.option(
            "--metric",
            multiple=True,
            metavar="NAME=WAY",
            help="What to maximize or minimize; the first is the score. Repeat for more.",
        ),
        click.option(
            "--check", multiple=True, metavar="CMD", help="A command that must succeed. Repeat for more."
        ),
        click.option(
            "--run", "run_command", metavar="CMD", help="The program itself; the scorer then runs apart."
        ),
        click.option("--timeout", metavar="DURATION", help="End each command after so long (default 5m)."),
        click.option("--program", metavar="FILE", help="The program that the scorer names and judges."),
        click.option("--evaluate", metavar="CMD", help="The scorer: prints its metrics as a JSON object."),
        click.option(
            "--edit", multiple=True, metavar="FILES", help="What attempts may change. Repeat for more."
        ),
    ):
        command = option(command)
    return command


def push_option(command: F) -> F:
    """Where a run goes when it ends."""
    return click.option("--push", metavar="REMOTE", help="Push the run to REMOTE when it ends.")(command)


def report_option(command: F) -> F:
    """`--report FILE`, for whatever ends with a result."""
    return click.option(
        "--report", type=click.Path(path_type=Path), metavar="FILE", help="Write an HTML report when it ends."
    )(command)
