"""Lessons travel through git beside the runs: joined on both ends, so that neither loses what it learnt.

What a remote holds is what all that push there saw. Whom one trusts stays at home, and what comes from there
is in quarantine here, see `guard`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kapso.errors import KapsoError, MachineError, UsageError
from kapso.git.layout import MEMORY
from kapso.git.remote import Move, PushRefused, Remote
from kapso.git.sharing import missing
from kapso.git.trees import FILE as PLAIN
from kapso.git.trees import Entry
from kapso.memory.lessons.guard import foreign_runs, shared
from kapso.memory.lessons.ledger import FILE, Ledger, content_of, joined, parse_lines, read_texts
from kapso.memory.lessons.lesson import Mark
from kapso.memory.lessons.marks import TRUST, moment
from kapso.memory.lessons.merge import merge_lines

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.lessons.lesson import Line

MOST_TAKEN = 50_000
"""Lines at once: each is judged, and whoever can write a remote can write any number."""
_TRIES = 3


@dataclass(frozen=True)
class SharedMemory:
    """What became of the lessons: `status` is pushed, pulled, merged, up-to-date, none or refused; `changed`
    tells how many say more than before, there or here."""

    remote: str
    status: str
    lessons: int = 0
    changed: int = 0
    error: KapsoError | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "run": None,
            "remote": self.remote,
            "status": self.status,
            "refs": int(self.status in ("pushed", "pulled")),
            "reason": self.error.message if self.error else None,
            "lessons": self.lessons,
            "changed": self.changed,
        }


def push_lessons(
    repository: Repository, remote: Remote, run: str | None = None, without: Collection[str] = ()
) -> SharedMemory:
    """Join the lessons with those of `remote`, there: what `run` saw, or all runs but those `without`."""
    ours = shared(Ledger(repository).lines(), run, without)
    if not ours:
        return SharedMemory(remote.name, "none")
    for last in range(_TRIES):
        theirs = _fetched(repository, remote)
        texts = {} if theirs is None else read_texts(repository, theirs)
        after = joined(texts, ours)
        changed = sum(text != texts.get(key) for key, text in after.items())
        if not changed:
            return SharedMemory(remote.name, "up-to-date", len(after))
        try:
            remote.push([Move(MEMORY, theirs, _commit(repository, theirs, after))])
        except PushRefused as error:
            if last == _TRIES - 1 or theirs == remote.refs(MEMORY).get(MEMORY):
                return SharedMemory(remote.name, "refused", error=error)
            continue  # somebody pushed meanwhile
        return SharedMemory(remote.name, "pushed", len(after), changed)
    raise AssertionError("unreachable")


def pull_lessons(
    repository: Repository,
    remote: Remote,
    run: str | None = None,
    without: Collection[str] = (),
    *,
    is_trusted: bool = False,
) -> SharedMemory:
    """Join the lessons of `remote` with those here, in quarantine unless somebody vouches for them."""
    theirs = _fetched(repository, remote)
    if theirs is None:
        return SharedMemory(remote.name, "none")
    lines = parse_lines(islice(read_texts(repository, theirs).values(), MOST_TAKEN))
    if run is not None or without:
        lines = shared(lines, run, without)
    origin = name_of(remote.name)
    changed = take(Ledger(repository), lines, origin, is_trusted=is_trusted, also=[theirs])
    return SharedMemory(remote.name, "pulled" if changed else "up-to-date", len(lines), changed)


def take(
    ledger: Ledger,
    lines: Mapping[str, Line],
    origin: str,
    *,
    is_trusted: bool = False,
    also: list[str] | None = None,
) -> int:
    """Join `lines` from `origin`, as one's own where somebody vouches for them; how many say more then."""
    if not is_trusted:
        return ledger.take(lines, origin, also or ())
    before = ledger.lines()
    known = merge_lines(before, lines)
    trust = Mark(moment(), TRUST, origin)
    vouched = {
        key: replace(known[key], marks=(*known[key].marks, trust)) if foreign_runs(known[key]) else line
        for key, line in lines.items()
    }
    ledger.put(vouched, f"Lessons of {origin}", also or ())
    return sum(line != before.get(key) for key, line in ledger.lines().items())


def name_of(address: str) -> str:
    """An address without user and password, short enough for a mark."""
    return re.sub(r"(?<=//)[^/@]*@", "", address)[-200:]


def _fetched(repository: Repository, remote: Remote) -> str | None:
    """The state of the remote's memory, brought here; None where it has none."""
    theirs = remote.refs(MEMORY).get(MEMORY)
    if theirs is not None and missing(repository, [theirs]):
        remote.fetch([MEMORY])
        if missing(repository, [theirs]):
            raise MachineError(
                f"the lessons of `{remote.name}` changed while they were read",
                help="try again",
                slug="remote-moved",
            )
    if theirs is not None and repository.git.output("cat-file", "-t", theirs).strip() != b"commit":
        raise MachineError(
            f"what `{remote.name}` keeps at `{MEMORY}` is no commit, so no lessons are there",
            help=f"whoever owns it takes that away: `git push {remote.name} :{MEMORY}`",
            slug="no-lessons",
        )
    return theirs


def _commit(repository: Repository, theirs: str | None, texts: Mapping[str, bytes]) -> str:
    """The remote's next state: only its own past behind it, as ours tells whom we trust."""
    tree = repository.write_tree(theirs, {FILE: Entry(PLAIN, repository.write_blob(content_of(texts)))})
    now = datetime.now(UTC)
    parents = [theirs] if theirs else []
    return repository.commit(tree, parents, "Lessons\n", repository.committer(), now, now)


def merge_from(repository: Repository, source: str, path: Path, *, is_trusted: bool = False) -> SharedMemory:
    """Join the lessons of a file, or of a ref such as another's memory, with those here."""
    repository.check_writable()
    commit = None
    if path.is_file():
        texts = path.read_bytes().split(b"\n")
    else:
        commit = repository.resolve(source)
        texts = list(read_texts(repository, commit).values())
    lines = parse_lines(islice(texts, MOST_TAKEN))
    if not lines:
        raise UsageError(
            f"`{source}` holds no lessons",
            help="a file of JSON Lines as `git show refs/kapso/memory:lessons.jsonl` prints it, or a ref",
            slug="no-lessons",
        )
    also = [commit] if commit else []
    changed = take(Ledger(repository), lines, name_of(source), is_trusted=is_trusted, also=also)
    return SharedMemory(source, "merged" if changed else "up-to-date", len(lines), changed)
