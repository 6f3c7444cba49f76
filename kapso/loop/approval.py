"""What waits for a human under `approve: true`, and what the human decided: one file a decision.

A decision is about one diff: it names the commit that the human saw, so that what an author mends afterwards
waits again. It is on the disk before anybody acts on it, whether or not a process works on the run; the first
one counts. Git tells what waits: a pending candidate that nobody has decided about.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE, HUMAN, now, rfc3339
from kapso.errors import UsageError

if TYPE_CHECKING:
    from kapso.git.attempts import Pending
    from kapso.git.repository import Repository

NO = "a human said no"
"""The reason of an attempt that was rejected without one."""
LONGEST = 2000
"""Characters: the reason becomes one line of the attempt's commit."""


@dataclass(frozen=True)
class Decision:
    """What a human decided about the candidate `commit`. `reason` is None where none was given."""

    is_approved: bool
    commit: str
    time: str
    reason: str | None = None

    @property
    def word(self) -> str:
        return "approved" if self.is_approved else "rejected"


@dataclass(frozen=True)
class Waiting:
    """A candidate that waits; `commit` is its pending commit, `parents` are the commits that it was made
    from, and its diff is the one from `parents[0]` to `commit`."""

    number: int
    commit: str
    parents: tuple[str, ...]
    proposer: str
    title: str
    hypothesis: str
    since: datetime


class Approvals:
    """The decisions about the attempts of a run, in its folder. Thread-safe."""

    def __init__(self, state_dir: Path, run: str) -> None:
        self.run = run
        self._folder = state_dir / "runs" / run / "approvals"

    # What a human says

    def approve(self, number: int, commit: str | None = None) -> Decision:
        """Let the attempt run. `commit` is the candidate that was looked at (default: the one that waits).

        UsageError where it does not wait (any more), or where it is decided already.
        """
        return self._decide(number, commit, is_approved=True, reason=None)

    def reject(self, number: int, reason: str | None = None, commit: str | None = None) -> Decision:
        """Say no: the attempt ends as `rejected`, and nothing of it is run. Raises as `approve` does."""
        return self._decide(number, commit, is_approved=False, reason=checked(reason))

    def decision(self, number: int, commit: str | None = None) -> Decision | None:
        """What was decided about the attempt's candidate; None where it waits, or is not known to."""
        commit = commit or self._waits(number).get("commit")
        if commit is None:
            return None
        try:
            told = json.loads(self._path(number, commit).read_text())
            return Decision(**told)
        except (OSError, ValueError, TypeError):
            return None

    # What the run says

    def begin(self, number: int, commit: str) -> str:
        """The candidate waits from now on, or did before a restart; returns since when."""
        told = self._waits(number)
        if told.get("commit") != commit:
            told = {"commit": commit, "since": rfc3339(now())}
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(self._waits_path(number), told)
        return str(told["since"])

    def since(self, number: int, commit: str) -> str | None:
        """Since when the candidate waits, where the run said so."""
        told = self._waits(number)
        return told["since"] if told.get("commit") == commit else None

    def forget(self, number: int) -> None:
        """The attempt has landed."""
        for path in self._folder.glob(f"{number:04d}-*.json"):
            path.unlink(missing_ok=True)

    def forget_others(self, pending: Collection[int]) -> None:
        """Nothing is asked about any attempt but these."""
        for path in self._folder.glob("*-*.json"):
            number, _, _ = path.name.partition("-")
            if number.isdigit() and int(number) not in pending:
                path.unlink(missing_ok=True)

    def _decide(self, number: int, commit: str | None, *, is_approved: bool, reason: str | None) -> Decision:
        commit = commit or self._waits(number).get("commit")
        if commit is None:
            raise not_waiting(self.run, number)
        decision = Decision(is_approved, commit, rfc3339(now()), reason)
        path = self._path(number, commit)
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = _write_beside(path, asdict(decision))
        try:
            os.link(fresh, path)  # unlike a rename, it gives way to a decision that stands
        except OSError as error:
            if (standing := self.decision(number, commit)) is not None:
                raise UsageError(
                    f"attempt {number} of `{self.run}` is {standing.word} already",
                    help=f"`kapso approve {self.run}` lists what waits",
                    slug="already-decided",
                ) from error
            fresh.replace(path)  # what stands there cannot be read, or there are no links
        finally:
            fresh.unlink(missing_ok=True)
        return decision

    def _waits(self, number: int) -> Mapping[str, Any]:
        with suppress(OSError, ValueError):
            told = json.loads(self._waits_path(number).read_text())
            if isinstance(told, dict) and {"commit", "since"} <= told.keys():
                return told
        return {}

    def _waits_path(self, number: int) -> Path:
        return self._folder / f"{number:04d}-waits.json"

    def _path(self, number: int, commit: str) -> Path:
        return self._folder / f"{number:04d}-{commit}.json"


def waiting(repository: Repository, run: str) -> list[Waiting]:
    """What waits in a run for a human's word, whether or not a process works on it, in order of number."""
    from kapso.git import landing
    from kapso.git.attempts import read_pending

    pending = landing.pending(repository, run)
    if not pending or not asks(repository, run):
        return []
    approvals = Approvals(repository.state_dir, run)
    undecided = {
        number: commit
        for number, commit in sorted(pending.items())
        if number != BASELINE and approvals.decision(number, commit) is None
    }
    if undecided:  # where a decision is gone, so is its pending ref, which went first
        pending = landing.pending(repository, run)
    candidates = [read_pending(repository, c) for n, c in undecided.items() if pending.get(n) == c]
    return [_waiting(each, approvals) for each in candidates if each.proposer != HUMAN]


def _waiting(candidate: Pending, approvals: Approvals) -> Waiting:
    since = approvals.since(candidate.number, candidate.commit)
    return Waiting(
        candidate.number,
        candidate.commit,
        candidate.parents,
        candidate.proposer,
        candidate.title,
        candidate.hypothesis,
        datetime.fromisoformat(since) if since else candidate.started,
    )


def asks(repository: Repository, run: str) -> bool:
    """Whether the run asks a human about every diff (`approve: true`)."""
    from kapso.loop.stored import read_facts

    return bool(read_facts(repository, run).get("approve"))


def checked(reason: str | None) -> str | None:
    """The reason as it is kept, in one line; UsageError where it is too long."""
    text = " ".join((reason or "").split())
    if len(text) > LONGEST:
        raise UsageError(
            f"the reason has {len(text)} characters, and {LONGEST} are the most",
            help="say in a sentence or two why not",
            slug="usage",
        )
    return text or None


def not_waiting(run: str, number: int) -> UsageError:
    """What is said about an attempt that waits for nobody."""
    return UsageError(
        f"attempt {number} of `{run}` does not wait for approval",
        help=f"`kapso approve {run}` lists what waits",
        slug="not-waiting",
    )


def _write(path: Path, told: Mapping[str, Any]) -> None:
    _write_beside(path, told).replace(path)


def _write_beside(path: Path, told: Mapping[str, Any]) -> Path:
    """A file of this thread alone, on the disk when this returns."""
    fresh = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
    with fresh.open("w") as file:
        file.write(json.dumps(told, ensure_ascii=False))
        file.flush()
        os.fsync(file.fileno())
    return fresh
