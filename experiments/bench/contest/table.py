"""The results as Markdown: who is where on which task, the figures behind it, and how they came about."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version

import numpy as np

from contest.methods import METHODS
from contest.statistics import (
    Board,
    Interval,
    Standing,
    against_rivals,
    lead,
    mean_interval,
    median_interval,
    ranks_on,
    verdict,
)
from contest.trace import Trace

OURS = "kapso"
_PACKAGES = ("optuna", "cmaes", "numpy")


def page(boards: Sequence[Board], traces: Sequence[Trace], command: str, plot: str) -> str:
    """The whole page."""
    return "\n".join(
        [*_head(boards, traces, command), f"![The curves]({plot})", "", *_overall(boards), *_areas(boards)]
        + [*_finals(boards), *_costs(boards, traces)]
    )


def _head(boards: Sequence[Board], traces: Sequence[Trace], command: str) -> Iterator[str]:
    budget = traces[0].budget
    seeds = max(len(standing.worths) for board in boards for standing in board.standings.values())
    yield from ("# Search: Kapso and its rivals", "")
    yield f"{len(boards)} tasks, {budget} evaluations each, {seeds} seeds. A curve is what the choice of a"
    yield "method after each evaluation is really worth, 0 at the unchanged program and 1 at the best that is"
    yield "known; its mean is the area. Brackets hold 95 % intervals. `../README.md` says how it is measured."
    yield ""
    yield from ("```", command, "```", "")
    yield f"{time.strftime('%Y-%m-%d', time.gmtime())}, {_machine()}, {_versions()}."
    absent = [method for method in METHODS if not any(method in board.standings for board in boards)]
    if absent:
        yield f"Did not take part: {', '.join(METHODS[method].label for method in absent)}."
    yield ""


def _overall(boards: Sequence[Board]) -> Iterator[str]:
    """Kapso against each rival, over the tasks where that one applies."""
    if not all(OURS in board.standings for board in boards):
        return
    yield from ("## Over all", "")
    for measure, words in (("areas", "By area"), ("finals", "At the end")):
        places = [verdict(found) for board in boards if (found := _verdicts(board, measure))]
        first, tied = places.count("first"), places.count("tied for first")
        behind = len(places) - first - tied
        yield f"- {words}, Kapso is first on {first} tasks, tied for first on {tied}, behind on {behind}."
    yield ""
    yield "| rival | tasks | Kapso's lead in area | Kapso's lead at the end | ahead, tied, behind by area |"
    yield "| --- | --- | --- | --- | --- |"
    verdicts = [_verdicts(board, "areas") for board in boards]
    for rival in _rivals(boards):
        met = [board for board in boards if rival in board.standings]
        words = [found[rival] for found in verdicts if rival in found]
        counts = ", ".join(str(words.count(word)) for word in ("ahead", "tied", "behind"))
        areas, ends = _lead(met, rival, "areas"), _lead(met, rival, "finals")
        label = METHODS[rival].label
        yield f"| {label} | {len(met)} | {_shown(areas, '+.3f')} | {_shown(ends, '+.3f')} | {counts} |"
    yield ""
    ranks = [ranks_on(board) for board in boards]
    means = {
        method: np.mean([found[method] for found in ranks if method in found])
        for method in METHODS
        if any(method in found for found in ranks)
    }
    yield "Mean rank by area: " + ", ".join(
        f"{METHODS[method].label} {mean:.2f}"
        for method, mean in sorted(means.items(), key=lambda item: item[1])
    )
    yield ""


def _areas(boards: Sequence[Board]) -> Iterator[str]:
    yield from ("## Area under the curve", "")
    yield from _table(boards, lambda standing: _shown(mean_interval(standing.areas), ".3f"), "areas")


def _finals(boards: Sequence[Board]) -> Iterator[str]:
    yield from ("## At the end, the median score", "")
    yield from _table(boards, lambda standing: _shown(median_interval(standing.worths), ".5g"), "finals")


def _table(boards: Sequence[Board], cell: object, measure: str) -> Iterator[str]:
    assert callable(cell)
    methods = [method for method in METHODS if any(method in board.standings for board in boards)]
    yield f"| task | start → best | {' | '.join(METHODS[method].label for method in methods)} | Kapso is |"
    yield f"| --- | --- |{' --- |' * len(methods)} --- |"
    for board in boards:
        cells = [cell(board.standings[method]) if method in board.standings else "–" for method in methods]
        found = _verdicts(board, measure)
        word = verdict({METHODS[rival].label: each for rival, each in found.items()}) if found else "–"
        name = f"**{board.task.name}**: {board.task.kind}"
        yield f"| {name} | {board.start:.5g} → {board.best:.5g} | {' | '.join(cells)} | {word} |"
    yield ""


def _costs(boards: Sequence[Board], traces: Sequence[Trace]) -> Iterator[str]:
    """What was evaluated beside the budget, and how long a trace takes."""
    yield from ("## Beside the budget", "")
    yield "Evaluations that do not count: those of the unchanged program at the start and, for Kapso, of"
    yield "base and best at the end. Means over all traces; seconds are wall time."
    yield ""
    yield "| method | of the baseline | to confirm | within the budget | seconds a trace |"
    yield "| --- | --- | --- | --- | --- |"
    for method in METHODS:
        found = [trace for trace in traces if trace.method == method]
        if found:
            parts = [
                np.mean([trace.extra.get("baseline", 0) for trace in found]),
                np.mean([trace.extra.get("confirmation", 0) for trace in found]),
                np.mean([trace.evaluations for trace in found]),
                np.mean([trace.seconds for trace in found]),
            ]
            yield f"| {METHODS[method].label} | {' | '.join(f'{part:.1f}' for part in parts)} |"
    yield ""


def _verdicts(board: Board, measure: str) -> Mapping[str, str]:
    """Of each rival: whether Kapso is ahead of it; nothing where Kapso or every rival is missing."""
    standings = dict(board.standings)
    ours = standings.pop(OURS, None)
    if ours is None or not standings:
        return {}
    values = {name: getattr(standing, measure) for name, standing in standings.items()}
    return against_rivals(getattr(ours, measure), values)


def _lead(boards: Sequence[Board], rival: str, measure: str) -> Interval:
    def values(standing: Standing) -> Sequence[float]:
        found: Sequence[float] = getattr(standing, measure)
        return found

    return lead([(values(board.standings[OURS]), values(board.standings[rival])) for board in boards])


def _rivals(boards: Sequence[Board]) -> list[str]:
    return [name for name in METHODS if name != OURS and any(name in board.standings for board in boards)]


def _shown(interval: Interval, form: str) -> str:
    return f"{interval.middle:{form}} [{interval.low:{form}}, {interval.high:{form}}]"


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except Exception:
            continue
    said = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True)
    return f"Kapso {said.stdout.strip() or 'unknown'}, " + ", ".join(found)
