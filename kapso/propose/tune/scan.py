"""Scanning: every choice of every boolean and named parameter once, slot by slot, before anything clever."""

from __future__ import annotations

from kapso.propose.tune.slots import Value
from kapso.propose.tune.trials import Trial, Trials
from kapso.propose.tune.view import Move, View


class Scan:
    """The arm of choices."""

    name = "scan"

    def __init__(self) -> None:
        self._tried: dict[tuple[str, str, Value], int] = {}

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Count a move of one choice alone as a try of it."""
        if len(trial.changed) == 1 and trials.axes[trial.changed[0]].choices and trial.counts:
            tried = self._key(trial.changed[0], trial.values[trial.changed[0]])
            self._tried[tried] = self._tried.get(tried, 0) + 1

    def is_fresh(self, view: View) -> bool:
        """Whether a choice was never tried."""
        return any(not tries for tries, _, _ in self._options(view))

    def propose(self, view: View) -> Move | None:
        """The choice that was tried least, the likeliest settings first."""
        options = self._options(view)
        options.sort(key=lambda option: (option[1] in view.busy, option[0], view.axes[option[1]].tier))
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

    @staticmethod
    def _key(name: str, value: Value) -> tuple[str, str, Value]:
        return name, type(value).__name__, value
