"""What is known of recipes: how often each helped, and where each was tried."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from kapso.attempt import Attempt
from kapso.propose.mutate.record import Result, Tally, result_of
from kapso.propose.recalled import NO_ADVICE, Advice
from kapso.propose.recipe.matching import Match

FIELDS = ("recipe", "path", "region", "place")
"""What an attempt's parameters must tell to be learnt from."""
_DEPTH = 2.0
"""How many times likelier a place is to matter for each loop around it."""
_MOST_DEPTH = 3


class Record:
    """Tallies by recipe and by function, and what came of each place; a function of what was observed."""

    def __init__(self) -> None:
        self.recipes: defaultdict[str, Tally] = defaultdict(Tally)
        self.regions: defaultdict[str, Tally] = defaultdict(Tally)
        self._places: dict[str, tuple[Result, float | None]] = {}
        self.advice: Advice = NO_ADVICE

    def learn(self, told: Mapping[str, Any], attempt: Attempt, before: float | None) -> None:
        """Take in what an attempt's parameters say was applied; `before` is its parent's score."""
        result = result_of(attempt)
        if result is None or not all(isinstance(told.get(name), str) for name in FIELDS):
            return
        self.recipes[told["recipe"]].add(result)
        self.regions[f"{told['path']}:{told['region']}"].add(result)
        self._places[told["place"]] = (result, before)

    def weight(self, match: Match, score: float | None) -> float:
        """How promising a match is in a parent with this score; 0 where it is settled."""
        known = self._places.get(match.key)
        weight = 1 + math.log2(max(1.0, match.recipe.gain))
        weight *= _DEPTH ** min(match.depth, _MOST_DEPTH)
        weight *= _worth(self.recipes.get(match.recipe.id)) * _worth(
            self.regions.get(f"{match.path}:{match.region}")
        )
        weight *= self.advice.factor("recipe", match.recipe.id, match.path, match.region)
        if known is None:
            return weight
        result, before = known
        if result is Result.BETTER:
            return weight  # it is to be brought into other lines as well
        # What did not show beside something slower may show when that is gone.
        return 0.3 * weight if result is Result.SAME and score != before else 0.0


def _worth(tally: Tally | None) -> float:
    if tally is None:
        return 1.0
    return (3 + 4 * tally.better) / (3 + 0.7 * (tally.same + tally.worse) + tally.broken)
