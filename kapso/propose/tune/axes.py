"""An axis: the values that one parameter may take, laid out so that a step of 1 is a sensible first step.

Positions are linear, logarithmic or (for what lies just below 1, as decays do) logistic in the value.
The first range is a guess around the first value seen; ranges that no marker sets may widen later.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from kapso.propose.tune.conditions import Condition
from kapso.propose.tune.numerals import read_number
from kapso.propose.tune.slots import Slot, Value, is_same

_MAGNITUDES = re.compile(
    r"(^|_)(lr|learning_?rate|alpha|beta|lambda|lam|eps|epsilon|tol|tolerance|rate|decay|c|gamma|sigma|"
    r"penalty|weight_decay|reg|l1|l2|scale|temperature|temp|t0|t1|t_start|t_end|t_min|t_max)\d*$",
    re.IGNORECASE,
)
_BELOW_ONE = re.compile(
    r"decay|momentum|cool|gamma|beta|discount|damp|forget|prob|fraction|ratio", re.IGNORECASE
)
_LARGEST_WHOLE = 2**31 - 1


@dataclass(frozen=True)
class Axis:
    """Positions from `low` to `high` may be asked for; `floor` and `ceiling` bind for good.

    `when`: the parameter on which it depends whether this one matters. `bounds` are values that a marker
    names: its ends to the last digit, which no way there and back keeps.
    """

    name: str
    first: Value
    tier: int
    choices: tuple[Value, ...] = ()
    whole: bool = False
    scale: str = "linear"
    unit: float = 1.0
    floor: float = -math.inf
    ceiling: float = math.inf
    low: float = -math.inf
    high: float = math.inf
    is_marked: bool = False
    bounds: tuple[float, float] = (-math.inf, math.inf)
    when: tuple[str, Condition] | None = None

    @property
    def is_bounded_by_name(self) -> bool:
        """Whether it calls itself something that 1 bounds."""
        return bool(_BELOW_ONE.search(self.name.rsplit(":", 1)[-1]))

    def position(self, value: Value) -> float:
        """Where a value stands on this axis; of a choice, its index."""
        if self.choices:
            return float(next((i for i, c in enumerate(self.choices) if is_same(c, value)), 0))
        number = float(value)
        if self.scale == "log":
            return math.log(max(abs(number), 1e-300)) / self.unit
        if self.scale == "logit":
            number = min(max(number, 1e-12), 1 - 1e-12)
            return -math.log(1 / number - 1) / self.unit
        return number / self.unit

    def value(self, position: float, beside: Value) -> Value:
        """The value at a position, with no more digits than its distance from `beside` deserves."""
        if self.choices:
            return self.choices[round(min(max(position, 0), len(self.choices) - 1))]
        position = min(max(position, self.floor), self.ceiling)
        raw = min(max(self._raw(position), self.bounds[0]), self.bounds[1])
        is_int = isinstance(self.first, int)
        if self.whole or is_int:
            whole = max(-_LARGEST_WHOLE, min(_LARGEST_WHOLE, round(raw)))
            return whole if is_int else float(whole)
        return self._rounded(raw, float(beside))

    def all_values(self) -> list[Value] | None:
        """Every value within the range, or None when they cannot be counted."""
        if self.choices:
            return list(self.choices)
        if not (self.whole and math.isfinite(self.low) and math.isfinite(self.high)):
            return None
        first, last = math.ceil(self._raw(self.low) - 1e-9), math.floor(self._raw(self.high) + 1e-9)
        is_int = isinstance(self.first, int)
        return [n if is_int else float(n) for n in range(first, min(last, first + 100_000) + 1)]

    def _raw(self, position: float) -> float:
        if self.scale == "log":
            return math.copysign(math.exp(min(position * self.unit, 690.0)), float(self.first) or 1.0)
        if self.scale == "logit":
            return 1 / (1 + math.exp(-max(-30.0, min(30.0, position * self.unit))))
        return position * self.unit

    def _rounded(self, raw: float, beside: float) -> float:
        if self.scale == "logit":
            distance = min(abs(raw - beside), 1 - raw, raw)
        else:
            distance = abs(raw - beside)
        if not distance or not math.isfinite(distance):
            return raw
        value = round(raw, max(0, 1 - math.floor(math.log10(distance))))
        if (raw > 0) != (value > 0):
            return raw
        lowest, highest = sorted((self._raw(self.floor), self._raw(self.ceiling)))
        value = min(max(value, lowest), highest)
        return min(max(value, self.bounds[0]), self.bounds[1]) + 0.0

    def beyond_one(self) -> Axis:
        """A logistic axis as a logarithmic one, for what turned out to be no fraction."""
        log = replace(self, scale="log", unit=math.log(1.5), floor=-math.inf, ceiling=math.inf)
        return replace(log, low=log.position(0.2), high=log.position(5.0))

    def holding(self, value: Value) -> Axis:
        """This axis, reaching at least as far as a value that a program was seen to have."""
        if self.choices:
            return self
        position = self.position(value)
        if self.low <= position <= self.high:
            return self
        return replace(self, low=min(self.low, position), high=max(self.high, position))


def axis_of(slot: Slot) -> Axis:
    """The axis of a slot, from its marker or from what its value and name suggest."""
    if slot.choices:
        is_marked = slot.domain is not None
        return Axis(slot.name, slot.value, slot.tier, choices=slot.choices, is_marked=is_marked)
    if isinstance(slot.value, bool):
        return Axis(slot.name, slot.value, slot.tier, choices=(slot.value, not slot.value))
    if slot.domain is not None:
        return _marked(slot)
    return _within_type(_whole(slot), slot) if isinstance(slot.value, int) else _real(slot)


def _within_type(axis: Axis, slot: Slot) -> Axis:
    """The axis, ending where the suffix of the literal (`200u8`) says that its type does."""
    numeral = read_number(slot.text)
    if numeral is None or numeral.largest is None:
        return axis
    low, high = axis.position(1 if axis.scale == "log" else -numeral.largest), axis.position(numeral.largest)
    floor, ceiling = max(axis.floor, low), min(axis.ceiling, high)
    return replace(axis, floor=floor, ceiling=ceiling, low=max(axis.low, floor), high=min(axis.high, ceiling))


def _marked(slot: Slot) -> Axis:
    domain = slot.domain
    assert domain is not None and domain.low is not None and domain.high is not None
    whole = domain.whole or isinstance(slot.value, int)
    span = math.log(domain.high / domain.low) if domain.log else domain.high - domain.low
    unit = span / 8 if not whole or domain.log else max(1.0, span / 8)
    scale = "log" if domain.log else "linear"
    bare = Axis(slot.name, slot.value, slot.tier, whole=whole, scale=scale, unit=unit, is_marked=True)
    low, high = bare.position(domain.low), bare.position(domain.high)
    bounds = (domain.low, domain.high)
    return replace(bare, floor=low, ceiling=high, low=low, high=high, bounds=bounds)


def _whole(slot: Slot) -> Axis:
    value = float(slot.value)
    axis = Axis(slot.name, slot.value, slot.tier, whole=True)
    if value >= 12:
        axis = replace(axis, scale="log", unit=math.log(1.5))
        at = axis.position(value)
        return replace(axis, floor=axis.position(1), low=max(axis.position(1), at - 4), high=at + 4)
    if value > 0:
        unit = max(1.0, value / 4)
        return replace(axis, unit=unit, floor=1 / unit, low=1 / unit, high=(value + 6) / unit)
    if value == 0:
        return replace(
            axis, floor=-math.inf if slot.signed else 0.0, low=-3.0 if slot.signed else 0.0, high=3.0
        )
    unit = max(1.0, -value / 4)
    high = -value / unit if slot.signed else -1 / unit
    return replace(
        axis, unit=unit, ceiling=math.inf if slot.signed else high, low=3 * value / unit, high=high
    )


def _real(slot: Slot) -> Axis:
    value = float(slot.value)
    axis = Axis(slot.name, slot.value, slot.tier)
    if value == 0:
        unit = 0.25
        return replace(
            axis, unit=unit, floor=-math.inf if slot.signed else 0.0, low=-4.0 * slot.signed, high=4.0
        )
    if value < 0 and slot.signed:
        unit = -value / 2
        return replace(axis, unit=unit, low=-8.0, high=4.0)
    size = abs(value)
    if 0.9 <= value < 1 or (0.8 <= value < 1 and _BELOW_ONE.search(slot.name.rsplit(":", 1)[-1])):
        axis = replace(axis, scale="logit", unit=0.7)
        return replace(axis, low=axis.position(0.3), high=axis.position(1 - (1 - size) / 50))
    spans = bool(_MAGNITUDES.search(slot.label.split("#")[0])) or size < 0.01 or size > 100
    if 0.1 <= value < 0.9 and not spans:
        return replace(axis, unit=0.12, floor=0.0, low=0.0, high=1 / 0.12)
    axis = replace(axis, scale="log", unit=math.log(2.2 if spans else 1.5))
    at = axis.position(value)
    return replace(axis, low=at - 5, high=at + 5)
