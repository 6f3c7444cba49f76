"""What a line claims: what its attempts end in more often than others, and how far that is to be believed.

In-sample evidence counts half, predictions that were made before the result in full. What this goal saw
counts full and what another saw half; the older a sighting, the less, and what is no longer tested fades.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from kapso.memory.lessons.evidence import USUAL, log_factor
from kapso.memory.lessons.guard import admitted
from kapso.memory.lessons.lesson import About, Line, Sighting
from kapso.memory.lessons.outcomes import EVENTS, count

_PRIOR, _PRIOR_OF_ERRORS = math.log(0.1 / 0.9), math.log(0.02 / 0.98)
"""How many subjects are anything but noise; an error has many more edits that might have led to it,
and words of a model, and bounds of a parameter, were sought among many."""
_KEPT, _FOREIGN = math.log(4), math.log(0.5)
"""Of a change that a run's best kept: it was measured, there and then."""
_BY_NOISE, _SURE = 0.05, 200.0
"""The share of verdicts that noise makes, as if so many attempts had shown it."""
_MOST_SEEN, _MOST_GRADED = 4.0, 6.0
"""However much speaks for a lesson, a few predictions that fail undo it: programs change, and records lie."""
_OTHER_GOAL = 0.5
_TESTED, _UNTESTED = 0.9, 0.7
"""What a sighting keeps of its weight for every later run, by whether that tested the lesson."""
_SHRUNK = 2.0


@dataclass(frozen=True)
class Claim:
    """What it `expects` came of `hits` of `total` attempts that it is about, weighted, and of the share
    `usual` of others. `seen` is the in-sample evidence, a logarithm of odds."""

    expects: str
    log_odds: float
    hits: float
    total: float
    usual: float
    seen: float = 0.0

    def rate(self, usual: float | None = None) -> float:
        """How often it will come of such an attempt, where `usual` is how often it comes by now."""
        usual = self.usual if usual is None else usual
        return (self.hits + _SHRUNK * usual) / (self.total + _SHRUNK)

    @property
    def confidence(self) -> float:
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, self.log_odds))))


@dataclass
class _Pooled:
    total: float = 0.0
    hits: float = 0.0
    seen_before: float = 0.0
    hits_before: float = 0.0
    others: float = 0.0
    expected: float = 0.0
    weight: float = 0.0

    @property
    def usual(self) -> float:
        return self.expected / self.total if self.total else 0.0


def claim_of(line: Line, goal: str | None = None) -> Claim:
    """The strongest claim that the evidence bears out; where it bears out none, what was predicted last."""
    line = admitted(line)
    claims = [_claim(line, event, goal) for event in _events(line)]
    if len(claims) == 1:
        return claims[0]
    latest = max(line.sightings.values(), key=lambda each: (each.time, each.run), default=None)
    predicted = latest.detail.get("expects") if latest else None
    backed = [each for each in claims if each.seen > 0 or each.expects == predicted]
    return max(backed or claims, key=lambda each: (each.log_odds, each.hits))


def _events(line: Line) -> tuple[str, ...]:
    told, about = line.subject.told, line.subject.about
    if about is About.ERROR:
        return ("failed",)
    if about is About.CHANGE:
        return ("better",)
    if about is About.PARAMETER and has_range(line):
        return ("better",)
    fixed = told.get("event" if about is About.PARAMETER else "expects")
    return (fixed,) if isinstance(fixed, str) and fixed in EVENTS else EVENTS


def _claim(line: Line, event: str, goal: str | None) -> Claim:
    pool = _pooled(line, event, goal)
    usual = pool.usual if pool.total else USUAL[event]
    seen = 0.0
    if pool.hits > usual * pool.total and pool.seen_before > 0:
        seen = log_factor(event, pool.hits_before, pool.seen_before, usual * pool.others, pool.others)
    if line.subject.about is About.CHANGE:
        is_of_goal = goal is None or any(each.goal == goal for each in line.sightings.values())
        standing = max((w for each, w in weighted(line, goal) if each.concerned.total), default=1.0)
        prior = _KEPT * standing if is_of_goal else _FOREIGN
        return Claim(event, prior + pool.weight, pool.hits, pool.total, usual)
    told = line.subject.told
    has_many = line.subject.about in (About.ERROR, About.STATED) or told.get("side") is not None
    prior = _PRIOR_OF_ERRORS if has_many else _PRIOR
    if event == "better" and line.subject.about is About.PARAMETER and has_range(line):
        seen = _of_ranges(line, goal)
    return Claim(event, prior + min(seen / 2, _MOST_SEEN) + pool.weight, pool.hits, pool.total, usual, seen)


def has_range(line: Line) -> bool:
    """Whether it is known which values of a parameter are good."""
    return any("alone" in each.detail for each in line.sightings.values())


def _of_ranges(line: Line, goal: str | None) -> float:
    """That the score moves when it alone is changed, more often than noise would have it."""
    seen = 0.0
    for sighting, weight in weighted(line, goal):
        match sighting.detail.get("alone"):
            case [int(total), int(moved)] if moved > _BY_NOISE * total:
                seen += weight * log_factor("worse", moved, total, _BY_NOISE * _SURE, _SURE)
    return min(seen, 2 * (_KEPT - _PRIOR))


def _pooled(line: Line, event: str, goal: str | None) -> _Pooled:
    pool = _Pooled()
    held_up = failed = 0.0
    for sighting, weight in weighted(line, goal):
        total, hits = sighting.concerned.total, count(sighting.concerned, event)
        if not total:
            continue
        others = sighting.others
        usual = (count(others, event) + 2 * USUAL[event]) / (others.total + 2)
        record = sighting.record
        is_graded = sighting.detail.get("expects") == event
        graded, held = (record.graded, record.hits) if is_graded else (0, 0)
        pool.total += weight * total
        pool.hits += weight * hits
        pool.seen_before += weight * max(0, total - graded)
        pool.hits_before += weight * max(0, min(hits - held, total - graded))
        pool.others += weight * others.total
        pool.expected += weight * total * usual
        if is_graded:
            held_up += weight * max(0.0, record.weight)
            failed += weight * min(0.0, record.weight)
    pool.weight = min(held_up, _MOST_GRADED) + failed
    return pool


def weighted(line: Line, goal: str | None) -> Iterator[tuple[Sighting, float]]:
    """The sightings, the latest first, each with what it counts."""
    fading = 1.0
    for sighting in sorted(line.sightings.values(), key=lambda s: (s.time, s.run), reverse=True):
        yield sighting, fading * (1.0 if goal in (None, sighting.goal) else _OTHER_GOAL)
        fading *= _TESTED if sighting.concerned.total else _UNTESTED
