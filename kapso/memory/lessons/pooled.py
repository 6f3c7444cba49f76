"""What several sightings say together: sums that join, so that what earlier runs saw is summed up once.

The latest sighting counts most: what is older keeps a share of its weight, less where nothing was tested.
`pool_of` is a fold over the sightings, and joining two pools gives the pool of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NamedTuple

from kapso.memory.lessons.evidence import USUAL, log_factor
from kapso.memory.lessons.lesson import Sighting, Tally
from kapso.memory.lessons.outcomes import EVENTS, count

_OTHER_GOAL = 0.5
_TESTED, _UNTESTED = 0.9, 0.7
"""What a sighting keeps of its weight for every later run, by whether that tested the lesson."""
_BY_NOISE, _SURE = 0.05, 200.0
"""The share of verdicts that noise makes, as if so many attempts had shown it."""
_NONE: Mapping[str, Any] = {}
_NO_TALLY = Tally()


class Sums(NamedTuple):
    """Weighted sums of how often one event came: of the attempts concerned (`hits`, of which `before` no
    prediction was made, as of so many in `seen`), and `expected` of as many others; `held` and `failed` are
    what its predictions weigh, for and against."""

    hits: float = 0.0
    seen: float = 0.0
    before: float = 0.0
    expected: float = 0.0
    held: float = 0.0
    failed: float = 0.0

    def then(self, older: Sums, share: float) -> Sums:
        return Sums(
            self.hits + share * older.hits,
            self.seen + share * older.seen,
            self.before + share * older.before,
            self.expected + share * older.expected,
            self.held + share * older.held,
            self.failed + share * older.failed,
        )


_NO_SUMS = Sums()


@dataclass(frozen=True, slots=True)
class Pool:
    """Sightings summed up: weighted for a goal, and as they were counted (`concerned` to `graded`).

    `fade` is what older ones keep; `standing` the most that one with attempts weighs, None without any;
    `alone` that a parameter matters by itself. Of details the latest of those counts that say something.
    """

    fade: float = 1.0
    total: float = 0.0
    others_total: float = 0.0
    events: Mapping[str, Sums] = field(default_factory=dict)
    alone: float = 0.0
    standing: float | None = None
    is_of_goal: bool = False
    has_range: bool = False
    latest: Sighting | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    concerned: Tally = Tally()
    others: Tally = Tally()
    told: Tally = Tally()
    withheld: Tally = Tally()
    graded: int = 0
    goals: Mapping[str, tuple[Tally, Tally]] = field(default_factory=dict)
    files: frozenset[str] = frozenset()
    languages: frozenset[str | None] = frozenset()

    def then(self, older: Pool) -> Pool:
        """Together with what was seen before."""
        if older.latest is None:
            return self
        if self.latest is None:
            return older
        share = self.fade
        standings = [
            each
            for each in (self.standing, None if older.standing is None else share * older.standing)
            if each is not None
        ]
        return Pool(
            fade=share * older.fade,
            total=self.total + share * older.total,
            others_total=self.others_total + share * older.others_total,
            events={
                event: self.events.get(event, _NO_SUMS).then(older.events.get(event, _NO_SUMS), share)
                for event in EVENTS
            },
            alone=self.alone + share * older.alone,
            standing=max(standings, default=None),
            is_of_goal=self.is_of_goal or older.is_of_goal,
            has_range=self.has_range or older.has_range,
            latest=self.latest,
            detail=self.detail or older.detail,
            concerned=plus(self.concerned, older.concerned),
            others=plus(self.others, older.others),
            told=plus(self.told, older.told),
            withheld=plus(self.withheld, older.withheld),
            graded=self.graded + older.graded,
            goals=_by_goal(self.goals, older.goals),
            files=self.files | older.files,
            languages=self.languages | older.languages,
        )


NOTHING_SEEN = Pool()


def pool_of(sightings: Iterable[Sighting], goal: str | None) -> Pool:
    """These sightings, weighted for a goal or for all."""
    ordered = sorted(sightings, key=lambda each: (each.time, each.run), reverse=True)
    # From the oldest on: so each join adds one sighting to what is there.
    return reduce(lambda older, each: seen_once(each, goal).then(older), ordered[::-1], NOTHING_SEEN)


def seen_once(sighting: Sighting, goal: str | None) -> Pool:
    """One sighting by itself."""
    weight = 1.0 if goal in (None, sighting.goal) else _OTHER_GOAL
    concerned, others, record = sighting.concerned, sighting.others, sighting.record
    has_any = concerned.total > 0
    is_found = bool(sighting.detail.keys() - {"expects"})
    return Pool(
        fade=_TESTED if has_any else _UNTESTED,
        total=weight * concerned.total,
        others_total=weight * others.total if has_any else 0.0,
        events=dict(_sums(sighting, weight)) if has_any else {},
        alone=weight * _alone(sighting),
        standing=weight if has_any else None,
        is_of_goal=goal in (None, sighting.goal),
        has_range="alone" in sighting.detail,
        latest=sighting,
        detail=sighting.detail if is_found else _NONE,
        concerned=concerned,
        others=others,
        told=record.told,
        withheld=record.withheld,
        graded=record.graded,
        goals={sighting.goal: (concerned, others)},
        files=frozenset(sighting.files),
        languages=frozenset((sighting.language,)),
    )


def _sums(sighting: Sighting, weight: float) -> Iterator[tuple[str, Sums]]:
    total, others, record = sighting.concerned.total, sighting.others, sighting.record
    predicted = sighting.detail.get("expects")
    for event in EVENTS:
        hits = count(sighting.concerned, event)
        usual = (count(others, event) + 2 * USUAL[event]) / (others.total + 2)
        is_graded = predicted == event
        graded, held, weighs = (record.graded, record.hits, record.weight) if is_graded else (0, 0, 0.0)
        yield (
            event,
            Sums(
                weight * hits,
                weight * max(0, total - graded),
                weight * max(0, min(hits - held, total - graded)),
                weight * total * usual,
                weight * max(0.0, weighs),
                weight * min(0.0, weighs),
            ),
        )


def _alone(sighting: Sighting) -> float:
    """That the score moves when it alone is changed, more often than noise would have it."""
    match sighting.detail.get("alone"):
        case [int(total), int(moved)] if moved > _BY_NOISE * total:
            return log_factor("worse", moved, total, _BY_NOISE * _SURE, _SURE)
    return 0.0


def plus(one: Tally, other: Tally) -> Tally:
    """Both together."""
    if not other.total and not other.scored:
        return one
    if not one.total and not one.scored:
        return other
    return Tally(
        one.total + other.total,
        one.better + other.better,
        one.same + other.same,
        one.worse + other.worse,
        one.failed + other.failed,
        one.scored + other.scored,
        one.gain + other.gain,
        one.square + other.square,
    )


_Goals = Mapping[str, tuple[Tally, Tally]]


def _by_goal(one: _Goals, other: _Goals) -> _Goals:
    if len(one) == 1:  # of one's own, mostly
        ((goal, (concerned, others)),) = one.items()
        known = other.get(goal, (_NO_TALLY, _NO_TALLY))
        return {**other, goal: (plus(concerned, known[0]), plus(others, known[1]))}
    found: dict[str, tuple[Tally, Tally]] = dict(other)
    for goal, (concerned, others) in one.items():
        before = found.get(goal, (_NO_TALLY, _NO_TALLY))
        found[goal] = plus(concerned, before[0]), plus(others, before[1])
    return found
