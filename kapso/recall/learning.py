"""Learning sources into a library: for `kapso learn`, and what `knowledge:` names before a run begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kapso.errors import KapsoError, UsageError
from kapso.recall.shelves import cache_folder, library_faults, of_repository
from kapso.wording import plural

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Goal
    from kapso_knowledge.learning import Progress, Walked
    from kapso_knowledge.library.library import Library
    from kapso_knowledge.sources.catalogue import Surroundings
    from kapso_knowledge.sources.protocol import Source

SHOWN_FAILURES = 5


@dataclass(frozen=True)
class Reach:
    """How far the network may be followed. `crawl` are the limits of a crawl, None for single pages."""

    crawl: Any = None
    allow_private: bool = False


def surroundings(repository: Repository | None, base: Path, reach: Reach | None = None) -> Surroundings:
    """What the names of sources are read in: relative paths start from `base`."""
    from kapso.shipped import playbooks
    from kapso_knowledge.sources.catalogue import Surroundings

    reach = reach or Reach()
    return Surroundings(
        base=base,
        cache=cache_folder(),
        root=None if repository is None else repository.root,
        playbooks=playbooks(),
        allow_private=reach.allow_private,
        crawl=reach.crawl,
    )


def learn_source(
    library: Library, spec: str, around: Surroundings, on_progress: Callable[[Progress], None] | None = None
) -> Walked:
    """Bring the library up to what the source holds now, with the say of the model that `KAPSO_TYPIST` names.

    UsageError where the source cannot be had.
    """
    from kapso_knowledge.learning import learn
    from kapso_knowledge.remote_typist import chosen
    from kapso_knowledge.sources.catalogue import parse

    with library_faults():
        return learn(parse(spec, around), library, typist=chosen(), on_progress=on_progress)


def learn_goal(goal: Goal, repository: Repository, say: Callable[[str], None]) -> None:
    """Learn what `knowledge` names, before anything else of a run begins.

    UsageError for a source that cannot be had and of which the library holds no earlier state; with one, it
    is said, and the earlier state counts. A history that tells nothing is said, too.
    """
    if not goal.knowledge:
        return
    from kapso_knowledge.sources.catalogue import parse

    library, around = of_repository(repository), surroundings(repository, goal.folder)
    for spec in goal.knowledge:
        try:
            with library_faults():
                name = parse(spec, around).name
        except KapsoError as error:
            raise _named(error, spec, goal) from error
        try:
            say(f"knowledge: {told(learn_source(library, spec, around))}")
        except KapsoError as error:
            if error.slug == "history-empty":  # a young repository, or a clone without its history
                say(f"knowledge: {error.message}")
                continue
            if not _is_known(library, name):
                raise _named(error, spec, goal) from error
            say(f"warning: `{spec}` cannot be learnt anew ({error.message}): what is known of it counts")
    _read_ahead(library, say)


def _read_ahead(library: Library, say: Callable[[str], None]) -> None:
    """What `KAPSO_READER` names reads now: later it would run beside what is measured."""
    is_said = False
    with library_faults():
        for _, total in library.read_ahead():
            if not is_said:
                say(f"knowledge: {plural(total, 'node')} to be read again, once, as KAPSO_READER asks")
                is_said = True


def look_at(spec: str, goal: Goal, repository: Repository) -> tuple[bool, str]:
    """Whether the first document of a source that `knowledge` names is there, and what is to be said of it;
    nothing is learnt.

    UsageError with the place in goal.yaml where a run would end with it.
    """
    from kapso_knowledge.sources.catalogue import parse

    name = ""
    try:
        with library_faults():
            source = parse(spec, surroundings(repository, goal.folder))
            name = source.name
            return True, f"{name}: {_first_of(source)} can be read"
    except KapsoError as error:
        if error.slug == "history-empty":
            return False, error.message
        if name and _is_known(of_repository(repository), name):
            return False, f"`{spec}` cannot be learnt anew ({error.message}): what is known of it counts"
        raise _named(error, spec, goal) from error


def _first_of(source: Source) -> str:
    """The path of the first document that can be had."""
    from kapso_knowledge.errors import SourceError
    from kapso_knowledge.sources.protocol import Unread

    why = ""
    for item in source.documents({}):
        if not isinstance(item, Unread):
            return f"`{item.path}`" if item.path else "it"
        why = why or f": {item.reason}"
    raise SourceError(f"`{source.name}` holds no document that can be read{why}", slug="source-empty")


def _is_known(library: Library, name: str) -> bool:
    with library_faults():
        return any(known.source == name for known in library.known())


def told(walked: Walked) -> str:
    """What learning a source came to, in a line, with the first of what could not be read."""
    change = walked.change
    counts = [f"{plural(change.added, 'node')} added"] if change.added else []
    counts += [f"{count} {how}" for how, count in _counts(change).items() if count]
    documents = plural(walked.read + walked.same, "document")
    line = f"{walked.source}: {documents}, {', '.join(counts) or 'nothing new'}"
    return line + (f"; {len(walked.unread)} could not be read" if walked.unread else "")


def failures(walked: Walked) -> list[str]:
    """The documents that could not be read, each with why."""
    lines = [f"{item.path or walked.source}: {item.reason}" for item in walked.unread[:SHOWN_FAILURES]]
    more = len(walked.unread) - len(lines)
    return [*lines, *([f"and {more} more"] if more > 0 else [])]


def _counts(change: Any) -> dict[str, int]:
    return {
        "changed": change.changed,
        "removed": change.removed,
        "as they were": change.same,
    }


def _named(error: KapsoError, spec: str, goal: Goal) -> KapsoError:
    """The error with the place of the source in goal.yaml."""
    message = error.message if f"`{spec}`" in error.message else f"`{spec}`: {error.message}"
    kind = UsageError if isinstance(error, UsageError) else type(error)
    return kind(message, help=error.help, where=goal.where("knowledge"), slug=error.slug)
