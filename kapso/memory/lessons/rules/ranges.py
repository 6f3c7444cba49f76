"""Values of parameters that were good: what the best attempts of a run had, where it is seen to matter."""

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
_MOST_CHOICES = 8


def good_ranges(
    attempts: Sequence[Attempt], importance: Mapping[str, float], maximize: bool
) -> Iterable[Found]:
    """For each parameter that matters the values that the best of tune's attempts had.

    What is important to a forest may be so by chance: `alone` counts how often it was changed and none of the
    others that matter, and how often that moved the score.
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
        detail["alone"] = _alone(name, names, tuned, by_number)
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


def _alone(
    name: str, names: Sequence[str], tuned: Sequence[Attempt], by_number: Mapping[int, Attempt]
) -> list[int]:
    """How often it alone of `names` was changed and the program still ran, and how often the score moved."""
    total = moved = 0
    for attempt in tuned:
        parent = by_number.get(attempt.parents[0]) if attempt.parents else None
        result = result_of(attempt)
        if parent is None or result in (None, "failed") or attempt.parameters.get(name) is None:
            continue
        old = parent.parameters
        changed = [each for each in names if each in old and old[each] != attempt.parameters.get(each)]
        if changed == [name]:
            total, moved = total + 1, moved + (result != "same")
    return [total, moved]


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
