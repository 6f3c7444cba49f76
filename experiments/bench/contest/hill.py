"""The rival that only edits: Kapso's own catalogue of edits, drawn evenly, and what is no worse is kept.

A hill climber (first improvement, ties accepted) without anything learnt: what the operators alone are worth.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from random import Random

from contest.evaluation import Evaluator, Files
from contest.task import Task
from contest.trace import Ledger, Trace
from kapso.propose.mutate.edit import apply, is_sound
from kapso.propose.mutate.languages import language_of
from kapso.propose.mutate.operators import edits_of
from kapso.propose.mutate.tree import Source, read_source

_MOST_DRAWS = 300
"""Draws without a new sound candidate after which nothing is left."""


def run_edits(task: Task, seed: int, budget: int, folder: Path) -> Trace | None:
    """One edit at a time on what is held for best."""
    random = Random(seed)
    held: Files = task.editable
    if not _sources(held):
        return None
    ledger = Ledger(Evaluator(task, folder), budget)
    height = task.sign * ledger.best
    made = {_key(held)}
    for _ in range(budget):
        candidate = _draw(held, made, random)
        if candidate is None:
            break
        score = ledger.score(candidate)
        if score is not None and task.sign * score >= height:
            held, height = candidate, task.sign * score
    return ledger.trace("edits", seed)


def _draw(files: Files, made: set[str], random: Random) -> Files | None:
    """A candidate that was not made yet, None where none is found; regions are drawn by their size."""
    sources = _sources(files)
    regions = [region for source in sources for region in source.regions]
    sizes = [region.size for region in regions]
    for _ in range(_MOST_DRAWS):
        region = random.choices(regions, sizes)[0]
        edits = [edit.spans for _, _, edit in edits_of(region)]
        spans = random.choice(edits) if edits else ()
        source = region.source
        if not spans or not is_sound(source, spans):
            continue
        candidate = {**files, source.path: apply(source.text, spans).encode()}
        if (key := _key(candidate)) not in made:
            made.add(key)
            return candidate
    return None


def _sources(files: Files) -> list[Source]:
    found = (_read(path, content) for path, content in sorted(files.items()) if language_of(path))
    return [source for source in found if source is not None and source.regions]


@lru_cache(maxsize=32)
def _read(path: str, content: bytes) -> Source | None:
    return read_source(path, content)


def _key(files: Files) -> str:
    return repr(sorted(files.items()))
