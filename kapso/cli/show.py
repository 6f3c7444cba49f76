"""`kapso show`: everything that is known about one attempt."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kapso.attempt import Attempt
from kapso.cli.calls import show_calls
from kapso.cli.output import json_option, print_json
from kapso.cli.pick import trace
from kapso.errors import KapsoError

if TYPE_CHECKING:
    from kapso.cli.pick import Log
    from kapso.git.repository import Repository
    from kapso.loop.confirm import Confirmation
    from kapso.loop.dissected import Dissection
    from kapso.loop.hints import Hint
    from kapso.memory.episode import Episode, RunSummary
    from kapso.memory.front import Front
    from kapso.memory.lessons.lesson import Lesson
    from kapso_knowledge import Node

_LOG_TAIL_BYTES = 64 * 1024


@dataclass(frozen=True)
class Story:
    """All that `show` tells: the attempt, where it came from, what it compares with, what it left."""

    run: RunSummary
    episode: Episode
    lineage: tuple[Attempt, ...]
    """The first parents, from the attempt itself back to the baseline."""

    parents: tuple[Attempt, ...]
    best: Attempt | None
    patch: str
    holdout: Mapping[str, Any] | None
    log_file: Path
    log: str | None
    front: Front | None = None
    dissection: Dissection | None = None
    """What the parts of its diff earn; None where it is not the best."""
    confirmation: Confirmation | None = None
    """How it held in fresh evaluations, if it is the best."""
    hints: tuple[Hint, ...] = ()
    """What the user told the run's proposers."""
    knowledge: Mapping[str, Node | None] = field(default_factory=dict)
    """What libraries told it, by node; None for what is not there any more."""
    lessons: Mapping[str, Lesson | None] = field(default_factory=dict)
    """The lessons that were recalled for it, left out by lot or about it, by id; None for what is not known
    here."""

    def to_json(self) -> dict[str, Any]:
        attempt, extent = self.episode.attempt, self.episode.diff
        return {
            **attempt.to_json(),
            "standing": None,
            "since": None,
            "tree": attempt.tree,
            "evaluator": attempt.evaluator or None,
            "sandbox": attempt.sandbox or None,
            "parameters": dict(attempt.parameters),
            "feedback": attempt.feedback,
            "demoted": self.episode.is_demoted,
            "passed_over": self.episode.is_passed_over,
            "confirmed": self.confirmation.to_json() if self.confirmation else None,
            "baseline": self.run.baseline,
            "best_attempt": self.run.best_attempt,
            "best_score": self.run.best_score,
            "front": self.front.numbers if self.front else None,
            "lineage": [ancestor.number for ancestor in self.lineage],
            "stages": [asdict(stage) for stage in self.episode.stages],
            "holdout": self.holdout,
            "diff": {
                "files": extent.files if extent else None,
                "added": extent.added if extent else None,
                "removed": extent.removed if extent else None,
                "patch": self.patch,
            },
            "parts": [part.to_json() for part in self.dissection.parts] if self.dissection else None,
            "smallest": self.dissection.smallest_json() if self.dissection else None,
            "hints": [asdict(hint) for hint in self.hints],
            "recalled": [_told(id, node) for id, node in self.knowledge.items()],
            "taught": [_taught(id, self.lessons.get(id)) for id in attempt.lessons],
            "withheld": list(attempt.withheld),
            "predicted": dict(attempt.predicted),
            "log": self.log,
            "log_file": str(self.log_file) if self.log is not None else None,
        }


@click.command()
@click.argument("arguments", nargs=-1, metavar="[RUN] [ATTEMPT]")
@click.option("--full", is_flag=True, help="The whole diff and the whole log.")
@click.option("--prompt", is_flag=True, help="What a model or an agent was asked, and what it answered.")
@json_option
def show(arguments: tuple[str, ...], full: bool, prompt: bool, as_json: bool) -> None:
    """Everything about ATTEMPT (default: the best) of RUN (default: the latest).

    Idea, metrics beside those of its parent and of the best, commands, lineage, hold-out results,
    diff against its first parent and the end of its log. An attempt is a number, `baseline` or `best`; of
    one that waits for approval or is being evaluated, what is known so far.

    \b
    kapso show
    kapso show 7
    kapso show circle-packing best --full
    kapso show circle-packing baseline --json | jq .metrics
    kapso show 12 --prompt
    """
    from kapso.cli.pick import find_attempt, open_log, split
    from kapso.cli.story import render
    from kapso.cli.waiting import show_in_flight

    run, names = split(arguments, 1)
    log = open_log()
    name = names[0] if names else "best"
    if prompt:
        return show_calls(log, log.run(run), name, as_json)
    picked = log.run(run)
    if show_in_flight(log, picked, find_attempt(picked, name), full=full, as_json=as_json):
        return None
    story = tell(log, picked, name, full=full)
    if as_json:
        print_json(story.to_json())
    else:
        print("\n".join(render(story, full=full)))


