"""What the episodic log holds: one `Episode` per attempt and one `RunSummary` per run.

Plain frozen data. Git is the truth for all of it except the stages, which only the engine saw.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE, Attempt, rfc3339

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.memory.hunks import Hunk


@dataclass(frozen=True)
class Stage:
    """One command that was run for an attempt; what could not be measured is None."""

    name: str
    command: str
    exit_code: int | None = None
    seconds: float | None = None
    cpu_seconds: float | None = None
    rss_bytes: int | None = None
    stopped_by: str | None = None


@dataclass(frozen=True)
class DiffSize:
    """How much an attempt changed against its first parent."""

    files: int
    added: int
    removed: int


def diff_size(repository: Repository, a: str, b: str) -> DiffSize:
    """How much the commit `b` changed of `a`."""
    size = repository.diff_stat(a, b)
    return DiffSize(size.files, size.added, size.removed)


@dataclass(frozen=True)
class Episode:
    """An attempt with what is known beyond git's trailers; `hunks` are None where nobody has looked.

    `source` names the git objects that say the same (`trusted_source`); an episode without one came
    straight from the engine, and is read again from git before it is shown. The lead of what `is_demoted` did
    not hold when it was confirmed; what `is_passed_over` leads by score alone, and that may be luck.
    """

    attempt: Attempt
    diff: DiffSize | None = None
    stages: tuple[Stage, ...] = ()
    is_demoted: bool = False
    is_passed_over: bool = False
    source: str | None = None
    hunks: tuple[Hunk, ...] | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.attempt.run, self.attempt.number


@dataclass(frozen=True)
class RunSummary:
    """A run as `kapso ls` shows it. Of `status`, git knows only finished and interrupted."""

    run: str
    goal: str
    objective: str | None
    metric: str | None
    maximize: bool
    base: str | None
    status: str
    reason: str | None
    baseline: float | None
    best_score: float | None
    best_attempt: int | None
    attempts: int
    cost: float | None
    started: datetime | None
    finished: datetime | None

    def to_json(self) -> dict[str, Any]:
        """The object that `kapso ls --json` prints."""
        return {
            "run": self.run,
            "goal": self.goal,
            "objective": self.objective,
            "status": self.status,
            "baseline": self.baseline,
            "best_score": self.best_score,
            "best_attempt": self.best_attempt,
            "attempts": self.attempts,
            "cost": self.cost,
            "started": rfc3339(self.started) if self.started else None,
            "finished": rfc3339(self.finished) if self.finished else None,
        }


def source_of(commit: str, record: str | None) -> str:
    """The source of an attempt that was read from a commit and the blob of its record."""
    return f"{commit} {record or '-'}"


def trusted_source(commit: str, record: bytes) -> str:
    """The source of an episode whose attempt stands in git as `commit` with exactly this `record`.

    The engine, which writes both, so spares the reader from reading them again.
    """
    blob = hashlib.sha1(b"blob %d\0%b" % (len(record), record), usedforsecurity=False).hexdigest()
    return source_of(commit, blob)


def best_of(episodes: Iterable[Episode], *, maximize: bool) -> Attempt | None:
    """The attempt with the best valid score, the earliest of equals, or None without a scored one.

    What is demoted or passed over does not count.
    """
    best: Attempt | None = None
    for episode in sorted(episodes, key=lambda episode: episode.attempt.number):
        attempt = episode.attempt
        if not attempt.is_scored or attempt.score is None or episode.is_demoted or episode.is_passed_over:
            continue
        if best is None or best.score is None or _beats(attempt.score, best.score, maximize):
            best = attempt
    return best


def summarise(
    run: str,
    episodes: Iterable[Episode],
    *,
    goal: Mapping[str, Any],
    end: Mapping[str, Any],
) -> RunSummary:
    """The run-level facts: `goal` is run.json as the run started, `end` as it left its records."""
    by_number = {episode.attempt.number: episode for episode in episodes}
    maximize = goal.get("direction") != "minimize"
    baseline = by_number.get(BASELINE)
    best = best_of(by_number.values(), maximize=maximize)
    declared = by_number.get(end["best"]) if isinstance(end.get("best"), int) else None
    if declared is not None:
        best = declared.attempt
    return RunSummary(
        run=run,
        goal=_text(goal.get("goal")) or run.rpartition("-")[0] or run,
        objective=_text(goal.get("objective")),
        metric=_text(goal.get("metric")),
        maximize=maximize,
        base=_text(goal.get("base")),
        status="finished" if end.get("status") == "finished" else "interrupted",
        reason=_text(end.get("reason")),
        baseline=baseline.attempt.score if baseline else None,
        best_score=best.score if best else None,
        best_attempt=best.number if best else None,
        attempts=sum(number != BASELINE for number in by_number),
        cost=_cost(by_number.values(), end),
        started=_moment(goal.get("started")) or (baseline.attempt.started if baseline else None),
        finished=_moment(end.get("finished")),
    )


def _cost(episodes: Iterable[Episode], end: Mapping[str, Any]) -> float | None:
    """What the attempts and the checks of the models cost, or what the last session told, if that is more: it
    knows of calls too whose attempts have not landed."""
    costs = [episode.attempt.cost for episode in episodes if episode.attempt.cost is not None]
    known = [end[name] for name in ("checks_cost", "cost") if isinstance(end.get(name), int | float)]
    if not costs and not known:
        return None
    checks, total = (float(end.get(name) or 0.0) for name in ("checks_cost", "cost"))
    return round(max(math.fsum([*costs, checks]), total), 9)


def _beats(score: float, other: float, maximize: bool) -> bool:
    return score > other if maximize else score < other


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
