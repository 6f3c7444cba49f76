"""Which proposer gets the next attempt: by what each brought for what it cost, and none starves.

Thompson sampling over discounted successes (Thompson 1933; discounted as by Garivier and Moulines 2011).
All of it is a function of what landed and what is in flight, and of the seed that is handed in.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kapso.attempt import BASELINE, Attempt, Outcome, Verdict
from kapso.goal import Metric

FLOOR = 8
"""Whoever has an idea gets at least one of so many attempts."""
KEPT = 0.94
"""What an attempt counts after the next one of its proposer."""
STEP = 0.15
"""The worth of an attempt that beat its parent and not the best."""
LEAD = 0.3
"""The worth of the smallest new best; one that doubles all that was gained is worth nearly 1."""
PRIOR_SUCCESSES, PRIOR_FAILURES = 0.6, 2.0
OPPORTUNISTIC = frozenset({"combine"})
"""Has ideas only when there is something to bring together, and then good ones."""
DOLLAR_S = 600.0
"""A dollar counts as so many seconds."""


@dataclass
class Share:
    """What one proposer brought: discounted successes and failures, seconds and attempts."""

    won: float = 0.0
    lost: float = 0.0
    price: float = 0.0
    attempts: int = 0
    last: int = BASELINE
    has_cost: bool = False

    def add(self, worth: float, price: float) -> None:
        self.won = KEPT * self.won + worth
        self.lost = KEPT * self.lost + 1 - worth
        self.price = KEPT * self.price + price
        self.attempts += 1

    @property
    def mean_price(self) -> float:
        return self.price / (self.won + self.lost) if self.attempts else 0.0


class Allocation:
    """Knows every proposer's share; `names` in the goal's order."""

    def __init__(self, names: Iterable[str], metric: Metric) -> None:
        self.shares = {name: Share() for name in names}
        self._sign = 1.0 if metric.goal == "maximize" else -1.0
        self._baseline: float | None = None
        self._best: float | None = None
        self._in_flight: dict[int, str] = {}

    def order(self, number: int, seed: int) -> list[str]:
        """The proposers for attempt `number`: the one to ask first, then who is asked when it has no idea."""
        draw = random.Random(seed)
        drawn = {name: self._drawn(name, draw) for name in self.shares}
        waited = {name: number - share.last for name, share in self.shares.items()}

        def place(name: str) -> tuple[int, float]:
            return (0, -waited[name]) if waited[name] >= FLOOR else (1, -drawn[name])

        return sorted(self.shares, key=place)

    def take_turn(self, name: str, number: int) -> None:
        """An attempt of the proposer is under way: until it has landed, it counts as one that failed."""
        if name in self.shares:
            self._in_flight[number] = name
            self.shares[name].last = max(number, self.shares[name].last)

    def observe(self, attempt: Attempt) -> None:
        """An attempt has landed, whoever proposed it; called in order of landing."""
        self._in_flight.pop(attempt.number, None)
        worth = self._worth(attempt)
        share = self.shares.get(attempt.proposer)
        if share is None or attempt.outcome in (Outcome.ABANDONED, Outcome.REJECTED):
            return
        share.last = max(attempt.number, share.last)
        seconds = (attempt.finished - attempt.started).total_seconds()
        share.has_cost = share.has_cost or attempt.cost is not None
        share.add(worth, 1 + seconds + DOLLAR_S * (attempt.cost or 0.0))

    def _worth(self, attempt: Attempt) -> float:
        """From 0 to 1: a new best by its part in all that was gained; a step by its verdict."""
        if not attempt.is_scored or attempt.score is None:
            return 0.0
        score = self._sign * attempt.score
        if attempt.number == BASELINE:
            self._baseline = score
        if self._best is None or self._baseline is None:
            self._best = score
            self._baseline = score
            return 1.0
        if score > self._best and attempt.verdict is not Verdict.SAME:
            part = (score - self._best) / (score - self._baseline)
            self._best = score
            return LEAD + (1 - LEAD) * min(1.0, part)
        return STEP if attempt.verdict is Verdict.BETTER else 0.0

    def _drawn(self, name: str, draw: random.Random) -> float:
        """A plausible worth of its next attempt for what it costs."""
        share = self.shares[name]
        waiting = sum(each == name for each in self._in_flight.values())
        prior = 1.5 if name in OPPORTUNISTIC else PRIOR_SUCCESSES
        worth = draw.betavariate(prior + share.won, PRIOR_FAILURES + share.lost + waiting)
        return worth / self._price(share)

    def _price(self, share: Share) -> float:
        """How much dearer its attempts are than those of the offline proposers, 1 for these."""
        if not share.has_cost:
            return 1.0
        offline: Sequence[Share] = [
            each for each in self.shares.values() if not each.has_cost and each.attempts
        ]
        usual = sum(each.mean_price for each in offline) / len(offline) if offline else 0.0
        return max(1.0, share.mean_price / usual) if usual else 1.0
