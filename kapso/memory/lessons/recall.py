"""Which lessons an attempt is told of: relevance × value, and a share that goes without, drawn from the seed.

An eighth of the attempts goes without any, and each lesson is left out of an eighth of the others (of what
breaks programs a quarter as many), so that its value can be told from what became of both. For proposers that
do not read, lessons become weights, ranges and changes; none of these forbids anything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from typing import Any, TypeGuard

from kapso.memory.lessons.guard import admitted
from kapso.memory.lessons.lesson import About, Kind, Lesson, Sighting, Status, Tally
from kapso.propose.recalled import LEAST, MOST, NOTHING, Advice, Change, Range, Recalled, Told, Weight

WITHOUT_ANY = 1 / 8
LEFT_OUT = 1 / 8
_SELDOM = 1 / 4
"""So much less often, what breaks programs is left out: that costs an attempt each time."""
MOST_NAMED = 8
"""So many of the lessons that were handed over, drawn by lot, an attempt is measured for."""
MOST_ADVISED = 200
MOST_ON_ERROR = 3
_ALIKE = 0.5
MOST_TOLD, TOLD_TOKENS = 8, 900
_CHARACTERS = 4
"""Of a token, about."""
FOREIGN = 0.5
"""What evidence of another goal counts."""
_LEAST_WEIGHT = 0.05
_SHRUNK = 4.0
"""As many attempts like all others count in a share."""
_WORDS = re.compile(r"[\w.-]+")
_RECALLED = (Status.CANDIDATE, Status.ACTIVE)


@dataclass(frozen=True)
class Here:
    """Where lessons are to apply: the goal, the files that its attempts see and may edit, their languages,
    and the names that nobody may be told of."""

    goal: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    languages: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    _found: dict[tuple[str, bytes], bool] = field(default_factory=dict, compare=False, repr=False)
    """A program may have megabytes, and lessons are recalled anew as a run learns."""

    def has(self, path: str, text: bytes) -> bool:
        """Whether a text stands in a file; where there is none of that name, in any."""
        key = (path, text)
        if key not in self._found:
            named = [path] if path in self.files else self.files
            self._found[key] = any(text in self.files[each] for each in named)
        return self._found[key]

    def keeps(self, text: str) -> bool:
        """Whether a text names what nobody may be told of, which may be thousands of files."""
        words = {each.rstrip(".") for each in _WORDS.findall(text)}
        return not self.secret.isdisjoint(words) or any(name in text for name in self._odd)

    @cached_property
    def _odd(self) -> list[str]:
        """The names that are no single words."""
        return [name for name in self.secret if not _WORDS.fullmatch(name) or name[-1] == "."]


@dataclass(frozen=True)
class Occasion:
    """The attempt that asks: who makes it, the seed of its lots, and the error seen last, if there is one."""

    proposer: str
    seed: int
    error: str = ""


@dataclass(frozen=True)
class _Part:
    """What one lesson adds to an advice."""

    lesson: Lesson
    score: float
    weights: tuple[tuple[str, str, float], ...] = ()
    """table, key, factor"""
    ranges: tuple[Range, ...] = ()
    change: Change | None = None
    born: tuple[bool, str, int] = (False, "", 0)
    """Of a change, whether this goal made it, when (a later run's best has what an earlier one's had), and
    how many hunks it has: the whole comes before its parts."""


@dataclass
class _Scored:
    """A lesson, what of it counts, how useful it is here, and what it tells each proposer."""

    lesson: Lesson
    counted: Lesson
    score: float
    _parts: dict[str, _Part | None] = field(default_factory=dict)

    @classmethod
    def of(cls, lesson: Lesson, here: Here) -> _Scored:
        counted = replace(lesson, line=admitted(lesson.line))
        return cls(lesson, counted, relevance(counted, here) * worth(counted))

    def part(self, proposer: str, here: Here) -> _Part | None:
        if proposer not in self._parts:
            self._parts[proposer] = _part(self.counted, self.score, proposer, here)
        return self._parts[proposer]


class Recall:
    """The lessons that may be recalled in a run, judged for its goal; of what others saw, what counts."""

    def __init__(self, lessons: Iterable[Lesson], here: Here, before: Recall | None = None) -> None:
        """`before` is what was recalled so far: lessons that did not change since are not looked at anew."""
        self._here = here
        known = before._scored if before is not None else {}
        self._scored: dict[str, _Scored] = {}
        for each in lessons:
            scored = known.get(each.id)
            is_same = scored is not None and scored.lesson is each
            self._scored[each.id] = scored if scored is not None and is_same else _Scored.of(each, here)
        ranked = sorted(
            (e for e in self._scored.values() if e.score > 0), key=lambda e: (-e.score, e.lesson.id)
        )
        self._useful = ranked
        self._ranked = [(each.score, each.counted) for each in ranked]
        self._parts: dict[str, list[_Part]] = {}
        self._changes: dict[str, Recalled] = {}

    def __len__(self) -> int:
        return len(self._ranked)

    def for_reader(self, occasion: Occasion) -> Recalled:
        """The statements for one that reads, the most useful first, within a budget of tokens."""
        ranked = [(score * _fits_stage(each, occasion), each) for score, each in self._ranked]
        ranked.sort(key=lambda each: (-each[0], each[1].id))
        room, chosen = TOLD_TOKENS * _CHARACTERS, dict[str, Told]()
        withheld: set[str] = set()
        for _, lesson in ranked:
            text = worded(lesson)
            if len(chosen) == MOST_TOLD:
                break
            if len(text) <= room:
                room -= len(text)
                chosen[lesson.id] = Told(lesson.id, text)
                withheld |= {lesson.id} if self._is_left_out(lesson, occasion) else set()
        told = [each for id, each in chosen.items() if id not in withheld]
        return Recalled(lessons=told, withheld=sorted(withheld)) if chosen else NOTHING

    def on_error(self, occasion: Occasion) -> list[str]:
        """The statements about errors like the one at hand, the likest first."""
        found = [(_likeness(each, occasion.error), each) for _, each in self._ranked]
        alike = [each for each in found if each[0] >= _ALIKE and not self._is_left_out(each[1], occasion)]
        alike.sort(key=lambda each: -each[0])
        return [worded(lesson) for _, lesson in alike[:MOST_ON_ERROR]]

    def all_changes(self, proposer: str) -> Recalled:
        """The changes that are known, none left out."""
        if proposer not in self._changes:
            parts = [each for each in self._of(proposer) if each.change is not None]
            parts.sort(key=lambda each: each.born, reverse=True)
            self._changes[proposer] = Recalled(advice=_advice(parts))
        return self._changes[proposer]

    def for_maker(self, occasion: Occasion) -> Recalled:
        """The advice for one that does not read.

        Who carries a change out says so itself; of what merely weighs, a few are named.
        """
        parts = self._of(occasion.proposer)
        if not parts:
            return NOTHING
        withheld = {each.lesson.id for each in parts if self._is_left_out(each.lesson, occasion)}
        given = [each for each in parts if each.lesson.id not in withheld]
        given.sort(key=lambda each: each.born, reverse=True)
        weighing = (each for each in parts if each.change is None)
        named = sorted(weighing, key=lambda each: _lot(occasion.seed, f"named {each.lesson.id}"))[:MOST_NAMED]
        told = [Told(e.lesson.id, e.lesson.statement) for e in named if e.lesson.id not in withheld]
        left = sorted(each.lesson.id for each in named if each.lesson.id in withheld)
        return Recalled(lessons=told, advice=_advice(given), withheld=left)

    def _of(self, proposer: str) -> list[_Part]:
        if proposer not in self._parts:
            found = (each.part(proposer, self._here) for each in self._useful)
            self._parts[proposer] = [each for each in found if each is not None][:MOST_ADVISED]
        return self._parts[proposer]

    def _is_left_out(self, lesson: Lesson, occasion: Occasion) -> bool:
        share = _SELDOM if lesson.expects == "failed" else 1.0
        if _lot(occasion.seed, "without any") < WITHOUT_ANY * share:
            return True
        return _lot(occasion.seed, lesson.id) < LEFT_OUT * share


def relevance(lesson: Lesson, here: Here) -> float:
    """How far a lesson may be about this goal, from 0 to 1; 0 keeps it out."""
    if lesson.status not in _RECALLED:
        return 0.0
    scope, told = lesson.scope, lesson.line.subject.told
    if scope.language and here.languages and scope.language not in here.languages:
        return 0.0
    if here.keeps(lesson.statement):
        return 0.0
    goals = {each.goal for each in lesson.line.sightings.values()}
    is_own = here.goal in goals
    match lesson.line.subject.about:
        case About.EVALUATION:
            return 1.0 if is_own and told.get("goal") == here.goal else 0.0
        case About.CHANGE:
            if not any(stands(hunk, here) for hunk in _hunks(told)):
                return 0.0
        case About.PARAMETER:
            if str(told.get("parameter", "")).rpartition(":")[0] not in here.files:
                return 0.0
        case _:
            if not _has_place(told, here):
                return 0.0
    if scope.files and not any(path in here.files for path in scope.files):
        return 0.0 if lesson.line.subject.about is not About.CHANGE else FOREIGN
    return 1.0 if is_own or not scope.goals else FOREIGN


def worded(lesson: Lesson) -> str:
    """A lesson as a prompt tells it: `prefer (83 % sure): …`."""
    return f"{lesson.kind} ({100 * lesson.confidence:.0f} % sure): {lesson.statement}"


def worth(lesson: Lesson) -> float:
    """Confidence, more or less by what recalling it was worth; what is pinned comes first."""
    value = 1.0 if lesson.value is None else min(max(1.0 + 2 * lesson.value, 0.2), 2.0)
    return lesson.confidence * value * (2.0 if lesson.is_pinned else 1.0)


def _fits_stage(lesson: Lesson, occasion: Occasion) -> float:
    """For an idea, what helped comes first; of errors, those like what failed last."""
    if lesson.line.subject.about is not About.ERROR:
        return 1.0 + 0.5 * (lesson.kind is Kind.PREFER)
    return 0.7 + _likeness(lesson, occasion.error)


def _likeness(lesson: Lesson, error: str) -> float:
    """How much of the error that a lesson is about is in this one, from 0 to 1."""
    if lesson.line.subject.about is not About.ERROR:
        return 0.0
    words = [each for each in str(lesson.line.subject.told.get("signature")).split() if len(each) > 3]
    return sum(each.strip(":,") in error for each in words) / len(words) if words else 0.0


def _lot(seed: int, what: str) -> float:
    """From 0 to 1, the same for the same attempt whatever else is known."""
    digest = blake2b(f"{seed}:{what}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32


# Advice


def _part(lesson: Lesson, score: float, proposer: str, here: Here) -> _Part | None:
    """What a lesson tells a proposer that does not read; None where that is nothing."""
    told = lesson.line.subject.told
    match lesson.line.subject.about:
        case About.OPERATOR if told.get("proposer") == proposer:
            key = f"{proposer}:{told.get('operator')}"
            return _weighing(lesson, score, "operators", key, here.goal)
        case About.PLACE if proposer in ("mutate", "recipe"):
            key = f"{told.get('path')}:{told.get('region') or ''}"
            return _weighing(lesson, score, "places", key, here.goal)
        case About.ERROR if proposer in ("mutate", "recipe"):
            return _of_error(lesson, score, proposer, here.goal)
        case About.PARAMETER if proposer == "tune":
            return _of_parameter(lesson, score, here.goal)
        case About.CHANGE if proposer == "recipe" and lesson.kind is Kind.PREFER:
            return _of_change(lesson, score, here.goal)
    return None


def _of_change(lesson: Lesson, score: float, goal: str) -> _Part | None:
    hunks = tuple(_hunks(lesson.line.subject.told))
    seen = lesson.line.sightings.values()
    first = min(seen, key=lambda each: (each.time, each.run))
    born = any(each.goal == goal for each in seen), first.time, len(hunks)
    change = Change(lesson.id, hunks, min(score, 1.0))
    return _Part(lesson, score, change=change, born=born) if hunks else None


def _weighing(lesson: Lesson, score: float, table: str, key: str, goal: str) -> _Part | None:
    factor = factor_of(lesson, goal)
    if lesson.scope.goals and goal not in lesson.scope.goals:
        factor **= FOREIGN
    return None if abs(math.log(factor)) < _LEAST_WEIGHT else _Part(lesson, score, ((table, key, factor),))


def _of_error(lesson: Lesson, score: float, proposer: str, goal: str) -> _Part | None:
    """An error is avoided where an operator and a place led to it, or either alone."""
    told = lesson.line.subject.told
    if told.get("proposer") not in (None, proposer) or told.get("token"):
        return None
    operator, path = told.get("operator"), told.get("path")
    if path is not None:
        place = f"{path}:{told.get('region') or ''}"
        return _weighing(lesson, score, "places", f"{place}:{operator}" if operator else place, goal)
    return _weighing(lesson, score, "operators", f"{proposer}:{operator}", goal) if operator else None


def _of_parameter(lesson: Lesson, score: float, goal: str) -> _Part | None:
    """Good and bad values, and whether a parameter matters.

    Good values of this very goal tune takes over from its runs; what cost another goal's score may be good
    for this one.
    """
    told = lesson.line.subject.told
    name = str(told.get("parameter"))
    detail = _latest(lesson.line.sightings.values(), goal)
    is_own = any(each.goal == goal for each in lesson.line.sightings.values())
    side = told.get("side")
    if side is not None:
        if told.get("event") != "failed" and not is_own:
            return None
        bad = _bad(lesson, name, str(side))
        return _Part(lesson, score, ranges=(bad,)) if bad is not None else None
    good = None if is_own else _good(lesson.id, name, detail)
    importance = detail.get("importance")
    factor = 1.0 + 2.0 * min(max(importance, 0.0), 1.0) if _is_number(importance) else factor_of(lesson, goal)
    weights = (("parameters", name, _bounded(factor)),) if abs(math.log(factor)) > _LEAST_WEIGHT else ()
    if not weights and good is None:
        return None
    return _Part(lesson, score, weights, (good,) if good is not None else ())


def _good(lesson: str, name: str, detail: Mapping[str, Any]) -> Range | None:
    best, choices = detail.get("best"), detail.get("choices")
    low, high = (each if _is_number(each) else None for each in (detail.get("low"), detail.get("high")))
    if best is None and low is None and high is None and not isinstance(choices, list):
        return None
    return Range(lesson, name, True, low, high, tuple(choices) if isinstance(choices, list) else (), best)


def _bad(lesson: Lesson, name: str, side: str) -> Range | None:
    """Values that broke the program: of what several runs saw, the tightest bound."""
    if side == "at":
        return Range(lesson.id, name, False, choices=(lesson.line.subject.told.get("value"),))
    bounds = [
        float(bound)
        for each in lesson.line.sightings.values()
        if _is_number(bound := each.detail.get("bound")) and each.concerned.total
    ]
    if not bounds:
        return None
    if side == "above":
        return Range(lesson.id, name, False, low=min(bounds))
    return Range(lesson.id, name, False, high=max(bounds))


def _advice(parts: Sequence[_Part]) -> Advice:
    """All parts together; of several weights of one thing, the strongest counts."""
    tables: dict[str, dict[str, Weight]] = {"operators": {}, "places": {}, "parameters": {}}
    for part in parts:
        for table, key, factor in part.weights:
            known = tables[table].get(key)
            if known is None or abs(math.log(factor)) > abs(math.log(known.factor)):
                tables[table][key] = Weight(part.lesson.id, factor)
    return Advice(
        **tables,
        ranges=[told for part in parts for told in part.ranges],
        changes=[part.change for part in parts if part.change is not None],
    )


def factor_of(lesson: Lesson, goal: str) -> float:
    """How much more or less than others what a lesson is about promises, by what was counted."""
    if lesson.expects is None:
        return 1.0
    concerned, others = _shares(lesson.line.sightings.values(), lesson.expects, goal)
    if lesson.expects != "better":
        concerned, others = 1 - concerned, 1 - others
    raw = concerned / others if others > 0 else 1.0
    return _bounded(_bounded(raw) ** lesson.confidence)


def _shares(sightings: Iterable[Sighting], event: str, goal: str) -> tuple[float, float]:
    """How often attempts ended so, those concerned and the others; few differ little from the others."""
    hits = total = other_hits = other_total = 0.0
    for each in sightings:
        counts = 1.0 if each.goal == goal else FOREIGN
        hits += counts * _count(each.concerned, event)
        total += counts * each.concerned.total
        other_hits += counts * _count(each.others, event)
        other_total += counts * each.others.total
    others = (other_hits + 0.5) / (other_total + 2.0)
    return (hits + _SHRUNK * others) / (total + _SHRUNK), others


def _count(tally: Tally, event: str) -> int:
    return int(getattr(tally, event, 0))


def _bounded(factor: float) -> float:
    return min(max(factor, LEAST), MOST)


def _latest(sightings: Iterable[Sighting], goal: str) -> Mapping[str, Any]:
    """What the latest run found that found something, of this goal if there is one."""
    told = [each for each in sightings if each.detail.keys() - {"expects"}]
    return max(told, key=lambda each: (each.goal == goal, each.time, each.run)).detail if told else {}


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


# Where a lesson applies


def _hunks(told: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The hunks of a change, each a path, the lines before and the lines after."""
    hunks = told.get("hunks")
    found: list[tuple[str, str, str]] = []
    for hunk in hunks if isinstance(hunks, list | tuple) else ():
        match hunk:
            case [str(path), str(before), str(after)]:
                found.append((path, before, after))
    return found


def stands(hunk: tuple[str, str, str], here: Here) -> bool:
    """Whether the lines that a hunk replaces stand somewhere here."""
    before = hunk[1].encode("utf-8", "backslashreplace")
    return bool(before.strip()) and here.has(hunk[0], before)


def _has_place(told: Mapping[str, Any], here: Here) -> bool:
    """Whether the file and the function that a subject names are here."""
    where = told.get("where")
    told = where if isinstance(where, Mapping) else told
    path, region = told.get("path"), told.get("region")
    if not isinstance(path, str):
        return True
    if path not in here.files:
        return False
    name = str(region or "").rpartition(".")[2]
    return not name.isidentifier() or name == "top" or here.has(path, name.encode())
