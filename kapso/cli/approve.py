"""`kapso approve` and `kapso reject`: a human's word about what waits under `approve: true`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from kapso.cli.output import json_option, print_json
from kapso.errors import UsageError
from kapso.wording import plural, printable

if TYPE_CHECKING:
    from kapso.cli.pick import Log
    from kapso.loop.approval import Decision, Waiting
    from kapso.memory.episode import RunSummary

_MOST_ARGUMENTS = 10_000


@click.command(epilog="A goal with `approve: true` runs no attempt that nobody has approved.")
@click.argument("candidates", nargs=-1, metavar="[RUN] [ATTEMPT]...")
@click.option("--all", "everything", is_flag=True, help="Approve all that waits now.")
@json_option
def approve(candidates: tuple[str, ...], everything: bool, as_json: bool) -> int:
    """Let each ATTEMPT of RUN (default: the latest) run that waits for approval; without one, list them.

    A decision is about the diff as it stands: what an author mends after a failure waits again. It counts
    whether or not a process works on the run; `kapso resume` takes up what was decided meanwhile.

    \b
    kapso approve                          what waits in the latest run, and how to see the diffs
    kapso approve 7
    kapso approve circle-packing 7 9 12
    kapso approve circle-packing --all
    kapso approve circle-packing --json | jq .title
    """
    from kapso.cli.pick import open_log, split

    name, attempts = split(candidates, _MOST_ARGUMENTS)
    log = open_log()
    run = log.run(name)
    if not attempts and not everything:
        return _list(log, run, as_json)
    return _decide(log, run, attempts, everything, as_json, is_approved=True, reason=None)


@click.command(epilog="`kapso approve` lists what waits.")
@click.argument("candidates", nargs=-1, metavar="[RUN] ATTEMPT...")
@click.option("--reason", metavar="TEXT", help="Why not, in a sentence: it becomes the attempt's reason.")
@click.option("--all", "everything", is_flag=True, help="Reject all that waits now.")
@json_option
def reject(candidates: tuple[str, ...], reason: str | None, everything: bool, as_json: bool) -> int:
    """Say no to each ATTEMPT of RUN (default: the latest) that waits for approval.

    It ends as `rejected`, nothing of it is run, and its program is not proposed again. Models and agents are
    told the reason.

    \b
    kapso reject 7
    kapso reject circle-packing 7 --reason "it drops the checks of the input"
    kapso reject circle-packing --all
    """
    from kapso.cli.pick import open_log, split

    name, attempts = split(candidates, _MOST_ARGUMENTS)
    if not attempts and not everything:
        raise UsageError(
            "the attempt to reject is missing",
            help="`kapso approve` lists what waits; `kapso reject --all` rejects all of it",
            slug="usage",
        )
    log = open_log()
    return _decide(log, log.run(name), attempts, everything, as_json, is_approved=False, reason=reason)


def _decide(
    log: Log,
    run: RunSummary,
    attempts: Sequence[str],
    everything: bool,
    as_json: bool,
    *,
    is_approved: bool,
    reason: str | None,
) -> int:
    """Decide about every one that is named, or about none."""
    from kapso.loop.approval import Approvals

    if attempts and everything:
        raise UsageError("`--all` and an attempt exclude each other", help="give one of them", slug="usage")
    picked = _picked(log, run, attempts)
    approvals = Approvals(log.repository.state_dir, run.run)
    for each in picked:
        if is_approved:
            decision = approvals.approve(each.number, each.commit)
        else:
            decision = approvals.reject(each.number, reason, each.commit)
        _tell(run.run, each, decision, as_json)
    if note := _note(log, run.run):
        click.echo(f"note: {note}", err=True)
    return 0


def _picked(log: Log, run: RunSummary, attempts: Sequence[str]) -> list[Waiting]:
    """What is to be decided about: what was named, or all; UsageError names what does not wait."""
    from kapso.cli.pick import find_attempt

    found = {each.number: each for each in _waiting(log, run)}
    if not attempts:
        if not found:
            raise UsageError(
                f"nothing waits for approval in `{run.run}`",
                help=f"`kapso ls {run.run}` lists what ended",
                slug="nothing-waits",
            )
        return list(found.values())
    numbers = dict.fromkeys(find_attempt(run, text) for text in attempts)
    for number in numbers:
        if number not in found:
            raise _why_not(log, run, number)
    return [found[number] for number in numbers]


def _waiting(log: Log, run: RunSummary) -> list[Waiting]:
    from kapso.loop.approval import asks, waiting

    if not asks(log.repository, run.run):
        raise UsageError(
            f"run `{run.run}` asks for no approval",
            help="a run whose goal says `approve: true` does, from its start",
            slug="asks-for-none",
        )
    return waiting(log.repository, run.run)


def _why_not(log: Log, run: RunSummary, number: int) -> UsageError:
    """Why the attempt does not wait."""
    from kapso.attempt import HUMAN
    from kapso.git import landing
    from kapso.git.attempts import read_pending
    from kapso.loop.approval import Approvals

    what = f"attempt {number} of `{run.run}`"
    help, slug = f"`kapso approve {run.run}` lists what waits", "not-waiting"
    commit = landing.pending(log.repository, run.run).get(number)
    if commit is None:
        episode = log.episodes.episode(run.run, number)
        if episode is None:
            return UsageError(f"run `{run.run}` has no attempt `{number}`", help=help, slug="no-such-attempt")
        return UsageError(f"{what} ended already, as {episode.attempt.outcome}", help=help, slug=slug)
    decision = Approvals(log.repository.state_dir, run.run).decision(number, commit)
    if decision is not None:
        return UsageError(f"{what} is {decision.word} already", help=help, slug="already-decided")
    is_own = read_pending(log.repository, commit).proposer == HUMAN
    own = " is a revision of your own, which nobody needs to approve"
    return UsageError(what + (own if is_own else " does not wait for approval"), help=help, slug=slug)


def _tell(run: str, each: Waiting, decision: Decision, as_json: bool) -> None:
    if as_json:
        told = {"decision": decision.word, "reason": decision.reason, "time": decision.time}
        print_json({"run": run, "attempt": each.number, "commit": each.commit, **told})
    else:
        click.echo(f"{decision.word} attempt {each.number} of {run}: {printable(each.title)}")


def _note(log: Log, run: str) -> str | None:
    """Why nothing may come of a decision for now."""
    from kapso.memory.live import live_status

    status = live_status(log.repository.state_dir, run)
    if status == "running":
        return None
    why = "the run is paused" if status == "paused" else "nobody works on the run"
    return f"{why}; `kapso resume {run}` goes on with it"


def _list(log: Log, run: RunSummary, as_json: bool) -> int:
    from kapso.cli.waiting import listed, listed_json

    found = _waiting(log, run)
    if as_json:
        print_json(*listed_json(log, run.run, found))
    elif not found:
        click.echo(f"nothing waits for approval in {run.run}")
    else:
        click.echo(f"{plural(len(found), 'attempt')} of {run.run} wait{'s' * (len(found) == 1)} for approval")
        click.echo("\n".join(listed(log, run.run, found)))
        if note := _note(log, run.run):
            click.echo(f"note: {note}", err=True)
    return 0
