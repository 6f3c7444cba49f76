"""`kapso run` and `kapso resume`: parse, hand over to the loop, print how it ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kapso.cli.output import how_called, json_option
from kapso.cli.run_options import goal_options, limits, push_option, report_option
from kapso.errors import UsageError

if TYPE_CHECKING:
    from kapso.attempt import Attempt
    from kapso.goal import Goal, Overrides
    from kapso.loop.session import Result, Voice


@click.command(
    epilog="""\b
Examples:
  kapso run                          the goal in ./goal.yaml
  kapso run experiments/circle-packing --attempts 60
  kapso run goal.yaml --time 10m --parallel 4
  kapso run --edit pack.py --evaluate 'python evaluate.py' --metric score=maximize
  kapso run --from circle-packing    go on from the best of an earlier run
  kapso run --push origin            share it when it ends, also when it is stopped
  kapso run --report packing.html    with an HTML report when it ends, or is interrupted
  kapso run --json > events.jsonl    in a script: exit code 0 is a confirmed improvement"""
)
@click.argument("goal", required=False, type=click.Path(path_type=Path))
@goal_options
@limits
@click.option("--parallel", metavar="N", help="Evaluate N attempts at once; `auto` decides.")
@click.option("--seed", type=int, metavar="N", help="Seed of everything random.")
@click.option("--propose", metavar="A,B", help="Proposers to use instead of the goal's.")
@click.option("--dirty", is_flag=True, help="Take uncommitted changes into the base.")
@click.option(
    "--from",
    "from_run",
    metavar="RUN",
    help="Score the best of RUN again and go on from there, as a new run.",
)
@push_option
@report_option
@json_option
def run(
    goal: Path | None, parallel: str | None, dirty: bool, as_json: bool, report: Path | None, **options: Any
) -> int:
    """Improve the program that GOAL describes (a goal.yaml, or its folder; default: here).

    Without a goal.yaml, `--edit` and `--evaluate` are enough, in any folder of a git repository.

    Every attempt becomes a branch `kapso/<run>/<NNNN>-<title>`; your files, index and HEAD stay as they are.
    Ctrl-C finishes what is in flight; twice stops at once. Either way `kapso resume` goes on.
    With `approve: true` in the goal, each attempt waits for `kapso approve` before anything of it runs.
    """
    from kapso.cli.aftermath import aftermath
    from kapso.cli.share import check_remote
    from kapso.loop.session import start

    names = options["propose"].split(",") if options["propose"] else None
    plain = {name: options[name] for name in ("attempts", "time", "cost", "seed")}
    overrides = _overrides(parallel=_parallel(parallel), propose=names, **plain)
    with aftermath(report) as hand_out:
        loaded, notes = _goal(goal, overrides, options)
        if options["push"]:
            check_remote(loaded, options["push"])
        best = _best_of(loaded, options["from_run"]) if options["from_run"] else None
        with _voice(as_json) as voice:
            for note in notes:
                voice.say(note)
            result = start(loaded, voice, dirty=dirty, best=best)
        return _finish(result, as_json, options["push"], hand_out)


@click.command(
    epilog="""\b
Examples:
  kapso resume                       the latest run
  kapso resume circle --attempts 200 with a larger budget"""
)
@click.argument("run", required=False)
@limits
@push_option
@report_option
@json_option
def resume(run: str | None, push: str | None, as_json: bool, report: Path | None, **options: Any) -> int:
    """Go on with RUN after a stop, a pause, a crash or a kill; limits given here replace the goal's."""
    from kapso.cli.aftermath import aftermath
    from kapso.cli.control import told
    from kapso.cli.pick import open_log
    from kapso.git.remote import find_remote
    from kapso.loop.session import release
    from kapso.loop.session import resume as go_on
    from kapso.memory.live import live_status

    log = open_log()
    repository, name = log.repository, log.run(run).run
    overrides = _overrides(**options)
    if live_status(repository.state_dir, name) == "paused":
        release(repository, name, overrides)
        for flag, given in (("--report", report), ("--push", push)):
            if given:
                later = f"once it ends, `kapso {flag[2:]}` does it"
                click.echo(f"kapso: `{flag}` is not for a run that another process holds: {later}", err=True)
        return told(name, "running", "goes on", as_json)
    if push:
        find_remote(repository.git, push)
    with aftermath(report) as hand_out:
        with _voice(as_json) as voice:
            result = go_on(repository, name, voice, overrides)
        return _finish(result, as_json, push, hand_out)


def _goal(path: Path | None, overrides: Overrides | None, options: dict[str, Any]) -> tuple[Goal, list[str]]:
    """The goal of the file, or of the options that stand for one; and what is to be said about it."""
    from kapso.goal import load_goal
    from kapso.goal.options import GoalOptions

    names = ("edit", "evaluate", "check", "metric", "objective", "program", "timeout")
    said = GoalOptions(run=options["run_command"], **{name: options[name] for name in names})
    if not said.given():
        check_goal_file(path or Path())
        return load_goal(path or Path(), overrides), []
    if path is not None:
        raise UsageError(
            f"`{said.given()[0]}` describes a goal without a file, and `{path}` names one",
            help="give one of the two; repeat `--edit` for more files, and put patterns in quotes",
            slug="usage",
        )
    goal = said.goal(Path.cwd(), overrides)
    return goal, ["the goal.yaml here is not used"] if Path("goal.yaml").exists() else []


def _best_of(goal: Goal, run: str) -> Attempt:
    """The best attempt of an earlier run of the goal's repository; its baseline where none was better."""
    from kapso.cli.pick import open_log

    log = open_log(goal.repo or goal.folder)
    picked = log.run(run)
    return log.attempt(picked, "baseline" if picked.best_attempt is None else "best")


def check_goal_file(goal: Path) -> None:
    file = goal / "goal.yaml" if goal.is_dir() else goal
    if not file.exists():
        raise UsageError(
            f"there is no `{file}`",
            help="`kapso init` writes one for the program here; or give the folder that has one, "
            "or start without: `kapso run --edit FILES --evaluate COMMAND`",
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
        return Voice(self._progress.say, listener, self._progress, how_called())

    def __exit__(self, *_: object) -> None:
        self._progress.close()


def _finish(result: Result, as_json: bool, remote: str | None, hand_out: Callable[[Result], None]) -> int:
    """Print how it ended, share it and hand the report out, whatever becomes of the one before."""
    try:
        if not as_json:
            from kapso.cli.summary import summary

            click.echo(summary(result))
    finally:  # whoever read the summary may have gone
        try:
            if remote:
                from kapso.cli.share import push_result

                push_result(result, remote)
        finally:
            hand_out(result)
    return result.exit_code
