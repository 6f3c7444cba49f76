"""A run's best taken apart, for whoever shows it or brings it home; read from git, nothing is measured."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE, Attempt
from kapso.errors import KapsoError
from kapso.evaluate.noise import Noise

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Goal
    from kapso.propose.ablate.dissection import Part, Smallest
    from kapso.propose.ablate.subject import Read


@dataclass(frozen=True)
class Dissection:
    """What each part of the best's diff earns, and the smallest diff that keeps its score, if one does."""

    parts: tuple[Part, ...] = ()
    smallest: Smallest | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is anything to tell about a part."""
        return any(part.effect != "not measured" for part in self.parts)

    def smallest_json(self) -> dict[str, Any] | None:
        return self.smallest.to_json() if self.smallest else None


def smallest_of(
    repository: Repository, run: str, best: int | None, attempts: Iterable[Attempt], demoted: Collection[int]
) -> Smallest | None:
    """The attempt that keeps the best's score with the least change; None where none does."""
    by_number = {each.number: each for each in attempts}
    if best not in by_number or not any(each.proposer == "ablate" for each in by_number.values()):
        return None
    from kapso.propose.ablate.dissection import smallest

    goal = _goal(repository, run)
    if goal is None or BASELINE not in by_number:
        return None
    return smallest(
        by_number[best], by_number, _read(repository, run, goal), goal, _noise(repository, run), demoted
    )


def dissection_of(
    repository: Repository,
    run: str,
    best: int | None,
    attempts: Iterable[Attempt],
    demoted: Collection[int],
) -> Dissection:
    """All that is known about the parts of the best's diff; empty where the goal cannot be read any more."""
    from kapso.propose.ablate.dissection import dissect, smallest

    by_number: Mapping[int, Attempt] = {each.number: each for each in attempts}
    goal = _goal(repository, run)
    if goal is None or best is None or not {best, BASELINE} <= by_number.keys() or best == BASELINE:
        return Dissection()
    read = _read(repository, run, goal)
    known = (by_number[best], by_number, read, goal, _noise(repository, run))
    return Dissection(dissect(*known), smallest(*known, demoted))


def _goal(repository: Repository, run: str) -> Goal | None:
    from kapso.loop.stored import stored_goal

    try:
        return stored_goal(repository, run)
    except (KapsoError, KeyError, TypeError, ValueError):  # a pulled run may say anything
        return None


def _noise(repository: Repository, run: str) -> Noise:
    from kapso.git.layout import RunRefs
    from kapso.memory.history import read_json

    told = read_json(repository, repository.refs.get(RunRefs(run).records), "run.json")
    sigma = told.get("noise")
    return Noise.from_json(told) if isinstance(sigma, int | float) and math.isfinite(sigma) else Noise()


def _read(repository: Repository, run: str, goal: Goal) -> Read:
    from kapso.git.landing import base_of
    from kapso.goal.protection import Editable
    from kapso.loop.workspace import EditableIndex

    editable = Editable.of(goal, goal.prefix(repository.root))
    return EditableIndex(repository, base_of(repository, run), editable).files
