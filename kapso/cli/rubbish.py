"""What `kapso gc` may remove: old logs, abandoned workspaces, files set aside, runs that the user names."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.errors import UsageError
from kapso.evaluate.sandbox.trees import remove_tree

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary

DAY_S = 86_400
ABANDONED_DAYS = 30
"""How long another repository's workspaces must have been left alone: whether it has a run cannot be seen."""


@dataclass(frozen=True)
class Removable:
    """Something that can go: `kind` is logs, workspace, leftover or run."""

    kind: str
    name: str
    bytes: int
    remove: Callable[[], None]


def logs(
    repository: Repository, runs: Sequence[RunSummary], named: Sequence[str], older_than_days: float
) -> Iterator[Removable]:
    """Logs of runs that nobody works on; of `named` alone if any, whatever their age then.

    What `resume` needs of an unfinished run stays.
    """
    from kapso.memory.live import live_status

    finished = {run.run for run in runs if run.status == "finished"}
    known = {run.run for run in runs}
    for folder in _children(repository.state_dir / "runs"):
        run = folder.name
        if named and run not in named or live_status(repository.state_dir, run):
            continue
        if not named and _age_days(folder) < older_than_days:
            continue
        if run not in known:
            paths = [folder]
        elif run in finished:
            paths = [folder / "attempts", *folder.glob("checkpoints.sqlite*")]
        else:
            paths = [folder / "attempts"]
        paths = [path for path in paths if path.exists()]
        if paths:
            yield Removable("logs", run, sum(map(_bytes, paths)), partial(_remove, paths))


def leftovers(repository: Repository) -> Iterator[Removable]:
    """Files that were set aside because they could not be used."""
    for path in sorted(repository.state_dir.glob("*.set-aside")):
        yield Removable("leftover", str(path), _bytes(path), partial(_remove, [path]))


def workspaces(repository: Repository, older_than_days: float) -> Iterator[Removable]:
    """What evaluations left in the user's cache, unless a run of this repository is going on.

    What candidates left goes at once; prepared bases and build caches, which spare the next run some
    work, when they are old. Other repositories' folders go when nobody can be using them any more.
    """
    from kapso.evaluate.base import cache_folder
    from kapso.memory.live import live_status

    own = cache_folder(repository)
    runs = _children(repository.state_dir / "runs")
    if not any(live_status(repository.state_dir, folder.name) for folder in runs):
        yield from map(_workspace, [*_children(own / "changes"), *_children(own / "out")])
        for folder in [*_children(own / "bases"), *_children(own / "keep")]:
            if _age_days(folder) >= older_than_days:
                yield _workspace(folder)
    for folder in _children(own.parent):
        if folder != own and _age_days(folder) >= max(older_than_days, ABANDONED_DAYS):
            yield _workspace(folder)


def _workspace(folder: Path) -> Removable:
    return Removable("workspace", str(folder), _bytes(folder), partial(_remove, [folder]))


def whole_run(repository: Repository, run: str) -> Removable:
    """Everything of a run: branches, records, logs. UsageError while somebody works on it or looks at it."""
    from kapso.git.layout import RunRefs
    from kapso.memory.live import live_status

    names = RunRefs(run)
    refs = {**repository.refs.list(names.attempts_prefix), **repository.refs.list(names.hidden_prefix)}
    if live_status(repository.state_dir, run):
        raise UsageError(
            f"run `{run}` is being worked on", help=f"`kapso stop {run}` ends it", slug="run-is-running"
        )
    for ref, folder in repository.refs.checked_out().items():
        if ref in refs:
            raise UsageError(
                f"`{ref}` is checked out in `{folder}`",
                help="check another branch out there first",
                slug="branch-checked-out",
            )
    folder = repository.state_dir / "runs" / run
    name = f"{run} ({len(refs)} refs)"
    return Removable("run", name, _bytes(folder), partial(_remove_run, repository, run, refs, folder))


def _remove_run(repository: Repository, run: str, refs: dict[str, str], folder: Path) -> None:
    from kapso.memory.live import held

    with held(repository.state_dir, run) as is_free:
        if not is_free:
            raise UsageError(f"run `{run}` has been resumed meanwhile", slug="run-is-running")
        with repository.refs.transaction() as transaction:
            for ref, commit in refs.items():
                transaction.delete(ref, commit)
        _remove([folder])


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        remove_tree(path)


def _bytes(path: Path) -> int:
    """What `path` takes on the disk, as far as one may look into it."""
    total, waiting = 0, [path]
    while waiting:
        try:
            found = waiting.pop()
            total += found.lstat().st_blocks * 512
            if found.is_dir() and not found.is_symlink():
                waiting += found.iterdir()
        except OSError:
            continue  # gone meanwhile, or closed to its owner
    return total


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _age_days(path: Path) -> float:
    """Since `path`, or anything directly in it, last changed; 0 for what is gone meanwhile."""
    try:
        newest = max(each.lstat().st_mtime for each in [path, *_children(path)])
    except OSError:
        return 0.0
    return (time.time() - newest) / DAY_S
