"""All that a report tells about one run, read once from git and the episodic log; nothing is rendered."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE, Attempt, now

if TYPE_CHECKING:
    from kapso.git.repository import DiffStat, Repository
    from kapso.goal import Goal
    from kapso.loop.confirm import Confirmation
    from kapso.loop.dissected import Dissection
    from kapso.memory.episode import RunSummary
    from kapso.memory.episodes import Episodes
    from kapso.memory.lessons.lesson import Lesson

MOST_DIFF = 400_000
"""Characters of the best diff that are kept; `kapso diff` shows all of it."""


@dataclass(frozen=True)
class Facts:
    """A run as it stood at `made`. `attempts` are in order, the baseline first where it was scored.

    `goal` is None where this version cannot read the goal that git keeps. `diff` is base against best.
    """

    run: RunSummary
    goal: Goal | None
    start: Mapping[str, Any]
    """run.json as the run started: seed, file, parallel, evaluator."""

    attempts: tuple[Attempt, ...]
    demoted: frozenset[int]
    passed_over: frozenset[int]
    confirmation: Confirmation | None
    noise: float | None
    holdout: Mapping[int, Mapping[str, Any]]
    diff: str
    extent: DiffStat | None
    version: str
    dissection: Dissection | None = None
    """What the parts of the best's diff earn; None where it has none."""

    lessons: tuple[Lesson, ...] = ()
    """Those that it has seen something of, as they stand for its goal, those that count most first."""

    has_recalled: bool = False
    """Whether it began with what earlier runs had found."""

    elapsed_s: float | None = None
    """Seconds of its time budget that were used when a session ended last; None where none has."""

    made: datetime = field(default_factory=now)

    @cached_property
    def by_number(self) -> Mapping[int, Attempt]:
        return {attempt.number: attempt for attempt in self.attempts}

    @property
    def baseline(self) -> Attempt | None:
        return self.by_number.get(BASELINE)

    @property
    def best(self) -> Attempt | None:
        number = self.run.best_attempt
        return None if number is None else self.by_number.get(number)

    @property
    def tried(self) -> tuple[Attempt, ...]:
        """The attempts without the baseline."""
        return tuple(each for each in self.attempts if each.number != BASELINE)

    @property
    def is_improved(self) -> bool:
        """Whether there is a best that is not the baseline; it may not be confirmed."""
        return self.best is not None and self.best.number != BASELINE

    @property
    def is_confirmed(self) -> bool:
        """Whether fresh evaluations confirmed this very best."""
        found = self.confirmation
        return found is not None and found.is_confirmed and found.attempt == self.run.best_attempt

    @property
    def scores(self) -> tuple[float | None, float | None]:
        """Baseline and best; measured again where that confirmed it, as what is chosen by score had luck."""
        found = self.confirmation
        if self.is_confirmed and found is not None and found.after is not None:
            return found.before, found.after
        return self.run.baseline, self.run.best_score

    def is_better(self, score: float, other: float) -> bool:
        return score > other if self.run.maximize else score < other

    @cached_property
    def front(self) -> tuple[Attempt, ...]:
        """The attempts that none beats in everything; empty unless the run's policy goes after them."""
        from kapso.search.front import front, seeks_front

        if self.goal is None or not seeks_front(self.goal):
            return ()
        return tuple(front(self.attempts, self.goal.metrics, self.demoted))

    @cached_property
    def improvements(self) -> Mapping[int, float]:
        """The attempts that moved the best so far, with by how much; what did not hold is left out."""
        gains: dict[int, float] = {}
        led_by_luck = self.demoted | self.passed_over
        so_far = self.baseline.score if self.baseline else None
        for attempt in self.tried:
            if not attempt.is_scored or attempt.score is None or attempt.number in led_by_luck:
                continue
            if so_far is not None and not self.is_better(attempt.score, so_far):
                continue
            gains[attempt.number] = abs(attempt.score - so_far) if so_far is not None else 0.0
            so_far = attempt.score
        return gains


def collect(repository: Repository, episodes: Episodes, run: RunSummary) -> Facts:
    """All that is known about `run`. What cannot be read is left out; MachineError if git fails."""
    from importlib.metadata import version  # 30 ms

    from kapso.loop.confirm import Confirmation
    from kapso.loop.dissected import dissection_of
    from kapso.memory.history import read_goal, read_json

    refs = _refs(repository, run.run)
    start, end = (read_json(repository, refs[name], "run.json") for name in ("goal", "records"))
    attempts = tuple(episodes.attempts(run.run))
    by_number = {attempt.number: attempt for attempt in attempts}
    before, after = (
        by_number.get(BASELINE),
        by_number.get(-1 if run.best_attempt is None else run.best_attempt),
    )
    told = list(episodes.episodes(run.run))
    demoted = frozenset(each.attempt.number for each in told if each.is_demoted)
    is_changed = before is not None and after is not None and before.tree != after.tree
    return Facts(
        run=run,
        goal=read_goal(repository, refs["goal"], start),
        start=start,
        attempts=attempts,
        demoted=demoted,
        passed_over=frozenset(each.attempt.number for each in told if each.is_passed_over),
        confirmation=Confirmation.from_json(end.get("confirmed")),
        noise=_finite(end.get("noise")),
        elapsed_s=_finite(end.get("elapsed")),
        holdout=read_holdouts(repository, run.run),
        diff=repository.diff(before.commit, after.commit) if is_changed and before and after else "",
        extent=repository.diff_stat(before.commit, after.commit) if is_changed and before and after else None,
        version=version("kapso-workbench"),
        lessons=_lessons(repository, run),
        has_recalled=_has_recalled(repository, refs["goal"]),
        dissection=dissection_of(repository, run.run, run.best_attempt, attempts, demoted)
        if is_changed
        else None,
    )


def _refs(repository: Repository, run: str) -> dict[str, str | None]:
    from kapso.git.layout import RunRefs

    names = RunRefs(run)
    return {"goal": repository.refs.get(names.goal), "records": repository.refs.get(names.records)}


def _lessons(repository: Repository, run: RunSummary) -> tuple[Lesson, ...]:
    from kapso.memory.lessons.known import known_lessons
    from kapso.report.learnt import lessons_of

    return tuple(lessons_of(known_lessons(repository, run.goal), run.run))


def _has_recalled(repository: Repository, commit: str | None) -> bool:
    from kapso.loop.earlier import FILE

    try:
        return commit is not None and bool(repository.read(commit, FILE))
    except FileNotFoundError:
        return False


def read_holdouts(repository: Repository, run: str) -> dict[int, Mapping[str, Any]]:
    """What the hold-out said of the attempts that met it, by number; what cannot be read is left out."""
    from kapso.git.ledger import read_holdout

    found: dict[int, Mapping[str, Any]] = {}
    for name, data in sorted(read_holdout(repository, run).items()):
        stem = name.removesuffix(".json")
        try:
            said = json.loads(data)
        except ValueError:
            continue
        if stem.isdigit() and stem.isascii() and isinstance(said, dict):
            found[int(stem)] = said
    return found


def _finite(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]
