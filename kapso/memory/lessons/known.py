"""The lessons that are known here, judged, and which of them somebody means."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kapso.errors import UsageError
from kapso.git.layout import BRANCHES, parse_branch, short_name
from kapso.memory.lessons.ledger import Ledger
from kapso.memory.lessons.lesson import Lesson, Line, Mark, Status
from kapso.memory.lessons.marks import moment
from kapso.memory.lessons.merge import merge_lines
from kapso.memory.lessons.recall import worth
from kapso.memory.lessons.user import UserMemory
from kapso.memory.lessons.wire import LONGEST_WORD

if TYPE_CHECKING:
    from kapso.git.repository import Repository

_LOG = logging.getLogger(__name__)
_ORDER = (Status.ACTIVE, Status.CANDIDATE, Status.QUARANTINED, Status.RETIRED)


def known_lessons(repository: Repository, goal: str | None = None) -> list[Lesson]:
    """All lessons of the repository, as they stand for `goal`: those that count most first."""
    return judged(Ledger(repository).lines(), goal)


def judged(lines: Mapping[str, Line], goal: str | None = None) -> list[Lesson]:
    """The lessons that these lines teach, those that count most first; without what nobody can judge."""
    from kapso.memory.lessons.judge import judge

    found = []
    for line in lines.values():
        try:
            found.append(judge(line, goal))
        except Exception as error:  # whoever can write the ref can write anything
            _LOG.warning("lesson %s could not be judged: %r", line.subject.id, error)
    return sorted(found, key=_rank)


def _rank(lesson: Lesson) -> tuple[Any, ...]:
    return (not lesson.is_pinned, _ORDER.index(lesson.status), -worth(lesson), lesson.id)


def find_lesson(lessons: Sequence[Lesson], text: str) -> Lesson:
    """The lesson that `text` names, by the beginning of its id, with or without the `L`."""
    wanted = f"L{text.upper().removeprefix('L')}"
    found = [each for each in lessons if each.id.startswith(wanted)] if len(wanted) > 1 else []
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(f"`{each.id}`" for each in found[:8])
        raise UsageError(
            f"`{text}` fits {len(found)} lessons", help=f"say which: {shown}", slug="ambiguous-lesson"
        )
    help = "`kapso lessons` lists them" if lessons else "nothing was learnt yet: `kapso run` learns"
    raise UsageError(f"there is no lesson `{text}`", help=help, slug="no-such-lesson")


def lessons_by_id(repository: Repository, ids: Iterable[str]) -> dict[str, Lesson | None]:
    """The lessons with these ids; None for one that is not known here."""
    wanted = list(ids)
    if not wanted:
        return {}
    lines = merge_lines(Ledger(repository).lines(), UserMemory(repository).lines())
    found = {each.id: each for each in judged({k: e for k, e in lines.items() if e.subject.id in wanted})}
    return {id: found.get(id) for id in wanted}


def branches(repository: Repository) -> dict[tuple[str, int], str]:
    """The branch of every attempt that this repository has, by run and number."""
    refs = repository.refs.list(BRANCHES)
    return {place: short_name(ref) for ref in refs if (place := parse_branch(ref)) is not None}


def whole_json(lesson: Lesson, branch_of: Mapping[tuple[str, int], str]) -> dict[str, Any]:
    """All that is known of a lesson: what each run saw, its attempts and their branches, what was decided."""
    from kapso.memory.lessons.guard import foreign_runs
    from kapso.memory.lessons.wire import sighting_json

    told = lesson.to_json()
    for each in told["evidence"]:
        each["branch"] = branch_of.get((each["run"], each["attempt"]))
    foreign = foreign_runs(lesson.line)
    told["runs"] = [
        {**sighting_json(each), "pulled": run in foreign} for run, each in lesson.line.sightings.items()
    ]
    told["history"] = [
        {"time": mark.time, "change": mark.change, "by": mark.by, "why": mark.why or None}
        for mark in lesson.line.marks
    ]
    told["expects"] = lesson.expects
    return told


def decide(repository: Repository, change: str, ids: Sequence[str], why: str) -> list[Lesson]:
    """Keep that somebody decided `change` about these lessons, all or none; what became of them.

    What was decided last is not decided again for no reason: the one that was given stays.
    """
    ledger = Ledger(repository)
    known = judged(ledger.lines())
    mark = Mark(moment(), change, repository.committer()[0][:LONGEST_WORD], why[:LONGEST_WORD])
    chosen = {each.line.subject.key: each.line for each in (find_lesson(known, id) for id in ids)}
    marked = {
        key: replace(line, marks=(*line.marks, mark))
        for key, line in chosen.items()
        if why or not line.marks or line.marks[-1].change != change
    }
    ledger.put(marked, f"{', '.join(line.subject.id for line in chosen.values())}: {change}")
    after = ledger.lines()
    return judged({key: after[key] for key in chosen})
