"""Files in the tree of a ref, each state a commit on the one before: records and hold-out results of a run.

Every write stores the whole list of files anew (about 70 KB of tree for 3,000 records), so write in batches.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kapso.git.layout import RunRefs
from kapso.git.refs import RefConflict
from kapso.git.trees import FILE, Entry

if TYPE_CHECKING:
    from kapso.git.repository import Repository

_TRIES = 10
_APART_S = 0.005
"""Two who write without a pause keep out of each other's way: up to so long at first, then twice as long."""


def record_name(number: int) -> str:
    """The name of an attempt's file in a ledger."""
    return f"{number:04d}.json"


def write_records(repository: Repository, run: str, files: Mapping[str, bytes]) -> str:
    """Add or replace records, such as `0007.json`; returns the commit that holds them all."""
    return write_files(repository, RunRefs(run).records, files, f"Records of {run}")


def read_records(repository: Repository, run: str) -> dict[str, bytes]:
    """All records of a run by name."""
    return read_files(repository, RunRefs(run).records)


def write_holdout(repository: Repository, run: str, files: Mapping[str, bytes]) -> str:
    """Add or replace hold-out results: for reports alone, never for a proposer."""
    return write_files(repository, RunRefs(run).holdout, files, f"Hold-out results of {run}")


def read_holdout(repository: Repository, run: str) -> dict[str, bytes]:
    """All hold-out results of a run by name."""
    return read_files(repository, RunRefs(run).holdout)


def write_files(repository: Repository, ref: str, files: Mapping[str, bytes | None], subject: str) -> str:
    """Add or replace (None: remove) files on `ref`, keeping what others wrote; returns its commit."""
    return change_files(repository, ref, lambda _: files, subject)


def change_files(
    repository: Repository,
    ref: str,
    change: Callable[[str | None], Mapping[str, bytes | None]],
    subject: str,
    also: Sequence[str] = (),
) -> str:
    """As `write_files`, with files that `change` makes of what stands at the commit that it is given.

    It is asked again when others wrote meanwhile. `also` are further parents. Returns the ref's commit, which
    is the one that stood where nothing differs.
    """
    for last in range(_TRIES):
        standing = repository.refs.get(ref)
        changes = {
            path: None if data is None else Entry(FILE, repository.write_blob(data))
            for path, data in change(standing).items()
        }
        tree = repository.write_tree(standing, changes)
        if standing and tree == repository.tree_of(standing):
            return standing
        now = datetime.now(UTC)
        parents = list(dict.fromkeys([*([standing] if standing else []), *also]))
        commit = repository.commit(tree, parents, f"{subject}\n", repository.committer(), now, now)
        repository.sync()
        try:
            with repository.refs.transaction() as moves:
                if standing:
                    moves.update(ref, commit, standing)
                else:
                    moves.create(ref, commit)
            return commit
        except RefConflict:
            if last == _TRIES - 1:
                raise
            time.sleep(random.uniform(0.0, _APART_S * 2 ** min(last, 5)))
    raise AssertionError("unreachable")


def read_files(repository: Repository, ref: str) -> dict[str, bytes]:
    """All files on `ref` by path; none where there is no such ref."""
    commit = repository.refs.get(ref)
    if commit is None:
        return {}
    return {
        path: repository.objects.read(entry.oid, path) for path, entry in repository.entries(commit).items()
    }
