"""Kapso: improves a program attempt by attempt, every attempt a git branch.

`kapso.run(goal)` runs, `kapso.open(path)` reads; `kapso.api` shows how. All else may change.
"""

from kapso.api import Repo, Run, open, run
from kapso.attempt import Attempt, Outcome, Verdict
from kapso.errors import (
    BaselineError,
    GoalError,
    Interrupted,
    KapsoError,
    MachineError,
    NotAvailableYet,
    RepositoryError,
    UsageError,
)

__all__ = [
    "Attempt",
    "BaselineError",
    "GoalError",
    "Interrupted",
    "KapsoError",
    "MachineError",
    "NotAvailableYet",
    "Outcome",
    "Repo",
    "RepositoryError",
    "Run",
    "UsageError",
    "Verdict",
    "open",
    "run",
]
