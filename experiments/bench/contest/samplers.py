"""The rivals that only tune: random search, and Optuna's TPE and CMA-ES as they come.

All of them know the score of the values that the program starts with for nothing, as Kapso does.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from contest.evaluation import Evaluator
from contest.space import Space
from contest.task import Task
from contest.trace import Exhausted, Ledger, Trace

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial


def run_random(task: Task, seed: int, budget: int, folder: Path) -> Trace | None:
    """Every parameter drawn anew, each time, evenly over its axis."""
    space = Space(task)
    if not space.parameters:
        return None
    random = Random(seed)
    ledger = Ledger(Evaluator(task, folder), budget)
    for _ in range(budget):
        positions = {}
        for each in space.parameters:
            is_named = each.choices > 0
            positions[each.name] = (
                float(random.randrange(each.choices)) if is_named else random.uniform(each.low, each.high)
            )
        ledger.score(space.files(positions))
    return ledger.trace("random", seed)


def run_tpe(task: Task, seed: int, budget: int, folder: Path) -> Trace | None:
    """Optuna's default sampler (Bergstra et al. 2011) with its default settings."""
    from optuna.samplers import TPESampler  # 0.2 s

    return _optimise("tpe", TPESampler(seed=seed), task, seed, budget, folder)


def run_cmaes(task: Task, seed: int, budget: int, folder: Path) -> Trace | None:
    """CMA-ES (Hansen and Ostermeier 2001) as Optuna has it; it draws choices at random."""
    from optuna.samplers import CmaEsSampler

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampler = CmaEsSampler(seed=seed, warn_independent_sampling=False)
    return _optimise("cmaes", sampler, task, seed, budget, folder)


def why_no_cmaes() -> str | None:
    """Why CMA-ES cannot take part, None where it can."""
    return None if find_spec("cmaes") else "the package `cmaes` is not installed: pip install cmaes"


def _optimise(
    method: str, sampler: BaseSampler, task: Task, seed: int, budget: int, folder: Path
) -> Trace | None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = Space(task)
    if not space.parameters:
        return None
    ledger = Ledger(Evaluator(task, folder), budget)
    study = optuna.create_study(direction=task.goal.primary.goal, sampler=sampler)
    study.add_trial(_start(space, ledger.evaluator.start))

    def objective(trial: optuna.Trial) -> float:
        positions: dict[str, float] = {}
        for each in space.parameters:
            if each.choices:
                positions[each.name] = trial.suggest_categorical(each.name, range(each.choices))
            else:
                positions[each.name] = trial.suggest_float(each.name, each.low, each.high)
        score = ledger.score(space.files(positions))
        if score is None:
            raise optuna.TrialPruned
        return score

    try:
        study.optimize(objective, n_trials=budget)
    except Exhausted:
        pass
    return ledger.trace(method, seed)


def _start(space: Space, score: float) -> FrozenTrial:
    """The unchanged program, as something that the sampler has seen."""
    from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
    from optuna.trial import create_trial

    distributions: dict[str, BaseDistribution] = {}
    for each in space.parameters:
        is_named = each.choices > 0
        numbers = FloatDistribution(each.low, each.high)
        distributions[each.name] = CategoricalDistribution(range(each.choices)) if is_named else numbers
    params = {each.name: int(each.start) if each.choices else each.start for each in space.parameters}
    return create_trial(params=params, distributions=distributions, value=score)
