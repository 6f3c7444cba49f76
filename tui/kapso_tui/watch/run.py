"""One run as it stands: what git and the episodic log hold, and from then on what its journal says.

No method waits for the run. `load` and `poll` may take a moment, so call them from one worker thread at a
time; what they publish is replaced and never changed, so any thread may read it meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE, Attempt, Outcome, Verdict
from kapso.errors import KapsoError
from kapso.git import attempts as commits
from kapso.git import landing
from kapso.git.layout import RunRefs
from kapso.loop import approval
from kapso.loop.run_folder import RunFolder
from kapso.memory.history import read_json
from kapso.memory.live import live_status
from kapso.memory.sync import open_synced
from kapso.report.facts import Facts, read_holdouts
from kapso_tui.actions.bookmarks import Bookmarks
from kapso_tui.watch.flight import Flight
from kapso_tui.watch.goal import goal_of
from kapso_tui.watch.journal import JournalReader
from kapso_tui.watch.refs import RefWatch

if TYPE_CHECKING:
    from kapso.git.repository import Repository
    from kapso.goal import Goal
    from kapso.memory.episode import Episode, RunSummary

PATIENCE_S = 0.5
"""How long another process may hold the episodic log before git is read instead."""
LIVE = ("running", "paused")


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
    """Lines for the user: what could not be read, and why. Each is said once."""

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
        """None where git never knew of such a run."""
        self.goal: Goal | None = None
        """With the limits that were raised since; None where this version cannot read it."""
        self.attempts: Mapping[int, Attempt] = {}
        """Those that landed, by number."""
        self.demoted: frozenset[int] = frozenset()
        """Attempts whose lead did not hold when it was confirmed."""
        self.passed_over: frozenset[int] = frozenset()
        """Attempts that lead by score alone, and that may be luck."""
        self.holdout: Mapping[int, Mapping[str, Any]] = {}
        """What the hold-out said, by attempt."""
        self.end: Mapping[str, Any] = {}
        """How its last session left it; empty before the first one ends."""
        self.flights: Mapping[int, Flight] = {}
        self.bookmarks: frozenset[int] = frozenset()
        """What the user marked."""
        self.latest: Mapping[str, Any] | None = None
        """The last event that is known."""
        self.status = "interrupted"
        self.is_loaded = False
        self._journal: JournalReader | None = None
        self._refs = RefWatch(repository, run)
        self._marks = Bookmarks(self.folder.path)
        self._said: set[str] = set()
        self._facts: Facts | None = None

    # Reading, in a worker's thread

    def load(self) -> News:
        """Read everything. KapsoError where git cannot be read; what was known stays."""
        notes: list[str] = []
        journal = JournalReader(self.folder.path / "events.jsonl")
        self._refs.look()  # and this before the rest too, so that nothing is missed in between
        episodes, summaries = open_synced(self.repository, say=notes.append, patience_s=PATIENCE_S)
        told = episodes.told(self.run)
        summary = next((each for each in summaries if each.run == self.run), None)
        if summary is not None:
            self._take(told, summary)
        else:
            notes.append(self._gone)
        self._journal, self.latest, self.is_loaded = journal, journal.past.latest, True
        self.end = self._json(RunRefs(self.run).records) or self.end
        if summary is not None:
            self._read_goal(notes)
        self.holdout = read_holdouts(self.repository, self.run) or self.holdout
        self._read_status()
        self.bookmarks = self._marks.all()
        self.flights = self._pending(journal)
        self._publish()
        return News(is_reloaded=True, has_flights=True, has_status=True, notes=self._once(notes))

    def poll(self) -> News:
        """Read what is new: two looks at files where nothing is. Raises as `load` does."""
        if self._journal is None:
            return self.load()
        events = self._journal.new_events()
        if events is None:
            return self._after_loss(self._journal.is_there)
        if any(event["event"] == "run.finished" for event in events):
            return replace(self.load(), events=tuple(events))  # what did not hold stands in git alone
        fresh = self._hear_all(events)
        has_status = self._read_status()
        if (marks := self._marks.all()) != self.bookmarks:
            self.bookmarks, has_status = marks, True
        news = News(fresh, bool(events) or self._drop_dead(), has_status, events=tuple(events))
        return self._look_at_refs(news)

    # What it comes to

    @property
    def best(self) -> Attempt | None:
        """The attempt with the best valid score, the baseline where none is better."""
        number = self.summary.best_attempt if self.summary else None
        return None if number is None else self.attempts.get(number)

    @property
    def is_live(self) -> bool:
        """Whether a process works on it."""
        return self.status in LIVE

    @property
    def facts(self) -> Facts | None:
        """The same as the report sees it, so that both say the same; None where there is no run."""
        return self._facts

    @property
    def elapsed_s(self) -> float:
        """Seconds that it has run; a session that was killed counts until its last sign of life."""
        if self._journal is None or self._journal.past.sessions.last is None:
            told = self.end.get("elapsed")
            return float(told) if isinstance(told, int | float) else 0.0
        counts = self.status == "running" and not self._waits_for_a_human_alone
        return self._journal.past.sessions.elapsed_s(datetime.now(UTC) if counts else None)

    # Parts of it

    @property
    def _waits_for_a_human_alone(self) -> bool:
        """Then its clock stands, as it does in a pause."""
        return bool(self.flights) and all(each.is_waiting for each in self.flights.values())

    @property
    def _gone(self) -> str:
        if self.summary is None:
            return f"git knows of no run {self.run}"
        return f"git holds {self.run} no more (`kapso gc`?): this is what it held"

    def _take(self, told: list[Episode], summary: RunSummary | None) -> None:
        self.attempts = {each.attempt.number: each.attempt for each in told}
        self.demoted = frozenset(each.attempt.number for each in told if each.is_demoted)
        self.passed_over = frozenset(each.attempt.number for each in told if each.is_passed_over)
        self.summary = summary

    def _hear_all(self, events: list[dict[str, Any]]) -> tuple[int, ...]:
        """Take events in; the numbers of the attempts that landed, or of which more is known."""
        if not events:
            return ()
        assert self._journal is not None
        attempts, flights, fresh = dict(self.attempts), dict(self.flights), []
        for event in events:
            with suppress(KeyError, ValueError, TypeError):  # somebody else wrote that line
                self._journal.past.sessions.hear(event)
                fresh += self._hear(event, attempts, flights)
        self._count(attempts, fresh)
        self.attempts, self.flights, self.latest = attempts, flights, events[-1]
        self._publish()
        return tuple(dict.fromkeys(fresh))

    def _hear(
        self, event: Mapping[str, Any], attempts: dict[int, Attempt], flights: dict[int, Flight]
    ) -> list[int]:
        number = event.get("attempt")
        if not isinstance(number, int):
            return []
        if event["event"] == "attempt.evaluated":
            attempts[number] = attempt_of(event, attempts.get(number))
            flights.pop(number, None)
            return [number]
        if event["event"] == "best.improved" and self.summary is not None:
            self.summary = replace(self.summary, best_attempt=number, best_score=event["score"])
            return [number]
        if number not in attempts and (flight := flight_after(event, flights.get(number))):
            flights[number] = flight
        return []

    def _count(self, attempts: Mapping[int, Attempt], fresh: list[int]) -> None:
        if self.summary is None:
            return
        costs = [attempts[each].cost for each in {*fresh} - {*self.attempts}]
        baseline = attempts.get(BASELINE)
        score = baseline.score if baseline else None
        is_first = self.summary.best_attempt is None and baseline is not None
        known = [each for each in costs if each is not None]
        self.summary = replace(
            self.summary,
            attempts=len(attempts) - (BASELINE in attempts),
            baseline=score,
            best_attempt=BASELINE if is_first else self.summary.best_attempt,
            best_score=score if is_first else self.summary.best_score,
            cost=round(sum(known, self.summary.cost or 0.0), 9) if known else self.summary.cost,
        )

    def _publish(self) -> None:
        """Work out here, and not where it is shown, what takes a while with many attempts."""
        from kapso.loop.confirm import Confirmation

        if self.summary is None:
            return
        facts = Facts(
            run=self.summary,
            goal=self.goal,
            start={},
            attempts=tuple(self.attempts[number] for number in sorted(self.attempts)),
            demoted=self.demoted,
            passed_over=self.passed_over,
            confirmation=Confirmation.from_json(self.end.get("confirmed")),
            noise=None,
            holdout=self.holdout,
            diff="",
            extent=None,
            version="",
        )
        assert facts.improvements is not None and facts.by_number is not None
        self._facts = facts

    def _read_goal(self, notes: list[str]) -> None:
        try:
            self.goal = goal_of(self.repository, self.run, self.folder, self.end)
        except (KapsoError, KeyError, FileNotFoundError, ValueError) as error:
            said = error.message if isinstance(error, KapsoError) else f"{error}"
            notes.append(f"the goal of {self.run} cannot be read: {said}")

    def _pending(self, journal: JournalReader) -> dict[int, Flight]:
        """What git holds as pending and, while a process works on the run, what is being written."""
        numbers = {attempt.commit: number for number, attempt in self.attempts.items()}
        begun = journal.past.begun if self.is_live else {}
        flights = {
            number: flight
            for number, event in begun.items()
            if number not in self.attempts and (flight := flight_after(event, None))
        }
        asks = self.goal is not None and self.goal.approve
        waiting = {each.number for each in approval.waiting(self.repository, self.run)} if asks else set()
        for number, commit in landing.pending(self.repository, self.run).items():
            if number in self.attempts:
                continue
            found = commits.read_pending(self.repository, commit)
            parents = tuple(numbers[each] for each in found.parents if each in numbers)
            since = found.started.isoformat()
            told = (found.proposer, found.title, found.hypothesis, commit)
            flights[number] = Flight(number, *told, parents, since, is_waiting=number in waiting)
        return flights

    def _read_status(self) -> bool:
        """Whether it changed: running, paused, finished or interrupted."""
        told = self.summary.status if self.summary else "interrupted"
        status = live_status(self.repository.state_dir, self.run) or told
        has_changed, self.status = status != self.status, status
        return has_changed

    def _drop_dead(self) -> bool:
        """Forget what was being written by a process that is gone; what is pending in git stays."""
        if self.is_live or all(each.commit for each in self.flights.values()):
            return False
        self.flights = {number: each for number, each in self.flights.items() if each.commit}
        return True

    def _after_loss(self, is_there: bool) -> News:
        if is_there:
            return self._add_note(
                self.load(), f"the journal of {self.run} was replaced or cut short: read anew"
            )
        note = f"the journal of {self.run} is gone; git is read for what lands"
        return self._add_note(News(), note)

    def _look_at_refs(self, news: News) -> News:
        """Branches that somebody deleted, attempts that no journal tells of, results of the hold-out."""
        seen = self._refs.changes(self.attempts, is_live=self.is_live)
        if seen is None:
            return news
        if seen.is_run_gone:
            return self._add_note(news, self._gone)
        if seen.unknown:
            return replace(self.load(), events=news.events)
        if seen.has_holdout:
            self.holdout = read_holdouts(self.repository, self.run)
            self._publish()
            news = replace(news, has_status=True)
        for number in seen.missing:
            lost = self.attempts[number]
            news = self._add_note(
                news, f"the branch of attempt {number} is gone; `git branch {lost.branch} {lost.commit[:12]}`"
            )
        return news

    def _add_note(self, news: News, note: str) -> News:
        return replace(news, notes=(*news.notes, *self._once([note])))

    def _once(self, notes: list[str]) -> tuple[str, ...]:
        """Those that have not been said."""
        fresh = tuple(each for each in dict.fromkeys(notes) if each not in self._said)
        self._said.update(fresh)
        return fresh

    def _json(self, ref: str) -> Mapping[str, Any]:
        return read_json(self.repository, self.repository.refs.get(ref), "run.json")


def attempt_of(event: Mapping[str, Any], known: Attempt | None = None) -> Attempt:
    """The attempt that an `attempt.evaluated` event tells of; what it leaves out is as git told it."""
    is_known = known is not None and known.commit == event["commit"]
    verdict = event.get("verdict")
    return Attempt(
        run=event["run"],
        number=event["attempt"],
        branch=event["branch"],
        commit=event["commit"],
        tree=known.tree if known and is_known else "",
        evaluator=known.evaluator if known and is_known else "",
        sandbox=known.sandbox if known and is_known else "",
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


def flight_after(event: Mapping[str, Any], known: Flight | None) -> Flight | None:
    """What is known of an attempt under way after an event; None where that is about something else."""
    kind, number = event["event"], event["attempt"]
    flight = known or Flight(number, "", "", "", None, tuple(event.get("parents") or ()), event["time"])
    if kind == "attempt.started":
        return flight
    if kind in ("attempt.proposed", "attempt.repaired"):
        return replace(
            flight,
            proposer=event["proposer"],
            title=event["title"],
            hypothesis=event.get("hypothesis") or "",
            commit=event.get("commit"),
        )
    if kind in ("attempt.waiting", "attempt.approved", "attempt.rejected"):
        return replace(flight, is_waiting=kind == "attempt.waiting")
    return None
