"""What a line claims: what its attempts end in more often than others, and how far that is to be believed.

In-sample evidence counts half, predictions that were made before the result in full. What this goal saw
counts full and what another saw half; the older a sighting, the less, and what is no longer tested fades.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from kapso.memory.lessons.evidence import USUAL, log_factor
from kapso.memory.lessons.guard import admitted
from kapso.memory.lessons.lesson import About, Line, Subject
from kapso.memory.lessons.outcomes import EVENTS
from kapso.memory.lessons.pooled import Pool, Sums, pool_of

_PRIOR, _PRIOR_OF_ERRORS = math.log(0.1 / 0.9), math.log(0.02 / 0.98)
"""How many subjects are anything but noise; an error has many more edits that might have led to it,
and words of a model, and bounds of a parameter, were sought among many."""
_KEPT, _FOREIGN = math.log(4), math.log(0.5)
"""Of a change that a run's best kept: it was measured, there and then."""
_MOST_SEEN, _MOST_GRADED = 4.0, 6.0
"""However much speaks for a lesson, a few predictions that fail undo it: programs change, and records lie."""
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


def claim_of(line: Line, goal: str | None = None) -> Claim:
    """What the line claims for a goal, or for all."""
    return claim_from(line.subject, pool_of(admitted(line).sightings.values(), goal))


def claim_from(subject: Subject, pool: Pool) -> Claim:
    """The strongest claim that the evidence bears out; where it bears out none, what was predicted last."""
    claims = [_claim(subject, event, pool) for event in _events(subject, pool)]
    if len(claims) == 1:
        return claims[0]
    predicted = pool.latest.detail.get("expects") if pool.latest else None
    backed = [each for each in claims if each.seen > 0 or each.expects == predicted]
    return max(backed or claims, key=lambda each: (each.log_odds, each.hits))


def _events(subject: Subject, pool: Pool) -> tuple[str, ...]:
    told, about = subject.told, subject.about
    if about is About.ERROR:
        return ("failed",)
    if about is About.CHANGE:
        return ("better",)
    if about is About.PARAMETER and pool.has_range:
        return ("better",)
    fixed = told.get("event" if about is About.PARAMETER else "expects")
    return (fixed,) if isinstance(fixed, str) and fixed in EVENTS else EVENTS


def _claim(subject: Subject, event: str, pool: Pool) -> Claim:
    sums = pool.events.get(event, Sums())
    usual = sums.expected / pool.total if pool.total else USUAL[event]
    weight = min(sums.held, _MOST_GRADED) + sums.failed
    if subject.about is About.CHANGE:
        prior = _KEPT * (1.0 if pool.standing is None else pool.standing) if pool.is_of_goal else _FOREIGN
        return Claim(event, prior + weight, sums.hits, pool.total, usual)
    seen = 0.0
    if sums.hits > usual * pool.total and sums.seen > 0:
        seen = log_factor(event, sums.before, sums.seen, usual * pool.others_total, pool.others_total)
    has_many = subject.about in (About.ERROR, About.STATED) or subject.told.get("side") is not None
    prior = _PRIOR_OF_ERRORS if has_many else _PRIOR
    if event == "better" and subject.about is About.PARAMETER and pool.has_range:
        seen = min(pool.alone, 2 * (_KEPT - _PRIOR))
    return Claim(event, prior + min(seen / 2, _MOST_SEEN) + weight, sums.hits, pool.total, usual, seen)
