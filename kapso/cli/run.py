"""`kapso run`, `resume`, `pause` and `stop`: parse, hand over to the loop, print how it ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kapso.cli.output import json_option, print_json
from kapso.errors import NotAvailableYet, UsageError

if TYPE_CHECKING:
    from kapso.goal import Overrides
    from kapso.loop.session import Result, Voice

F = TypeVar("F", bound=Callable[..., Any])

_LATER = ("edit", "evaluate", "run_command", "metric", "objective", "from_run", "push")

_INSTEAD = {
    "from_run": "start a new run without it",
    "push": "`git push REMOTE 'refs/heads/kapso/*'` shares the attempts",
}


def _limits(command: F) -> F:
    """The options that limit a run."""
    for option in (
        click.option("--cost", type=float, metavar="DOLLARS", help="End after so many dollars."),
        click.option("--time", metavar="DURATION", help="End after so long, such as 90s, 10m or 2h."),
        click.option("--attempts", type=int, metavar="N", help="End after N attempts."),
    ):
        command = option(command)
    return command


def _report_option(command: F) -> F:
    """`--report FILE`, for whatever ends with a result."""
    return click.option(
        "--report", type=click.Path(path_type=Path), metavar="FILE", help="Write an HTML report when it ends."
    )(command)


def _later(name: str, *flags: str, multiple: bool = False) -> Callable[[F], F]:
    """An option of a later version: taken, so that it can be refused by name."""
    return click.option(*flags, name, hidden=True, multiple=multiple)


@click.command(
    epilog="""\b
Examples:
  kapso run                          the goal in ./goal.yaml
  kapso run experiments/circle-packing --attempts 60
  kapso run goal.yaml --time 10m --parallel 4
  kapso run --report packing.html    with an HTML report when it ends, or is interrupted
  kapso run --json > events.jsonl    in a script: exit code 0 is a confirmed improvement"""
)
@click.argument("goal", default=".", type=click.Path(path_type=Path))
@_limits
@click.option("--parallel", metavar="N", help="Evaluate N attempts at once; `auto` decides.")
@click.option("--seed", type=int, metavar="N", help="Seed of everything random.")
@click.option("--propose", metavar="A,B", help="Proposers to use instead of the goal's.")
@click.option("--dirty", is_flag=True, help="Take uncommitted changes into the base.")
@_report_option
@json_option
@_later("edit", "--edit", multiple=True)
@_later("evaluate", "--evaluate")
@_later("run_command", "--run")
@_later("metric", "--metric", multiple=True)
@_later("objective", "--objective")
@_later("from_run", "--from")
@_later("push", "--push")
def run(
    goal: Path, parallel: str | None, dirty: bool, as_json: bool, report: Path | None, **options: Any
) -> int:
    """Improve the program that GOAL describes (a goal.yaml, or its folder; default: here).

    Every attempt becomes a branch `kapso/<run>/<NNNN>-<title>`; your files, index and HEAD stay as they are.
    Ctrl-C finishes what is in flight; twice stops at once. Either way `kapso resume` goes on.
    """
    for name in _LATER:
        if options[name]:
            flag = {"run_command": "run", "from_run": "from"}.get(name, name)
            raise NotAvailableYet(f"`--{flag}`", help=_INSTEAD.get(name, "describe the goal in a goal.yaml"))
    from kapso.cli.aftermath import aftermath
    from kapso.goal import load_goal
    from kapso.loop.session import start

    check_goal_file(goal)
    names = options["propose"].split(",") if options["propose"] else None
    limits = {name: options[name] for name in ("attempts", "time", "cost", "seed")}
    overrides = _overrides(parallel=_parallel(parallel), propose=names, **limits)
    with aftermath(report) as hand_out:
        with _voice(as_json) as voice:
            result = start(load_goal(goal, overrides), voice, dirty=dirty)
        return _report(result, as_json, hand_out)


@click.command(
    epilog="""\b
Examples:
  kapso resume                       the latest run
  kapso resume circle --attempts 200 with a larger budget"""
)
@click.argument("run", required=False)
@_limits
@_report_option
@json_option
def resume(run: str | None, as_json: bool, report: Path | None, **options: Any) -> int:
    """Go on with RUN after a stop, a pause, a crash or a kill; limits given here replace the goal's."""
    from kapso.cli.aftermath import aftermath
    from kapso.loop.run_folder import RunFolder
    from kapso.loop.session import resume as go_on
    from kapso.memory.live import live_status

    repository, name = _pick(run)
    if live_status(repository.state_dir, name) == "paused":
        RunFolder(repository.state_dir, name).tell("running")
        if report is not None:
            click.echo(f"kapso: no report yet: once it ends, `kapso report {name}` writes one", err=True)
        return _told(name, "running", "goes on", as_json)
    overrides = _overrides(**options)
    with aftermath(report) as hand_out:
        with _voice(as_json) as voice:
            result = go_on(repository, name, voice, overrides)
        return _report(result, as_json, hand_out)


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


def _tell(run: str | None, state: str, what: str, as_json: bool) -> int:
    from kapso.loop.run_folder import RunFolder
    from kapso.memory.live import live_status

    repository, name = _pick(run)
    if live_status(repository.state_dir, name) is None:
        raise UsageError(
            f"run `{name}` is not running", help=f"`kapso resume {name}` goes on with it", slug="not-running"
        )
    RunFolder(repository.state_dir, name).tell(state)
    return _told(name, state, what, as_json)


def _told(name: str, state: str, what: str, as_json: bool) -> int:
    if as_json:
        print_json({"run": name, "state": state})
    else:
        click.echo(f"{name} {what}")
    return 0


def _pick(text: str | None) -> Any:
    """The repository around and the id of the run that `text` names."""
    from kapso.cli.pick import open_log

    log = open_log()
    return log.repository, log.run(text).run


def check_goal_file(goal: Path) -> None:
    file = goal / "goal.yaml" if goal.is_dir() else goal
    if not file.exists():
        raise UsageError(
            f"there is no `{file}`",
            help="write a goal.yaml with `objective`, `edit` and `evaluate`, or give the folder that has one",
            slug="no-goal",
        )


def _overrides(
    *,
    attempts: int | None = None,
    time: str | None = None,
    cost: float | None = None,
    **others: Any,
) -> Overrides | None:
    from kapso.goal import Overrides, parse_duration

    known = {name: others.get(name) for name in ("parallel", "seed", "propose")}
    overrides = Overrides(
        attempts=attempts, time_s=None if time is None else parse_duration(time), cost=cost, **known
    )
    return None if overrides == Overrides() else overrides


def _parallel(text: str | None) -> Any:
    if text is None or text == "auto":
        return text
    try:
        return int(text)
    except ValueError as error:
        raise UsageError(f"`--parallel {text}`: a whole number or `auto` is needed", slug="usage") from error


class _voice:
    """Who hears of the session, for as long as it lasts."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def __enter__(self) -> Voice:
        from kapso.cli.live import Progress, print_event
        from kapso.loop.session import Voice

        self._progress = Progress(is_quiet=self._as_json)
        listener = print_event if self._as_json else self._progress.hear
        return Voice(self._progress.say, listener, self._progress)

    def __exit__(self, *_: object) -> None:
        self._progress.close()


def _report(result: Result, as_json: bool, hand_out: Callable[[Result], None]) -> int:
    try:
        if not as_json:
            from kapso.cli.summary import summary

            click.echo(summary(result))
    finally:  # whoever read the summary may have gone
        hand_out(result)
    return result.exit_code
