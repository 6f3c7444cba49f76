"""What a report adds up: failures by cause, proposers by gain and cost, metrics, constraints, hold-out."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kapso.attempt import BASELINE, Attempt, Outcome, Verdict
from kapso.evaluate.tally import tally
from kapso.report.facts import Facts
from kapso.report.words import how_staged

_VARYING = (
    (re.compile(r"(?:[\w.+~-]*/)+(?=[\w.+~-])"), "…/"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{6,}\b|\b0x[0-9a-f]+\b", re.IGNORECASE), "#"),
    (re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w])"), "#"),
    (re.compile(r"\s+"), " "),
)
_LONGEST_CAUSE = 160


@dataclass(frozen=True)
class Cause:
    """Attempts that failed alike. `example` is what was said of the `first` of them, word for word."""

    outcome: str
    cause: str
    count: int
    first: int
    example: str


@dataclass(frozen=True)
class Share:
    """What a proposer gave and cost. `gain`: by how much it moved the best so far, in units of the score."""

    proposer: str
    attempts: int
    scored: int
    better: int
    improvements: int
    gain: float
    seconds: float
    cost: float | None


@dataclass(frozen=True)
class Reading:
    """A metric before and after; `goal` is None for one that the goal does not name."""

    name: str
    goal: str | None
    baseline: float | None
    best: float | None
    bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Check:
    """A constraint at the best attempt. `limit` is None where the baseline lacks what it is relative to."""

    text: str
    limit: float | None
    measured: float | None
    holds: bool


def normalised(reason: str) -> str:
    """`reason` without what differs from attempt to attempt: numbers, addresses, folders."""
    for pattern, instead in _VARYING:
        reason = pattern.sub(instead, reason)
    text = reason.strip()
    return text if len(text) <= _LONGEST_CAUSE else f"{text[: _LONGEST_CAUSE - 1]}…"


def causes(attempts: Iterable[Attempt]) -> list[Cause]:
    """Why attempts were not scored, the most frequent first."""
    groups: dict[tuple[str, str], list[Attempt]] = {}
    for attempt in attempts:
        if not attempt.is_scored:
            groups.setdefault((str(attempt.outcome), normalised(_why(attempt))), []).append(attempt)
    found = [
        Cause(outcome, cause, len(alike), alike[0].number, _why(alike[0]))
        for (outcome, cause), alike in groups.items()
    ]
    return sorted(found, key=lambda each: (-each.count, each.first))


def _why(attempt: Attempt) -> str:
    """The reason; where a judge withheld the score, what it said about that comes behind."""
    reason = attempt.reason or "no reason was given"
    said = (attempt.feedback or "").strip().partition("\n")[0]
    return f"{reason}: {said}" if said and attempt.outcome is Outcome.INVALID else reason


def shares(facts: Facts) -> list[Share]:
    """Every proposer that made an attempt, the largest gain first."""
    groups: dict[str, list[Attempt]] = {}
    for attempt in facts.tried:
        groups.setdefault(attempt.proposer, []).append(attempt)
    found = [_share(facts, name, attempts) for name, attempts in groups.items()]
    return sorted(found, key=lambda each: (-each.gain, -each.better, each.proposer))


def _share(facts: Facts, name: str, attempts: list[Attempt]) -> Share:
    moved = [facts.improvements[each.number] for each in attempts if each.number in facts.improvements]
    costs = [each.cost for each in attempts if each.cost is not None]
    return Share(
        proposer=name,
        attempts=len(attempts),
        scored=sum(each.is_scored for each in attempts),
        better=sum(each.verdict is Verdict.BETTER for each in attempts),
        improvements=len(moved),
        gain=sum(moved),
        seconds=sum(each.duration_s or 0.0 for each in attempts),
        cost=math.fsum(costs) if costs else None,
    )


def readings(facts: Facts) -> list[Reading]:
    """The metrics of the goal in its order, then whatever else baseline or best were measured with."""
    before = facts.baseline.metrics if facts.baseline else {}
    after = facts.best.metrics if facts.best else {}
    declared = {each.name: each for each in facts.goal.metrics} if facts.goal else {}
    primary = {facts.run.metric: None} if facts.run.metric else {}
    names = list({**primary, **dict.fromkeys(declared), **dict.fromkeys(sorted({*before, *after}))})
    found = []
    for name in names:
        metric = declared.get(name)
        found.append(
            Reading(
                name=name,
                goal=metric.goal if metric else None,
                baseline=before.get(name),
                best=after.get(name),
                bounds=(metric.low, metric.high) if metric else None,
            )
        )
    return found


def checks(facts: Facts) -> list[Check]:
    """The constraints of the goal, as the best attempt meets them."""
    if facts.goal is None or facts.best is None:
        return []
    before = facts.baseline.metrics if facts.baseline else {}
    return [
        Check(
            text=each.text,
            limit=each.limit(before),
            measured=facts.best.metrics.get(each.metric),
            holds=each.holds(facts.best.metrics, before),
        )
        for each in facts.goal.constraints
    ]


def held_out(said: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of one hold-out result."""
    metrics = said.get("metrics")
    source = metrics if isinstance(metrics, dict) else said
    return {
        str(name): float(value)
        for name, value in source.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def stages(facts: Facts) -> list[str]:
    """What the cheap stages of a staged evaluation did, a sentence each."""
    return how_staged(tally(facts.goal, facts.tried)) if facts.goal else []


def sandbox_levels(facts: Facts) -> list[tuple[str, int]]:
    """The levels that attempts were evaluated at, the most frequent first; one, unless machines differed."""
    counts = Counter(each.sandbox for each in facts.attempts if each.sandbox)
    return counts.most_common()


def outcomes(facts: Facts) -> dict[str, int]:
    """How attempts ended: scored ones by verdict, the others by outcome; without what did not occur."""
    kinds = Counter(kind_of(each, facts) for each in facts.tried)
    order = ["best", "better", "same", "worse", "demoted", *(str(o) for o in Outcome if o != Outcome.SCORED)]
    return {kind: kinds[kind] for kind in order if kinds[kind]}


def kind_of(attempt: Attempt, facts: Facts) -> str:
    """How charts and lists mark an attempt: `best` moved the best so far, `demoted` did not hold."""
    if attempt.number == BASELINE:
        return "baseline"
    if not attempt.is_scored:
        return str(attempt.outcome)
    if attempt.number in facts.demoted:
        return "demoted"
    if attempt.number in facts.improvements:
        return "best"
    return str(attempt.verdict) if attempt.verdict else "same"
