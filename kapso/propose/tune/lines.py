"""Lines: on along the way that earlier successes took (the pattern move of Hooke and Jeeves, 1961)."""

from __future__ import annotations

from kapso.propose.tune.family import Trial
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

_STRIDES = (1.0, 0.5, 2.0, 0.25)


class Lines:
    """The arm that extends what worked."""

    name = "line"

    def __init__(self, trials: Trials) -> None:
        self._trials = trials

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Everything it needs stands in the trials."""

    def propose(self, view: View) -> Move | None:
        """A move from an ancestor through the parent and beyond, over two parameters or more."""
        for ancestor in self._ancestors(view.parent):
            way = {
                name: view.position(name) - view.axes[name].position(ancestor.values[name])
                for name in view.numeric()
                if name in ancestor.values
            }
            way = {name: distance for name, distance in way.items() if distance}
            if len(way) < 2:
                continue
            for stride in _STRIDES:
                targets = {name: view.position(name) + stride * distance for name, distance in way.items()}
                move = view.move(targets, f"on along what helped since attempt {ancestor.number}")
                if move is not None:
                    return move
        return None

    def _ancestors(self, number: int) -> list[Trial]:
        """Attempts on the way to the parent, the nearest first."""
        found: list[Trial] = []
        trial = self._trials.by_number.get(number)
        while trial is not None and trial.parent is not None and len(found) < 8:
            trial = self._trials.by_number.get(trial.parent)
            if trial is not None:
                found.append(trial)
        return found
