"""Which proposer gets the next attempt: by what each brought for what it cost, and none starves.

Probability matching over discounted credit, as in adaptive operator selection (Fialho, Da Costa, Schoenauer
and Sebag 2010): what an attempt brought is the square root of its part in all that was gained so far. Turns
are dealt in proportion by stride scheduling (Waldspurger and Weihl 1995), so that no draw makes them uneven.
All of it is a function of what landed and what is in flight.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kapso.attempt import BASELINE, Attempt, Outcome, Verdict
from kapso.goal import Metric
from kapso.goal.model import Budget

FLOOR = 8
"""Whoever has an idea gets at least one of so many attempts.

Where there are many proposers, one of twice their number: half of all attempts go by merit.
"""
KEPT = 0.97
"""What an attempt counts after the next one of its proposer."""
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
PATIENCE = 6.0
"""After so many of its attempts since anyone last gained, a proposer is worth half.

What it brought before is spent by then: where nobody gains, turns even out.
"""
MOST = 2.0
"""How far back on the clock of turns it may claim any, who had no idea for long."""


@dataclass
class Share:
    """What a proposer brought, older attempts counting less, and when its last turn was due.

    `brought` sums the square roots of its gains; `steps` counts what beat its parent and not the best,
    `vain` its attempts since anyone last gained.
    """

    brought: float = 0.0
    steps: float = 0.0
    turns: float = 0.0
    spent: float = 0.0
    due: float = 0.0
    last: int = BASELINE
    vain: int = 0
    has_cost: bool = False

    def add(self, gain: float, is_step: bool, price: float) -> None:
        self.brought = KEPT * self.brought + math.sqrt(gain)
        self.steps = KEPT * self.steps + is_step
        self.turns = KEPT * self.turns + 1
        self.spent = KEPT * self.spent + price

    def credit(self, total: float) -> float:
        """What it brought of a `total` of gains."""
        return self.brought / math.sqrt(total or 1.0) + math.sqrt(STEP) * self.steps

    @property
    def price(self) -> float:
        """The mean price of its attempts."""
        return self.spent / (self.turns or 1.0)


class Allocation:
    """Knows every proposer's share; `names` in the goal's order.

    `promised` is what the program promises some of them, 1 being the usual; `budget` is what is to be shared
    out.
    """

    def __init__(
        self,
        names: Iterable[str],
        metric: Metric,
        promised: Mapping[str, float] | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget or Budget()
        self.shares = {name: Share() for name in names}
        self._trusted = {
            name: TRUSTED.get(name, 1.0) * (promised or {}).get(name, 1.0) for name in self.shares
        }
        self._sign = 1.0 if metric.goal == "maximize" else -1.0
        self._best: float | None = None
        self._gained = 0.0
        self._time = 0.0
        self._in_flight: dict[int, str] = {}

    def order(self, number: int) -> list[str]:
        """The proposers for attempt `number`: the one to ask first, then who is asked when it has no idea."""
        longest = max(FLOOR, 2 * len(self.shares))
        due = self._due()

        def place(name: str) -> tuple[int, float]:
            share = self.shares[name]
            waited = number - share.last
            return (0, -waited) if waited >= longest else (1, due[name])

        return sorted(self.shares, key=place)

    def parts(self) -> dict[str, float]:
        """Each proposer's part of the attempts by merit."""
        worths = self._worths()
        return {name: worth / sum(worths.values()) for name, worth in worths.items()}

    def _due(self) -> dict[str, float]:
        """When the next turn of each is due, on a clock of its own that a turn moves on."""
        parts = self.parts()
        return {
            name: max(share.due, self._time - MOST) + 1 / parts[name] for name, share in self.shares.items()
        }

    def _worths(self) -> dict[str, float]:
        credit = {name: share.credit(self._gained) for name, share in self.shares.items()}
        made = sum(share.turns for share in self.shares.values())
        usual = (sum(credit.values()) / made if made else 0.0) or 1.0
        waiting = list(self._in_flight.values())
        return {
            name: (
                (PRIOR * usual * self._trusted[name] + credit[name])
                / (PRIOR + share.turns + waiting.count(name))
                / (1 + (share.vain + waiting.count(name)) / PATIENCE)
                / self._price(share)
            )
            ** SHARPNESS
            for name, share in self.shares.items()
        }

    def take_turn(self, name: str, number: int) -> None:
        """An attempt of the proposer is under way: until it has landed, it counts as one in vain."""
        if name not in self.shares or number in self._in_flight:
            return
        self.shares[name].due = self._time = self._due()[name]
        self.shares[name].last = max(number, self.shares[name].last)
        self._in_flight[number] = name

    def forget(self, number: int) -> None:
        """An attempt came to nothing: whoever is to make it next takes a turn."""
        self._in_flight.pop(number, None)

    def observe(self, attempt: Attempt) -> None:
        """An attempt has landed, whoever proposed it; called in order of landing."""
        self.take_turn(attempt.proposer, attempt.number)
        self._in_flight.pop(attempt.number, None)
        gain, is_step = self._gain(attempt)
        share = self.shares.get(attempt.proposer)
        if share is None or attempt.outcome in (Outcome.ABANDONED, Outcome.REJECTED):
            return
        self._gained += gain
        share.vain += 1
        if gain > STEP * self._gained:
            for each in self.shares.values():
                each.vain = 0
        share.add(gain, is_step, self._part_of_budget(attempt))
        share.has_cost = share.has_cost or attempt.cost is not None

    def _gain(self, attempt: Attempt) -> tuple[float, bool]:
        """By how much it moved the best, and whether it beat its parent alone."""
        if not attempt.is_scored or attempt.score is None:
            return 0.0, False
        score = self._sign * attempt.score
        if self._best is None or (score > self._best and attempt.verdict is not Verdict.SAME):
            gain = 0.0 if self._best is None else score - self._best
            self._best = score
            return gain, gain == 0.0 and attempt.number != BASELINE
        return 0.0, attempt.verdict is Verdict.BETTER

    def _part_of_budget(self, attempt: Attempt) -> float:
        """What part of all limits an attempt uses up; of time, what its evaluation took alone."""
        used = (1, attempt.duration_s or 0.0, attempt.cost or 0.0)
        limits = (self._budget.attempts, self._budget.time_s, self._budget.cost)
        parts = [each / limit for each, limit in zip(used, limits, strict=True) if limit]
        return sum(parts) if parts else 1.0

    def _price(self, share: Share) -> float:
        """How much dearer its attempts are than those of the offline proposers, 1 for these."""
        if not share.has_cost:
            return 1.0
        offline = [each.price for each in self.shares.values() if each.turns and not each.has_cost]
        return max(1.0, share.price * len(offline) / sum(offline)) if offline else 1.0
