"""A run in two repositories: which of the two has all that the other has, and what moves then.

Attempts are final, and records and hold-out results grow commit by commit; so one side is behind, or both
went on apart. `best` stands at any attempt and tells nothing. Two that went on apart are never merged: each
has attempts of the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kapso.git.layout import BRANCHES, HIDDEN, RunRefs, parse_branch
from kapso.git.remote import Move

if TYPE_CHECKING:
    from kapso.git.repository import Repository

PATTERNS = (f"{BRANCHES}*", f"{HIDDEN}*")
_SHOWN = 5


@dataclass
class SharedRun:
    """A run's refs in one repository; `attempts` and `pending` by number."""

    run: str
    attempts: dict[int, tuple[str, str]] = field(default_factory=dict)
    pending: dict[int, str] = field(default_factory=dict)
    goal: str | None = None
    records: str | None = None
    holdout: str | None = None
    best: str | None = None

    @property
    def refs(self) -> dict[str, str]:
        """All refs, in an order that leaves no lie wherever it ends: what rests on others comes later."""
        names = RunRefs(self.run)
        last = (
            (names.holdout, self.holdout),
            (names.records, self.records),
            (names.best, self.best),
            *((names.pending(number), commit) for number, commit in sorted(self.pending.items())),
            (names.goal, self.goal),
        )
        attempts = dict(entry for _, entry in sorted(self.attempts.items()))
        return attempts | {ref: commit for ref, commit in last if commit is not None}


def group(refs: Mapping[str, str]) -> dict[str, SharedRun]:
    """The runs that `refs` hold, by id; what else stands below `kapso/` is left out."""
    runs: dict[str, SharedRun] = {}
    for ref, commit in refs.items():
        if (place := _place(ref)) is None:
            continue
        name, kind = place
        run = runs.setdefault(name, SharedRun(name))
        if (parsed := parse_branch(ref)) is not None:
            run.attempts[parsed[1]] = (ref, commit)
        elif kind in ("goal", "records", "holdout", "best"):
            setattr(run, kind, commit)
        elif kind.startswith("pending/") and kind.removeprefix("pending/").isdigit():
            run.pending[int(kind.removeprefix("pending/"))] = commit
    return {name: run for name, run in runs.items() if run.goal is not None}


def why_not_behind(repository: Repository, old: SharedRun, new: SharedRun) -> str | None:
    """What `old` has and `new` has not, in a phrase; None where `old` may become `new` without a loss.

    An object that is not in this repository belongs to nothing that is.
    """
    if old.goal is not None and old.goal != new.goal:
        return "another run of the same name"
    if missing := [n for n, (_, commit) in sorted(old.attempts.items()) if _commit(new, n) != commit]:
        return _attempts(missing)
    for number, commit in old.pending.items():
        landed = _commit(new, number)
        if new.pending.get(number) != commit and not (landed and _same_origin(repository, commit, landed)):
            return f"a candidate for attempt {number}"
    for kind, ours, theirs in (
        ("records", old.records, new.records),
        ("hold-out results", old.holdout, new.holdout),
    ):
        if ours is not None and not (theirs is not None and is_ancestor(repository, ours, theirs)):
            return f"later {kind}"
    return None


def moves(old: SharedRun, new: SharedRun, *, pending: bool) -> list[Move]:
    """What makes `old` into `new`, in the order of `refs`; fresh candidates only if `pending`."""
    before, after = old.refs, new.refs
    names = RunRefs(new.run)
    found = [
        Move(ref, before.get(ref), commit)
        for ref, commit in after.items()
        if before.get(ref) != commit and (pending or not ref.startswith(names.pending_prefix))
    ]
    if [move.ref for move in found] == [names.best]:
        return []  # left behind where a remote lets no branch go back, and told by the records alike
    landed = [number for number in old.pending if number in new.attempts]
    return found + [Move(names.pending(number), old.pending[number], None) for number in sorted(landed)]


def is_ancestor(repository: Repository, old: str, new: str) -> bool:
    """Whether `new` came from `old`, or is it; False where this repository lacks one of them."""
    return old == new or repository.git.run("merge-base", "--is-ancestor", old, new).returncode == 0


def missing(repository: Repository, commits: Iterable[str]) -> list[str]:
    """Those of `commits` that this repository has not got."""
    asked = "".join(f"{commit}\n" for commit in commits).encode()
    lines = repository.git.output("cat-file", "--batch-check", stdin=asked).decode().splitlines()
    return [line.split()[0] for line in lines if line.endswith(" missing")]


def _place(ref: str) -> tuple[str, str] | None:
    """The run that `ref` belongs to and what it is there."""
    for prefix in (BRANCHES, HIDDEN):
        if ref.startswith(prefix):
            name, _, kind = ref.removeprefix(prefix).partition("/")
            try:
                RunRefs(name)
            except ValueError:
                return None
            return (name, kind) if kind else None
    return None


def _commit(run: SharedRun, number: int) -> str | None:
    return run.attempts[number][1] if number in run.attempts else None


def _same_origin(repository: Repository, candidate: str, landed: str) -> bool:
    """Whether the attempt is what became of the candidate: proposed by the same at the same time."""
    if missing(repository, [candidate, landed]):
        return False
    authors = [repository.objects.commit(each).author for each in (candidate, landed)]
    return len({(author.name, author.time) for author in authors}) == 1


def _attempts(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"another attempt {numbers[0]}"
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    return f"other attempts {shown}" + (f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else "")
