"""All runs of a repository as they stand: git and the episodic log, and what the journals of live runs say.

No method waits for a run. All of them may take a moment, so call them from one worker thread at a time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE
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


@dataclass(frozen=True)
class Listed:
    """A run in the list. `steps` are the attempts that moved the best, with their scores, in order."""

    summary: RunSummary
    steps: tuple[tuple[int, float], ...] = ()

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
        self._followed: dict[str, _Followed] = {}
        self._places: object = None
        self._folders: dict[str, int] = {}

    @property
    def runs(self) -> tuple[Listed, ...]:
        """As of the last look."""
        return tuple(each.listed for each in self._followed.values())

    def look(self) -> list[str]:
        """Read what is new, all of it the first time; returns lines for the user. Cheap where nothing is."""
        notes: list[str] = []
        has_ended = [self._hear(each) for each in self._followed.values()]
        has_moved = self._has_moved()
        if has_moved or any(has_ended):
            self._load(notes)
        for each in self._followed.values():
            self._read_status(each)
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
            known = scores.get(summary.run, {})
            listed = Listed(summary, _steps(known, maximize=summary.maximize))
            self._followed[summary.run] = _Followed(listed, summary.status, known, tails.get(summary.run))

    def _hear(self, run: _Followed) -> bool:
        """Take in what its journal says; whether a session of it has ended."""
        has_ended = False
        for event in run.tail or ():
            has_ended |= event["event"] == "run.finished"
            self._take(run, event)
        return has_ended

    def _take(self, run: _Followed, event: Mapping[str, Any]) -> None:
        kind, number, summary = event["event"], event.get("attempt"), run.listed.summary
        steps = run.listed.steps
        if kind == "attempt.evaluated" and isinstance(number, int):
            run.scores[number] = score = event.get("score")
            cost = event.get("cost")
            summary = replace(
                summary,
                attempts=sum(1 for each in run.scores if each != BASELINE),
                cost=summary.cost if cost is None else (summary.cost or 0.0) + cost,
            )
            if number == BASELINE:
                summary = replace(summary, baseline=score, best_attempt=BASELINE, best_score=score)
                steps = () if score is None else ((BASELINE, score),)
        elif kind == "best.improved" and isinstance(number, int):
            summary = replace(summary, best_attempt=number, best_score=event["score"])
            steps = (*(each for each in steps if each[0] < number), (number, event["score"]))
        run.listed = Listed(summary, steps)

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
