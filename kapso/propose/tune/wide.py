"""Wide: all numbers whose ranges the user vouches for, moved at once, to see where good values lie.

The first few are drawn from the whole ranges, the next ones around the parent. From a poor start
they save dozens of steps, and they give the model a picture of the whole.
"""

from __future__ import annotations

from kapso.propose.tune.family import Trial
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

_FIRST = 4
"""So many before anything else but choices."""
_EARLY = 12
"""While there were no more trials than this, every other attempt may be one."""
_REACH = 1.1


class Wide:
    """The arm that looks everywhere before the others dig."""

    name = "wide"

    def __init__(self) -> None:
        self._tries = 0

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Count its own."""
        self._tries += trial.arm == self.name

    def urgency(self, view: View) -> float:
        """How likely it should go first."""
        if self._tries < _FIRST:
            return 1.0
        return 0.5 if view.family.size <= _EARLY else 0.0

    def propose(self, view: View) -> Move | None:
        """New values for all marked numbers; None where fewer than two are marked."""
        names = sorted(name for name in view.numeric() if view.axes[name].is_marked)
        if len(names) < 2:
            return None
        if self._tries < _FIRST:
            drawn = {n: view.random.uniform(view.axes[n].low, view.axes[n].high) for n in names}
            return view.move(drawn, "drawn from the marked ranges, to see where good values lie")
        moved = {n: view.position(n) + view.random.gauss(0.0, _REACH) for n in names}
        return view.move(moved, "all marked numbers moved a little, to see which way is up")
