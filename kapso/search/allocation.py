"""Which proposer gets the next attempt: by what each brought for what it cost, and none starves.

Probability matching over discounted credit, as in adaptive operator selection (Fialho, Da Costa, Schoenauer
and Sebag 2010): what an attempt brought is the square root of its part in all that was gained so far. All of
it is a function of what landed and what is in flight, and of the seed that is handed in.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from kapso.attempt import BASELINE, Attempt, Outcome, Verdict
from kapso.goal import Metric

T = TypeVar("T")
FLOOR = 8
"""Whoever has an idea gets at least one of so many attempts.

Where there are many proposers, one of twice their number: half of all attempts go by merit.
"""
KEPT = 0.97
"""What an attempt counts after the next one of its proposer."""
_REMEMBERED = 150
"""Attempts; what is older counts for less than a hundredth of one."""
PRIOR = 20.0
"""As so many average attempts counts what is not known of a proposer yet."""
SHARPNESS = 2.0
"""How much more of the attempts goes to who brings more."""
STEP = 0.005
"""What part of all gains an attempt counts for that beat its parent and not the best."""
TRUSTED: Mapping[str, float] = {"mutate": 0.7, "combine": 2.0}
"""How much better than others a proposer is before anything is known, as measured on small programs.

`combine` has an idea only when there is something to bring together.
"""
DOLLAR_S = 600.0
"""A dollar counts as so many seconds."""


@dataclass
class Share:
    """What a proposer brought: by how much each of its attempts moved the best, and the price of each.

    None stands for an attempt that beat its parent and not the best.
    """

    gains: list[float | None] = field(default_factory=list)
    prices: list[float] = field(default_factory=list)
    last: int = BASELINE
    has_cost: bool = False

    def credit(self, total: float) -> float:
        """The discounted sum of what its attempts brought, of a `total` of gains."""
        parts = [
            (weight, STEP if gain is None else min(1.0, gain / total))
            for weight, gain in _weighed(self.gains)
        ]
        return sum(weight * math.sqrt(part) for weight, part in parts)

    @property
    def turns(self) -> float:
        """Its attempts, older ones counting less."""
        return sum(weight for weight, _ in _weighed(self.gains))

    @property
    def price(self) -> float:
        """The mean price of its attempts."""
        return sum(weight * price for weight, price in _weighed(self.prices)) / (self.turns or 1.0)


def _weighed(values: list[T]) -> list[tuple[float, T]]:
    return [(KEPT**age, value) for age, value in enumerate(reversed(values[-_REMEMBERED:]))]


class Allocation:
    """Knows every proposer's share; `names` in the goal's order."""

    def __init__(self, names: Iterable[str], metric: Metric) -> None:
        self.shares = {name: Share() for name in names}
        self._sign = 1.0 if metric.goal == "maximize" else -1.0
        self._best: float | None = None
        self._gained = 0.0
        self._in_flight: dict[int, str] = {}

    def order(self, number: int, seed: int) -> list[str]:
        """The proposers for attempt `number`: the one to ask first, then who is asked when it has no idea."""
        draw = random.Random(seed)
        keys = {name: math.log(1 - draw.random()) / worth for name, worth in self.worths().items()}
        longest = max(FLOOR, 2 * len(self.shares))
        waited = {name: number - share.last for name, share in self.shares.items()}

        def place(name: str) -> tuple[int, float]:
            return (0, -waited[name]) if waited[name] >= longest else (1, -keys[name])

        return sorted(self.shares, key=place)

    def worths(self) -> dict[str, float]:
        """Each proposer's chances for the next attempt, in proportion."""
        total = self._gained or 1.0
        credit = {name: share.credit(total) for name, share in self.shares.items()}
        turns = {name: share.turns for name, share in self.shares.items()}
        made = sum(turns.values())
        usual = (sum(credit.values()) / made if made else 0.0) or 1.0
        waiting = list(self._in_flight.values())
        return {
            name: (
                (PRIOR * usual * TRUSTED.get(name, 1.0) + credit[name])
                / (PRIOR + turns[name] + waiting.count(name))
                / self._price(share)
            )
            ** SHARPNESS
            for name, share in self.shares.items()
        }

    def take_turn(self, name: str, number: int) -> None:
        """An attempt of the proposer is under way: until it has landed, it counts as one in vain."""
        if name in self.shares:
            self._in_flight[number] = name
            self.shares[name].last = max(number, self.shares[name].last)

    def observe(self, attempt: Attempt) -> None:
        """An attempt has landed, whoever proposed it; called in order of landing."""
        self._in_flight.pop(attempt.number, None)
        gain = self._gain(attempt)
        share = self.shares.get(attempt.proposer)
        if share is None or attempt.outcome in (Outcome.ABANDONED, Outcome.REJECTED):
            return
        share.last = max(attempt.number, share.last)
        share.gains.append(gain)
        self._gained += gain if gain is not None and gain < math.inf else 0.0
        seconds = (attempt.finished - attempt.started).total_seconds()
        share.prices.append(1 + seconds + DOLLAR_S * (attempt.cost or 0.0))
        share.has_cost = share.has_cost or attempt.cost is not None

    def _gain(self, attempt: Attempt) -> float | None:
        """By how much it moved the best; None where it beat its parent alone."""
        if not attempt.is_scored or attempt.score is None:
            return 0.0
        score = self._sign * attempt.score
        if self._best is None:
            self._best = score
            return 0.0 if attempt.number == BASELINE else math.inf
        if score > self._best and attempt.verdict is not Verdict.SAME:
            gain, self._best = score - self._best, score
            return gain
        return None if attempt.verdict is Verdict.BETTER else 0.0

    def _price(self, share: Share) -> float:
        """How much dearer its attempts are than those of the offline proposers, 1 for these."""
        if not share.has_cost:
            return 1.0
        offline = [each.price for each in self.shares.values() if each.gains and not each.has_cost]
        return max(1.0, share.price * len(offline) / sum(offline)) if offline else 1.0
