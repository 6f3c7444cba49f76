"""What a run learnt, and what lessons were worth to it, as the report and the last lines of a run tell it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapso.attempt import Attempt, Verdict
from kapso.wording import plural, printable

if TYPE_CHECKING:
    from kapso.memory.lessons.lesson import Lesson
    from kapso.report.facts import Facts

MOST = 40
"""Lessons that the report lists; `kapso lessons --run RUN` lists all."""
_MOST_STATEMENT = 110


@dataclass(frozen=True)
class Evidence:
    """Attempts of the run that speak for a lesson, and against it: a few of each."""

    pro: tuple[int, ...]
    con: tuple[int, ...]


@dataclass(frozen=True)
class Learnt:
    """A lesson that the run has seen something of. `attempts` are those that it was about in this run, `all`
    in every run; `is_new` where no other run has seen it."""

    lesson: Lesson
    attempts: int
    all: int
    is_new: bool
    evidence: Evidence


@dataclass(frozen=True)
class Worth:
    """How attempts did that were told of lessons, and those that by lot were told of none; how predictions
    that were made before the result did, against always predicting the usual (Brier scores, 0 is best)."""

    told: int
    told_better: int
    without: int
    without_better: int
    predictions: int
    hits: int
    brier: float
    usual: float

    @property
    def is_measured(self) -> bool:
        return bool(self.told and self.without)


def what_was_learnt(facts: Facts) -> list[Learnt]:
    """The lessons of the run that are believed or tried, those that count most first, mere facts last."""
    from kapso.memory.lessons.lesson import Kind

    found = []
    for lesson in sorted(facts.lessons, key=lambda each: each.kind is Kind.FACT):
        sightings = lesson.line.sightings
        mine = sightings[facts.run.run]
        pro, con = (
            tuple(each.attempt for each in mine.examples if each.speaks == speaks)
            for speaks in ("for", "against")
        )
        total = sum(each.concerned.total for each in sightings.values())
        found.append(Learnt(lesson, mine.concerned.total, total, len(sightings) == 1, Evidence(pro, con)))
    return found


def worth(facts: Facts) -> Worth:
    """What lessons were worth to the attempts of the run."""
    told = [each for each in facts.tried if each.lessons]
    without = [each for each in facts.tried if each.withheld and not each.lessons]
    records = [each.line.sightings[facts.run.run].record for each in facts.lessons]
    return Worth(
        told=len(told),
        told_better=_better(told),
        without=len(without),
        without_better=_better(without),
        predictions=sum(each.graded for each in records),
        hits=sum(each.hits for each in records),
        brier=sum(each.brier for each in records),
        usual=sum(each.usual for each in records),
    )


def lessons_of(lessons: Iterable[Lesson], run: str) -> list[Lesson]:
    """Those that the run has seen something of, and that are neither retired nor in quarantine."""
    from kapso.memory.lessons.lesson import Status

    believed = (Status.ACTIVE, Status.CANDIDATE)
    return [each for each in lessons if run in each.line.sightings and each.status in believed]


def sentence(lessons: Sequence[Lesson]) -> str:
    """`12 lessons, 9 of them new, 3 confirmed: Edits in `grow` … (92 % sure)`: the one that is surest."""
    from kapso.memory.lessons.lesson import Kind, Status

    claims = [each for each in lessons if each.kind is not Kind.FACT]
    active = [each for each in claims if each.status is Status.ACTIVE]
    new = sum(len(each.line.sightings) == 1 for each in lessons)
    counts = ([f"{new or 'none'} of them new"] if new < len(lessons) else []) + (
        [f"{len(active)} confirmed"] if active else []
    )
    told = ", ".join([plural(len(lessons), "lesson"), *counts])
    first = max(active or claims or lessons, key=lambda each: each.confidence, default=None)
    if first is None:
        return told
    statement = printable(first.statement)
    if len(statement) > _MOST_STATEMENT:
        statement = f"{statement[: _MOST_STATEMENT - 1]}…"
    return f"{told}: {statement} ({100 * first.confidence:.0f} % sure)"


def _better(attempts: Sequence[Attempt]) -> int:
    return sum(each.verdict is Verdict.BETTER for each in attempts)
