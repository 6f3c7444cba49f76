"""Values of parameters that were good: what the best attempts of a run had, checked by moves in and out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kapso.attempt import Attempt
from kapso.memory.lessons.lesson import About, Line, Subject, Tally
from kapso.memory.lessons.outcomes import result_of
from kapso.memory.lessons.rules.base import Found

_FEWEST = 12
_TOP = 0.2
_MOST_TOP = 24
_MATTERS = 0.05
_MOST = 12
"""Parameters of one run."""
_BLAMED = 3
_MOST_CHOICES = 8


def good_ranges(
    attempts: Sequence[Attempt], importance: Mapping[str, float], maximize: bool
) -> Iterable[Found]:
    """For each parameter that matters the values that the best of tune's attempts had.

    `inside` and `outside` count moves of it to such values and to others, and how many of them made the
    score worse or failed.
    """
    by_number = {each.number: each for each in attempts}
    tuned = [each for each in attempts if each.proposer == "tune" and each.parameters]
    scored = [each for each in tuned if each.is_scored and each.score is not None]
    if len(scored) < _FEWEST:
        return
    ranked = sorted(scored, key=lambda each: (_signed(each, maximize), -each.number), reverse=True)
    top = ranked[: min(_MOST_TOP, max(3, math.ceil(_TOP * len(ranked))))]
    names = [name for name, share in importance.items() if share >= _MATTERS][:_MOST]
    for name in names:
        detail = _range(name, top)
        if detail is None:
            continue
        detail |= _moves(name, tuned, by_number, detail)
        detail["importance"] = round(importance[name], 4)
        yield Found(Subject(About.PARAMETER, {"parameter": name}), Tally(), Tally(), detail=detail)


def _signed(attempt: Attempt, maximize: bool) -> float:
    score = attempt.score if attempt.score is not None else 0.0
    return score if maximize else -score


def _range(name: str, top: Sequence[Attempt]) -> dict[str, Any] | None:
    values = [each.parameters[name] for each in top if name in each.parameters]
    if len(values) < 3:
        return None
    best = values[0]
    if all(is_number(each) for each in values):
        return {"low": min(values), "high": max(values), "best": best}
    choices = sorted({each for each in values if isinstance(each, bool | str)}, key=str)
    return {"choices": choices[:_MOST_CHOICES], "best": best} if choices else None


def _moves(
    name: str, tuned: Sequence[Attempt], by_number: Mapping[int, Attempt], detail: Mapping[str, Any]
) -> dict[str, list[int]]:
    counts = {"inside": [0, 0], "outside": [0, 0]}
    for attempt in tuned:
        parent = by_number.get(attempt.parents[0]) if attempt.parents else None
        result = result_of(attempt)
        if parent is None or result is None or name not in attempt.parameters:
            continue
        old = parent.parameters
        moved = [each for each, value in attempt.parameters.items() if each in old and old[each] != value]
        if name in moved and len(moved) <= _BLAMED:
            row = counts["inside" if holds(detail, attempt.parameters[name]) else "outside"]
            row[0] += 1
            row[1] += result in ("worse", "failed")
    return counts


def holds(detail: Mapping[str, Any], value: Any) -> bool:
    """Whether the good values have this one."""
    if "choices" in detail:
        return value in detail["choices"]
    low, high = detail.get("low"), detail.get("high")
    return is_number(value) and is_number(low) and is_number(high) and low <= value <= high


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def latest_detail(line: Line) -> Mapping[str, Any]:
    """What the latest run found that found something."""
    told = [each for each in line.sightings.values() if each.detail.keys() - {"expects"}]
    return max(told, key=lambda each: (each.time, each.run)).detail if told else {}
