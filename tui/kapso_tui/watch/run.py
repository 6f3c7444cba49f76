"""One run as it stands: what git and the episodic log hold, and from then on what its journal says.

No method waits for the run. All of them may take a moment, so call them from one worker thread at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.errors import KapsoError
from kapso.git import attempts as commits
from kapso.git import landing
from kapso.loop.run_folder import JournalTail, RunFolder
from kapso.loop.stored import stored_goal
from kapso.memory.live import live_status
from kapso.memory.sync import open_synced
from kapso_tui.watch.flight import Flight

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Goal
    from kapso.memory.episode import RunSummary

PATIENCE_S = 0.5
"""How long another process may hold the episodic log before git is read instead."""


@dataclass(frozen=True)
class News:
    """What changed since the last look. `events` are those that the run wrote, as they came."""

    attempts: tuple[int, ...] = ()
    """Attempts that landed, or of which more is known."""
    has_flights: bool = False
    has_status: bool = False
    is_reloaded: bool = False
    """Whether everything was read anew."""
    events: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    """Lines for the user: what could not be read, and why."""

    def __bool__(self) -> bool:
        return bool(self.attempts or self.events or self.notes) or (
            self.has_flights or self.has_status or self.is_reloaded
        )


class RunWatch:
    """What is known of the run `run` of `repository`; `load` it first, then `poll` it."""

    def __init__(self, repository: Repository, run: str) -> None:
        self.repository = repository
        self.run = run
        self.folder = RunFolder(repository.state_dir, run)
        self.summary: RunSummary | None = None
        """None where git knows of no such run (any more)."""
        self.goal: Goal | None = None
        """None where this version cannot read it."""
        self.attempts: dict[int, Attempt] = {}
        """Those that landed, by number, the baseline first."""
        self.demoted: frozenset[int] = frozenset()
        """Attempts whose lead did not hold when it was confirmed, or is luck for all that is known."""
        self.flights: dict[int, Flight] = {}
        self.status = "running"
        self._tail = JournalTail(self.folder.path / "events.jsonl")

    def load(self) -> News:
        """Read everything."""
        notes: list[str] = []
        self._tail = JournalTail(
            self.folder.path / "events.jsonl"
        )  # before the rest, so that nothing is missed
        episodes, summaries = open_synced(self.repository, say=notes.append, patience_s=PATIENCE_S)
        self.summary = next((each for each in summaries if each.run == self.run), None)
        self.attempts = {each.number: each for each in episodes.attempts(self.run)}
        told = episodes.episodes(self.run)
        self.demoted = frozenset(
            each.attempt.number for each in told if each.is_demoted or each.is_passed_over
        )
        self._read_goal(notes)
        self._read_flights()
        self._read_status()
        return News(is_reloaded=True, notes=tuple(notes))

    def poll(self) -> News:
        """Read what is new: cheap where nothing is."""
        events = tuple(self._tail)
        if any(event["event"] == "run.finished" for event in events):
            return replace(self.load(), events=events)  # what did not hold, and how it ended, stand in git
        fresh = [number for event in events if (number := self._hear(event)) is not None]
        return News(
            attempts=tuple(fresh),
            has_flights=bool(events),
            has_status=self._read_status(),
            events=events,
        )

    @property
    def best(self) -> Attempt | None:
        """The attempt with the best valid score, the baseline where none is better."""
        number = self.summary.best_attempt if self.summary else None
        return None if number is None else self.attempts.get(number)

    def _hear(self, event: Mapping[str, Any]) -> int | None:
        """Take an event in; the number of the attempt that landed, if one did."""
        kind, number = event["event"], event.get("attempt")
        if kind == "attempt.evaluated" and isinstance(number, int):
            self.attempts[number] = attempt_of(event)
            self.flights.pop(number, None)
            if self.summary is not None:
                landed = sum(1 for each in self.attempts if each)
                score = self.attempts[0].score if 0 in self.attempts else None
                self.summary = replace(self.summary, attempts=landed, baseline=score)
                if number == 0:
                    self.summary = replace(self.summary, best_attempt=0, best_score=score)
            return number
        if kind == "best.improved" and self.summary is not None:
            self.summary = replace(self.summary, best_attempt=number, best_score=event["score"])
            return number
        if kind == "attempt.started" and isinstance(number, int):
            parents = tuple(event.get("parents") or ())
            self.flights[number] = Flight(number, "", "", "", None, parents, event["time"])
        elif kind in ("attempt.proposed", "attempt.repaired") and isinstance(number, int):
            known = self.flights.get(number)
            self.flights[number] = Flight(
                number,
                event["proposer"],
                event["title"],
                event.get("hypothesis") or "",
                event.get("commit"),
                known.parents if known else (),
                known.started if known else event["time"],
            )
        elif kind in ("attempt.waiting", "attempt.approved", "attempt.rejected") and number in self.flights:
            self.flights[number] = replace(self.flights[number], is_waiting=kind == "attempt.waiting")
        return None

    def _read_goal(self, notes: list[str]) -> None:
        try:
            self.goal = stored_goal(self.repository, self.run)
        except (KapsoError, KeyError, FileNotFoundError) as error:
            self.goal = None
            notes.append(f"the goal of {self.run} cannot be read: {error}")

    def _read_flights(self) -> None:
        numbers = {attempt.commit: number for number, attempt in self.attempts.items()}
        self.flights = {}
        for number, commit in landing.pending(self.repository, self.run).items():
            if number in self.attempts:
                continue
            found = commits.read_pending(self.repository, commit)
            parents = tuple(numbers[each] for each in found.parents if each in numbers)
            self.flights[number] = Flight(
                number,
                found.proposer,
                found.title,
                found.hypothesis,
                commit,
                parents,
                found.started.isoformat(),
            )

    def _read_status(self) -> bool:
        """Whether it changed: running, paused, finished or interrupted."""
        told = self.summary.status if self.summary else "interrupted"
        status = live_status(self.repository.state_dir, self.run) or told
        has_changed, self.status = status != self.status, status
        return has_changed


def attempt_of(event: Mapping[str, Any]) -> Attempt:
    """The attempt that an `attempt.evaluated` event tells of; its tree is left out."""
    verdict = event.get("verdict")
    return Attempt(
        run=event["run"],
        number=event["attempt"],
        branch=event["branch"],
        commit=event["commit"],
        tree="",
        parents=tuple(event["parents"]),
        proposer=event["proposer"],
        title=event["title"],
        hypothesis=event.get("hypothesis") or "",
        outcome=Outcome(event["outcome"]),
        started=datetime.fromisoformat(event["started"]),
        finished=datetime.fromisoformat(event["finished"]),
        verdict=Verdict(verdict) if verdict else None,
        score=event.get("score"),
        metrics=event.get("metrics") or {},
        reason=event.get("reason"),
        duration_s=event.get("duration"),
        cost=event.get("cost"),
        recalled=(*(event.get("lessons") or ()), *(event.get("knowledge") or ())),
        parameters=event.get("parameters") or {},
        feedback=event.get("feedback"),
        withheld=tuple(event.get("withheld") or ()),
        predicted=event.get("predicted") or {},
    )
