"""What lessons say of parameters: values that were good elsewhere come first, those that broke it are spared.

What earlier runs of the same goal found is taken over attempt by attempt (`warm.py`), which tells more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kapso.propose.recalled import NO_ADVICE, Advice, Range
from kapso.propose.tune.axes import Axis
from kapso.propose.tune.family import Trial
from kapso.propose.tune.slots import Value, is_same
from kapso.propose.tune.trials import Limits
from kapso.propose.tune.view import Move, View
from kapso.propose.tune.warm import is_allowed

ARM = "lesson"
"""The first word of what it proposes."""
_TRIED = 6
"""So many of its moves may come to nothing."""


@dataclass
class Told:
    """The advice of the attempt at hand, and what came of what it led to before."""

    advice: Advice = NO_ADVICE
    _vain: int = 0

    def observe(self, trial: Trial) -> None:
        """Count its own."""
        if trial.arm == ARM and trial.number > 0:
            self._vain = 0 if trial.leads else self._vain + 1

    def on(self, view: View) -> View:
        """The view as the advice lets one see it: limits where values broke programs, and what matters."""
        bad = [each for each in self.advice.ranges if not each.is_good and each.parameter in view.base]
        weights = {name: each.factor for name, each in self.advice.parameters.items() if name in view.base}
        if not bad and not weights:
            return view
        limits = {name: replace(each) for name, each in view.limits.items()}
        for each in bad:
            _limit(limits, each, view)
        is_free = view.is_free if not bad else _spares(bad, view)
        return replace(view, limits=limits, is_free=is_free, weights=weights)

    def propose(self, view: View) -> Move | None:
        """Good values of all parameters together, then of each; those that matter most first."""
        if self._vain >= _TRIED or not self.advice.ranges:
            return None
        good = {
            each.parameter: value for each in self._good(view) if (value := _value(each, view)) is not None
        }
        if not good:
            return None
        ids = " ".join(dict.fromkeys(each.lesson for each in self.advice.ranges if each.parameter in good))
        for some in _together_then_each(good):
            move = view.move_to(some, f"good before, by {ids if len(some) > 1 else self._id(some)}")
            if move is not None:
                return move
        return None

    def _good(self, view: View) -> list[Range]:
        told = [each for each in self.advice.ranges if each.is_good and each.parameter in view.base]
        weights = self.advice.parameters

        def rank(each: Range) -> tuple[float, str]:
            weight = weights.get(each.parameter)
            return (-weight.factor if weight is not None else -1.0, each.parameter)

        return sorted(told, key=rank)

    def _id(self, values: Mapping[str, Value]) -> str:
        return next(each.lesson for each in self.advice.ranges if each.is_good and each.parameter in values)


def _together_then_each(good: Mapping[str, Value]) -> Iterator[Mapping[str, Value]]:
    yield good
    if len(good) > 1:
        yield from ({name: value} for name, value in good.items())


def _value(told: Range, view: View) -> Value | None:
    """What did best, where the axis has it; else the nearest of the range to what the parent has."""
    axis, here = view.axes[told.parameter], view.base[told.parameter]
    if told.best is not None:
        return told.best if is_allowed(axis, told.best) else None
    if axis.choices or isinstance(here, (bool, str)):
        return next((each for each in told.choices if is_allowed(axis, each)), None)
    low = -math.inf if told.low is None else told.low
    high = math.inf if told.high is None else told.high
    if low <= here <= high:
        return None
    nearest = low if here < low else high
    value = type(axis.first)(nearest) if isinstance(axis.first, int) else float(nearest)
    return value if is_allowed(axis, value) else None


def _limit(limits: dict[str, Limits], told: Range, view: View) -> None:
    """A bad range bounds the parameter on the side of it where the parent stands."""
    axis = view.axes[told.parameter]
    if axis.choices or (told.low is None and told.high is None):
        return
    here = view.position(told.parameter)
    low, high = _positions(axis, told)
    bounds = limits.setdefault(told.parameter, Limits())
    if here < low:
        bounds.above = min(bounds.above, low)
    elif here > high:
        bounds.below = max(bounds.below, high)


def _positions(axis: Axis, told: Range) -> tuple[float, float]:
    """The ends of a range on the axis, the lower first; magnitudes of what is negative are turned round."""
    is_turned = axis.scale == "log" and float(axis.first) < 0
    low = -math.inf if told.low is None else axis.position(told.low)
    high = math.inf if told.high is None else axis.position(told.high)
    if not is_turned:
        return low, high
    return (-math.inf if told.high is None else high, math.inf if told.low is None else low)


def _spares(bad: Sequence[Range], view: View) -> Callable[[Mapping[str, Value]], bool]:
    """Whether a move is free and takes no parameter into what is bad."""

    def is_free(changed: Mapping[str, Value]) -> bool:
        return view.is_free(changed) and not any(
            each.parameter in changed and _holds(each, changed[each.parameter]) for each in bad
        )

    return is_free


def _holds(told: Range, value: Any) -> bool:
    """Whether a value lies in the range."""
    if told.choices:
        return any(is_same(each, value) for each in told.choices)
    if isinstance(value, (bool, str)) or (told.low is None and told.high is None):
        return False
    return (told.low is None or value >= told.low) and (told.high is None or value <= told.high)
