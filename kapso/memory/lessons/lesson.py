"""A lesson as it is kept: a subject, what each run saw of it, and what people decided.

What two clones learnt apart is merged without conflict: a `Line` is a subject with a `Sighting` for every
run, and of two sightings of one run the one that saw more counts; marks are only ever added. So merging is
commutative, associative and idempotent (a state-based CRDT: Shapiro, Preguiça, Baquero, Zawirski 2011).
All else that is told of a lesson follows from its line, see `judge`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a lesson advises."""

    PREFER = "prefer"
    AVOID = "avoid"
    FACT = "fact"


class Status(StrEnum):
    """How far a lesson is believed. A candidate is tried; what is quarantined is never recalled."""

    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"
    QUARANTINED = "quarantined"


class About(StrEnum):
    """What a lesson's subject is, and which keys of `Subject.told` name it."""

    OPERATOR = "operator"
    """proposer, operator: edits of one kind by one proposer (`mutate`, `delete`; `recipe`, its id)"""
    PLACE = "place"
    """path, region: edits in one function or file, region "" for all of the file"""
    PARAMETER = "parameter"
    """parameter: whether it matters, and which values are good; with event (failed, worse) and side (above,
    below, at) and, for `at`, value: values that break the program or cost the score"""
    CHANGE = "change"
    """hunks: a list of [path, lines before, lines after] with a little context, as a best kept them"""
    PAIR = "pair"
    """first, second: two places, each [path, region], which changed at once do what neither does alone"""
    ERROR = "error"
    """signature, then what went before it: path, region, proposer, operator or token, whichever are known"""
    EVALUATION = "evaluation"
    """goal, what: noise, time, memory"""
    STATED = "stated"
    """statement, where, expects: a model's words, a selector of the attempts that it is about (proposer,
    operator, path, region, parameter, token), and what becomes of them"""


@dataclass(frozen=True)
class Subject:
    """What a lesson is about. Everything in `told` is JSON; equal subjects have equal keys."""

    about: About
    told: Mapping[str, Any]

    @property
    def key(self) -> str:
        """40 hex digits, the same in every clone."""
        text = json.dumps([self.about, dict(self.told)], sort_keys=True, ensure_ascii=False)
        return hashlib.sha1(text.encode("utf-8", "backslashreplace"), usedforsecurity=False).hexdigest()

    @property
    def id(self) -> str:
        """`L` and eight digits, as trailers and commands name the lesson."""
        return f"L{int(self.key[:12], 16) % 10**8:08d}"


@dataclass(frozen=True)
class Tally:
    """How attempts ended, against their parents; `gain` and `square` sum gains and their squares, each in
    units of the run's whole gain at the time, of `scored` attempts."""

    total: int = 0
    better: int = 0
    same: int = 0
    worse: int = 0
    failed: int = 0
    scored: int = 0
    gain: float = 0.0
    square: float = 0.0


@dataclass(frozen=True)
class Example:
    """An attempt that speaks for or against a lesson."""

    attempt: int
    commit: str
    speaks: str
    """for, against"""


@dataclass(frozen=True)
class Record:
    """Predictions that were made before the result: how many, how often what was expected came, their Brier
    scores summed, and what always predicting the usual would have scored; `weight` is the logarithm of how
    much likelier the results were by the predictions than by the usual. `told` and `withheld` tally attempts
    that recalled the lesson and those that might have and, by lot, did not."""

    graded: int = 0
    hits: int = 0
    brier: float = 0.0
    usual: float = 0.0
    weight: float = 0.0
    told: Tally = field(default_factory=Tally)
    withheld: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class Sighting:
    """What one run saw of a subject. `seen` counts its attempts so far, so that of two the later is known.

    `concerned` tallies the attempts that the subject is about, `others` those to compare them with. `detail`
    is what the rule found beside counts (ranges, figures, text), JSON.
    """

    run: str
    goal: str
    evaluator: str
    seen: int
    concerned: Tally
    others: Tally
    detail: Mapping[str, Any] = field(default_factory=dict)
    examples: Sequence[Example] = ()
    record: Record = field(default_factory=Record)
    files: Sequence[str] = ()
    language: str | None = None
    time: str = ""
    """RFC 3339, of the latest attempt that counts"""


@dataclass(frozen=True)
class Mark:
    """What somebody decided or what happened to a lesson: retire, restore, pin, unpin, trust, quarantine,
    pulled, widened …; the latest of a kind counts."""

    time: str
    change: str
    by: str
    why: str = ""


@dataclass(frozen=True)
class Line:
    """All that is kept of one lesson: a line of `lessons.jsonl`."""

    subject: Subject
    sightings: Mapping[str, Sighting]
    """by run"""
    marks: Sequence[Mark] = ()
    """in order of time, each once"""


@dataclass(frozen=True)
class Scope:
    """Where a lesson is thought to hold; `goals` empty: any goal of the repository."""

    goals: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    language: str | None = None
    proposer: str | None = None


@dataclass(frozen=True)
class Lesson:
    """What follows from a line. `confidence` is the probability that it is true: that what it expects comes
    more often of such attempts than of others (how often, a prediction says); `value` the measured gain in
    the share of better attempts from recalling it, None where unmeasured; `expects` what it predicts: better,
    same (edits that change nothing), worse, failed or none of these (a fact)."""

    line: Line
    kind: Kind
    statement: str
    scope: Scope
    expects: str | None
    confidence: float
    value: float | None
    status: Status
    is_pinned: bool = False
    why: str = ""
    """why it is retired or quarantined"""

    @property
    def id(self) -> str:
        return self.line.subject.id

    def to_json(self) -> dict[str, Any]:
        """The object that `kapso lessons --json` prints."""
        sightings = self.line.sightings.values()
        return {
            "lesson": self.id,
            "kind": str(self.kind),
            "statement": self.statement,
            "scope": {
                "goals": list(self.scope.goals),
                "files": list(self.scope.files),
                "language": self.scope.language,
                "proposer": self.scope.proposer,
            },
            "confidence": round(self.confidence, 4),
            "value": None if self.value is None else round(self.value, 4),
            "evidence": [
                {"run": each.run, "attempt": one.attempt, "commit": one.commit, "speaks": one.speaks}
                for each in sightings
                for one in each.examples
            ],
            "status": str(self.status),
            "about": str(self.line.subject.about),
            "subject": dict(self.line.subject.told),
            "attempts": sum(each.concerned.total for each in sightings),
            "pinned": self.is_pinned,
            "why": self.why or None,
        }
