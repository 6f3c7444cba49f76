"""How a run begins in git and its attempts become final, in an order that survives a kill at any point.

Pending ref before anything runs; then attempt branch, best, announcement, pending ref removed. Each step may
be repeated: whoever takes over a run lands again whatever is pending.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.attempt import BASELINE, Attempt
from kapso.errors import KapsoError
from kapso.git.command import version
from kapso.git.layout import RunRefs, parse_branch, slug
from kapso.git.ledger import read_files
from kapso.git.refs import RefConflict
from kapso.git.trees import FILE, Entry

if TYPE_CHECKING:
    from kapso.git.repository import Repository

# A git that outlives a killed engine by a moment may still hold a lock: a younger one is waited for.
_LOCK_AGE_S = 2.0


@dataclass(frozen=True)
class Landed:
    """Where an attempt stands for good; `best_left_in` is the working tree that kept best from moving."""

    branch: str
    commit: str
    best_left_in: Path | None = None


def start_run(repository: Repository, run: str, goal_files: Mapping[str, bytes], base: str) -> str:
    """Keep the goal as resolved under the run's goal ref; returns its commit.

    Its parent is the base, so that git never prunes what the run started from, a snapshot of uncommitted
    changes included. RefConflict if there is such a run with another goal or base.
    """
    ref = RunRefs(run).goal
    changes = {path: Entry(FILE, repository.write_blob(data)) for path, data in goal_files.items()}
    tree = repository.write_tree(None, changes)
    standing = repository.refs.get(ref)
    if standing and repository.tree_of(standing) == tree and base_of(repository, run) == base:
        return standing
    now = datetime.now(UTC)
    commit = repository.commit(tree, [base], f"Goal of {run}\n", repository.committer(), now, now)
    repository.sync()
    with repository.refs.transaction() as moves:
        moves.create(ref, commit)
    return commit


def read_goal(repository: Repository, run: str) -> dict[str, bytes]:
    """The files that `start_run` kept, by path."""
    return read_files(repository, RunRefs(run).goal)


def base_of(repository: Repository, run: str) -> str:
    """The commit that a run started from. KeyError if there is no such run."""
    goal = repository.refs.get(RunRefs(run).goal)
    if goal is None:
        raise KeyError(run)
    return str(repository.objects.commit(goal).parent_ids[0])


def set_pending(repository: Repository, run: str, number: int, commit: str) -> None:
    """Keep a candidate before it runs, in place of one that a repair replaced.

    Its objects reach the disk while it runs: a power cut may cost a candidate, never an evaluated attempt.
    """
    repository.objects.begin_sync()
    with repository.refs.transaction() as moves:
        moves.update(RunRefs(run).pending(number), commit)


def land(
    repository: Repository,
    run: str,
    number: int,
    pending_commit: str | None,
    final: Attempt,
    best: str | None,
    announce: Callable[[], None],
) -> Landed:
    """Make the attempt `final` final; `best` is the commit that best shall stand at, None to leave it.

    If the attempt had landed before a kill, its branch stays as it is, under whatever title, and stands for
    `final` in `best` too; `announce` is called again then, and must bear that. Different attempts may land
    from different threads, but not between a decision about best and its landing.
    """
    names = RunRefs(run)
    known = landed_as(repository, run, number) or _make_branch(repository, run, number, final)
    branch, commit = known
    left_in = move_best(repository, run, commit if best == final.commit else best) if best else None
    announce()
    if pending_commit and repository.refs.get(names.pending(number)):
        with repository.refs.transaction() as moves:
            moves.delete(names.pending(number), pending_commit)
    return Landed(branch, commit, left_in)


def landed_as(repository: Repository, run: str, number: int) -> tuple[str, str] | None:
    """Branch and commit of an attempt that landed, whatever its title; None if it has not."""
    ref = _known_branches(repository, run).get(number)
    commit = repository.refs.get(ref) if ref else None
    return (ref, commit) if ref and commit else None


def move_best(repository: Repository, run: str, commit: str) -> Path | None:
    """Let best stand at `commit`. Where it is checked out it is left, and that working tree returned."""
    ref = RunRefs(run).best
    if repository.refs.get(ref) == commit:
        return None
    left_in = repository.refs.checked_out().get(ref)
    if left_in is None:
        with repository.refs.transaction() as moves:
            moves.update(ref, commit)
    return left_in


def landed(repository: Repository, run: str) -> dict[int, tuple[str, str]]:
    """Branch and commit of every landed attempt by number. KapsoError if two branches claim one number."""
    found: dict[int, tuple[str, str]] = {}
    for ref, commit in repository.refs.list(RunRefs(run).attempts_prefix).items():
        parsed = parse_branch(ref)
        if parsed is None:
            continue
        other = found.setdefault(parsed[1], (ref, commit))
        if other[1] != commit:
            raise KapsoError(
                f"`{ref}` and `{other[0]}` both claim attempt {parsed[1]} of `{run}`",
                help="delete the one that is not the run's, with `git branch -D`",
                slug="attempt-twice",
            )
    return found


def pending(repository: Repository, run: str) -> dict[int, str]:
    """The commits of the candidates that have not landed, by number."""
    prefix = RunRefs(run).pending_prefix
    return {int(ref.removeprefix(prefix)): commit for ref, commit in repository.refs.list(prefix).items()}


def drop_pending(repository: Repository, run: str, number: int, commit: str) -> None:
    """Forget a candidate that never landed."""
    with repository.refs.transaction() as moves:
        moves.delete(RunRefs(run).pending(number), commit)


def remove_stale_locks(repository: Repository, run: str) -> list[Path]:
    """Remove and return what a killed process or a power cut left of this run's refs: locks, and empty refs.

    The run's lock must be held; other runs' refs and the user's are left alone.
    """
    names = RunRefs(run)
    removed = []
    for prefix in (names.attempts_prefix, names.hidden_prefix):
        for path in sorted((repository.common_dir / prefix).rglob("*")):
            if path.is_file() and _is_rubbish(path):
                path.unlink(missing_ok=True)
                removed.append(path)
    return removed


def remove_stale_lock(repository: Repository, ref: str) -> bool:
    """Remove what a killed process left of one ref's lock; True if there was anything.

    Whoever calls holds the OS lock that all who move the ref take.
    """
    path = repository.common_dir / f"{ref}.lock"
    is_stale = path.is_file() and _is_rubbish(path)
    if is_stale:
        path.unlink(missing_ok=True)
    return is_stale


def pack_refs(repository: Repository, run: str) -> bool:
    """Pack this run's refs alone, when it ends (0.9 s for 10,000). False where git is older than 2.42."""
    if version() < (2, 42):
        return False
    names = RunRefs(run)
    repository.git.output(
        "pack-refs", "--include", f"{names.attempts_prefix}*", "--include", f"{names.hidden_prefix}*"
    )
    return True


def _make_branch(repository: Repository, run: str, number: int, final: Attempt) -> tuple[str, str]:
    names = RunRefs(run)
    branch = names.baseline if number == BASELINE else names.branch(number, slug(final.title))
    repository.sync()
    try:
        with repository.refs.transaction() as moves:
            moves.create(branch, final.commit)
    except RefConflict:  # another process landed it since this one looked
        repository.landed_branches.pop(run, None)
        if known := landed_as(repository, run, number):
            return known
        raise
    _known_branches(repository, run)[number] = branch
    return branch, final.commit


def _known_branches(repository: Repository, run: str) -> dict[int, str]:
    """The run's branches by number, listed once and then kept up: listing 3,000 takes 50 ms."""
    known = repository.landed_branches.get(run)
    if known is None:
        branches = {number: ref for number, (ref, _) in landed(repository, run).items()}
        known = repository.landed_branches.setdefault(run, branches)
    return known


def _is_rubbish(path: Path) -> bool:
    try:
        if path.suffix != ".lock":
            return path.stat().st_size == 0
        while time.time() - path.stat().st_mtime < _LOCK_AGE_S:
            time.sleep(0.02)
    except FileNotFoundError:  # whoever held it let go
        return False
    return True
