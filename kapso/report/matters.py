"""Which parameters matter, as the report and the last lines of a run tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kapso.attempt import Attempt
from kapso.propose.importance import importance
from kapso.report.facts import Facts
from kapso.wording import printable


@dataclass(frozen=True)
class Matter:
    """A parameter: `tried` is how far its values went, `value` that of the best where it is known."""

    name: str
    share: float
    tried: str
    value: Any


def what_matters(facts: Facts) -> list[Matter]:
    """The parameters that explain the scores, the most important first."""
    best = facts.best.parameters if facts.best else {}
    return [
        Matter(name, share, _tried(name, facts.attempts), best.get(name))
        for name, share in importance(facts.attempts).items()
    ]


def sentence(shares: Mapping[str, float], most: int = 4) -> str:
    """`rate 62 %, rounds 21 %`."""
    from kapso.propose.tune.slots import label_of  # numpy: 80 ms

    return ", ".join(
        f"{printable(label_of(name))} {100 * share:.0f} %" for name, share in list(shares.items())[:most]
    )


def _tried(name: str, attempts: Sequence[Attempt]) -> str:
    values = [each.parameters[name] for each in attempts if name in each.parameters]
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return f"{min(values):.4g} … {max(values):.4g}"
    return ", ".join(dict.fromkeys(map(str, values)))
