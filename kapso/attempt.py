"""An attempt: one trip through the loop, as git tells it. The record that every room shares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How an attempt ended."""

    SCORED = "scored"
    INVALID = "invalid"
    CRASHED = "crashed"
    TIMED_OUT = "timed-out"
    CUT = "cut"
    REJECTED = "rejected"
    ABANDONED = "abandoned"


class Verdict(StrEnum):
    """A scored attempt against its first parent, with the noise taken into account."""

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"


_NODE = re.compile(r"[0-9a-f]{12}")

BASELINE = 0
"""The number of the baseline; attempts count from 1."""

HUMAN = "human"
"""The proposer of what a user brought in, with `kapso try` or `kapso run --from`."""


@dataclass(frozen=True)
class Attempt:
    """A landed attempt. `commit` and `tree` are hex ids, `duration_s` seconds, `cost` dollars.

    `recalled` is what it was told of: lessons (`L48213907`) and nodes of libraries (twelve hex digits).
    `withheld` are lessons that it might have been told of and by lot was not; `predicted` maps lessons that
    were about it to the probability of what they expected, set before its result was known.
    """

    run: str
    number: int
    branch: str
    commit: str
    tree: str
    parents: tuple[int, ...]
    proposer: str
    title: str
    hypothesis: str
    outcome: Outcome
    started: datetime
    finished: datetime
    verdict: Verdict | None = None
    score: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    reason: str | None = None
    duration_s: float | None = None
    cost: float | None = None
    recalled: tuple[str, ...] = ()
    evaluator: str = ""
    sandbox: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    feedback: str | None = None
    withheld: tuple[str, ...] = ()
    predicted: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_scored(self) -> bool:
        return self.outcome is Outcome.SCORED

    @property
    def lessons(self) -> tuple[str, ...]:
        """The lessons that were recalled for it."""
        return tuple(each for each in self.recalled if not _NODE.fullmatch(each))

    @property
    def knowledge(self) -> tuple[str, ...]:
        """The nodes of libraries that it was told of."""
        return tuple(each for each in self.recalled if _NODE.fullmatch(each))

    def to_json(self) -> dict[str, Any]:
        """The object that `kapso ls RUN --json` prints: keys never vanish, unknown is null."""
        return {
            "run": self.run,
            "attempt": self.number,
            "branch": self.branch,
            "commit": self.commit,
            "parents": list(self.parents),
            "proposer": self.proposer,
            "title": self.title,
            "hypothesis": self.hypothesis or None,
            "outcome": str(self.outcome),
            "verdict": str(self.verdict) if self.verdict else None,
            "score": self.score,
            "metrics": dict(self.metrics),
            "reason": self.reason,
            "duration": self.duration_s,
            "cost": self.cost,
            "lessons": list(self.lessons),
            "knowledge": list(self.knowledge),
            "started": rfc3339(self.started),
            "finished": rfc3339(self.finished),
        }


def rfc3339(moment: datetime) -> str:
    """`2026-11-24T09:30:00Z`: UTC, whole seconds, as commits keep them."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def now() -> datetime:
    """The present moment in UTC, in whole seconds, as a commit can keep it."""
    return datetime.now(UTC).replace(microsecond=0)
