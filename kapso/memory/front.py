"""The front of a run over its metrics, read from git and the episodic log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kapso.attempt import Attempt
from kapso.git.layout import RunRefs
from kapso.memory.history import read_goal, read_json

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Metric
    from kapso.memory.episodes import Episodes


@dataclass(frozen=True)
class Front:
    """The attempts that none beats in everything, the best by the primary metric first.

    `is_sought` says that the run's policy goes after all of it, and not after the primary metric alone.
    """

    metrics: tuple[Metric, ...]
    attempts: tuple[Attempt, ...]
    is_sought: bool

    @property
    def numbers(self) -> list[int]:
        return [attempt.number for attempt in self.attempts]


def read_front(repository: Repository, episodes: Episodes, run: str) -> Front | None:
    """The front of `run`; None where its goal has a single metric, or cannot be read by this version."""
    from kapso.search.front import front, seeks_front

    commit = repository.refs.get(RunRefs(run).goal)
    goal = read_goal(repository, commit, read_json(repository, commit, "run.json"))
    if goal is None or len(goal.metrics) < 2:
        return None
    demoted = {each.attempt.number for each in episodes.episodes(run) if each.is_demoted}
    found = front(episodes.attempts(run), goal.metrics, demoted)
    return Front(goal.metrics, tuple(found), seeks_front(goal))
