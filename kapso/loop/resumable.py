"""Whether a run can go on as it is: with something left to do, the same evaluation, and comparable times."""

from __future__ import annotations

import json
from typing import Any

from kapso.errors import KapsoError, UsageError
from kapso.evaluate.identity import identity_parts, what_changed
from kapso.git import landing
from kapso.git.repository import Repository
from kapso.goal import Goal, Overrides, load_goal
from kapso.loop.approval import waiting
from kapso.loop.campaign import Ending
from kapso.loop.machine import machine
from kapso.loop.run_folder import RunFolder
from kapso.loop.stored import read_end

_LIMITS = (Ending.ATTEMPTS, Ending.TIME, Ending.COST)


def refuse_finished(
    repository: Repository, name: str, folder: RunFolder, overrides: Overrides | None
) -> None:
    """A run whose budget is used up goes on only with a larger one, or to end what a killed `try` left, or
    what a human has decided about since."""
    told = read_end(repository, name)
    is_used_up = told.get("status") == "finished" and told.get("reason") in _LIMITS
    if not is_used_up or overrides is not None or folder.requests:
        return
    undecided = waiting(repository, name)
    if len(landing.pending(repository, name)) > len(undecided):
        return
    ask = f"decide with `kapso approve {name}` about what waits ({len(undecided)}), or " if undecided else ""
    raise UsageError(
        f"run `{name}` has finished: its budget of {told['reason']} is used up",
        help=f"{ask}raise it: `kapso resume {name} --attempts N`, `--time 10m` or `--cost 5`",
        slug="finished",
    )


def refuse_changed(repository: Repository, goal: Goal, facts: dict[str, Any]) -> None:
    """Scores are compared within one identity only: name what has changed since the run began."""
    current = goal
    if goal.file.exists():
        try:
            current = load_goal(goal.file)
        except KapsoError:
            current = goal
    now_parts = json.loads(json.dumps(identity_parts(current, repository, facts["base"])))
    changed = what_changed(facts["identity"], now_parts)
    if changed:
        raise UsageError(
            f"the evaluation has changed since the run began: {', '.join(f'`{each}`' for each in changed)}",
            help=f"undo the change, or start a new run from what this one found: "
            f"`kapso run {goal.shown_as} --from {facts['run']}`",
            where=goal.shown_as,
            slug="evaluation-changed",
        )


def refuse_other_machine(goal: Goal, facts: dict[str, Any]) -> None:
    """Times are compared on one machine only."""
    there, here = facts.get("machine"), machine()
    if goal.uses_time and there not in (None, here):
        raise UsageError(
            f"the goal compares times, and the run measured them on another machine: {there}; this is {here}",
            help=f"start a new run here from what that one found: "
            f"`kapso run {goal.shown_as} --from {facts['run']}`",
            slug="other-machine",
        )
