"""Learns lessons from attempts as they land: predicts before it learns, and is graded by what came.

A function of the lines that stood when the run began and of what it observed, in order, so that a resumed run
knows them again. What an attempt costs does not grow with how many came before.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE, Attempt, rfc3339
from kapso.memory.features import Features
from kapso.memory.lessons.claim import Claim, claim_from
from kapso.memory.lessons.guard import admitted, foreign_runs
from kapso.memory.lessons.judge import files_of, judge_from, language_of
from kapso.memory.lessons.lesson import (
    About,
    Example,
    Kind,
    Lesson,
    Line,
    Sighting,
    Status,
    Subject,
    Tally,
)
from kapso.memory.lessons.outcomes import result_of
from kapso.memory.lessons.own import SURE, Own
from kapso.memory.lessons.pooled import NOTHING_SEEN, Pool, pool_of, seen_once
from kapso.memory.lessons.rules import rules
from kapso.memory.lessons.rules.background import Background
from kapso.memory.lessons.rules.base import Found, Seen
from kapso.memory.lessons.rules.changes import earned
from kapso.memory.lessons.rules.evaluation import facts
from kapso.memory.lessons.rules.parameters import Parameters
from kapso.memory.lessons.rules.ranges import good_ranges

if TYPE_CHECKING:
    from kapso.propose.ablate.dissection import Part

_LOG = logging.getLogger(__name__)

LEARNT = 0.25
"""The confidence from which on a subject becomes a lesson, a candidate at first."""
_FEWEST = 2
"""Attempts that ended so."""
_PREDICTIONS = 16
"""At most so many are made for one attempt, of those believed most."""
_EACH_WAY = 3
_MANY = 10


@dataclass(frozen=True)
class News:
    """A lesson that changed: learnt, confirmed, sharpened, widened, retired or revived."""

    lesson: Lesson
    change: str


class Learner:
    """The lessons of one goal as one run sees them. `lines` is memory as it stood when the run began."""

    def __init__(
        self, run: str, goal: str, evaluator: str, maximize: bool, lines: Mapping[str, Line] | None = None
    ) -> None:
        self._run, self._goal, self._evaluator = run, goal, evaluator
        self._sign = 1.0 if maximize else -1.0
        self._parameters = Parameters()
        self._rules = rules(self._parameters)
        self._background = Background()
        self._start: float | None = None
        self._best = 0.0
        self._observed = 0
        self._latest = ""
        self._lines: dict[str, Line] = {}
        self._lessons: dict[str, Lesson] = {}
        self._claims: dict[str, Claim] = {}
        self._pools: dict[str, Pool] = {}
        self._past: dict[str, Pool] = {}
        """What other runs saw, summed up once: what is observed is added to it."""
        self._keys: dict[str, str] = {}
        self._own: dict[str, Own] = {}
        self._changed: set[str] = set()
        self._said: set[tuple[str, str]] = set()
        for line in (lines or {}).values():
            sightings = {name: each for name, each in line.sightings.items() if name != run}
            try:
                self._take(replace(line, sightings=sightings))
            except Exception as error:  # one that nobody can follow costs no other
                _LOG.warning("lesson %s could not be taken up: %r", line.subject.id, error)
                self._drop(line.subject)

    def predict(self, features: Features) -> dict[str, float]:
        """For a candidate that was made and has no result yet: lesson → probability of what it expects."""
        found: dict[str, tuple[float, float]] = {}
        for key, lesson in self._about(features):
            if lesson.expects is not None and lesson.status is not Status.RETIRED:
                usual = self._usual(key, features.proposer)
                rate = max(usual, self._claims[key].rate(usual))
                found[lesson.id] = (lesson.confidence, round(min(1 - SURE, max(SURE, rate)), 4))
        chosen = sorted(found, key=lambda each: (-found[each][0], each))[:_PREDICTIONS]
        return {each: found[each][1] for each in sorted(chosen)}

    def observe(self, attempt: Attempt, parent: Attempt | None, features: Features) -> list[News]:
        """Learn from an attempt that landed; called in order of landing, the baseline first."""
        if attempt.number == BASELINE or parent is None:
            self._begin(attempt)
            return []
        result = result_of(attempt)
        if result is None:
            return []
        self._observed += 1
        gain = self._gain(attempt, parent)
        touched = self._grade(attempt, features, result) | self._tally_recall(attempt, result, gain)
        self._background.add(features.proposer, result, gain)
        seen = Seen(attempt, features, result, gain)
        founds = [each for rule in self._rules.values() for each in rule.observe(seen, self._background)]
        for found in founds:
            key = found.subject.key
            if key in self._lines:
                self._mine(key).found = found
                touched.add(key)
            elif self._is_learnable(found, attempt):
                touched.add(key)
        self._latest = time = max(self._latest, rfc3339(attempt.finished))
        return [news for key in sorted(touched) if (news := self._renew(key, time)) is not None]

    def conclude(
        self,
        *,
        attempts: Sequence[Attempt] = (),
        best: Attempt | None = None,
        is_confirmed: bool = False,
        before: Mapping[str, bytes] | None = None,
        after: Mapping[str, bytes] | None = None,
        parts: Sequence[Part] = (),
        importance: Mapping[str, float] | None = None,
        noise: float | None = None,
        stated: Sequence[Found] = (),
    ) -> list[News]:
        """What a session as a whole teaches, at its end.

        `best` (or the smallest that keeps its score) has the files `after` where the base had `before`, and
        `parts` are what ablation found about its hunks; `importance` is by parameter; `stated` is what a
        model says and the attempts bear out.
        """
        founds = list(facts(self._goal, attempts, noise))
        founds += stated
        founds += good_ranges(attempts, importance or {}, self._sign > 0)
        if best is not None and is_confirmed and before is not None and after is not None:
            founds += earned(best, before, after, parts)
        time = max([self._latest, *(rfc3339(each.finished) for each in attempts)])
        self._fade(time)
        founds = [each for each in founds if self._is_sure(each, time)]
        return [news for each in founds if (news := self._note(each, time)) is not None]

    def _fade(self, time: str) -> None:
        """What keeps attempts away is less believed after a run that did not try it, so that one will; and a
        change that nobody made again has given way to others."""
        if self._observed < _MANY:
            return
        for key, lesson in self._lessons.items():
            is_here = any(each.goal == self._goal for each in lesson.line.sightings.values())
            if key not in self._own and is_here and _fades(lesson):
                self._renew(self._untested(key), time)

    def _untested(self, key: str) -> str:
        every = Tally(total=self._observed)
        self._own[key] = Own(Found(self._lines[key].subject, Tally(), every))
        return key

    def _is_sure(self, found: Found, time: str) -> bool:
        """Whether what the run as a whole shows is a lesson by itself."""
        subject = found.subject
        if subject.about is not About.PARAMETER:
            return True
        own = Own(found, seen=self._observed, time=time)
        return claim_from(subject, seen_once(self._sighting(own), None)).confidence >= LEARNT

    def _note(self, found: Found, time: str) -> News | None:
        """Take in what a rule is sure of."""
        key = found.subject.key
        if key not in self._lines:
            self._lines[key] = Line(found.subject, {})
            self._keys[found.subject.id] = key
        own = self._mine(key)
        known = own.found if own.found.concerned.total else None
        if found.subject.about is About.PARAMETER:
            known = self._parameters.now(found.subject, self._background)
        own.found = replace(known or found, detail=found.detail)
        if "alone" in found.detail:
            own.forget()
        return self._renew(key, time)

    def lessons(self) -> Sequence[Lesson]:
        """All that are known, judged for this goal, in order of their ids."""
        return sorted(self._lessons.values(), key=lambda each: each.id)

    def changed(self) -> dict[str, Line]:
        """The lines that changed since this was last asked."""
        changed, self._changed = self._changed, set()
        return {key: self._lines[key] for key in sorted(changed)}

    def _take(self, line: Line) -> None:
        key = line.subject.key
        self._lines[key] = line
        self._keys[line.subject.id] = key
        counted = admitted(line)
        self._past[key] = pool_of(counted.sightings.values(), self._goal)
        self._judge(key, line, self._past[key])
        rule = self._rules.get(line.subject.about)
        if rule is not None:
            rule.know(counted)

    def _drop(self, subject: Subject) -> None:
        for known in (self._lines, self._lessons, self._claims, self._pools, self._past):
            known.pop(subject.key, None)
        self._keys.pop(subject.id, None)

    def _judge(self, key: str, line: Line, pool: Pool) -> Lesson:
        claim = None
        if line.subject.about is not About.EVALUATION:
            claim = self._claims[key] = claim_from(line.subject, pool)
        self._lines[key], self._pools[key] = line, pool
        lesson = self._lessons[key] = judge_from(line, claim, pool)
        return lesson

    def _pooled(self, line: Line, sighting: Sighting) -> Pool:
        """What all runs saw, this one last. How much of what was pulled counts hangs on what this one saw."""
        if foreign_runs(line):
            line = replace(line, sightings={**line.sightings, self._run: sighting})
            return pool_of(admitted(line).sightings.values(), self._goal)
        return seen_once(sighting, self._goal).then(self._past.get(line.subject.key, NOTHING_SEEN))

    def _about(self, features: Features) -> list[tuple[str, Lesson]]:
        keys = (each.key for rule in self._rules.values() for each in rule.subjects(features))
        return [(key, self._lessons[key]) for key in dict.fromkeys(keys) if key in self._lessons]

    def _begin(self, attempt: Attempt) -> None:
        self._start = attempt.score if self._start is None else self._start

    def _gain(self, attempt: Attempt, parent: Attempt) -> float | None:
        """Against its parent, in units of what the run has gained in all so far; None without a score."""
        if attempt.score is None or not attempt.is_scored:
            return None
        before = parent.score if parent.score is not None else attempt.score
        self._start = before if self._start is None else self._start
        self._best = max(self._best, self._sign * (attempt.score - self._start))
        gain = self._sign * (attempt.score - before)
        if str(attempt.verdict) == "same" or not math.isfinite(gain) or gain == 0:
            return 0.0
        return max(-1.0, min(1.0, gain / self._best)) if self._best > 0 else math.copysign(1.0, gain)

    def _usual(self, key: str, proposer: str) -> float:
        """How often what the lesson expects comes of this proposer's attempts, by now."""
        claim, subject = self._claims[key], self._lines[key].subject
        if subject.about is About.ERROR:
            return claim.usual
        return self._background.usual(proposer, claim.expects, claim.usual)

    def _grade(self, attempt: Attempt, features: Features, result: str) -> set[str]:
        graded: set[str] = set()
        for name, predicted in attempt.predicted.items():
            key = self._keys.get(name)
            if key is None or key not in self._claims:
                continue
            expects = self._claims[key].expects
            came = _came(self._lines[key].subject, expects, result, features)
            self._mine(key).grade(expects, predicted, self._usual(key, features.proposer), came=came)
            graded.add(key)
        return graded

    def _tally_recall(self, attempt: Attempt, result: str, gain: float | None) -> set[str]:
        told = {key for name in attempt.lessons if (key := self._keys.get(name)) is not None}
        withheld = {key for name in attempt.withheld if (key := self._keys.get(name)) is not None} - told
        for key in told:
            self._mine(key).told.add(result, gain)
        for key in withheld:
            self._mine(key).withheld.add(result, gain)
        return told | withheld

    def _mine(self, key: str) -> Own:
        if key not in self._own:
            self._own[key] = Own(Found(self._lines[key].subject, Tally(), Tally()))
        return self._own[key]

    def _is_learnable(self, found: Found, attempt: Attempt) -> bool:
        """Whether a subject of which no lesson stands becomes one; it is taken in then."""
        if found.concerned.total < _FEWEST:
            return False
        own = Own(found, seen=self._observed, time=rfc3339(attempt.finished))
        sighting = self._sighting(own)
        claim = claim_from(found.subject, seen_once(sighting, self._goal))
        if claim.hits < _FEWEST or claim.confidence < LEARNT:
            return False
        key = found.subject.key
        self._own[key] = own
        self._lines[key] = Line(found.subject, {self._run: sighting})
        self._keys[found.subject.id] = key
        return True

    def _renew(self, key: str, time: str) -> News | None:
        """The line and its lesson as they stand after an attempt; what is new about it, if anything is."""
        own, line = self._own[key], self._lines[key]
        before, known = self._lessons.get(key), self._pools.get(key, NOTHING_SEEN)
        own.seen, own.time = self._observed, time
        sighting = self._sighting(own)
        pool = self._pooled(line, sighting)
        if own.found.remembered:
            expects = claim_from(line.subject, pool).expects
            sighting = replace(sighting, examples=_examples(own.found, expects))
        line = replace(line, sightings={**line.sightings, self._run: sighting})
        lesson = self._judge(key, line, pool)
        self._changed.add(key)
        rule = self._rules.get(line.subject.about)
        if rule is not None and (before is None or line.subject.about is About.PARAMETER):
            rule.know(Line(line.subject, {self._run: sighting}))
        if before is None:
            return News(lesson, "learnt")
        change = _change(before, lesson, _values(line.subject, known), _values(line.subject, pool))
        if change is None or (key, change) in self._said:
            return None
        self._said.add((key, change))
        return News(lesson, change)

    def _sighting(self, own: Own) -> Sighting:
        found = own.found
        files = files_of(found.subject)
        detail: dict[str, Any] = {**found.detail, **({"expects": own.expects} if own.expects else {})}
        return Sighting(
            run=self._run,
            goal=self._goal,
            evaluator=self._evaluator,
            seen=own.seen,
            concerned=found.concerned,
            others=found.others,
            detail=detail,
            record=own.record(),
            files=files,
            language=language_of(files[0]) if files else None,
            time=own.time,
        )


