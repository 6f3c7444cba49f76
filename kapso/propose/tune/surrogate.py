"""A Gaussian process over the parameters that matter, asked for the greatest expected improvement.

Matérn 5/2 with a length per axis (Rasmussen and Williams 2006, chapters 4 and 5). Lengths and noise are
fitted to the history as it was some attempts ago, so that they follow from the history alone
and cost little per attempt; at most `_MOST` trials are looked at, so that nothing grows.
"""

from __future__ import annotations

import math
from typing import Any

from kapso.propose.tune.arrays import Array, np
from kapso.propose.tune.family import Family, Trial
from kapso.propose.tune.feasible import soundness
from kapso.propose.tune.steps import Steps
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

Rng = np.random.Generator

_MOST = 60
_WIDEST = 32
_EVERY = 10
_ROUNDS = 14
_APART = 4.0
_DOUBT = 0.1
"""Variance of what other programs say about this one, as a share of the variance of all heights."""
_BEYOND = 1.5
"""How much better than the median, where the best is by 1, something may count that violates a constraint."""
_AFAR = 0.15
"""How often it looks over the marked ranges too; always doing so costs precision near the best."""


class Surrogate:
    """The arm that fits a model."""

    name = "model"

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._fitted: dict[tuple[object, ...], tuple[Array, float, Array | None, float]] = {}

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Everything it needs stands in the trials."""

    def propose(self, view: View) -> Move | None:
        """Where the model expects most, near the parent."""
        names = self._names(view)
        if not self._is_ready(view, names):
            return None
        space = _Space(view, names)
        points, heights, doubts, sound = _data(view, space)
        lengths, noise, sound_lengths, sound_noise = self._fit(view, space)
        model = _Model(space.encode(points), heights, lengths, noise + doubts)
        if sound is not None and sound_lengths is not None:
            mean, spread = float(np.mean(sound)), float(np.std(sound))
            room = (sound - mean) / spread
            limit = _Model(space.encode(points), room, sound_lengths, sound_noise + doubts)
            model.hold_to(limit, -mean / spread, sound > 0)
        here = np.array([view.position(name) for name in names])
        rng = np.random.default_rng(view.random.getrandbits(64))
        centres = np.concatenate([here[None, :], points[model.order()[:2]]])
        for target in _most_promising(model, centres, lengths, space, rng):
            changed = {n: float(t) for n, t, h in zip(names, target, here, strict=True) if abs(t - h) > 1e-9}
            move = view.move(changed, "most promising to a model of what was measured")
            if move is not None:
                return move
        return None

    def believed(self, view: View) -> Trial | None:
        """The trial of the parent's program that the model, unlike a single lucky measurement, takes for the
        best; None while it knows too little."""
        names = self._names(view)
        if not self._is_ready(view, names):
            return None
        space = _Space(view, names)
        points, heights, doubts, _ = _data(view, space)
        lengths, noise, *_ = self._fit(view, space)
        model = _Model(space.encode(points), heights, lengths, noise + doubts)
        own = _own(view.family, len(view.family.all))
        ranked = (own[place] for place in model.order() if place < len(own))
        return next((trial for trial in ranked if trial.height is not None and trial.number >= 0), None)

    @staticmethod
    def _is_ready(view: View, names: list[str]) -> bool:
        return bool(names) and view.family.size >= len(names) // 2 + 4 and bool(view.family.best(1))

    def _names(self, view: View) -> list[str]:
        """The parameters that were seen to matter most, in an order that keeps when the ranking changes."""
        varied = view.family.varied
        effects = self._steps.effects([name for name in view.numeric() if name in varied])
        ranked = sorted((name for name in effects if effects[name] > 0), key=lambda name: -effects[name])
        named = [name for name in view.named() if name in varied]
        return sorted((named[: _WIDEST // 2] + ranked)[:_WIDEST])

    def _fit(self, view: View, space: _Space) -> tuple[Array, float, Array | None, float]:
        """Lengths and noise as the trials up to the last multiple of ten, later of fifty, suggest them."""
        count = len(view.family.all)
        every = _EVERY if count < 20 * _EVERY else 5 * _EVERY
        full = count // every * every or count
        key = (view.family.first, tuple(space.names), full, len(view.base))
        if key not in self._fitted:
            points, heights, doubts, sound = _data(view, space, full)
            features = space.encode(points)
            limit = (
                (None, 0.0)
                if sound is None
                else _fit(features, (sound - np.mean(sound)) / np.std(sound), doubts)
            )
            self._fitted = {key: (*_fit(features, heights, doubts), *limit)}
        return self._fitted[key]


class _Space:
    """The parameters of a model: numbers as they stand on their axes, choices as a column for each value."""

    def __init__(self, view: View, names: list[str]) -> None:
        self.names = names
        axes = [view.axes[name] for name in names]
        self.counts = np.array([len(axis.choices) for axis in axes])
        self.low, self.high = _bounds(view, names)
        self.is_drawn = np.array([axis.is_marked for axis in axes])
        columns = [1 if count < 3 else count for count in self.counts]
        self._first = np.cumsum([0, *columns])

    def encode(self, points: Array) -> Array:
        """The columns of some points; a choice of another value is `_APART` steps away."""
        features = np.zeros((len(points), self._first[-1]))
        for i, count in enumerate(self.counts):
            at = self._first[i]
            if count < 3:
                features[:, at] = points[:, i] * (_APART if count else 1.0)
            else:
                features[np.arange(len(points)), at + points[:, i].astype(int)] = _APART / math.sqrt(2)
        return features

    def reach(self, lengths: Array) -> Array:
        """How far each parameter is moved."""
        return np.asarray(np.minimum(lengths[self._first[:-1]], 6.0))

    def around(self, centres: Array, count: int, radius: float, lengths: Array, rng: Rng) -> Array:
        """Points near some others: a few numbers moved, now and then a choice changed."""
        width = centres.shape[1]
        spread = np.exp(rng.uniform(math.log(0.02), math.log(0.8), (count, 1))) * radius
        share = np.exp(rng.uniform(-math.log(max(1.0, width / 1.5)), 0, (count, 1)))
        keep = rng.random((count, width)) < share
        shifts = rng.standard_normal((count, width)) * spread * self.reach(lengths) * keep
        points = centres[rng.integers(len(centres), size=count)]
        moved = np.clip(points + shifts, self.low, self.high)
        drawn = np.floor(rng.random((count, width)) * self.counts)
        changed = np.where(rng.random((count, width)) < 0.5 / width, drawn, points)
        return np.asarray(np.where(self.counts > 0, changed, moved))

    def anywhere(self, centres: Array, count: int, rng: Rng) -> Array:
        """Points that differ from the first centre by anything within the ranges that markers name."""
        shape = (count, len(self.names))
        drawn = self.low + rng.random(shape) * (self.high - self.low)
        drawn = np.where(self.counts > 0, np.floor(rng.random(shape) * self.counts), drawn)
        return np.asarray(np.where(self.is_drawn, drawn, centres[0]))


def _own(family: Family, end: int) -> list[Trial]:
    """The best and the latest of the first trials, in order of landing."""
    latest = family.all[max(0, end - _MOST // 2) : end]
    chosen = {trial.number: trial for trial in (*family.best(_MOST // 2, end), *latest)}
    return sorted(chosen.values(), key=lambda trial: trial.number)


def _data(view: View, space: _Space, among: int | None = None) -> tuple[Array, Array, Array, Array | None]:
    """Positions, standardised heights, doubts and soundness of the best and the latest trials.

    Broken ones count as poor; what violates a constraint counts as what it would be without it. What is
    borrowed from other families fills up what is left.
    """
    family = view.family
    own = _own(family, len(family.all) if among is None else among)
    rows = [*own, *family.borrowed[: max(0, _MOST - len(own))]]
    names = space.names
    points = np.array([[view.axes[n].position(t.values[n]) for n in names] for t in rows], dtype=float)
    heights = np.array([np.nan if t.height is None else t.height for t in rows], dtype=float)
    median = float(np.nanmedian(heights))
    spread = float(np.nanmax(heights)) - median or 1.0
    # Beyond a constraint lies the best score of all: cut off, so that it does not draw everything there.
    most = median + _BEYOND * spread
    outlooks = [min(t.outlook, most) if t.is_beyond and t.outlook is not None else np.nan for t in rows]
    heights = np.where(np.isnan(heights), np.array(outlooks, dtype=float), heights)
    # Far below the middle all is equally bad: without this, one cliff flattens everything else.
    low = np.nan_to_num((heights - median) / spread, nan=-1.0)
    squashed = np.where(low < -1, -1 - np.log1p(np.maximum(-1 - low, 0)), low)
    deviation = float(np.std(squashed)) or 1.0
    doubts = np.where(np.arange(len(rows)) < len(own), 0.0, _DOUBT)
    scaled = (squashed - float(np.mean(squashed))) / deviation
    return points.reshape(len(rows), len(names)), scaled, doubts, soundness(rows)


def _kernel(a: Array, b: Array, lengths: Array) -> tuple[Array, Array]:
    x, y = a / lengths, b / lengths
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1)[None, :] - 2 * x @ y.T
    r = np.sqrt(5 * np.maximum(squares, 0.0))
    decay = np.exp(-r)
    return (1 + r + r * r / 3) * decay, (1 + r) * decay


def _fit(points: Array, heights: Array, doubts: Array) -> tuple[Array, float]:
    """Lengths and noise variance by resilient gradient ascent on the posterior."""
    width = points.shape[1]
    prior = math.log(3.0 * math.sqrt(max(width, 1)))
    theta = np.append(np.full(width, prior), math.log(1e-2))
    size, before = np.full(width + 1, 0.4), np.zeros(width + 1)
    best, best_theta = -math.inf, theta
    gaps = (points[:, None, :] - points[None, :, :]) ** 2
    for _ in range(_ROUNDS):
        value, gradient = _likelihood(points, heights, doubts, gaps, theta, prior)
        if value > best:
            best, best_theta = value, theta
        agree = np.sign(gradient) * np.sign(before)
        size = np.clip(size * np.where(agree > 0, 1.3, np.where(agree < 0, 0.5, 1.0)), 0.02, 1.0)
        theta = theta + size * np.sign(gradient)
        theta[-1] = min(max(theta[-1], math.log(1e-6)), 0.0)
        before = gradient
    return np.exp(best_theta[:-1]), float(np.exp(best_theta[-1]))


def _likelihood(
    points: Array, heights: Array, doubts: Array, gaps: Array, theta: Array, prior: float
) -> tuple[float, Array]:
    lengths, noise = np.exp(theta[:-1]), math.exp(theta[-1])
    kernel, slope = _kernel(points, points, lengths)
    inverse = np.linalg.inv(kernel + np.diag(noise + 1e-8 + doubts))
    weights = inverse @ heights
    sign, logdet = np.linalg.slogdet(inverse)
    value = -0.5 * float(heights @ weights) + 0.5 * float(logdet if sign > 0 else -1e6)
    outer = np.outer(weights, weights) - inverse
    pull = (theta[:-1] - prior) / 1.0
    by_length = 0.5 * (5 / 3) * np.einsum("ij,ijk->k", outer * slope, gaps) / lengths**2 - pull
    drift = (theta[-1] - math.log(1e-3)) / 3.0
    by_noise = 0.5 * noise * float(np.trace(outer)) - drift / 3.0
    return value - 0.5 * float(pull @ pull) - 0.5 * drift * drift, np.append(by_length, by_noise)


class _Model:
    def __init__(self, points: Array, heights: Array, lengths: Array, noise: Array) -> None:
        kernel, _ = _kernel(points, points, lengths)
        self._points, self._lengths = points, lengths
        self._inverse = np.linalg.inv(kernel + np.diag(noise + 1e-8))
        self._weights = self._inverse @ heights
        self._means = kernel @ self._weights
        self.best = float(np.max(self._means))
        self._limit: _Model | None = None
        self._least = 0.0

    def hold_to(self, limit: _Model, least: float, is_sound: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        """From now on weigh everything with the chance that `limit` is above `least` there."""
        self._limit, self._least = limit, least
        self._means = np.where(is_sound, self._means, -math.inf)
        if is_sound.any():
            self.best = float(np.max(self._means))

    def order(self) -> np.ndarray[Any, np.dtype[np.intp]]:
        """The points by what the model, unlike a single lucky measurement, takes them for, best first."""
        return np.argsort(-self._means, kind="stable")

    def improvement(self, targets: Array) -> Array:
        """Expected improvement over the best mean, in standard deviations of the heights."""
        mean, deviation = self._at(targets)
        z = (mean - self.best) / deviation
        density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
        expected = np.asarray(deviation * (z * _below(z) + density))
        return expected if self._limit is None else expected * self._limit.chance(targets, self._least)

    def chance(self, targets: Array, least: float) -> Array:
        """How likely they are above `least`."""
        mean, deviation = self._at(targets)
        return _below((mean - least) / deviation)

    def _at(self, targets: Array) -> tuple[Array, Array]:
        """Mean and deviation at some points."""
        cross, _ = _kernel(targets, self._points, self._lengths)
        variance = np.maximum(1 - np.einsum("ij,ij->i", cross @ self._inverse, cross), 1e-12)
        return cross @ self._weights, np.sqrt(variance)


def _below(z: Array) -> Array:
    """The normal distribution function, to 1e-7 (Abramowitz and Stegun 1964, 26.2.17)."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) * poly
    return np.asarray(np.where(z >= 0, 1 - tail, tail))


def _bounds(view: View, names: list[str]) -> tuple[Array, Array]:
    lows, highs = [], []
    for name in names:
        axis, here = view.axes[name], view.position(name)
        if axis.choices:
            lows.append(0.0)
            highs.append(len(axis.choices) - 1.0)
            continue
        limits = view.limits.get(name)
        below, above = (limits.below, limits.above) if limits else (-math.inf, math.inf)
        lows.append(max(min(axis.low, here), here - (here - below) * 0.7 if below < here else -math.inf))
        highs.append(min(max(axis.high, here), here + (above - here) * 0.7 if above > here else math.inf))
    return np.array(lows), np.array(highs)


def _most_promising(model: _Model, centres: Array, lengths: Array, space: _Space, rng: Rng) -> Array:
    """Candidates anywhere and around the parent, then around the best of them; the most promising first."""
    radius = 1.0
    pool = space.anywhere(centres, 60 if rng.random() < _AFAR else 0, rng)
    for count in (140, 70, 40):
        pool = np.concatenate([pool, space.around(centres, count, radius, lengths, rng)])
        order = np.argsort(-model.improvement(space.encode(pool)), kind="stable")
        pool = pool[order[:12]]
        centres, radius = pool[:3], radius / 3
    return pool
