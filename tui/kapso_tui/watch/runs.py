"""All runs of a repository as they stand: git and the episodic log, and what the journals of live runs say.

No method waits for a run. All of them may take a moment, so call them from one worker thread at a time.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE
from kapso.loop.approval import waiting
from kapso.loop.run_folder import JournalTail
from kapso.memory.live import live_status
from kapso.memory.sync import open_synced

if TYPE_CHECKING:
    from pathlib import Path

    from kapso.git.repository import Repository
    from kapso.memory.episode import RunSummary

PATIENCE_S = 0.5
"""How long another process may hold the episodic log before git is read instead."""
LIVE = ("running", "paused")
DECIDED = ("attempt.approved", "attempt.rejected", "attempt.evaluated")


@dataclass(frozen=True)
class Listed:
    """A run in the list. `steps` are the attempts that moved the best, with their scores, in order; those
    `waiting` are for a human to approve."""

    summary: RunSummary
    steps: tuple[tuple[int, float], ...] = ()
    waiting: frozenset[int] = frozenset()

    @property
    def run(self) -> str:
        return self.summary.run

    @property
    def status(self) -> str:
        """running, paused, finished or interrupted."""
        return self.summary.status

    @property
    def is_live(self) -> bool:
        """Whether a process works on it."""
        return self.status in LIVE


@dataclass
class _Followed:
    """What is kept of a run between two looks."""

    listed: Listed
    told: str
    """The status that git tells of, which holds where no process works on the run."""
    scores: dict[int, float | None] = field(default_factory=dict)
    tail: JournalTail | None = None


class RunsWatch:
    """Every run of `repository`, the latest first; `look` reads what is new."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.runs: tuple[Listed, ...] = ()
        """As of the last look."""
        self._followed: dict[str, _Followed] = {}
        self._places: object = None
        self._folders: dict[str, int] = {}

    def look(self) -> list[str]:
        """Read what is new, all of it the first time; returns lines for the user. Cheap where nothing is."""
        notes: list[str] = []
        has_ended = [self._hear(each) for each in self._followed.values()]
        has_moved = self._has_moved()
        if has_moved or any(has_ended):
            places, self._places = self._places, None  # what cannot be read now is read the next time
            self._load(notes)
            self._places = places
        for each in self._followed.values():
            self._read_status(each)
        self.runs = tuple(each.listed for each in self._followed.values())
        return notes

    def _load(self, notes: list[str]) -> None:
        runs = self.repository.state_dir / "runs"
        tails: dict[str, JournalTail] = {}  # before the rest is read, so that nothing is missed
        for name in _names(runs):
            if live_status(self.repository.state_dir, name):
                tails[name] = JournalTail(runs / name / "events.jsonl")
        episodes, summaries = open_synced(self.repository, say=notes.append, patience_s=PATIENCE_S)
        scores = episodes.scores()
        self._followed = {}
        for summary in summaries:
            name, known = summary.run, scores.get(summary.run, {})
            found = waiting(self.repository, name) if name in tails else []
            steps = _steps(known, maximize=summary.maximize)
            listed = Listed(summary, steps, frozenset(each.number for each in found))
            self._followed[name] = _Followed(listed, summary.status, known, tails.get(name))

    def _hear(self, run: _Followed) -> bool:
        """Take in what its journal says; whether a session of it has ended."""
        has_ended = False
        try:
            for event in run.tail or ():
                has_ended |= event["event"] == "run.finished"
                self._take(run, event)
        except OSError:  # the journal may be deleted or made unreadable at any time; git has it all
            return False
        return has_ended

    def _take(self, run: _Followed, event: Mapping[str, Any]) -> None:
        kind, number = event["event"], event.get("attempt")
        if not isinstance(number, int):
            return
        if kind == "attempt.evaluated":
            _land(run, number, _finite(event.get("score")), _finite(event.get("cost")))
        elif kind == "best.improved" and (score := _finite(event.get("score"))) is not None:
            summary = replace(run.listed.summary, best_attempt=number, best_score=score)
            steps = (*(each for each in run.listed.steps if each[0] < number), (number, score))
            run.listed = replace(run.listed, summary=summary, steps=steps)
        waits = run.listed.waiting - {number} if kind in DECIDED else run.listed.waiting
        run.listed = replace(run.listed, waiting=waits | {number} if kind == "attempt.waiting" else waits)

    def _read_status(self, run: _Followed) -> None:
        status = live_status(self.repository.state_dir, run.listed.run) or run.told
        if status in LIVE and run.tail is None:  # somebody resumed it since
            folder = self.repository.state_dir / "runs" / run.listed.run
            run.tail = JournalTail(folder / "events.jsonl")
            self._places = None
        elif status not in LIVE and run.tail is not None:
            run.tail = None
            self._places = None  # how it ended stands in git, whether or not it could say so
        if status != run.listed.status:
            run.listed = replace(run.listed, summary=replace(run.listed.summary, status=status))

    def _has_moved(self) -> bool:
        """Whether runs or attempts came or went by other ways than those that journals tell of."""
        common = self.repository.common_dir
        heads = common / "refs/heads/kapso"
        watched = common / "packed-refs", common / "refs/kapso", heads, self.repository.state_dir / "runs"
        places, folders = (
            [_changed(path) for path in watched],
            {n: _changed(heads / n) for n in _names(heads)},
        )
        quiet = [run for run, each in self._followed.items() if each.tail is None]
        has_moved = places != self._places or any(folders.get(n) != self._folders.get(n) for n in quiet)
        self._places, self._folders = places, folders
        return has_moved


def _land(run: _Followed, number: int, score: float | None, cost: float | None) -> None:
    """An attempt has landed, which may be known already."""
    summary, is_known = run.listed.summary, number in run.scores
    run.scores[number] = score
    summary = replace(summary, attempts=len(run.scores) - (BASELINE in run.scores))
    if cost is not None and not is_known:
        summary = replace(summary, cost=(summary.cost or 0.0) + cost)
    run.listed = replace(run.listed, summary=summary)
    if number == BASELINE:
        summary = replace(summary, baseline=score, best_attempt=BASELINE, best_score=score)
        run.listed = replace(run.listed, summary=summary, steps=() if score is None else ((BASELINE, score),))


def _finite(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]


def _steps(scores: Mapping[int, float | None], *, maximize: bool) -> tuple[tuple[int, float], ...]:
    """Where the best so far moves."""
    steps: list[tuple[int, float]] = []
    for number, score in scores.items():
        if score is None:
            continue
        if not steps or (score > steps[-1][1] if maximize else score < steps[-1][1]):
            steps.append((number, score))
    return tuple(steps)


def _changed(path: Path) -> int:
    """When it changed last, in nanoseconds; 0 where it is not there."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
