"""Many: a part of all literals of a large file moved at once, then the other way round: few matter.

What does nothing may stand anywhere: where a dozen of hundreds matter, to move a part of all is to move a few
of the dozen, and it costs nothing to know which (an evolution strategy; Rechenberg 1973). Of two moves that
are each other's opposite one mostly helps (Brockhoff et al. 2010). Where most literals matter and are right,
both are in vain: then such moves all score alike, and far below the best. How often it goes follows from that
and from what it gained.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev

from kapso.attempt import BASELINE
from kapso.propose.tune.axes import Axis
from kapso.propose.tune.family import Trial
from kapso.propose.tune.screen import FEWEST
from kapso.propose.tune.trials import MANY
from kapso.propose.tune.view import Move, View

_FIRST = 4
"""So many tries before what it gained says how often it goes."""
_EARLY = 0.9
"""How often it goes until then."""
_LEAST, _MOST = 0.1, 0.9
_UNKNOWN = 0.5
"""The same while nothing gained anything."""
_VAIN = 0.03
_LATEST, _ENOUGH, _FAR = 8, 3, 3.0
"""It is in vain if of its latest tries, if they are enough, the mean is so many deviations below the best."""
_KEPT = 0.95
"""Gains and tries of before count so much less with every attempt."""
_PART, _REACH = 0.3, 2.0
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
        self._falls: deque[float] = deque(maxlen=_LATEST)
        self._unturned: dict[int, Trial] = {}
        self._own, self._others = _Yield(), _Yield()
        self._best = -math.inf

    def begin(self, axes: Iterable[Axis]) -> None:
        """Take part if these, the parameters of the unchanged program, are many."""
        self._is_on = sum(1 for _ in axes) > FEWEST

    def observe(self, trial: Trial) -> None:
        """Learn what it and the others gained."""
        if trial.number < BASELINE:  # of an earlier run
            return
        rise = -math.inf if trial.height is None else trial.height - self._best
        if trial.arm:
            is_own = trial.arm == self.name
            gain = rise if trial.leads and math.isfinite(rise) else 0.0
            self._own.learn(gain * is_own, is_own)
            self._others.learn(gain * (not is_own), not is_own)
            if is_own:
                self._look_at(trial, -rise)
        if trial.height is not None:
            self._best = max(self._best, trial.height)

    def _look_at(self, trial: Trial, fall: float) -> None:
        """Take in one of its own, which ended so far below the best before it."""
        self._tries += 1
        self._falls.append(fall)
        if trial.parent is not None and self._unturned.pop(trial.parent, None) is None:
            self._unturned[trial.parent] = trial

    @property
    def is_vain(self) -> bool:
        """Whether another try has no chance by what the latest ones came to."""
        falls = [fall for fall in self._falls if math.isfinite(fall)]
        if len(falls) < _ENOUGH:
            return len(self._falls) == _LATEST
        return fmean(falls) >= _FAR * stdev(falls)

    @property
    def urgency(self) -> float:
        """How likely it goes before all others."""
        if not self._is_on:
            return 0.0
        if self.is_vain:
            return _VAIN
        if self._tries < _FIRST:
            return _EARLY
        whole = self._own.rate + self._others.rate
        return min(max(self._own.rate / whole, _LEAST), _MOST) if whole else _UNKNOWN

    def propose(self, view: View) -> Move | None:
        """The other way round than the last from the same attempt, or else somewhere new."""
        move = self._turned(view)
        if move is not None:
            return move
        names = [name for name in view.awake() if view.random.random() < _PART]
        targets = {name: _moved(view, name) for name in names}
        return view.move(targets, "a part of all moved at once, as few of hundreds matter")

    def _turned(self, view: View) -> Move | None:
        """What the last one changed, the other way round; None where that is done."""
        last = self._unturned.get(view.parent)
        if last is None:
            return None
        targets = {
            name: 2 * view.position(name) - view.axes[name].position(last.values[name])
            for name in last.changed
            if not view.axes[name].choices
        }
        return view.move(targets, f"the other way round than attempt {last.number}")


def _moved(view: View, name: str) -> float:
    axis = view.axes[name]
    if axis.choices:
        return float(view.random.randrange(len(axis.choices)))
    return view.position(name) + view.random.gauss(0.0, _REACH)