def tell(log: Log, run: RunSummary, name: str, *, full: bool) -> Story:
    """Collect what is known about the attempt `name` of `run`."""
    repository, episode = log.repository, log.episode(run, name)
    attempt = episode.attempt
    attempts = {other.number: other for other in log.episodes.attempts(run.run)}
    demoted = {each.attempt.number for each in log.episodes.episodes(run.run) if each.is_demoted}
    story = story_of(repository, run, episode, attempts, demoted)
    parents = story.parents
    return replace(
        story,
        patch=repository.diff(parents[0].commit, attempt.commit) if parents else "",
        log=_read(story.log_file, None if full else _LOG_TAIL_BYTES),
        front=log.front(run),
    )


def story_of(
    repository: Repository,
    run: RunSummary,
    episode: Episode,
    attempts: Mapping[int, Attempt],
    demoted: Collection[int],
) -> Story:
    """The story of one of the run's `attempts`; without its patch, its log and the front."""
    from kapso.loop.confirm import confirmation_of
    from kapso.loop.dissected import dissection_of
    from kapso.loop.hints import Hints
    from kapso.memory.history import holdout_result

    attempt = episode.attempt
    best = run.best_attempt
    is_best = attempt.number == best
    folder = repository.state_dir / "runs" / run.run / "attempts" / f"{attempt.number:04d}"
    return Story(
        run=run,
        episode=episode,
        lineage=trace(attempt, attempts),
        parents=tuple(attempts[parent] for parent in attempt.parents if parent in attempts),
        best=attempts.get(best) if best is not None else None,
        patch="",
        holdout=holdout_result(repository, run.run, attempt.number),
        log_file=folder / "log.txt",
        log=None,
        dissection=dissection_of(repository, run.run, best, attempts.values(), demoted) if is_best else None,
        confirmation=confirmation_of(repository, run.run, best) if is_best else None,
        hints=Hints(repository, run.run).all(),
        knowledge=_knowledge(repository, attempt),
        lessons=_lessons(repository, attempt),
    )


def _knowledge(repository: Repository, attempt: Attempt) -> Mapping[str, Node | None]:
    if not attempt.knowledge:
        return {}
    from kapso.recall.shelves import Shelves

    try:
        shelves = Shelves.around(repository)
        return {id: shelves.node(id) for id in attempt.knowledge}
    except KapsoError:  # the attempt can be shown all the same
        return dict.fromkeys(attempt.knowledge)


def _lessons(repository: Repository, attempt: Attempt) -> Mapping[str, Lesson | None]:
    from kapso.memory.lessons.known import lessons_by_id

    ids = dict.fromkeys([*attempt.lessons, *attempt.withheld, *attempt.predicted])
    return lessons_by_id(repository, ids)


def _taught(id: str, lesson: Lesson | None) -> dict[str, Any]:
    return {
        "lesson": id,
        "kind": str(lesson.kind) if lesson else None,
        "statement": lesson.statement if lesson else None,
        "status": str(lesson.status) if lesson else None,
    }


def _told(id: str, node: Node | None) -> dict[str, Any]:
    from kapso.recall.hits import where

    return {
        "node": id,
        "title": node.title if node else None,
        "source": where(node) if node else None,
    }


def _read(path: Path, limit: int | None) -> str | None:
    """The last `limit` bytes of a log, None where there is none any more."""
    try:
        with path.open("rb") as file:
            if limit is not None:
                file.seek(max(0, os.fstat(file.fileno()).st_size - limit))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return None
