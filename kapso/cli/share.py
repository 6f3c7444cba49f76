"""`kapso push` and `kapso pull`: runs, and what they taught, shared through git."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kapso.cli.output import how_called, json_option, print_json
from kapso.errors import KapsoError, UsageError

if TYPE_CHECKING:
    from kapso.git.remote import Remote
    from kapso.git.repository import Repository
    from kapso.goal import Goal
    from kapso.loop.session import Result
    from kapso.loop.sharing import Shared
    from kapso.memory.lessons.sharing import SharedMemory

_PATIENCE_S = 60.0
"""How long somebody who pressed Ctrl-C waits for a push."""


@click.command()
@click.argument("arguments", nargs=-1, metavar="[REMOTE] [RUN]")
@json_option
def push(arguments: tuple[str, ...], as_json: bool) -> int:
    """Bring RUN (default: every run) to REMOTE (default: the only one, else origin).

    A plain `git push` carries none of it. Attempts, best, goal, records, hold-out results and, where
    nobody works on the run, candidates that wait to be evaluated go together, all or none where the remote
    can do so. Nothing there is overwritten: a run that somebody else went on with is refused. Lessons (of RUN
    alone, where one is named) are joined with those that are there. No hook runs, and no config, tag or
    remote-tracking branch changes.

    \b
    kapso push
    kapso push origin circle-packing
    kapso push git@example.org:me/program.git --json
    """
    from kapso.cli.pick import open_log
    from kapso.git.remote import find_remote
    from kapso.loop.sharing import local_runs
    from kapso.loop.sharing import push as bring
    from kapso.memory.lessons.sharing import push_lessons

    log = open_log()
    name, run = _split(log.repository, arguments)
    remote = find_remote(log.repository.git, name)
    named = log.run(run).run if run else None
    names = [named] if named else list(local_runs(log.repository))
    refused: set[str] = set()
    code = _tell(bring(log.repository, remote, names), remote, as_json, refused)
    if named in refused:
        return code
    return _tell_lessons(push_lessons(log.repository, remote, named, refused), as_json) or code


@click.command()
@click.argument("arguments", nargs=-1, metavar="[REMOTE] [RUN]")
@json_option
def pull(arguments: tuple[str, ...], as_json: bool) -> int:
    """Fetch RUN (default: every run) from REMOTE (default: the only one, else origin).

    `kapso ls` and `show` read pulled runs, and `kapso resume` goes on with them: it runs the commands of
    their goal, so pull from whom you trust. Nothing here is overwritten: a run that went on here, too, is
    refused, and one that is live here is left alone. Lessons that come along are in quarantine until attempts
    of one's own agree.

    \b
    kapso pull
    kapso pull origin circle-packing-3f9a && kapso resume circle-packing-3f9a
    kapso pull --json
    """
    from kapso.git.remote import find_remote
    from kapso.git.repository import Repository
    from kapso.loop.sharing import pull as bring
    from kapso.loop.sharing import remote_runs
    from kapso.memory.lessons.sharing import pull_lessons

    repository = Repository.open(Path.cwd())
    repository.check_writable()
    name, run = _split(repository, arguments)
    remote = find_remote(repository.git, name)
    found = remote_runs(remote)
    named = _pick(run, list(found), remote.name) if run else None
    names = [named] if named else list(found)
    refused: set[str] = set()
    code = _tell(bring(repository, remote, {each: found[each] for each in names}), remote, as_json, refused)
    if named in refused:
        return code
    return _tell_lessons(pull_lessons(repository, remote, named, refused), as_json) or code


def check_remote(goal: Goal, name: str) -> None:
    """UsageError before the run starts, where what it is to be pushed to is no remote."""
    from kapso.git.remote import find_remote
    from kapso.git.repository import Repository

    find_remote(Repository.open(goal.repo or goal.folder).git, name)


def push_result(result: Result, name: str) -> None:
    """Push the run that has ended. What fails is told, loudly, with what to type later.

    The exit code stays the run's own. After SIGTERM only what is left of its 5 seconds is used.
    """
    from kapso.git.remote import find_remote
    from kapso.git.repository import Repository
    from kapso.loop.sharing import push as bring
    from kapso.memory.lessons.sharing import push_lessons

    try:
        with Repository.open(Path(result.repository)) as repository, _ended_by_sigterm():
            remote = find_remote(repository.git, name)
            remote.deadline = result.leave_by
            if result.leave_by is None and result.ending == "interrupted":
                remote.deadline = time.monotonic() + _PATIENCE_S
            [shared] = bring(repository, remote, [result.run])
            taught = push_lessons(repository, remote, result.run) if shared.error is None else None
        error = shared.error or (taught.error if taught else None)
        why = error.message if error else None
        why = why or (shared.note if shared.status == "behind" else None)
    except (KapsoError, KeyboardInterrupt, KeyError) as error:
        why = error.message if isinstance(error, KapsoError) else "it was interrupted"
    if why is None:
        click.echo(f"kapso: pushed to {name}", err=True)
        return
    later = f"{how_called()} push {name} {result.run}"
    click.echo(
        f"kapso: warning: {result.run} was NOT pushed: {why}\nkapso: nothing is lost; push it later: {later}",
        err=True,
    )


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends what is going on as Ctrl-C does, so that no process of ours is left."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _split(repository: Repository, arguments: tuple[str, ...]) -> tuple[str | None, str | None]:
    """REMOTE and RUN: one argument alone is a remote if there is such a one, else a run."""
    from kapso.git.remote import is_remote

    if len(arguments) > 2:
        raise UsageError(
            f"`{arguments[2]}` is one argument too many", help="first REMOTE, then RUN", slug="usage"
        )
    if len(arguments) == 2:
        return arguments[0], arguments[1]
    if arguments and is_remote(repository.git, arguments[0]):
        return arguments[0], None
    return None, arguments[0] if arguments else None


def _pick(text: str, names: list[str], remote: str) -> str:
    """The one of `names` that `text` names: exactly, as a goal's only run, or by its start."""
    fits = [
        [name for name in names if name == text],
        [name for name in names if name.rpartition("-")[0] == text],
        [name for name in names if name.startswith(text)],
    ]
    found = next(filter(None, fits), [])
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"`{name}`" for name in found[:8])
        raise UsageError(
            f"`{text}` fits {len(found)} runs of `{remote}`",
            help=f"say which: {listed}",
            slug="ambiguous-run",
        )
    listed = ", ".join(f"`{name}`" for name in names[:8])
    remedy = f"there are: {listed}" if names else "it has none: `kapso push` brings them there"
    raise UsageError(f"`{remote}` has no run called `{text}`", help=remedy, slug="no-such-run")


def _tell(results: Iterable[Shared], remote: Remote, as_json: bool, refused: set[str]) -> int:
    """Print each run as it is done, and note those that were refused; the exit code is that of the first."""
    code = done = 0
    for shared in results:
        done += 1
        if as_json:
            print_json(shared.to_json())
        else:
            print(_line(shared))
        if shared.error is not None:
            click.echo(shared.error.render(), err=True)
            code = code or shared.error.exit_code
            refused.add(shared.run)
    if not done:
        click.echo(f"kapso: there is no run to share with {remote.name}", err=True)
    return code


def _tell_lessons(shared: SharedMemory, as_json: bool) -> int:
    """What became of the lessons, where there are any; the exit code."""
    from kapso.cli.lessons_shared import tell

    return 0 if shared.status == "none" else tell(shared, as_json)


def _line(shared: Shared) -> str:
    what = f"{shared.run}: {shared.status.replace('-', ' ')}"
    refs = f" ({shared.refs} refs)" if shared.refs else ""
    return f"{what}{refs}" + (f"; {shared.note}" if shared.note and shared.error is None else "")
