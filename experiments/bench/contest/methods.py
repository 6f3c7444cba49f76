"""The catalogue of methods: one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contest.hill import run_edits
from contest.kapso_side import run_kapso
from contest.magpie_side import run_magpie, why_no_magpie
from contest.samplers import run_cmaes, run_random, run_tpe, why_no_cmaes
from contest.task import Task
from contest.trace import Trace


def _never() -> None:
    return None


@dataclass(frozen=True)
class Method:
    """`run`: task, seed, evaluations and a folder for scratch files → a trace, None where it does not apply.

    `why_not`: why it cannot take part on this machine, None where it can. `code`: files and folders whose
    change makes earlier results void; where it `tunes`, so does a change of the task's parameters.
    """

    label: str
    run: Callable[[Task, int, int, Path], Trace | None]
    code: tuple[str, ...]
    tunes: bool = False
    why_not: Callable[[], str | None] = _never


_HERE = "experiments/bench/contest"
_SAMPLERS = (f"{_HERE}/samplers.py",)

METHODS = {
    "kapso": Method("Kapso", run_kapso, ("kapso", f"{_HERE}/kapso_side.py")),
    "random": Method("random search", run_random, _SAMPLERS, tunes=True),
    "tpe": Method("Optuna TPE", run_tpe, _SAMPLERS, tunes=True),
    "cmaes": Method("Optuna CMA-ES", run_cmaes, _SAMPLERS, tunes=True, why_not=why_no_cmaes),
    "edits": Method("random edits", run_edits, (f"{_HERE}/hill.py", "kapso/propose/mutate")),
    "magpie": Method("Magpie", run_magpie, (f"{_HERE}/magpie_side.py",), why_not=why_no_magpie),
}
