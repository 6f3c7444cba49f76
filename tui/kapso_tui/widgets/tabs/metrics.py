"""Every metric of an attempt beside its parent's, the base's and the best's, in words as well as numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kapso.attempt import BASELINE, Attempt
from kapso.wording import number, printable, signed
from kapso_tui.widgets.tabs.rows import Row, heading, row, wrapped

if TYPE_CHECKING:
    from kapso.goal import Goal, Metric

_STYLES = {"better": "better", "worse": "worse"}


@dataclass(frozen=True)
class Company:
    """An attempt and those that it is compared with, by what they are to it; each once."""

    attempt: Attempt
    others: Mapping[str, Attempt]
    baseline: Attempt | None
    goal: Goal | None
    holdout: Mapping[str, Any] | None


def company(
    number: int,
    attempts: Mapping[int, Attempt],
    best: int | None,
    goal: Goal | None,
    holdout: Mapping[str, Any] | None,
) -> Company:
    """Parent, base and best of an attempt."""
    attempt = attempts[number]
    roles: dict[int, list[str]] = {}
    for role, other in (("parent", attempt.parents[0] if attempt.parents else None), ("best", best)):
        if other is not None and other != number and other in attempts:
            names = roles.setdefault(other, [])
            names.append(role if names else f"{role} {other}")
    if number != BASELINE and BASELINE in attempts:
        roles.setdefault(BASELINE, []).append("base")
    others = {", ".join(names): attempts[other] for other, names in roles.items()}
    return Company(attempt, others, attempts.get(BASELINE), goal, holdout)


def metric_rows(found: Company, width: int) -> list[Row]:
    """A block for each metric, the primary one first; then constraints and hold-out."""
    attempt = found.attempt
    declared = {each.name: each for each in found.goal.metrics} if found.goal else {}
    names = [*declared, *sorted(attempt.metrics.keys() - declared.keys())]
    rows: list[Row] = []
    if not attempt.metrics:
        why = attempt.reason or str(attempt.outcome)
        rows += wrapped(f"nothing was measured: {printable(why)}", width, "strong")
    for name in names:
        if name in attempt.metrics or name in declared:
            rows += _metric(found, name, declared.get(name), is_primary=bool(declared) and name == names[0])
    rows += _constraints(found, width)
    rows += _holdout(found, width)
    return rows


def _metric(found: Company, name: str, metric: Metric | None, *, is_primary: bool) -> Iterator[Row]:
    value = found.attempt.metrics.get(name)
    facts = [f"{metric.goal}" if metric else "", "the score" if is_primary else ""]
    yield ((printable(name), "heading"), (f"  {', '.join(filter(None, facts))}".rstrip(), "dim"))
    yield ((f"  {'this':<18}", ""), (f"{number(value):>14}", "strong"))
    for label, other in found.others.items():
        theirs = other.metrics.get(name)
        spans = [(f"  {label:<18}", ""), (f"{number(theirs):>14}", "")]
        if value is not None and theirs is not None:
            word = _word(found, metric, value, theirs, is_verdict=is_primary and label.startswith("parent"))
            spans += [(f"  {signed(value - theirs):>12}", ""), (f"  {word}".rstrip(), _STYLES.get(word, ""))]
        yield tuple(spans)
    if metric is not None and (math.isfinite(metric.low) or math.isfinite(metric.high)):
        is_within = value is None or metric.low <= value <= metric.high
        where = "within" if is_within else "outside"
        told = f"  {where} its bounds, {number(metric.low)} to {number(metric.high)}"
        yield row(told, "dim" if is_within else "worse")


def _word(found: Company, metric: Metric | None, value: float, other: float, *, is_verdict: bool) -> str:
    """Better or worse; against the parent, the score has the verdict that knows of the noise."""
    if is_verdict and found.attempt.verdict is not None:
        return str(found.attempt.verdict)
    if metric is None:
        return ""
    if value == other:
        return "same"
    return "better" if metric.is_better(value, other) else "worse"


def _constraints(found: Company, width: int) -> Iterator[Row]:
    if found.goal is None or not found.goal.constraints or not found.attempt.metrics:
        return
    yield from heading("constraints")
    base = found.baseline.metrics if found.baseline else {}
    for each in found.goal.constraints:
        holds = each.holds(found.attempt.metrics, base)
        limit = each.limit(base)
        told = f" ({number(limit)})" if each.times_baseline and limit is not None else ""
        said = f"  {'holds' if holds else 'violated':<9} {each.text}{told}"
        yield from wrapped(said, width, "" if holds else "worse")


def _holdout(found: Company, width: int) -> Iterator[Row]:
    if found.holdout is None:
        return
    yield from heading("hold-out (never shown to proposers)")
    metrics = found.holdout.get("metrics")
    for name, value in metrics.items() if isinstance(metrics, Mapping) else ():
        shown = number(value) if isinstance(value, int | float) else str(value)
        yield ((f"  {printable(str(name)):<18}", ""), (f"{printable(shown):>14}", "strong"))
    for name, value in found.holdout.items():
        if name != "metrics" and value:
            yield from wrapped(f"  {printable(str(name))}: {printable(str(value))}", width)
