"""Warm start: the best vectors of earlier runs are tried first, and their attempts count as seen.

Scores are taken over only where the evaluation is the same and the programs can be told to be: begun
from the same base, or at a vector that the earlier run had measured. Elsewhere they only rank vectors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kapso.attempt import BASELINE
from kapso.propose.earlier import EarlierAttempt, EarlierRun
from kapso.propose.tune.axes import Axis
from kapso.propose.tune.family import Trial
from kapso.propose.tune.slots import Value, is_same
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

_TRIED = 3
"""So many vectors are tried again."""


class Warm:
    """The arm of what was good before."""

    name = "recall"

    def __init__(self, sign: float) -> None:
        self._sign = sign
        self._runs: Sequence[EarlierRun] = ()
        self._tries = 0

    def take(self, runs: Sequence[EarlierRun]) -> None:
        """Earlier runs, the one that counts most first."""
        self._runs = runs

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Count its own."""
        self._tries += trial.arm == self.name and trial.number > 0

    def trials(self, baseline: Trial, axes: Mapping[str, Axis]) -> Iterator[Trial]:
        """The attempts of earlier runs as if this run had made them; their numbers lie below 0."""
        number = -sum(len(run.attempts) for run in self._runs)
        for run in self._runs[::-1]:
            numbers = {BASELINE: BASELINE} if run.is_same_base else {}
            shift = self._shift(run, baseline)
            for attempt in run.attempts:
                number += 1
                values = {n: v for n, v in attempt.parameters.items() if n in axes}
                if shift is None or not attempt.is_plain or values.keys() != baseline.values.keys():
                    continue
                if not all(is_allowed(axes[name], value) for name, value in values.items()):
                    continue
                height = None if attempt.score is None else self._sign * attempt.score + shift
                numbers[attempt.number] = number - 1
                yield Trial(
                    number=number - 1,
                    values=values,
                    parent=numbers.get(attempt.parent),
                    changed=(),
                    height=height,
                    is_better=attempt.is_better,
                    is_broken=attempt.is_broken,
                    arm=attempt.arm,
                )

    def _shift(self, run: EarlierRun, baseline: Trial) -> float | None:
        """What to add to its heights; None where they say nothing here."""
        if not run.is_comparable or baseline.height is None:
            return None
        if run.is_same_base:
            return None if run.baseline is None else baseline.height - self._sign * run.baseline
        for attempt in run.attempts:
            if attempt.score is not None and _agree(attempt.parameters, baseline.values):
                return baseline.height - self._sign * attempt.score
        return None

    def propose(self, view: View) -> Move | None:
        """The next of the best vectors: what it changed, on the parent."""
        if self._tries >= _TRIED:
            return None
        for run, attempt in self._best():
            values = {
                name: value
                for name, value in attempt.parameters.items()
                if name in view.base
                and is_allowed(view.axes[name], value)
                and (name not in run.base or not is_same(run.base[name], value))
            }
            move = view.move_to(values, f"good in {run.run}, attempt {attempt.number}")
            if move is not None:
                return move
        return None

    def _best(self) -> list[tuple[EarlierRun, EarlierAttempt]]:
        """The best of each run, then the next ones of the first."""
        ranked: list[tuple[int, int, EarlierRun, EarlierAttempt]] = []
        for order, run in enumerate(self._runs):
            scored = [each for each in run.attempts if each.score is not None]
            scored.sort(key=lambda each: (-self._sign * (each.score or 0.0), each.number))
            ranked += [(place, order, run, each) for place, each in enumerate(scored[:_TRIED])]
        ranked.sort(key=lambda each: each[:2])
        return [(run, attempt) for _, _, run, attempt in ranked]


def _agree(values: Mapping[str, Any], others: Mapping[str, Value]) -> bool:
    return values.keys() == others.keys() and all(is_same(values[name], others[name]) for name in values)


def is_allowed(axis: Axis, value: Any) -> bool:
    """Whether the axis, as it is marked and typed today, has this value."""
    if axis.choices:
        return any(is_same(choice, value) for choice in axis.choices)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if isinstance(axis.first, int) and not isinstance(value, int):
        return False
    return axis.bounds[0] <= value <= axis.bounds[1]
