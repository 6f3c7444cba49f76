"""How to reproduce a run: commands that a shell takes as they stand."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass

from kapso.report.facts import Facts


@dataclass(frozen=True)
class Step:
    """A command, or several lines of it, and what it is for."""

    what: str
    command: str


def steps_to_repeat(facts: Facts) -> list[Step]:
    """The same base, goal, seed and limits, in a checkout beside the repository."""
    run, base = facts.run.run, facts.run.base
    if base is None or facts.start.get("run") != run:
        return []
    file = facts.start.get("file")
    path = (
        file if isinstance(file, str) and not file.startswith(("/", "../")) else posixpath.basename(str(file))
    )
    folder = f"../{run}-again"
    quoted = shlex.quote(path if path and path != "None" else "goal.yaml")
    goal = f"git show refs/kapso/{run}/goal:goal.yaml"
    pinned = "sed -e 's/^base: .*/base: HEAD/' -e '/^repo: /d' -e 's/recall: true/recall: false/'"
    resolved = "The goal as the run resolved it, with its seed and limits, and without memory of earlier runs"
    if facts.has_recalled:
        resolved += "; this one began with what they had found, so it cannot be repeated step by step"
    steps = [
        Step(
            "The base, in a checkout of its own beside this repository",
            f"git worktree add --detach {folder} {shlex.quote(base)}\ncd {folder}",
        ),
        Step(resolved, f"{goal} | {pinned} > {quoted}"),
    ]
    if facts.goal is not None and facts.goal.share:
        shared = " ".join(shlex.quote(each) for each in facts.goal.share)
        steps.append(
            Step("What git ignores and the goal shares, times included", f"# copy with `cp -a`: {shared}")
        )
    return [*steps, Step("The run", f"kapso run {quoted}{_limits(facts)}")]


def steps_to_use(facts: Facts) -> list[Step]:
    """What to do with the result."""
    run = facts.run.run
    steps = [
        Step("How the best came about", f"git log --graph --oneline kapso/{run}/best"),
        Step("What it changed", f"kapso diff {run}"),
    ]
    if facts.is_improved:
        steps.append(Step("Bring it home as one clean commit on a new branch", f"kapso apply {run}"))
    return [*steps, Step("Everything about one attempt", f"kapso show {run} best")]


def _limits(facts: Facts) -> str:
    """A budget that `resume` raised is not in the goal."""
    planned = facts.goal.budget.attempts if facts.goal else None
    made = facts.run.attempts
    return f" --attempts {made}" if planned is not None and made > planned else ""
