"""What memory and libraries bring to an attempt, and which of it a prompt told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LEAST, MOST = 0.2, 5.0
"""How far lessons weigh anything: nothing is ever forbidden."""


@dataclass(frozen=True)
class Excerpt:
    """A hit of a library: its text, the source and place that it cites, and the node's `id`."""

    source: str
    text: str
    id: str = ""


@dataclass(frozen=True)
class Told:
    """A lesson in a sentence, for those that read; `id` as in `L48213907`."""

    id: str
    statement: str


@dataclass(frozen=True)
class Weight:
    """How much more (above 1) or less (below 1) than usual something promises, by `lesson`."""

    lesson: str
    factor: float


@dataclass(frozen=True)
class Range:
    """Values of a parameter: what was good (`is_good`) or broke the program or cost the score.

    From `low` to `high`, both included, None where open; or the `choices`. `best` is what did best.
    """

    lesson: str
    parameter: str
    is_good: bool
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    best: Any = None


@dataclass(frozen=True)
class Change:
    """Lines that earned when they were replaced by others; `hunks` are path, lines before and lines after,
    `promise` from 0 to 1."""

    lesson: str
    hunks: tuple[tuple[str, str, str], ...]
    promise: float


@dataclass(frozen=True)
class Advice:
    """What lessons tell proposers that do not read.

    `operators` maps `proposer:operator`, `places` `path:region` (`path:` for all of a file) or
    `path:region:operator`, `parameters` a parameter that matters more or less than others.
    """

    operators: Mapping[str, Weight] = field(default_factory=dict)
    places: Mapping[str, Weight] = field(default_factory=dict)
    parameters: Mapping[str, Weight] = field(default_factory=dict)
    ranges: Sequence[Range] = ()
    changes: Sequence[Change] = ()

    def factor(self, proposer: str, operator: str, path: str, region: str) -> float:
        """How much more or less than usual an edit promises, within `LEAST` and `MOST`."""
        if not self.operators and not self.places:
            return 1.0
        place = f"{path}:{region}"
        told = [self.operators.get(f"{proposer}:{operator}"), self.places.get(place)]
        told += [self.places.get(f"{path}:") if region else None, self.places.get(f"{place}:{operator}")]
        factor = 1.0
        for each in told:
            if each is not None:
                factor *= each.factor
        return min(max(factor, LEAST), MOST)


@dataclass(frozen=True)
class Recalled:
    """Lessons and hits, the most useful first, as a prompt leaves out what does not fit.

    `withheld` are lessons that were left out by lot, so that their value can be told.
    """

    lessons: Sequence[Told] = ()
    knowledge: Sequence[Excerpt] = ()
    advice: Advice = field(default_factory=Advice)
    withheld: Sequence[str] = ()


NO_ADVICE = Advice()
NOTHING = Recalled()
