"""The parameters of a task, as Kapso's `tune` finds them, so that all who only tune search the same space.

Which literals there are, their ranges and whether a range is logarithmic come from the reader and the axes of
`kapso.propose.tune`; literals that it would not touch at the start (`0`, `1`, …) are left out here, too.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from contest.evaluation import Files
from contest.task import Task
from kapso.propose.tune.axes import Axis, axis_of
from kapso.propose.tune.program import Reader, write_values
from kapso.propose.tune.slots import ASLEEP, Value

_EXACT = math.nan
"""Beside no number a position is written with all of its digits."""


@dataclass(frozen=True)
class Parameter:
    """One dimension: an index into `choices`, or a position between `low` and `high` on its axis."""

    name: str
    axis: Axis
    start: float

    @property
    def choices(self) -> int:
        """How many named values it has; 0 where it is a number."""
        return len(self.axis.choices)

    @property
    def low(self) -> float:
        return min(self.axis.low, self.start)

    @property
    def high(self) -> float:
        return max(self.axis.high, self.start)

    def value(self, position: float) -> Value:
        return self.axis.value(position, _EXACT)


class Space:
    """All parameters of a task, and the files that hold given positions."""

    def __init__(self, task: Task) -> None:
        self._reader = Reader()
        self._files = task.editable
        slots = self._reader.read(self._files, strict=True).slots
        awake = [slot for slot in slots.values() if slot.tier < ASLEEP]
        axes = {slot.name: (axis_of(slot), slot.value) for slot in awake}
        self.parameters = [
            Parameter(name, axis, axis.position(value)) for name, (axis, value) in axes.items()
        ]

    @property
    def digest(self) -> str:
        """Stands for the parameters and their ranges."""
        return hashlib.sha256(repr(self.parameters).encode()).hexdigest()

    def files(self, positions: Mapping[str, float]) -> Files:
        """The editable files with the parameters at these positions; those at their start stay as written."""
        moved = [each for each in self.parameters if positions[each.name] != each.start]
        files = dict(self._files)
        write_values(self._reader, {each.name: each.value(positions[each.name]) for each in moved}, files)
        return files
