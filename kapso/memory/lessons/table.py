"""Lessons as rows of the episodic log: what stands at `refs/kapso/memory`, for queries."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.episodes import Episodes
    from kapso.memory.lessons.lesson import Lesson, Sighting
    from kapso.memory.rows import Row


def show_lessons(repository: Repository, episodes: Episodes) -> None:
    """Make the log show the lessons as git has them now; cheap where nothing moved."""
    from kapso.memory.lessons.known import judged
    from kapso.memory.lessons.ledger import Ledger

    ledger = Ledger(repository)
    commit = ledger.commit
    if commit != episodes.memory:
        episodes.show_lessons(rows_of(judged(ledger.lines())), commit)


def rows_of(lessons: Iterable[Lesson]) -> dict[str, list[Row]]:
    """What to insert, by table."""
    rows: dict[str, list[Row]] = {"lessons": [], "sightings": [], "evidence": []}
    for lesson in lessons:
        rows["lessons"].append(_lesson(lesson))
        for each in lesson.line.sightings.values():
            rows["sightings"].append(_sighting(lesson.id, each))
            rows["evidence"] += [
                (lesson.id, each.run, one.attempt, one.commit, one.speaks) for one in each.examples
            ]
    return rows


def _lesson(lesson: Lesson) -> Row:
    subject = lesson.line.subject
    return (
        lesson.id,
        str(lesson.kind),
        lesson.statement,
        str(lesson.status),
        lesson.confidence,
        lesson.value,
        lesson.expects,
        str(subject.about),
        json.dumps(dict(subject.told), sort_keys=True, ensure_ascii=False),
        list(lesson.scope.goals),
        list(lesson.scope.files),
        lesson.scope.language,
        lesson.scope.proposer,
        sum(each.concerned.total for each in lesson.line.sightings.values()),
        lesson.is_pinned,
        lesson.why or None,
    )


def _sighting(lesson: str, seen: Sighting) -> Row:
    record = seen.record
    return (
        lesson,
        seen.run,
        seen.goal,
        seen.concerned.total,
        seen.concerned.better,
        seen.concerned.same,
        seen.concerned.worse,
        seen.concerned.failed,
        seen.others.total,
        seen.others.better,
        seen.others.failed,
        record.graded,
        record.hits,
        record.brier,
        record.usual,
        record.told.total,
        record.told.better,
        record.withheld.total,
        record.withheld.better,
    )
