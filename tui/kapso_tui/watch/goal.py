"""The goal of a run as it counts now. Reads alone: nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kapso.goal import Goal, Overrides
from kapso.loop.stored import stored_goal

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.loop.run_folder import RunFolder


def goal_of(repository: Repository, run: str, folder: RunFolder, end: Mapping[str, Any]) -> Goal:
    """The goal as the run started, with the limits that a `resume` raised since.

    Raises what `stored_goal` does, KeyError where there is no run.
    """
    goal = stored_goal(repository, run)
    raised = folder.raised() or dict(end.get("raised") or {})
    return Overrides(**raised).apply(goal) if raised else goal
