"""Anywhere: a vector drawn from the ranges, and in a small finite space the next one not tried."""

from __future__ import annotations

import math
from itertools import product

from kapso.propose.tune.family import Trial
from kapso.propose.tune.slots import Value
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

_DRAWS = 40
_ENUMERABLE = 20_000


class Anywhere:
    """The arm that keeps some attempts away from all habits, and that finds what is left at the end."""

    name = "random"

    def observe(self, trial: Trial, trials: Trials) -> None:
        """It learns nothing."""

    def propose(self, view: View) -> Move | None:
        """A few parameters drawn anew; else what enumeration finds; None when all was tried."""
        awake = sorted(view.awake())
        for _ in range(_DRAWS if awake else 0):
            count = min(len(awake), 1 + int(view.random.expovariate(0.7)))
            names = view.random.sample(awake, count)
            move = view.move({name: self._draw(view, name) for name in names}, "drawn from the ranges")
            if move is not None:
                return move
        return self._enumerate(view)

    @staticmethod
    def _draw(view: View, name: str) -> float:
        axis = view.axes[name]
        if axis.choices:
            return float(view.random.randrange(len(axis.choices)))
        return view.random.uniform(axis.low, axis.high)

    @staticmethod
    def _enumerate(view: View) -> Move | None:
        options: list[list[Value]] = []
        for name, value in view.base.items():
            values = [value] if name in view.asleep else view.axes[name].all_values()
            if values is None:
                return None
            options.append(values)
        if math.prod(map(len, options)) > _ENUMERABLE:
            return None
        for vector in product(*options):
            move = view.move_to(dict(zip(view.base, vector, strict=True)), "not tried yet")
            if move is not None:
                return move
        return None
