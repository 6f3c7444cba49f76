"""What people decide about a lesson, and what happened to it: the changes there are, and which came last."""

from __future__ import annotations

from datetime import UTC, datetime

from kapso.memory.lessons.lesson import Line, Mark

PULLED, TRUST = "pulled", "trust"
"""Who knows what of whom: these never leave a clone. `why` of what was pulled names the run."""
RETIRE, RESTORE, QUARANTINE, PIN, UNPIN = "retire", "restore", "quarantine", "pin", "unpin"


def mark_order(mark: Mark) -> tuple[str, ...]:
    """By time; what happened at one moment in the order of words."""
    return (mark.time, mark.change, mark.by, mark.why)


def latest(line: Line, *changes: str) -> Mark | None:
    """The latest mark of these kinds."""
    return max((mark for mark in line.marks if mark.change in changes), key=mark_order, default=None)


def moment() -> str:
    """Now, so finely that what is decided one after the other stays in order."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
