"""What the traces say: normalised curves, areas, intervals, and tests of Kapso against each rival.

Intervals are percentile bootstraps (Efron 1979); tests are Mann and Whitney's (1947), p by permutation, as
ties are many, and corrected by Holm (1979) for the number of rivals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from contest.task import Task
from contest.trace import Trace

LEVEL = 0.05
_RESAMPLES = 4000
_PERMUTATIONS = 20_000

Values = Sequence[float]


@dataclass(frozen=True)
class Interval:
    """An estimate with its 95 % interval."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Standing:
    """How one method did on one task, seed by seed: areas and finals are normalised, worths are not."""

    curves: np.ndarray
    worths: Values

    @property
    def areas(self) -> Values:
        """The mean height of each curve: 1 would be the best known after the first evaluation."""
        return list(self.curves.mean(axis=1))

    @property
    def finals(self) -> Values:
        return list(self.curves[:, -1])


@dataclass(frozen=True)
class Board:
    """Every standing on one task, and the scores between which curves are normalised."""

    task: Task
    start: float
    best: float
    standings: Mapping[str, Standing]


def board_of(task: Task, traces: Sequence[Trace]) -> Board:
    """The standings on a task; the best known is its `bench.toml`'s or the best that any method found."""
    sign = task.sign
    start = traces[0].start
    worths = [start, *(worth for trace in traces for worth in trace.curve())]
    best = max([*worths, *([task.best] if task.best is not None else [])], key=lambda worth: sign * worth)
    by_method: dict[str, list[Trace]] = {}
    for trace in traces:
        by_method.setdefault(trace.method, []).append(trace)
    standings = {
        method: Standing(
            np.array([normalised(trace.curve(), start, best) for trace in found]),
            [trace.final for trace in found],
        )
        for method, found in by_method.items()
    }
    return Board(task, start, best, standings)


def normalised(curve: Values, start: float, best: float) -> list[float]:
    """0 at the start, 1 at the best known; what is worse than the start is negative, down to -1."""
    if best == start:
        return [0.0] * len(curve)
    return [max(-1.0, min(1.0, (worth - start) / (best - start))) for worth in curve]


def mean_interval(values: Values) -> Interval:
    """The mean and where it lies."""
    return _interval(np.asarray(values, float), np.mean)


def median_interval(values: Values) -> Interval:
    """The median and where it lies."""
    return _interval(np.asarray(values, float), np.median)


def _interval(values: np.ndarray, measure: object) -> Interval:
    assert callable(measure)
    drawn = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    low, high = np.quantile(measure(values[drawn], axis=1), (0.025, 0.975))
    return Interval(float(measure(values)), float(low), float(high))


def chance(first: Values, second: Values) -> float:
    """The two-sided p of Mann and Whitney: how likely such a difference of ranks is by chance."""
    together = np.asarray([*first, *second], float)
    ranks = _ranks(together)
    size = len(first)
    expected = size * (len(together) + 1) / 2
    seen = abs(ranks[:size].sum() - expected)
    shuffled = np.random.default_rng(0).permuted(np.tile(ranks, (_PERMUTATIONS, 1)), axis=1)
    as_far = np.abs(shuffled[:, :size].sum(axis=1) - expected) >= seen - 1e-9
    return float((1 + as_far.sum()) / (1 + _PERMUTATIONS))


def holm(chances: Values) -> list[float]:
    """The p of several tests, corrected so that one of them errs by chance in no more than `LEVEL`."""
    order = sorted(range(len(chances)), key=lambda index: chances[index])
    corrected, highest = [0.0] * len(chances), 0.0
    for place, index in enumerate(order):
        highest = max(highest, min(1.0, (len(chances) - place) * chances[index]))
        corrected[index] = highest
    return corrected


def against_rivals(ours: Values, rivals: Mapping[str, Values]) -> dict[str, str]:
    """`ahead`, `tied` or `behind` of each rival; more is better."""
    names = list(rivals)
    corrected = holm([chance(ours, rivals[name]) for name in names])
    found = {}
    for name, p in zip(names, corrected, strict=True):
        is_ahead = np.mean(ours) > np.mean(rivals[name])
        found[name] = "tied" if p >= LEVEL else "ahead" if is_ahead else "behind"
    return found


def verdict(found: Mapping[str, str]) -> str:
    """`first`, `tied for first`, or behind whom."""
    behind = [name for name, word in found.items() if word == "behind"]
    if behind:
        return f"behind {', '.join(behind)}"
    return "first" if all(word == "ahead" for word in found.values()) else "tied for first"


def lead(pairs: Sequence[tuple[Values, Values]]) -> Interval:
    """The mean lead over tasks, one pair of samples each; tasks and seeds are drawn again."""
    random = np.random.default_rng(0)
    arrays = [(np.asarray(ours, float), np.asarray(theirs, float)) for ours, theirs in pairs]
    leads = []
    for _ in range(_RESAMPLES):
        chosen = random.integers(0, len(arrays), len(arrays))
        drawn = [
            (random.choice(arrays[k][0], len(arrays[k][0])), random.choice(arrays[k][1], len(arrays[k][1])))
            for k in chosen
        ]
        leads.append(np.mean([ours.mean() - theirs.mean() for ours, theirs in drawn]))
    low, high = np.quantile(leads, (0.025, 0.975))
    middle = np.mean([ours.mean() - theirs.mean() for ours, theirs in arrays])
    return Interval(float(middle), float(low), float(high))


def ranks_on(board: Board) -> dict[str, float]:
    """The rank of each method on a task by its mean area, 1 the best; equal ones share theirs."""
    means = {method: float(np.mean(standing.areas)) for method, standing in board.standings.items()}
    found = _ranks(-np.round(np.asarray(list(means.values())), 12))
    return dict(zip(means, map(float, found), strict=True))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 upwards, the mean of them where values are equal."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]
