"""Optuna's multivariate TPE over the parameters that matter, on a bounded history.

The study is rebuilt from the best and all later trials at every multiple of 24 and extended in
between, so that an ask costs the same after 3,000 attempts, and follows from the history alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kapso.propose.tune.family import Trial
from kapso.propose.tune.slots import Value
from kapso.propose.tune.steps import Steps
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution

_EPOCH = 24
_KEPT = 24
_WIDEST = 6


class Sampler:
    """The arm that asks Optuna."""

    name = "sample"

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._study: Study | None = None
        self._key: tuple[object, ...] = ()
        self._told = 0

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Everything it needs stands in the trials."""

    def propose(self, view: View) -> Move | None:
        """What TPE samples, with all that does not matter left as the parent has it."""
        names = self._names(view)
        if not names or view.family.size < 8:
            return None
        study, space = self._update(view, names)
        from optuna.samplers import TPESampler
        from optuna.trial import TrialState

        for _ in range(3):
            study.sampler = TPESampler(
                multivariate=True, constant_liar=False, n_startup_trials=0, seed=view.random.getrandbits(32)
            )
            asked = study.ask(space)
            study.tell(asked, state=TrialState.FAIL)
            move = self._move(view, asked.params)
            if move is not None:
                return move
        return None

    def _names(self, view: View) -> list[str]:
        effects = self._steps.effects(view.numeric())
        ranked = sorted((n for n in view.numeric() if effects[n] > 0), key=lambda name: -effects[name])
        return sorted((view.named()[: _WIDEST // 2] + ranked)[:_WIDEST])

    def _move(self, view: View, asked: dict[str, Any]) -> Move | None:
        values: dict[str, Value] = {}
        for name, answer in asked.items():
            axis = view.axes[name]
            values[name] = axis.choices[answer] if axis.choices else view.value_at(name, answer)
        return view.move_to(values, "sampled where good attempts are dense and poor ones are not")

    def _update(self, view: View, names: list[str]) -> tuple[Study, dict[str, BaseDistribution]]:
        import optuna  # 214 ms
        from optuna.distributions import CategoricalDistribution, FloatDistribution

        space: dict[str, BaseDistribution] = {}
        for name in names:
            axis = view.axes[name]
            if axis.choices:
                space[name] = CategoricalDistribution(range(len(axis.choices)))
            else:
                space[name] = FloatDistribution(axis.low, axis.high)
        epoch = len(view.family.all) // _EPOCH * _EPOCH
        key = (
            view.family.first,
            epoch,
            len(view.base),
            tuple((n, view.axes[n].low, view.axes[n].high) for n in names),
        )
        if self._study is None or key != self._key:
            optuna.logging.set_verbosity(optuna.logging.ERROR)
            self._study = optuna.create_study(direction="maximize")
            self._key = key
            own = sorted(view.family.best(_KEPT, epoch), key=lambda trial: trial.number)
            chosen = [*own, *view.family.borrowed[: _KEPT - len(own)]]
            self._tell(chosen, view, space)
            self._told = epoch
        self._tell(view.family.all[self._told :], view, space)
        self._told = len(view.family.all)
        return self._study, space

    def _tell(self, trials: list[Trial], view: View, space: dict[str, BaseDistribution]) -> None:
        from optuna.trial import create_trial

        assert self._study is not None
        for trial in trials:
            params = _params(trial, view, list(space))
            if params is not None and trial.height is not None:
                self._study.add_trial(create_trial(params=params, distributions=space, value=trial.height))


def _params(trial: Trial, view: View, names: list[str]) -> dict[str, Any] | None:
    """Positions of a trial, or None when it lies outside of what the axes span now."""
    params: dict[str, Any] = {}
    for name in names:
        axis = view.axes[name]
        position = axis.position(trial.values[name])
        if not axis.choices and not axis.low <= position <= axis.high:
            return None
        params[name] = int(position) if axis.choices else position
    return params
