"""A run's lessons: what it knew when it began, which of it an attempt is told of, and what the run learns.

The one place in the loop that knows lessons. What stood at the start is kept with the run and decides what is
recalled, so that a resumed run goes on with what it began with. An error in here ends nothing but the memory.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE, Attempt, Outcome
from kapso.errors import Interrupted, KapsoError
from kapso.git import landing
from kapso.git.attempts import Pending
from kapso.memory.lessons.pace import Pace
from kapso.propose.protocol import Context, Eager, Idea, Proposer
from kapso.propose.recalled import NOTHING, Recalled

if TYPE_CHECKING:
    from kapso.loop.run import Run
    from kapso.loop.setting import Setting
    from kapso.memory.features import Features, Looker
    from kapso.memory.lessons.learner import Learner, News
    from kapso.memory.lessons.ledger import Ledger
    from kapso.memory.lessons.lesson import Line
    from kapso.memory.lessons.recall import Here, Occasion, Recall
    from kapso.memory.lessons.rules.base import Found

Say = Callable[[str], None]

_LOG = logging.getLogger(__name__)

FILE = "memory.jsonl"
LEARNT = "lesson.learnt"
"""The event that tells of a lesson that is new, or has changed."""
_MOST_FILES = 400
"""Of those that attempts may edit, so many are asked whether lessons apply to them."""
_REJUDGED_EVERY = 8
_MOST_QUARANTINED = 500
"""Lessons in quarantine that a run looks at, so that what it sees may confirm them."""


@dataclass(frozen=True)
class Note:
    """What was decided about an attempt before its result was known."""

    withheld: tuple[str, ...] = ()
    predicted: Mapping[str, float] = field(default_factory=dict)


NO_NOTE = Note()


def memory_files(setting: Setting, name: str, say: Say) -> dict[str, bytes]:
    """What is known as the run `name` starts, to be kept with its goal; none where nothing is known."""
    if not setting.goal.recall:
        return {}
    try:
        from kapso.memory.lessons.ledger import Ledger
        from kapso.memory.lessons.wire import to_text

        lines = Ledger(setting.repository).lines_for(name, _MOST_QUARANTINED)
        if setting.goal.user_memory:
            from kapso.memory.lessons.merge import merge_lines
            from kapso.memory.lessons.user import UserMemory

            lines = merge_lines(lines, UserMemory(setting.repository).lines())
        return {FILE: b"".join(to_text(lines[key]) + b"\n" for key in sorted(lines))} if lines else {}
    except Interrupted:
        raise
    except Exception as error:
        say(f"warning: the run begins without lessons: {_reason(error)}")
        return {}


class Memory:
    """The lessons of one run. The run's lock guards it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._say: Say = lambda line: None
        self._is_on = False
        self._is_failed = False
        self._is_replaying = False
        self._is_kept_later = False
        self._waiting: dict[str, Line] = {}
        self._notes: dict[int, Note] = {}
        self._told: set[tuple[str, str]] = set()
        self._features: dict[int, Features] = {}
        self._observed = 0
        self._pace = Pace()
        self._began_with: frozenset[str] = frozenset()
        self._by_reader: tuple[int, Recall] | None = None
        self._learner: Learner
        self._ledger: Ledger
        self._recall: Recall
        self._looker: Looker

    @cached_property
    def _here(self) -> Here:
        """What lessons apply to; looked at when there are any."""
        return _here(self._run)

    def begin(self, say: Say) -> None:
        """Take up what the run knew when it started, and what it noted of attempts that have not landed."""
        self._say = say
        with self._guarded():
            self._begin()
            self._is_on = True

    def _begin(self) -> None:
        from kapso.memory.features import Looker
        from kapso.memory.lessons.known import judged
        from kapso.memory.lessons.learner import Learner
        from kapso.memory.lessons.ledger import Ledger, parse_lines
        from kapso.memory.lessons.recall import Here, Recall

        run = self._run
        kept = landing.read_goal(run.repository, run.name).get(FILE, b"")
        lessons = judged(parse_lines(kept.split(b"\n")), run.goal.name)
        lines = {each.line.subject.key: each.line for each in lessons}
        self._learner = Learner(
            run.name, run.goal.name, run.identity, run.goal.primary.goal == "maximize", lines
        )
        self._ledger = Ledger(run.repository)
        self._looker = Looker(run.diffs)
        self._began_with = frozenset(each.id for each in lessons)
        self._recall = Recall(lessons, self._here if lessons else Here(run.goal.name))
        for entry in run.journal.past:
            if entry["event"] == "attempt.proposed":
                note = Note(tuple(entry.get("withheld") or ()), entry.get("predicted") or {})
                self._notes[entry["attempt"]] = note
            elif entry["event"] == LEARNT:
                self._told.add((str(entry.get("lesson")), str(entry.get("change"))))

    # Before an attempt's result

    def ahead(
        self, proposers: Sequence[Proposer], context: Callable[[str], Context], seed: int
    ) -> tuple[list[Proposer], list[str]]:
        """The proposers in their order, but first those that know of something to be tried at once; and the
        lessons that tell of such a thing and were left out by lot."""
        eager: list[Proposer] = []
        missed: list[str] = []
        if self._is_on and len(self._recall):
            with self._guarded():
                for each in proposers:
                    if isinstance(each, Eager) and self._recall.all_changes(each.name).advice.changes:
                        given, whole = self._urging(each, context(each.name), seed)
                        eager += [each] if given else []
                        missed += [whole] if whole and whole != given else []
        return [*eager, *(each for each in proposers if each not in eager)], missed

    def _urging(self, proposer: Eager, context: Context, seed: int) -> tuple[str | None, str | None]:
        """What the proposer would try at once with what it is told, and with all that is known."""
        from kapso.memory.lessons.recall import Occasion

        known = self._recall.all_changes(proposer.name)
        whole = proposer.eager(replace(context, recalled=known))
        if whole is None:
            return None, None
        told = self._recall.for_maker(Occasion(proposer.name, seed))
        if len(told.advice.changes) == len(known.advice.changes):
            return whole, whole
        return proposer.eager(replace(context, recalled=told)), whole

    def recalled(self, context: Context, proposer: str, seed: int) -> Recalled:
        """What is recalled for an attempt of this proposer; nothing of the libraries."""
        if not self._is_on or not self._run.goal.recall:
            return NOTHING
        with self._guarded():
            from kapso.memory.lessons.recall import Occasion

            occasion = Occasion(proposer, seed)
            if proposer in self._run.authors:
                return self._for_reader(context, occasion)
            if len(self._recall):
                return self._recall.for_maker(occasion)
        return NOTHING

    def _for_reader(self, context: Context, occasion: Occasion) -> Recalled:
        failed = [each for each in context.attempts if each.outcome in (Outcome.CRASHED, Outcome.INVALID)]
        error = f"{failed[-1].reason} {failed[-1].feedback}" if failed else ""
        return self._for_all().for_reader(replace(occasion, error=error))

    def _for_all(self) -> Recall:
        """What the run itself has learnt as well, for those that read: others see what they learn by."""
        from kapso.memory.lessons.recall import Recall

        if self._by_reader is None or self._by_reader[0] != self._observed:
            known = self._by_reader[1] if self._by_reader else None
            self._by_reader = self._observed, Recall(self._learner.lessons(), self._here, known)
        return self._by_reader[1]

    def on_error(self, number: int, proposer: str, error: str) -> list[str]:
        """What is known of such an error, for whoever is to mend it; nothing that a lot withheld."""
        if self._is_on and self._run.goal.recall:
            with self._guarded(), self._run.lock:
                from kapso.memory.lessons.recall import Occasion

                return self._for_all().on_error(Occasion(proposer, self.seed(number), error))
        return []

    def seed(self, number: int) -> int:
        """From which the lots of an attempt are drawn."""
        text = f"{self._run.goal.search.seed}:{number}:recall"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

    def note(
        self, number: int, candidate: Pending, parents: Sequence[int], idea: Idea, withheld: Sequence[str]
    ) -> Note:
        """What lessons expect of a candidate; to be written down before anything runs."""
        found: Mapping[str, float] = {}
        if self._is_on:
            with self._guarded(), self._run.lock:
                from kapso.memory.features import Candidate

                made = Candidate(candidate.proposer, candidate.commit, idea.parameters)
                features = self._looker.features(made, self._run.history.attempts[parents[0]])
                self._features[number] = features
                found = {id: round(each, 4) for id, each in self._learner.predict(features).items()}
        note = self._notes[number] = Note(tuple(withheld), found)
        return note

    def noted(self, number: int) -> Note:
        """What was noted of an attempt before its result was known."""
        return self._notes.get(number, NO_NOTE)

    # After it

    @contextmanager
    def replaying(self) -> Iterator[None]:
        """What is observed meanwhile was observed by an earlier session: nothing is announced twice."""
        self._is_replaying = True
        try:
            yield
        finally:
            self._is_replaying = False

    def observe(self, attempt: Attempt) -> None:
        """Learn from an attempt that landed."""
        self._notes.pop(attempt.number, None)
        if not self._is_on:
            return
        with self._guarded():
            from kapso.memory.features import Features, ended

            known = self._features.pop(attempt.number, None)
            parent = self._run.history.attempts[attempt.parents[0]] if attempt.parents else None
            if parent is None:
                features = Features(attempt.proposer)
            else:
                known = known or self._looker.features(attempt, parent)
                features = ended(known, attempt)
            news = self._learner.observe(attempt, parent, features)
            self._pace.note(has_news=bool(news))
            self._observed += 1
            if self._began_with and self._observed % _REJUDGED_EVERY == 0:
                self._rejudge()
            self._announce(news, attempt.number)
            if self._pace.is_due and not self._is_replaying:
                self._keep()

    def _rejudge(self) -> None:
        """What does not hold in this run weighs less in it. What the run itself found its proposers know."""
        from kapso.memory.lessons.recall import Recall

        lessons = [each for each in self._learner.lessons() if each.id in self._began_with]
        self._recall = Recall(lessons, self._here, self._recall)

    def conclude(
        self, importance: Mapping[str, float], *, is_confirmed: bool, smallest: int | None = None
    ) -> None:
        """What only the whole run tells: which parts of its best earn, what matters, how evaluations are.

        `smallest` is the attempt that keeps the best's score with less.
        """
        if not self._is_on:
            return
        with self._guarded():
            self._announce(self._conclusions(importance, is_confirmed, smallest), None)
            self._keep(is_last=True)

    def _conclusions(
        self, importance: Mapping[str, float], is_confirmed: bool, smallest: int | None
    ) -> Sequence[News]:
        from kapso.propose.ablate.dissection import dissect

        run, history = self._run, self._run.history
        best = history.attempts[history.best_number if smallest is None else smallest]
        before, after = (run.editable.files(each.commit) for each in (history.baseline, best))
        changed = after.changed_from(before)
        is_told = is_confirmed and best.number != BASELINE
        return self._learner.conclude(
            attempts=list(history.attempts.values()),
            best=best,
            is_confirmed=is_told,
            before={path: before[path] for path in changed & before.keys()},
            after={path: after[path] for path in changed & after.keys()},
            parts=dissect(best, history.attempts, run.editable.files, run.goal, history.noise)
            if is_told
            else (),
            importance=importance,
            noise=history.noise.sigma,
            stated=self._stated() if run.goal.model_lessons else (),
        )

    def _stated(self) -> Sequence[Found]:
        """What a model states of the attempts."""
        from kapso.loop.stated import stated_by_model
        from kapso.memory.features import features_of
        from kapso.memory.lessons.by_model import Observed

        attempts = self._run.history.attempts
        landed = [each for each in attempts.values() if each.parents]
        observed = [
            Observed(each, features_of(each, attempts[each.parents[0]], self._looker)) for each in landed
        ]
        return stated_by_model(self._run, observed, self._here.secret, self._say)

    def keep(self) -> None:
        """Commit what was learnt so far, as the session ends."""
        if self._is_on:
            with self._guarded():
                self._keep(is_last=True)

    def _keep(self, *, is_last: bool = False) -> None:
        """Commit what this run saw. What others saw stands there already, as far as it is believed here: a
        run that was pulled brings it along and vouches for nothing."""
        from kapso.memory.lessons.user import UserMemory

        with self._pace.committing():
            self._waiting |= self._learner.changed()
            name = self._run.name
            seen = {
                key: replace(line, sightings={name: line.sightings[name]}, marks=())
                for key, line in self._waiting.items()
            }
            try:
                if is_last:
                    self._ledger.put(seen)
                else:
                    self._ledger.keep(name, seen)
                if is_last and self._run.goal.user_memory:
                    stand = self._ledger.lines()
                    UserMemory(self._run.repository).put(
                        {k: e for k, e in stand.items() if name in e.sightings}
                    )
            except (KapsoError, OSError) as error:
                if not self._is_kept_later:
                    self._is_kept_later = True
                    self._say(f"warning: lessons could not be kept, and are tried again: {_reason(error)}")
                return
            self._waiting = {}

    def _announce(self, news: Sequence[News], number: int | None) -> None:
        for each in news:
            lesson, change = each.lesson, str(each.change)
            is_known = self._is_replaying or change == "learnt"
            if is_known and (lesson.id, change) in self._told:
                continue
            self._told.add((lesson.id, change))
            told: dict[str, Any] = {"lesson": lesson.id, "kind": str(lesson.kind)}
            told |= {"statement": lesson.statement, "change": change, "status": str(lesson.status)}
            self._run.journal.write(LEARNT, attempt=number, **told)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Whatever goes wrong in here, the run goes on without memory, and says so once."""
        try:
            yield
        except Interrupted:
            raise
        except Exception as error:
            self._is_on = False
            _LOG.debug("memory failed", exc_info=True)
            if not self._is_failed:
                self._is_failed = True
                self._say(f"warning: the run goes on without lessons: {_reason(error)}")


def _here(run: Run) -> Here:
    """What lessons apply to: the files that attempts may edit and see, and what nobody may be told of."""
    from kapso.goal.protection import hidden_paths
    from kapso.memory.lessons.recall import Here
    from kapso.propose.prompts.goal_view import visible
    from kapso.recall.code import languages_of

    goal, files = run.goal, run.editable.files(run.base)
    seen = {path: files[path] for path in visible(goal, files)[:_MOST_FILES]}
    hidden = hidden_paths(goal, goal.prefix(run.repository.root), run.repository.entries(run.base))
    open_names = {PurePosixPath(path).name for path in seen}
    names = frozenset(PurePosixPath(path).name for path in hidden) - open_names
    return Here(goal.name, seen, languages_of(seen), names)


def _reason(error: Exception) -> str:
    """What may be said of an error: its text may hold anything."""
    return error.message if isinstance(error, KapsoError) else type(error).__name__
