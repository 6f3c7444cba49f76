"""A lesson as people read it: what it was worth, how its predictions did, where it holds, what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapso.wording import number, plural

if TYPE_CHECKING:
    from kapso.memory.lessons.lesson import Lesson, Tally

_LONGEST = 120


def attempts(lesson: Lesson) -> int:
    """How many attempts it is about."""
    return sum(each.concerned.total for each in lesson.line.sightings.values())


def standing(lesson: Lesson) -> str:
    """`active, pinned`."""
    return f"{lesson.status}{', pinned' if lesson.is_pinned else ''}"


def ends(tally: Tally) -> str:
    """`9 attempts: 7 better, 2 failed`."""
    counts = {name: getattr(tally, name) for name in ("better", "same", "worse", "failed")}
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return plural(tally.total, "attempt") + (f": {told}" if told else "")


def worth(lesson: Lesson) -> str:
    """`+0.120 (14 attempts told, 5 without by lot)`."""
    told = sum(each.record.told.total for each in lesson.line.sightings.values())
    without = sum(each.record.withheld.total for each in lesson.line.sightings.values())
    measured = f"{plural(told, 'attempt')} told, {without} without by lot"
    return f"unknown ({measured})" if lesson.value is None else f"{lesson.value:+.3f} ({measured})"


def record(lesson: Lesson) -> str:
    """What became of what it predicted."""
    records = [each.record for each in lesson.line.sightings.values()]
    graded = sum(each.graded for each in records)
    if not graded:
        return "nothing yet"
    brier, usual = (sum(getattr(each, name) for each in records) / graded for name in ("brier", "usual"))
    hits = sum(each.hits for each in records)
    expected = f" {lesson.expects}" if lesson.expects else ""
    times = plural(graded, "time")
    return f"{times} before the result was known: {hits}{expected}; Brier {brier:.3f}, usual {usual:.3f}"


def scope(lesson: Lesson) -> str:
    """Where it is thought to hold."""
    where = lesson.scope
    parts = [
        f"goals {', '.join(where.goals)}" if where.goals else "any goal of this repository",
        f"files {', '.join(where.files)}" if where.files else "",
        where.language or "",
        f"proposer {where.proposer}" if where.proposer else "",
    ]
    return "; ".join(filter(None, parts))


def brief(told: Any) -> str:
    """JSON on a line; long texts cut."""
    if isinstance(told, dict):
        return ", ".join(f"{key} {brief(value)}" for key, value in told.items())
    if isinstance(told, list):
        return "[" + ", ".join(map(brief, told)) + "]"
    if isinstance(told, float):
        return number(told)
    text = str(told)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
