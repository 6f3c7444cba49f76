"""Scanning: every choice of every boolean and named parameter once, slot by slot, before anything clever."""

from __future__ import annotations

import math

from kapso.propose.tune.family import Trial
from kapso.propose.tune.slots import Value
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

_FIRST = 4
"""So many unmarked choices come before numbers have their turn."""


class Scan:
    """The arm of choices."""

    name = "scan"

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str, Value], int] = {}
        self._gains: dict[tuple[str, str, Value], float] = {}

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Count a move of one choice alone as a try of it, and of the one that it was compared with."""
        if len(trial.changed) != 1 or not trials.axes[trial.changed[0]].choices or not trial.counts:
            return
        name, gain = trial.changed[0], _gain(trial, trials)
        tried = self._key(name, trial.values[name])
        self._tried[tried] = self._tried.get(tried, 0) + 1
        self._gains[tried] = gain
        if trial.parent is not None:
            left = self._key(name, trials.by_number[trial.parent].values[name])
            self._tried.setdefault(left, 1)
            self._gains.setdefault(left, -gain)

    def urgency(self, view: View) -> float:
        """How likely it should go first: while choices are untried, but a long list of flags takes turns."""
        fresh = [name for tries, name, _ in self._options(view) if not tries]
        if not fresh:
            return 0.0
        if len(self._tried) < _FIRST or not view.numeric() or any(view.axes[n].is_marked for n in fresh):
            return 1.0
        return 0.5

    def propose(self, view: View) -> Move | None:
        """The choice that was tried least, the likeliest settings first; then what lost least before."""
        options = self._options(view)
        options.sort(key=lambda option: self._rank(view, *option))
        for tries, name, value in options:
            reason = "not tried yet" if not tries else "tried before with other values around it"
            move = view.move_to({name: value}, reason)
            if move is not None:
                return move
        return None

    def _options(self, view: View) -> list[tuple[int, str, Value]]:
        return [
            (self._tried.get(self._key(name, value), 0), name, value)
            for name in view.named()
            for value in view.axes[name].choices
            if self._key(name, value) != self._key(name, view.base[name])
        ]

    def _rank(self, view: View, tries: int, name: str, value: Value) -> tuple[float, ...]:
        gain, weight = self._gains.get(self._key(name, value), 0.0), view.weights.get(name, 1.0)
        return name in view.busy, tries, -weight, view.axes[name].tier if not tries else 0, -gain

    @staticmethod
    def _key(name: str, value: Value) -> tuple[str, str, Value]:
        return name, type(value).__name__, value


def _gain(trial: Trial, trials: Trials) -> float:
    """How much higher than its parent a trial is; what broke is lower than anything."""
    parent = trials.by_number.get(trial.parent) if trial.parent is not None else None
    if parent is None or parent.height is None:
        return 0.0
    return trial.height - parent.height if trial.height is not None else -math.inf
