"""A lesson from its line: kind, statement, scope, confidence, value and status all follow from what was seen.

A pure function: two clones that hold the same line hold the same lesson.
"""

from __future__ import annotations

import math
from pathlib import PurePosixPath

from kapso.memory.lessons.claim import Claim, claim_from
from kapso.memory.lessons.evidence import log_factor
from kapso.memory.lessons.guard import admitted, why_quarantined
from kapso.memory.lessons.lesson import About, Kind, Lesson, Line, Scope, Status, Subject, Tally
from kapso.memory.lessons.marks import PIN, RESTORE, RETIRE, UNPIN, latest
from kapso.memory.lessons.outcomes import count
from kapso.memory.lessons.pooled import Pool, pool_of
from kapso.memory.lessons.statements import statement_of

BELIEVED = 0.9
"""The confidence from which on a lesson is active, once predictions have held."""
_DOUBTED = 0.12
_GRADED = 2
_TRIED = 4
_SHRUNK = 10.0
_HELD = 3
_HARM = math.log(6)


def judge(line: Line, goal: str | None = None) -> Lesson:
    """What the line teaches, for a `goal` or for all."""
    counted = admitted(line)
    pool = pool_of(counted.sightings.values(), goal)
    claim = claim_from(line.subject, pool) if line.subject.about is not About.EVALUATION else None
    if claim is not None and goal is None:
        claim = _where_it_holds(counted, claim, pool)
    return judge_from(line, claim, pool)


def judge_from(line: Line, claim: Claim | None, pool: Pool) -> Lesson:
    """The same, of what its sightings say together."""
    subject = line.subject
    confidence = claim.confidence if claim else 0.9
    statement = statement_of(subject, claim, pool)
    value = _value(pool)
    doubt = why_quarantined(line, statement, claim.expects if claim else None)
    status, why = _status(line, pool, confidence, value, doubt)
    return Lesson(
        line=line,
        kind=_kind(claim),
        statement=statement,
        scope=_scope(subject, claim, pool),
        expects=claim.expects if claim else None,
        confidence=confidence,
        value=value,
        status=status,
        is_pinned=_is_pinned(line),
        why=why,
    )


def _kind(claim: Claim | None) -> Kind:
    if claim is None:
        return Kind.FACT
    return Kind.PREFER if claim.expects == "better" else Kind.AVOID


def _status(
    line: Line, pool: Pool, confidence: float, value: float | None, doubt: str | None
) -> tuple[Status, str]:
    decided = latest(line, RETIRE, RESTORE)
    if decided is not None and decided.change == RETIRE:
        return Status.RETIRED, decided.why
    if doubt is not None and not _is_pinned(line):
        return Status.QUARANTINED, doubt
    if _is_pinned(line):
        return Status.ACTIVE, ""
    if value is not None and value < 0 and _is_harmful(pool):
        return Status.RETIRED, "attempts that recalled it did worse"
    graded = pool.graded
    if confidence < _DOUBTED:
        return Status.RETIRED, "its predictions did not hold" if graded >= _TRIED else "its evidence faded"
    is_believed = confidence >= BELIEVED and (graded >= _GRADED or line.subject.about is About.EVALUATION)
    return (Status.ACTIVE if is_believed else Status.CANDIDATE), ""


def _is_pinned(line: Line) -> bool:
    decided = latest(line, PIN, UNPIN)
    return decided is not None and decided.change == PIN


def _value(pool: Pool) -> float | None:
    """The share of better attempts when told less that when left out by lot, shrunk towards 0."""
    told, without = pool.told, pool.withheld
    if not told.total or not without.total:
        return None
    few = _few(told, without)
    return few / (few + _SHRUNK) * (told.better / told.total - without.better / without.total)


def _is_harmful(pool: Pool) -> bool:
    """Whether attempts that recalled it did worse than those that by lot did not, by more than chance."""
    told, without = pool.told, pool.withheld
    return log_factor("better", told.better, told.total, without.better, without.total) > _HARM


def _few(one: Tally, other: Tally) -> float:
    return 2 / (1 / one.total + 1 / other.total)


def _scope(subject: Subject, claim: Claim | None, pool: Pool) -> Scope:
    named = _files_of(subject)
    languages = {language_of(path) for path in named} or pool.languages
    return Scope(
        goals=_goals(claim, pool),
        files=tuple(sorted(pool.files | named)),
        language=next(iter(languages)) if len(languages) == 1 else None,
        proposer=subject.told.get("proposer"),
    )


def _files_of(subject: Subject) -> set[str]:
    """The files that a subject itself names."""
    match subject.about:
        case About.PARAMETER:
            return {str(subject.told.get("parameter", "")).rpartition(":")[0]} - {""}
        case About.CHANGE:
            return {str(hunk[0]) for hunk in subject.told.get("hunks", ())}
    return set()


def _where_it_holds(line: Line, claim: Claim, pool: Pool) -> Claim:
    """For all goals, what holds where it held at all."""
    held = _goals(claim, pool)
    if held and len(held) < len(pool.goals):
        there = (each for each in line.sightings.values() if each.goal in held)
        return claim_from(line.subject, pool_of(there, None))
    return claim


def _goals(claim: Claim | None, pool: Pool) -> tuple[str, ...]:
    """Where it held, or where it was seen; any goal, where it held on two."""
    seen = tuple(sorted(pool.goals))
    if claim is None or len(seen) < 2:
        return seen
    held = tuple(goal for goal in seen if _held(*pool.goals[goal], claim.expects))
    return () if len(held) > 1 else held or seen


def _held(concerned: Tally, others: Tally, expects: str) -> bool:
    """Whether attempts ended as expected at least thrice, and more often than others."""
    hits, usual = count(concerned, expects), count(others, expects) / max(1, others.total)
    return hits >= min(_HELD, concerned.total) and hits > usual * concerned.total


def files_of(subject: Subject) -> tuple[str, ...]:
    """The files that a subject names, each once."""
    told = subject.told
    match subject.about:
        case About.PARAMETER:
            named = [str(told.get("parameter")).rpartition(":")[0]]
        case About.CHANGE:
            named = [str(hunk[0]) for hunk in told["hunks"]]
        case About.PAIR:
            named = [str(told[each][0]) for each in ("first", "second")]
        case About.STATED:
            named = [str(told["where"].get("path", ""))]
        case _:
            named = [str(told.get("path") or "")]
    return tuple(dict.fromkeys(path for path in named if path))


_LANGUAGES = {
    ".py": "python", ".c": "c", ".h": "c", ".cc": "cpp", ".cpp": "cpp", ".hpp": "cpp", ".rs": "rust",
    ".go": "go", ".js": "javascript", ".ts": "typescript", ".java": "java",
}  # fmt: skip


def language_of(path: str) -> str | None:
    """By the name of a file."""
    return _LANGUAGES.get(PurePosixPath(path).suffix)
