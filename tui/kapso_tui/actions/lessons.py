"""What people decide about lessons, and lessons as a playbook: as the command line does it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.errors import MachineError
from kapso.memory.lessons import in_words
from kapso.memory.lessons.export import playbook
from kapso.memory.lessons.known import decide
from kapso.wording import plural, printable

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.lessons.lesson import Lesson


def decided(repository: Repository, change: str, lesson: Lesson, why: str = "") -> str:
    """Keep a decision; what became of the lesson, in a line."""
    [after] = decide(repository, change, [lesson.id], " ".join(why.split()))
    told = f" ({printable(after.why)})" if after.why else ""
    return f"{after.id}: {in_words.standing(after)}{told}"


def exported(lessons: Sequence[Lesson], file: Path) -> str:
    """Write lessons as a playbook into a file; what was written, in a line."""
    book = playbook(lessons)
    try:
        file.write_text(book.text, encoding="utf-8")
    except OSError as error:
        raise MachineError(
            f"`{file}` cannot be written: {error.strerror}", help="name a file in a folder that is yours"
        ) from error
    return f"{file}: {plural(len(lessons), 'lesson')}, {plural(len(book.recipes), 'recipe')}"
