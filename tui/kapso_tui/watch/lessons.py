"""The lessons of a repository as they stand, which of them are wanted, and in which order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kapso.memory.lessons import in_words
from kapso.memory.lessons.known import branches, judged
from kapso.memory.lessons.ledger import Ledger
from kapso_tui.watch.asked import Asked, asked

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.lessons.lesson import Lesson

KEYS = ("kind", "status", "goal", "run", "file", "proposer", "language")
"""What a filter may name."""

ORDERS: Mapping[str, Callable[[Lesson], Any]] = {
    "use": lambda each: 0,  # as they come: those that count most first
    "kind": lambda each: each.kind,
    "status": lambda each: in_words.standing(each),
    "confidence": lambda each: -each.confidence,
    "value": lambda each: (each.value is None, -(each.value or 0.0)),
    "attempts": lambda each: -in_words.attempts(each),
    "statement": lambda each: each.statement.lower(),
}
"""Ways to sort."""


class LessonsWatch:
    """What is known of the lessons; `poll` reads git, and may take a moment."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.is_loaded = False
        self.lessons: Sequence[Lesson] = ()
        self.branch_of: Mapping[tuple[str, int], str] = {}
        self._ledger = Ledger(repository)
        self._at: str | None = None
        self._lock = threading.Lock()

    def poll(self) -> bool:
        """Read the lessons the first time, and again where somebody changed them; whether that was so."""
        with self._lock:
            commit = self._ledger.commit
            if self.is_loaded and commit == self._at:
                return False
            self.lessons = judged(self._ledger.lines())
            self.branch_of = branches(self.repository)
            self._at, self.is_loaded = commit, True
            return True


def wanted(
    lessons: Sequence[Lesson], text: str, order: str = "use", is_reversed: bool = False
) -> list[Lesson]:
    """The lessons that a filter leaves, sorted."""
    question = asked(text, KEYS)
    found = [each for each in lessons if _fits(each, question)]
    found.sort(key=ORDERS[order])
    return found[::-1] if is_reversed else found


def _fits(lesson: Lesson, question: Asked) -> bool:
    text = f"{lesson.id} {lesson.statement}".lower()
    if not all(word in text for word in question.words.lower().split()):
        return False
    return all(any(_has(lesson, key, value) for value in values) for key, values in question.named.items())


def _has(lesson: Lesson, key: str, value: str) -> bool:
    """Names may be shortened; a lesson for any goal holds for each."""
    scope = lesson.scope
    match key:
        case "kind":
            held: Sequence[str] = (lesson.kind,)
        case "status":
            held = (lesson.status, *(("pinned",) if lesson.is_pinned else ()))
        case "goal":
            held = scope.goals or (value,)
        case "run":
            held = tuple(lesson.line.sightings)
        case "file":
            return any(value in path for path in scope.files)
        case "proposer":
            held = (scope.proposer or "",)
        case _:
            held = (scope.language or "",)
    return any(each.startswith(value) for each in held)