def _came(subject: Subject, expects: str, result: str, features: Features) -> bool:
    if subject.about is About.ERROR:
        return result == "failed" and features.signature == subject.told.get("signature")
    return result == expects


def _examples(found: Found, expects: str) -> tuple[Example, ...]:
    """The latest few that ended as the lesson expects, and the latest few that did not."""
    chosen: list[Example] = []
    for speaks, is_expected in (("for", True), ("against", False)):
        some = [each for each in found.remembered if (each.result == expects) is is_expected][-_EACH_WAY:]
        chosen += [Example(each.attempt, each.commit, speaks) for each in some]
    return tuple(sorted(chosen, key=lambda each: each.attempt))


def _values(subject: Subject, pool: Pool) -> list[Any]:
    if subject.about is not About.PARAMETER:
        return []
    return [pool.detail.get(name) for name in ("bound", "low", "high", "choices")]


def _fades(lesson: Lesson) -> bool:
    is_such = lesson.kind is Kind.AVOID or lesson.line.subject.about is About.CHANGE
    return is_such and lesson.status in (Status.CANDIDATE, Status.ACTIVE)


def _change(before: Lesson, now: Lesson, values_before: list[Any], values: list[Any]) -> str | None:
    if before.status is not now.status:
        changes = {Status.ACTIVE: "confirmed", Status.RETIRED: "retired", Status.QUARANTINED: "quarantined"}
        was_retired = before.status is Status.RETIRED
        return "revived" if was_retired else changes.get(now.status, "doubted")
    if before.expects != now.expects or values_before != values:
        return "sharpened"
    return "widened" if before.scope.goals and not now.scope.goals else None
