"""What earlier runs found, as proposers see it: decided when a run starts, and kept with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class EarlierAttempt:
    """An attempt with parameters; `parent` is its number, `is_plain`: nothing but parameters was changed on
    the way from the base. `beside` is what other edits on that way gained, None where nobody knows."""

    number: int
    parent: int
    parameters: Mapping[str, Any]
    score: float | None
    is_better: bool
    is_broken: bool
    is_plain: bool
    arm: str
    beside: float | None = None


@dataclass(frozen=True)
class EarlierRun:
    """`is_comparable`: its scores mean what this run's do; those of another goal are turned so that better
    ones lie on the same side. `base` are the parameters that it began with."""

    run: str
    is_comparable: bool
    is_same_base: bool
    baseline: float | None
    base: Mapping[str, Any]
    attempts: Sequence[EarlierAttempt]


@runtime_checkable
class Recalls(Protocol):
    """A proposer that learns from earlier runs; called once, before it observes anything."""

    def recall(self, runs: Sequence[EarlierRun]) -> None: ...
