"""What the arms look at when they are asked for a move, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from random import Random

from kapso.propose.tune.axes import Axis
from kapso.propose.tune.conditions import is_active
from kapso.propose.tune.family import Family
from kapso.propose.tune.slots import Value, is_same
from kapso.propose.tune.trials import Limits

_FINEST = 5e-4
"""In first steps: what is finer is not worth an evaluation."""


@dataclass(frozen=True)
class Move:
    """New values for some parameters of the parent, and why."""

    values: Mapping[str, Value]
    reason: str


@dataclass(frozen=True)
class View:
    """The parent's parameters and all that was learnt; `is_free`: these changes were not tried yet.

    Those `asleep` are left alone. `weights` tell of some parameters that they matter more or less than usual.
    """

    base: Mapping[str, Value]
    axes: Mapping[str, Axis]
    limits: Mapping[str, Limits]
    family: Family
    parent: int
    busy: frozenset[str]
    random: Random
    is_free: Callable[[Mapping[str, Value]], bool]
    asleep: AbstractSet[str] = frozenset()
    positions: dict[str, float] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)

    def position(self, name: str) -> float:
        if name not in self.positions:
            self.positions[name] = self.axes[name].position(self.base[name])
        return self.positions[name]

    def value_at(self, name: str, target: float) -> Value:
        """The value at a position, kept in range and on the near side of where the program broke."""
        axis, here = self.axes[name], self.position(name)
        if axis.choices:
            return axis.value(target, self.base[name])
        target = min(max(target, min(axis.low, here)), max(axis.high, here))
        limits = self.limits.get(name)
        if limits is not None:
            if target >= limits.above > here:
                target = here + (limits.above - here) / 2
            if target <= limits.below < here:
                target = here - (here - limits.below) / 2
        value = axis.value(target, self.base[name])
        if limits is not None and limits.below < here < limits.above:
            if not limits.below < axis.position(value) < limits.above:
                return self.base[name]
        return value

    def move(self, targets: Mapping[str, float], reason: str) -> Move | None:
        """A move to these positions, or None when it changes nothing or was tried."""
        values = {name: self.value_at(name, target) for name, target in targets.items()}
        return self.move_to(values, reason)

    def move_to(self, values: Mapping[str, Value], reason: str) -> Move | None:
        """A move to these values, those left out that hardly differ from the parent's or do not matter."""
        changed = {name: value for name, value in values.items() if self._differs(name, value)}
        whole = {**self.base, **changed}
        changed = {name: value for name, value in changed.items() if is_active(name, whole, self.axes)}
        return Move(changed, reason) if changed and self.is_free(changed) else None

    def _differs(self, name: str, value: Value) -> bool:
        if is_same(value, self.base[name]):
            return False
        axis = self.axes[name]
        return bool(axis.choices) or axis.whole or abs(axis.position(value) - self.position(name)) >= _FINEST

    def numeric(self) -> list[str]:
        return [name for name in self._active() if not self.axes[name].choices]

    def named(self) -> list[str]:
        return [name for name in self._active() if self.axes[name].choices]

    def awake(self) -> list[str]:
        """The parameters that may be moved."""
        return [name for name in self.base if name not in self.asleep]

    def _active(self) -> list[str]:
        """Those of them that matter in the parent."""
        return [name for name in self.awake() if is_active(name, self.base, self.axes)]
