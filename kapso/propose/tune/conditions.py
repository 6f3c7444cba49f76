"""Conditions: a parameter that matters only while another one, a boolean or a choice, has some value.

From a marker (`# kapso: 0.1..10 if USE_X`, `if not USE_X`, `if MODE == exact`), or because the literal
stands within `if USE_X:` and USE_X is a constant of its file. While it does not matter it is left alone,
and programs that differ in nothing else are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CONDITION = re.compile(
    r"\(*\s*(?P<not>not\s+|!\s*)?(?P<name>[^\W\d][\w.-]*)"
    r"(?:\s*(?P<sign>===?|!==?|=|\bis\s+not\b|\bis\b)\s*"
    r"(?P<quote>[\"']?)(?P<value>[\w.:+ -]+?)(?P=quote))?\s*\)*$"
)
_DEEPEST = 8


@dataclass(frozen=True)
class Condition:
    """`name` is true, or has `value`; `is_negated`: or the contrary."""

    name: str
    value: str | None = None
    is_negated: bool = False

    def holds(self, value: Any) -> bool:
        """Whether it holds while the parameter has this value."""
        if self.value is None:
            return bool(value) is not self.is_negated
        asked = self.value.lower()  # of `Kind.LRU` the last part, as the choice has it
        return (str(value).lower() in {asked, re.split(r"\.|::", asked)[-1]}) is not self.is_negated


def read_condition(text: str) -> Condition | None:
    """`USE_X`, `not USE_X`, `!USE_X`, `MODE == "exact"`, `MODE is not Kind.A`; None for the rest."""
    match = _CONDITION.match(text.strip())
    if match is None or (match["not"] and match["sign"]):
        return None
    is_negated = bool(match["not"]) or re.match(r"!|is\s", match["sign"] or "") is not None
    return Condition(match["name"].rsplit(".", 1)[-1], match["value"], is_negated)


def controller_of(name: str, condition: Condition, named: Mapping[str, str]) -> str | None:
    """Which of the booleans and choices a condition on `name` speaks of: the nearest of that name.

    `named` maps their names to their labels.
    """
    path = name.rsplit(":", 1)[0]
    fitting = [each for each, label in named.items() if label == condition.name and each != name]
    fitting.sort(key=lambda each: each.rsplit(":", 1)[0] != path)
    return fitting[0] if fitting else None


def is_active(name: str, values: Mapping[str, Any], axes: Mapping[str, Any], depth: int = 0) -> bool:
    """Whether a parameter matters in a program with these values."""
    when = axes[name].when
    if when is None or when[0] not in values or when[0] not in axes or depth > _DEEPEST:
        return True
    return when[1].holds(values[when[0]]) and is_active(when[0], values, axes, depth + 1)
