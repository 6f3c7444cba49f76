"""Runs travel through git: pushed to a remote, pulled from it, and neither side loses what it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kapso.errors import KapsoError, MachineError, RepositoryError, UsageError
from kapso.git import landing
from kapso.git.layout import BRANCHES, HIDDEN, RunRefs
from kapso.git.remote import Move, PushRefused, Remote
from kapso.git.repository import Repository
from kapso.git.sharing import PATTERNS, SharedRun, group, missing, moves, why_not_behind
from kapso.loop.run_folder import RunFolder
from kapso.memory.live import live_status


@dataclass(frozen=True)
class Shared:
    """What became of one run: `status` is pushed, pulled, up-to-date, behind, ahead or refused."""

    run: str
    remote: str
    status: str
    refs: int = 0
    note: str | None = None
    error: KapsoError | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "remote": self.remote,
            "status": self.status,
            "refs": self.refs,
            "reason": self.error.message if self.error else self.note,
        }


def local_runs(repository: Repository) -> dict[str, SharedRun]:
    """The runs of this repository, by id."""
    return group({**repository.refs.list(BRANCHES), **repository.refs.list(HIDDEN)})


def remote_runs(remote: Remote) -> dict[str, SharedRun]:
    """The runs that a remote has, by id."""
    return group(remote.refs(*PATTERNS))


def push(repository: Repository, remote: Remote, names: Sequence[str]) -> Iterator[Shared]:
    """Bring runs to `remote`; one that has more there, or went on apart, is left as it is."""
    theirs = remote_runs(remote)
    for name in names:
        # Looked at after the remote: what lands meanwhile is not lost but pushed, too.
        ours = local_runs(repository)[name]
        yield _push_run(repository, remote, ours, theirs.get(name, SharedRun(name)))


def _push_run(repository: Repository, remote: Remote, ours: SharedRun, theirs: SharedRun) -> Shared:
    is_live = live_status(repository.state_dir, ours.run) is not None
    why = why_not_behind(repository, theirs, ours)
    if why is not None:
        is_behind = why_not_behind(repository, ours, _as_known(repository, theirs, ours)) is None
        return Shared(
            ours.run,
            remote.name,
            "behind" if is_behind else "refused",
            note=f"`{remote.name}` has more of it: `kapso pull {remote.name} {ours.run}`",
            error=None if is_behind else _apart(ours.run, remote.name, why),
        )
    wanted = moves(theirs, ours, pending=not is_live)
    if not wanted:
        return Shared(ours.run, remote.name, "up-to-date")
    note = "it is going on: push again when it has ended" if is_live else None
    best = RunRefs(ours.run).best
    try:
        try:
            remote.push(wanted)
        except PushRefused as error:
            if error.ref != best or theirs.best is None:
                raise
            wanted = [move for move in wanted if move.ref != best]
            remote.push(wanted)
            note = f"`{best}` stays where it is there: the remote lets no branch go back"
    except PushRefused as error:
        return Shared(ours.run, remote.name, "refused", error=error)
    return Shared(ours.run, remote.name, "pushed", len(wanted), note)


def pull(repository: Repository, remote: Remote, runs: Mapping[str, SharedRun]) -> Iterator[Shared]:
    """Bring `runs`, as the remote has them, here; what is live here, or went on apart, is left as it is."""
    ours = local_runs(repository)
    tips = {commit for run in ours.values() for commit in run.refs.values()}
    fresh = [ref for run in runs.values() for ref, commit in run.refs.items() if commit not in tips]
    if fresh:
        remote.fetch(fresh)
    for theirs in runs.values():
        yield _pull_run(repository, remote, theirs)


def _pull_run(repository: Repository, remote: Remote, theirs: SharedRun) -> Shared:
    name = theirs.run
    if missing(repository, theirs.refs.values()):
        moved = MachineError(
            f"`{remote.name}` changed while it was read", help="pull again", slug="remote-moved"
        )
        return Shared(name, remote.name, "refused", error=moved)
    try:
        with RunFolder(repository.state_dir, name).lock():
            landing.remove_stale_locks(repository, name)  # what a killed pull left
            ours = local_runs(repository).get(name, SharedRun(name))
            if (why := why_not_behind(repository, ours, theirs)) is not None:
                if why_not_behind(repository, theirs, ours) is None:
                    return Shared(
                        name, remote.name, "ahead", note=f"`kapso push {remote.name} {name}` shares it"
                    )
                return Shared(name, remote.name, "refused", error=_apart(name, remote.name, why))
            return _move(repository, remote, ours, theirs)
    except UsageError as error:
        return Shared(name, remote.name, "refused", error=error)


def _move(repository: Repository, remote: Remote, ours: SharedRun, theirs: SharedRun) -> Shared:
    """Let the refs here stand where the remote's do; the run's lock is held."""
    wanted = moves(ours, theirs, pending=True)
    best = RunRefs(theirs.run).best
    left_in = repository.refs.checked_out().get(best) if best in {move.ref for move in wanted} else None
    if left_in is not None:
        wanted = [move for move in wanted if move.ref != best]
    if not wanted:
        return Shared(theirs.run, remote.name, "up-to-date", note=_left(best, left_in))
    with repository.refs.transaction() as transaction:
        for move in wanted:
            _add(transaction, move)
    return Shared(theirs.run, remote.name, "pulled", len(wanted), _left(best, left_in))


def _add(transaction: Any, move: Move) -> None:
    if move.new is None:
        transaction.delete(move.ref, move.old)
    elif move.old is None:
        transaction.create(move.ref, move.new)
    else:
        transaction.update(move.ref, move.new, move.old)


def _left(best: str, folder: Path | None) -> str | None:
    return None if folder is None else f"`{best}` is checked out in `{folder}`, so it was left where it is"


def _as_known(repository: Repository, theirs: SharedRun, ours: SharedRun) -> SharedRun:
    """`theirs`, believed to rest on our records where its own are not in this repository."""
    absent = set(missing(repository, [each for each in (theirs.records, theirs.holdout) if each]))
    records = ours.records if theirs.records in absent else theirs.records
    holdout = ours.holdout if theirs.holdout in absent else theirs.holdout
    return SharedRun(theirs.run, theirs.attempts, theirs.pending, theirs.goal, records, holdout, theirs.best)


def _apart(run: str, remote: str, why: str) -> RepositoryError:
    return RepositoryError(
        f"run `{run}` went on here and in `{remote}`: one side has {why} that the other has not",
        help="both stay as they are, and nothing is lost: go on with one of the two; to build on what stands "
        f"here under a name of its own: `kapso run GOAL --from {run}`",
        slug="diverged",
    )
