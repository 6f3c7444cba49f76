"""`kapso init`: a goal.yaml that works for the program in a folder, or one sentence on what is missing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kapso.cli.output import how_called, json_option, print_json, styled
from kapso.errors import MachineError, UsageError
from kapso.wording import printable_lines

if TYPE_CHECKING:
    from kapso.init.program import Metric
    from kapso.init.trial import Works


@click.command(
    epilog="""\b
Examples:
  kapso init                                   the program in this folder; asks little
  kapso init --yes && kapso run --attempts 20  in a script: takes what is likeliest
  kapso init --edit 'src/**' --evaluate 'python3 judge.py'
  kapso init --schema > goal.schema.json       for editors; a goal.yaml then starts with the line
                                               # yaml-language-server: $schema=goal.schema.json"""
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Ask nothing, take what is likeliest.")
@click.option("--force", is_flag=True, help="Overwrite a goal.yaml that is there.")
@click.option("--objective", default="", metavar="TEXT", help="What to improve, in words.")
@click.option("--edit", multiple=True, metavar="PATTERN", help="What attempts may change; may be repeated.")
@click.option("--evaluate", default="", metavar="COMMAND", help="The command that scores the program.")
@click.option("--run", "run_command", default="", metavar="COMMAND", help="How the program is started.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of goal.yaml, and do nothing else.")
@json_option
def init(
    folder: Path,
    yes: bool,
    force: bool,
    objective: str,
    edit: tuple[str, ...],
    evaluate: str,
    run_command: str,
    schema: bool,
    as_json: bool,
) -> int:
    """Look at the program in DIR (default: here), and write a goal.yaml that works for it.

    Every command is tried, in the sandbox, on the committed program. What cannot be made out is said, and
    nothing is written then. goal.yaml need not be committed.
    """
    if schema:
        return _print_schema(as_json)
    from kapso.init.folder import Folder
    from kapso.init.scoring import Wishes
    from kapso.init.search import find_goal

    file = folder / "goal.yaml"
    if file.exists() and not force:
        raise UsageError(
            f"there is a `{file}` already",
            help="`kapso doctor` checks it; `kapso init --force` writes another in its place",
            slug="goal-exists",
        )
    asks = not (yes or as_json) and sys.stdin.isatty() and sys.stderr.isatty()
    wishes = Wishes(objective, edit, run_command, evaluate)
    works = find_goal(Folder.open(folder), wishes, _ask_direction if asks else _as_it_is, _say)
    text = works.text
    if asks and not objective:
        text = _ask_objective(works)
    _write(file, text)
    if as_json:
        print_json(_as_json(file, works, text))
    else:
        _tell(file, works, text)
    return 0


def _print_schema(as_json: bool) -> int:
    import json

    from kapso.goal.schema import goal_schema

    click.echo(json.dumps(goal_schema(), indent=None if as_json else 2))
    return 0


def _say(line: str) -> None:
    click.echo(styled(printable_lines(line), "dim", sys.stderr.isatty()), err=True)


def _as_it_is(metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
    return metrics


def _ask_direction(metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
    from dataclasses import replace

    first, *rest = metrics
    if not first.is_sure:
        is_larger = click.confirm(f"Is a larger `{first.name}` better?", default=True, err=True)
        first = replace(first, goal="maximize" if is_larger else "minimize", is_sure=True)
    return (first, *rest)


def _ask_objective(works: Works) -> str:
    from kapso.init.render import with_objective

    objective = works.draft.objective
    asked = click.prompt("What is to be improved, in words?", default=objective, err=True)
    return works.text if asked == objective else with_objective(works.text, asked)


def _write(file: Path, text: str) -> None:
    """In one step, so that no half goal is left behind."""
    import os

    spare = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        spare.write_text(text, encoding="utf-8")
        spare.replace(file)
    except OSError as error:
        spare.unlink(missing_ok=True)
        raise MachineError(f"`{file}` cannot be written: {error.strerror}", slug="unwritable") from error


def _as_json(file: Path, works: Works, text: str) -> dict[str, object]:
    program = works.draft.program
    return {
        "goal": str(file),
        "kind": program.kind,
        "scored": works.draft.how,
        "edit": list(program.edit),
        "metric": works.metric.name,
        "direction": works.metric.goal,
        "sure": works.metric.is_sure,
        "text": text,
        "findings": [finding.to_json() for finding in works.findings],
    }


def _tell(file: Path, works: Works, text: str) -> None:
    is_judged_apart = bool(works.draft.run)
    click.echo(text, nl=False)
    for finding in works.findings:
        if finding.what == "baseline" or (
            finding.level == "warning" and not (is_judged_apart and finding.what == "judge")
        ):
            click.echo(f"{finding.what}: {printable_lines(finding.says)}", err=True)
    if works.draft.notes.get("evaluate"):
        click.echo(f"note: {works.draft.notes['evaluate']}", err=True)
    if not works.metric.is_sure:
        says = f"whether a larger `{works.metric.name}` is better was guessed: look at `metrics`"
        click.echo(f"note: {says}", err=True)
    where = "" if str(file.parent) == "." else f" {file.parent}"
    command = f"{how_called()} run{where}"
    click.echo(f"wrote {file}, which works; it need not be committed. Next: {command}", err=True)
