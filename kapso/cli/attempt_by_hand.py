"""`kapso try`: a revision of the user's own, evaluated as an attempt of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kapso.cli.output import how_called, json_option, print_json
from kapso.errors import UsageError
from kapso.wording import number, printable

if TYPE_CHECKING:
    from kapso.loop.attempt_by_hand import Tried


@click.command("try")
@click.argument("arguments", nargs=-1, metavar="[RUN] REV")
@click.option("--dirty", is_flag=True, help="Try the working tree as it stands, upon REV (default: HEAD).")
@json_option
def try_(arguments: tuple[str, ...], dirty: bool, as_json: bool) -> int:
    """Evaluate REV, a revision of your own, as an attempt of RUN (default: the latest).

    REV may differ from the run's base in what the goal's `edit` matches, and in nothing else. It becomes
    an attempt like any other (proposer `human`), made from the attempt that stands nearest in its history,
    else from the baseline. A run that is going on takes it up as its next attempt; in one that has
    finished, a new best is confirmed at once. Budgets do not count it. What was tried already is not
    evaluated again. The exit code is 0 once the result is known, whatever it is.

    \b
    kapso try HEAD
    kapso try circle-packing my-branch
    kapso try --dirty                       the files as they are before you
    kapso try my-branch --json | jq .score
    """
    from kapso.cli.live import Progress
    from kapso.cli.pick import open_log
    from kapso.loop.attempt_by_hand import try_revision
    from kapso.loop.session import Voice

    log = open_log()
    run, revision = _split(arguments, dirty)
    name = log.run(run).run
    progress = Progress(is_quiet=as_json)
    try:
        voice = Voice(progress.say, None, progress, how_called())
        tried = try_revision(log.repository, name, revision, voice, dirty=dirty)
    finally:
        progress.close()
    return _report(name, tried, as_json)


def _split(arguments: tuple[str, ...], dirty: bool) -> tuple[str | None, str]:
    """RUN and REV: one argument alone is REV, with --dirty RUN."""
    if len(arguments) > 2:
        raise UsageError(
            f"`{arguments[2]}` is one argument too many",
            help="first the run, then the revision",
            slug="usage",
        )
    if len(arguments) == 2:
        return arguments[0], arguments[1]
    if dirty:
        return (arguments[0] if arguments else None), "HEAD"
    if not arguments:
        raise UsageError(
            "the revision to try is missing",
            help="`kapso try HEAD` for the last commit, `kapso try --dirty` for the files as they are",
            slug="usage",
        )
    return None, arguments[0]


def _report(name: str, tried: Tried, as_json: bool) -> int:
    if tried.refusal is not None:
        raise UsageError(f"the run refused it: {tried.refusal}", slug="not-editable")
    if tried.attempt is None:
        click.echo(f"kapso: nothing is lost; go on with: {how_called()} resume {name}", err=True)
    elif as_json:
        print_json(tried.attempt.to_json())
    else:
        click.echo("\n".join(_lines(name, tried)))
    return tried.exit_code


def _lines(name: str, tried: Tried) -> list[str]:
    attempt = tried.attempt
    assert attempt is not None
    what = "was tried already: attempt" if tried.is_known else "attempt"
    score = number(attempt.score) if attempt.is_scored else f"{attempt.outcome}: {attempt.reason}"
    lines = [f"{what} {attempt.number} of {name}: {printable(score)}"]
    if attempt.verdict is not None and attempt.parents:
        lines.append(f"  {attempt.verdict} against attempt {attempt.parents[0]}, which it was made from")
    lines.append(f"  {_standing(tried)}")
    lines.append(f"  branch  {attempt.branch}")
    return lines


def _standing(tried: Tried) -> str:
    """Where it stands beside the best, and whether that is confirmed."""
    attempt, best, found = tried.attempt, tried.best, tried.confirmation
    assert attempt is not None
    if found is not None and found.attempt == attempt.number:
        if found.is_confirmed:
            return "the best of the run now, confirmed against the baseline"
        return "its lead over the best did not hold when it was evaluated again"
    if best is None:
        return "the run has no best yet"
    if best.number != attempt.number:
        return f"the best is attempt {best.number}: {number(best.score)}"
    if tried.is_known:
        return "the best of the run"
    return "the best of the run so far; not confirmed before the run ends"
