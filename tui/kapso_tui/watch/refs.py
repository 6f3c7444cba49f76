"""A run's refs, looked at seldom: what somebody deletes or brings in stands in no journal."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapso.git.layout import RunRefs, parse_branch

if TYPE_CHECKING:
    from kapso.git.repository import Repository

LIVE_APART_S = 10.0
"""A run that goes on moves its refs all the time; to list 10,000 takes 60 ms."""
APART_S = 1.0


@dataclass(frozen=True)
class Seen:
    """`missing` are attempts without a branch, `unknown` branches of attempts that were not known."""

    missing: tuple[int, ...]
    unknown: tuple[int, ...]
    has_holdout: bool
    is_run_gone: bool


class RefWatch:
    """Tells what changed among the refs of `run` since `look`."""

    def __init__(self, repository: Repository, run: str) -> None:
        self._refs = repository.refs
        self._names = RunRefs(run)
        common = repository.common_dir
        self._places = [
            str(common / self._names.attempts_prefix),
            str(common / self._names.hidden_prefix),
            str(common / "packed-refs"),
        ]
        self._stamps: list[int] = []
        self._strange: set[int] = set()
        self._holdout: str | None = None
        self._looked = 0.0

    def look(self) -> None:
        """Remember how they stand."""
        self._stamps = [_stamp(place) for place in self._places]
        self._holdout = self._refs.get(self._names.holdout)
        self._looked = time.monotonic()

    def changes(self, known: Collection[int], *, is_live: bool) -> Seen | None:
        """What changed; None where nothing did, or it was looked at a moment ago."""
        if time.monotonic() - self._looked < (LIVE_APART_S if is_live else APART_S):
            return None
        if [_stamp(place) for place in self._places] == self._stamps and not self._strange:
            return None
        holdout = self._holdout
        self.look()
        places = map(parse_branch, self._refs.list(self._names.attempts_prefix))
        numbers = {place[1] for place in places if place}
        # What has just landed is in git a moment before the journal tells of it.
        strange, before = numbers - set(known), self._strange
        self._strange = strange if is_live else set()
        unknown = strange & before if is_live else strange
        return Seen(
            missing=tuple(sorted(set(known) - numbers)),
            unknown=tuple(sorted(unknown)),
            has_holdout=self._holdout != holdout,
            is_run_gone=self._refs.get(self._names.goal) is None and not numbers,
        )


def _stamp(place: str) -> int:
    """When a file or folder changed last; 0 where it is not there."""
    try:
        return os.stat(place).st_mtime_ns
    except OSError:
        return 0
