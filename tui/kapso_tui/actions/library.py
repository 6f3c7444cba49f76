"""Sources into a library and out of it: as `kapso learn` does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kapso.wording import plural, printable

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso_knowledge.learning import Progress


@dataclass(frozen=True)
class Wish:
    """A source that is to be read: `is_own` into the user's own library, `crawl` with what it links to."""

    source: str
    is_own: bool = False
    crawl: bool = False


@dataclass(frozen=True)
class Learnt:
    """What came of it: a line, and each document that could not be read, with why."""

    told: str
    unread: Sequence[str]


def learn(repository: Repository, wish: Wish, say: Callable[[str], None]) -> Learnt:
    """Read a source into a library; `say` hears how far it is, and may raise to end it.

    UsageError where the source cannot be had; the library is as it was then.
    """
    from kapso.recall.learning import Reach, learn_source, surroundings, told
    from kapso.recall.shelves import library_faults, of_repository, of_user
    from kapso_knowledge.sources.crawl import Limits

    def show(progress: Progress) -> None:
        count = progress.read + progress.same
        say(
            f"{wish.source}: {plural(count, 'document')}, {plural(progress.nodes, 'node')}, "
            f"{printable(progress.path)}"
        )

    library = of_user() if wish.is_own else of_repository(repository)
    around = surroundings(
        None if wish.is_own else repository, Path.cwd(), Reach(Limits() if wish.crawl else None)
    )
    walked = learn_source(library, wish.source, around, show)
    with library_faults():
        for done, total in library.read_ahead():  # what `KAPSO_READER` names
            say(f"{wish.source}: read again: {done} of {plural(total, 'node')}")
    unread = [f"{item.path or walked.source}: {item.reason}" for item in walked.unread]
    return Learnt(printable(told(walked)), [printable(each) for each in unread])


def forget(repository: Repository, source: str, is_own: bool) -> str:
    """Remove what was learnt of a source; what went, in a line."""
    from kapso.recall.shelves import library_faults, of_repository, of_user

    library = of_user() if is_own else of_repository(repository)
    with library_faults():
        removed = library.forget(source)
    return f"{printable(source)}: forgotten, {plural(removed, 'node')} removed"
