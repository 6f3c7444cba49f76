"""Lessons as agents may read them: nothing of quarantine, nothing about files that goals hide."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kapso.mcp.runs import Runs

if TYPE_CHECKING:
    from kapso.memory.lessons.lesson import Lesson
    from kapso.recall.secrecy import Secrecy

MOST_LESSONS = 100
_BRIEF = ("lesson", "kind", "statement", "confidence", "value", "status", "scope", "attempts")


class Taught:
    """The lessons of the repository of `runs`; where these show one run alone, what holds for its goal."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def all(self, run: str | None, kind: str | None, limit: int) -> dict[str, Any]:
        """The lessons in brief, most useful first; of a run those that hold for its goal."""
        found = [each for each in self._open(run) if kind in (None, str(each.kind))]
        told = [each.to_json() for each in found[: min(max(limit, 1), MOST_LESSONS)]]
        return {"lessons": [{key: each[key] for key in _BRIEF} for each in told], "total": len(found)}

    def one(self, id: str) -> dict[str, Any]:
        """A lesson with its evidence."""
        from kapso.git.repository import Repository
        from kapso.memory.lessons.known import branches, find_lesson, whole_json

        lesson = find_lesson(self._open(None), id)
        return whole_json(lesson, branches(Repository.open(self._runs.folder)))

    def _open(self, run: str | None) -> list[Lesson]:
        from kapso.cli.pick import open_log
        from kapso.git.attempts import runs
        from kapso.memory.lessons.known import known_lessons
        from kapso.memory.lessons.lesson import Status
        from kapso.recall.secrecy import Secrecy

        log = open_log(self._runs.folder)
        goal = self._runs.pick(log, run).goal if run is not None or self._runs.is_one else None
        secrecy = Secrecy.of_runs(log.repository, runs(log.repository))
        return [
            each
            for each in known_lessons(log.repository, goal)
            if each.status in (Status.ACTIVE, Status.CANDIDATE)
            and (goal is None or not each.scope.goals or goal in each.scope.goals)
            and not is_secret(each, secrecy)
        ]


def is_secret(lesson: Lesson, secrecy: Secrecy) -> bool:
    """Whether the lesson is about a file that some goal hides, or tells of one."""
    told = lesson.line.subject.told
    paths = {*lesson.scope.files, *(hunk[0] for hunk in told.get("hunks", ()))}
    paths |= {str(told[name]) for name in ("path",) if told.get(name)}
    if told.get("parameter"):
        paths.add(str(told["parameter"]).rpartition(":")[0])
    texts = [lesson.statement, json.dumps(dict(told), ensure_ascii=False)]
    texts += [text for hunk in told.get("hunks", ()) for text in hunk[1:]]
    return any(map(secrecy.hides_path, filter(None, paths))) or any(map(secrecy.tells, texts))
