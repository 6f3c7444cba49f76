"""What the command line (or `kapso.run(goal, ...)`) says instead of the goal."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kapso.errors import UsageError
from kapso.goal.item import Item, Value
from kapso.goal.model import Budget, Goal, ProposerSpec, Search
from kapso.goal.sections import MAX_PARALLEL, MAX_SEED, read_proposers
from kapso.goal.units import LONGEST_S


@dataclass(frozen=True)
class Overrides:
    """Values that replace those of the goal; None leaves the goal's. `time_s` in seconds, `cost` in dollars.

    A limit replaces the goal's limit of the same kind and leaves its others; the default budget of
    attempts gives way to any limit.
    """

    attempts: int | None = None
    time_s: float | None = None
    cost: float | None = None
    parallel: int | Literal["auto"] | None = None
    seed: int | None = None
    propose: Sequence[str] | None = None

    def apply(self, goal: Goal) -> Goal:
        """The goal with these values; UsageError names the option that holds a senseless one."""
        self._check()
        return dataclasses.replace(
            goal,
            budget=self._budget(goal),
            search=self._search(goal.search),
            propose=goal.propose if self.propose is None else _proposers(self.propose, goal),
        )

    def _budget(self, goal: Goal) -> Budget:
        if self.attempts is None and self.time_s is None and self.cost is None:
            return goal.budget
        is_default = not any(f"budget.{key}" in goal.lines for key in ("attempts", "time", "cost"))
        budget = Budget(attempts=None) if is_default else goal.budget
        return Budget(
            attempts=budget.attempts if self.attempts is None else self.attempts,
            time_s=budget.time_s if self.time_s is None else self.time_s,
            cost=budget.cost if self.cost is None else self.cost,
        )

    def _search(self, search: Search) -> Search:
        parallel = search.parallel if self.parallel is None else self.parallel
        return dataclasses.replace(
            search,
            parallel=None if parallel == "auto" else parallel,
            seed=search.seed if self.seed is None else self.seed,
        )

    def _check(self) -> None:
        _check_range("--attempts", self.attempts, 1, 2**53)
        _check_range("--time", self.time_s, 0, LONGEST_S, is_open=True)
        _check_range("--cost", self.cost, 0, math.inf, is_open=True)
        _check_range("--parallel", None if self.parallel == "auto" else self.parallel, 1, MAX_PARALLEL)
        _check_range("--seed", self.seed, 0, MAX_SEED)


def _check_range(option: str, value: float | None, low: float, high: float, *, is_open: bool = False) -> None:
    if value is None:
        return
    if value < low or (is_open and value == low) or value > high or not math.isfinite(value):
        allowed = f"more than {low}" if is_open else f"between {low} and {high}"
        raise UsageError(f"`{option}` must be {allowed}, found `{value}`", slug="out-of-range")


def _proposers(names: Sequence[str], goal: Goal) -> tuple[ProposerSpec, ...]:
    """The proposers by name; models and agents with the options that the goal gives them."""
    items: Value = [Item("propose", name.strip(), "--propose", written=name) for name in names]
    given = {spec.name: spec for spec in goal.propose if spec.options is not None}
    return read_proposers(Item("propose", items, "--propose"), given)
