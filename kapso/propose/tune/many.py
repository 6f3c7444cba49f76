"""Many: a good part of all literals of a large file moved at once, as few of them matter.

What does nothing may stand anywhere: where a dozen of hundreds matter, to move a part of all is to move a few
of the dozen, and it costs nothing to know which. Where most of them matter and are right already, it is in
vain; so how often it goes follows from what it gained.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from kapso.propose.tune.axes import Axis
from kapso.propose.tune.family import Trial
from kapso.propose.tune.screen import FEWEST
from kapso.propose.tune.trials import MANY
from kapso.propose.tune.view import Move, View

_FIRST = 10
"""So many tries before what it gained says how often it goes."""
_EARLY = 0.5
"""How often it goes until then."""
_LEAST, _MOST = 0.1, 0.9
_KEPT = 0.95
"""Gains and tries of before count so much less with every attempt."""
_PART, _REACH = 0.3, 1.5
"""Which part of all it moves, and how far, in first steps."""


@dataclass
class _Yield:
    """What attempts gained, older ones counting less."""

    gain: float = 0.0
    tries: float = 0.0

    def learn(self, gain: float, tries: int) -> None:
        self.gain = _KEPT * self.gain + gain
        self.tries = _KEPT * self.tries + tries

    @property
    def rate(self) -> float:
        return self.gain / (1.0 + self.tries)


class Many:
    """The arm of large files."""

    name = MANY

    def __init__(self) -> None:
        self._is_on = False
        self._tries = 0
        self._own, self._others = _Yield(), _Yield()
        self._best = -math.inf

    def begin(self, axes: Iterable[Axis]) -> None:
        """Take part if these, the parameters of the unchanged program, are many."""
        self._is_on = sum(1 for _ in axes) > FEWEST

    def observe(self, trial: Trial) -> None:
        """Learn what it and the others gained."""
        is_own = trial.arm == self.name
        gain = trial.height - self._best if trial.leads and trial.height is not None else 0.0
        if math.isfinite(gain) and trial.arm:
            self._tries += is_own
            self._own.learn(gain * is_own, is_own)
            self._others.learn(gain * (not is_own), not is_own)
        if trial.height is not None:
            self._best = max(self._best, trial.height)

    @property
    def urgency(self) -> float:
        """How likely it goes before all others."""
        if not self._is_on:
            return 0.0
        if self._tries < _FIRST:
            return _EARLY
        whole = self._own.rate + self._others.rate
        return min(max(self._own.rate / whole, _LEAST), _MOST) if whole else 0.5

    def propose(self, view: View) -> Move | None:
        """A part of all moved at once, each its own way."""
        names = [name for name in view.awake() if view.random.random() < _PART]
        targets = {name: _moved(view, name) for name in names}
        return view.move(targets, "a part of all moved at once, as few of hundreds matter")


def _moved(view: View, name: str) -> float:
    axis = view.axes[name]
    if axis.choices:
        return float(view.random.randrange(len(axis.choices)))
    return view.position(name) + view.random.gauss(0.0, _REACH)
