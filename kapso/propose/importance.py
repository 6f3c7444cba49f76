"""Which parameters matter: the share of the score's variance that each explains by itself.

Functional analysis of variance on a random forest (Hutter, Hoos and Leyton-Brown, 2014), computed
exactly on the boxes of its leaves. A projection of the attempts: nothing is kept for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kapso.attempt import Attempt

_TREES = 24
_LEAF = 3
_LEAST_ATTEMPTS = 12
_MOST_ATTEMPTS = 400
_MOST_NAMES = 24
_LEAST_SHARE = 0.01


def importance(attempts: Iterable[Attempt], proposer: str = "tune") -> dict[str, float]:
    """Parameter → share between 0 and 1, the greatest first; empty where too few attempts tell.

    What the shares leave of 1 is due to parameters together, to other edits, and to noise.
    """
    known = {each.number: each for each in sorted(attempts, key=lambda each: each.number)}
    told = [a for a in known.values() if a.parameters and a.is_scored and a.score is not None]
    told = [a for a in told if a.proposer == proposer][-_MOST_ATTEMPTS:]
    if len(told) < _LEAST_ATTEMPTS:
        return {}
    names = _varied(told)
    if not names:
        return {}
    from kapso.propose.tune.arrays import np  # 80 ms

    points = np.array([_column([a.parameters.get(name) for a in told]) for name in names], dtype=float).T
    scores = np.array([a.score for a in told], dtype=float)
    roots = np.array([_root(a, known, proposer) for a in told])
    for root in np.unique(roots):  # no parameter earns what other proposers did for the program
        scores[roots == root] -= np.median(scores[roots == root])
    low, high = np.quantile(scores, (0.1, 0.9))  # a cliff would hide everything else
    shares = _shares(points, np.clip(scores, low - (high - low), high + (high - low)))
    ranked = sorted(zip(names, shares, strict=True), key=lambda pair: -pair[1])
    return {name: round(float(share), 4) for name, share in ranked if share >= _LEAST_SHARE}


def _varied(attempts: Sequence[Attempt]) -> list[str]:
    """Parameters that most attempts have and that took several values, the most varied first."""
    values: dict[str, list[Any]] = {}
    for attempt in attempts:
        for name, value in attempt.parameters.items():
            values.setdefault(name, []).append(value)
    often = {name: len(set(map(str, v))) for name, v in values.items() if 2 * len(v) >= len(attempts)}
    ranked = sorted((name for name in often if often[name] > 1), key=lambda name: (-often[name], name))
    return ranked[:_MOST_NAMES]


def _root(attempt: Attempt, known: Mapping[int, Attempt], proposer: str) -> int:
    """The attempt whose program this one has, but for its parameters."""
    while attempt.proposer == proposer and attempt.parents and attempt.parents[0] in known:
        attempt = known[attempt.parents[0]]
    return attempt.number


def _column(values: Sequence[Any]) -> list[float]:
    """Values laid out between 0 and 1; magnitudes by their logarithm, words one beside the other."""
    numbers = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    if len(numbers) < len([v for v in values if v is not None]):
        places = {value: place for place, value in enumerate(dict.fromkeys(map(str, values)))}
        return [(places[str(value)] + 0.5) / len(places) for value in values]
    middle = sorted(numbers)[len(numbers) // 2]
    filled = [float(middle if value is None else value) for value in values]
    if min(filled) > 0 and max(filled) > 20 * min(filled):
        filled = [math.log(value) for value in filled]
    low, span = min(filled), max(filled) - min(filled)
    return [(value - low) / span if span else 0.5 for value in filled]


@dataclass
class _Leaves:
    """The boxes of one tree and what it says within each."""

    lows: list[Any]
    highs: list[Any]
    values: list[float]


def _shares(points: Any, heights: Any) -> list[float]:
    """Of each column, the mean over the trees."""
    from kapso.propose.tune.arrays import np

    rng = np.random.default_rng(0)
    count, width = points.shape
    total = np.zeros(width)
    grown = 0
    for _ in range(_TREES):
        rows = rng.integers(count, size=count)
        leaves = _Leaves([], [], [])
        _grow(points[rows], heights[rows], np.zeros(width), np.ones(width), leaves, rng)
        if (shares := _of_tree(leaves)) is not None:
            total += shares
            grown += 1
    return [float(share) / max(grown, 1) for share in total]


def _grow(points: Any, heights: Any, low: Any, high: Any, leaves: _Leaves, rng: Any) -> None:
    """Split where it lowers the squared error most, among two thirds of the columns."""
    from kapso.propose.tune.arrays import np

    split = _best_split(points, heights, rng.random(points.shape[1]) < 2 / 3)
    if split is None:
        leaves.lows.append(low)
        leaves.highs.append(high)
        leaves.values.append(float(np.mean(heights)))
        return
    column, at = split
    is_left = points[:, column] <= at
    middle_high, middle_low = high.copy(), low.copy()
    middle_high[column] = middle_low[column] = at
    _grow(points[is_left], heights[is_left], low, middle_high, leaves, rng)
    _grow(points[~is_left], heights[~is_left], middle_low, high, leaves, rng)


def _best_split(points: Any, heights: Any, columns: Any) -> tuple[int, float] | None:
    from kapso.propose.tune.arrays import np

    count = len(heights)
    if count < 2 * _LEAF or not columns.any() or np.ptp(heights) == 0:
        return None
    order = np.argsort(points, axis=0, kind="stable")
    ordered = np.take_along_axis(points, order, axis=0)
    sums = np.cumsum(heights[order] - heights.mean(), axis=0)[:-1]
    left = np.arange(1, count)[:, None]
    gains = sums**2 / left + sums**2 / (count - left)
    is_allowed = (ordered[1:] > ordered[:-1]) & (left >= _LEAF) & (count - left >= _LEAF) & columns
    gains = np.where(is_allowed, gains, -1.0)
    place = int(np.argmax(gains))
    row, column = divmod(place, points.shape[1])
    if gains[row, column] <= 0:
        return None
    return column, float(ordered[row : row + 2, column].mean())


def _of_tree(leaves: _Leaves) -> Any:
    """The variance of each column's marginal over that of the tree; None for a tree without a split."""
    from kapso.propose.tune.arrays import np

    lows, highs, values = np.array(leaves.lows), np.array(leaves.highs), np.array(leaves.values)
    sides = highs - lows
    volumes = sides.prod(axis=1)
    mean = volumes @ values
    variance = volumes @ (values - mean) ** 2
    if variance <= 0:
        return None
    shares = np.zeros(lows.shape[1])
    for column in range(lows.shape[1]):
        edges = np.unique(np.concatenate([lows[:, column], highs[:, column]]))
        if len(edges) < 3:
            continue
        middles, lengths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        inside = (lows[:, column] < middles[:, None]) & (middles[:, None] < highs[:, column])
        marginal = inside @ (values * volumes / sides[:, column])
        shares[column] = lengths @ (marginal - mean) ** 2 / variance
    return shares
