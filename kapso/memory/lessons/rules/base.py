"""The seam of rules: what they are shown of an attempt, and what they found. One module a rule."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kapso.attempt import Attempt
from kapso.memory.features import Features
from kapso.memory.lessons.lesson import Line, Subject, Tally
from kapso.memory.lessons.outcomes import Counts
from kapso.memory.lessons.rules.background import Background

_REMEMBERED = 8


@dataclass(frozen=True)
class Seen:
    """An attempt that landed: its `result` in the four words, and its gain in units of the run's whole."""

    attempt: Attempt
    features: Features
    result: str
    gain: float | None


@dataclass(frozen=True)
class Spoke:
    """An attempt that a subject is about, and how it ended."""

    attempt: int
    commit: str
    result: str


@dataclass(frozen=True)
class Found:
    """The evidence about a subject as it stands now. `remembered` are its latest attempts."""

    subject: Subject
    concerned: Tally
    others: Tally
    remembered: Sequence[Spoke] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


class Rule(Protocol):
    """Notices something in attempts as they come, at a cost that does not grow with how many came."""

    def know(self, line: Line) -> None:
        """A lesson of this rule stands, learnt now or by an earlier run."""

    def subjects(self, features: Features) -> Iterable[Subject]:
        """What a candidate with these features is about, of which lessons may stand; before its result."""

    def observe(self, seen: Seen, background: Background) -> Iterable[Found]:
        """Take an attempt in, which `background` holds already; what is to be judged anew."""


class Contrast:
    """Attempts that subjects are about against others of the same proposers in about the same time."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Row] = {}

    def add(self, subject: Subject, seen: Seen, background: Background) -> Found:
        """One more attempt that the subject is about."""
        key = _hashable(subject)
        row = self._known.get(key)
        if row is None:
            row = self._known[key] = _Row()
        row.counts.add(seen.result, seen.gain)
        row.remembered.append(Spoke(seen.attempt.number, seen.attempt.commit, seen.result))
        proposer = seen.features.proposer
        if proposer not in row.since:
            row.since[proposer] = background.count(proposer)
        return self._told(subject, row, background)

    def now(self, subject: Subject, background: Background) -> Found | None:
        """What is known of it; None where no attempt was about it."""
        row = self._known.get(_hashable(subject))
        return None if row is None else self._told(subject, row, background)

    def _told(self, subject: Subject, row: _Row, background: Background) -> Found:
        around = Counts()
        for name, first in row.since.items():
            around.join(background.since(name, first))
        others = around.less(row.counts)
        return Found(subject, row.counts.tally(), others.tally(), tuple(row.remembered))


def _hashable(subject: Subject) -> Hashable:
    values = tuple(subject.told.values())
    return subject.key if any(isinstance(each, dict | list) for each in values) else values


class _Row:
    __slots__ = ("counts", "remembered", "since")

    def __init__(self) -> None:
        self.counts = Counts()
        self.since: dict[str, int] = {}
        self.remembered: deque[Spoke] = deque(maxlen=_REMEMBERED)
