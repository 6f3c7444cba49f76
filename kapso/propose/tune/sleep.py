"""Sleep: literals that did harm of one and the same size again and again are no settings.

What a setting does to the score depends on how far it is moved. A number that is part of the logic breaks the
program, or one of its tests, whatever it is changed to.
"""

from __future__ import annotations

from dataclasses import dataclass

from kapso.propose.tune.family import Trial

_ENOUGH = 3


@dataclass
class _Harm:
    """How often in a row the score was the same and worse than before; None: the program broke."""

    height: float | None = None
    count: int = 0


class Sleep:
    """The parameters that are left alone while there is anything else to try."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._harms: dict[str, _Harm] = {}

    def learn(self, trial: Trial, parent: Trial) -> None:
        """Take in what a move did; of several parameters each is suspected of harm that it did before."""
        if trial.is_beyond:
            return
        is_worse = trial.is_broken or (
            trial.height is not None and parent.height is not None and trial.height < parent.height
        )
        for name in trial.changed:
            harm = self._harms.setdefault(name, _Harm())
            if is_worse and harm.count and harm.height == trial.height:
                harm.count += 1
            elif len(trial.changed) == 1:
                self._harms[name] = _Harm(trial.height, int(is_worse))
            if self._harms[name].count >= _ENOUGH:
                self.names.add(name)
            elif not is_worse:
                self.names.discard(name)
