"""What tune has seen: a trial for each attempt, the limits that broken programs taught, and the axes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from kapso.attempt import BASELINE, Attempt, Outcome, Verdict
from kapso.goal import Goal
from kapso.propose.protocol import PROBE
from kapso.propose.tune.axes import Axis, axis_of
from kapso.propose.tune.conditions import controller_of, is_active
from kapso.propose.tune.family import Family, Trial
from kapso.propose.tune.feasible import room_of
from kapso.propose.tune.program import Program, path_of
from kapso.propose.tune.sleep import Sleep
from kapso.propose.tune.slots import ASLEEP, Slot, Value, is_same

MOST_AXES = 4000
"""More literals than this take too long to write; the likeliest settings are kept."""

Key = bytes
MANY = "many"
"""The arm whose attempts change hundreds of literals."""
BROKEN = {Outcome.CRASHED, Outcome.TIMED_OUT, Outcome.INVALID}


@dataclass
class Limits:
    """Positions beyond which the program broke, if any."""

    below: float = -math.inf
    above: float = math.inf


def key_of(values: Mapping[str, Value], root: int) -> Key:
    """A digest to look a vector up by, as thousands are kept; `1` and `True` differ, `1` and `1.0` do not."""
    parts = sorted(
        (name, value if isinstance(value, (bool, str)) else float(value)) for name, value in values.items()
    )
    return blake2b(repr((root, parts)).encode(), digest_size=16).digest()


class Trials:
    """All trials by number; everything here is a function of what was observed, in that order."""

    def __init__(self, goal: Goal) -> None:
        self._goal = goal
        self._sign = 1.0 if goal.primary.goal == "maximize" else -1.0
        self._baseline: Mapping[str, float] = {}
        self.by_number: dict[int, Trial] = {}
        self.axes: dict[str, Axis] = {}
        self.limits: dict[str, Limits] = {}
        self.keys: set[Key] = set()
        self._proven: dict[str, tuple[float, float]] = {}
        self._families: dict[tuple[int, frozenset[str]], Family] = {}
        self._dozing: set[str] = set()
        self._sleep = Sleep()
        self._best = -math.inf

    def meet(self, program: Program, names: Mapping[str, str], is_worse: bool = False) -> None:
        """Get to know the parameters of a program; the first value met is the first guess.

        A literal that said nothing (`1`) and was given another value becomes one, unless that `is_worse`.
        """
        slots = [replace(s, name=names[n]) if n in names else s for n, s in program.slots.items()]
        fresh = [slot for slot in slots if slot.name not in self.axes and slot.tier < ASLEEP]
        fresh = [slot for slot in fresh if not (is_worse and slot.name in self._dozing)]
        self._dozing.update(slot.name for slot in slots if slot.tier == ASLEEP)
        fresh.sort(key=lambda slot: slot.tier)
        for slot in fresh[: max(0, MOST_AXES - len(self.axes))]:
            self.axes[slot.name] = axis_of(slot)
        self._limit_to_conditions(fresh, slots)

    def _limit_to_conditions(self, fresh: list[Slot], slots: list[Slot]) -> None:
        """Tell of fresh parameters on which others it depends whether they matter."""
        conditions = [(s, s.condition) for s in fresh if s.condition is not None and s.name in self.axes]
        named = {slot.name: slot.label for slot in slots if not slot.is_number} if conditions else {}
        for slot, condition in conditions:
            controller = controller_of(slot.name, condition, named)
            is_told = slot.domain is not None and slot.domain.when is not None
            if controller is not None and (is_told or path_of(controller) == path_of(slot.name)):
                self.axes[slot.name] = replace(self.axes[slot.name], when=(controller, condition))

    @property
    def asleep(self) -> set[str]:
        """The parameters that do nothing but harm, the marked ones left out."""
        return {name for name in self._sleep.names if not self.axes[name].is_marked}

    def key(self, values: Mapping[str, Value], root: int) -> Key:
        """What tells a vector from others: its program, and the parameters that matter in it."""
        return key_of(
            {name: value for name, value in values.items() if is_active(name, values, self.axes)}, root
        )

    def known(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Those of the values that belong to parameters."""
        return {name: value for name, value in values.items() if name in self.axes}

    def add(self, attempt: Attempt, values: Mapping[str, Value], root: int) -> Trial:
        """Take in an attempt whose parameters were `values`, in the program of the attempt `root`."""
        parent = self.by_number.get(attempt.parents[0]) if attempt.parents else None
        changed = _changed(values, parent.values) if parent else ()
        height = self._sign * attempt.score if attempt.is_scored and attempt.score is not None else None
        if attempt.number == BASELINE:
            self._baseline = attempt.metrics
        outlook = attempt.metrics.get(self._goal.primary.name)
        is_better = _is_better(attempt, height, parent)
        trial = Trial(
            number=attempt.number,
            values=dict(values),
            root=root,
            parent=parent.number if parent else None,
            changed=changed,
            height=height,
            is_better=is_better,
            leads=is_better and height is not None and height > self._best,
            is_broken=attempt.outcome in BROKEN,
            arm=attempt.hypothesis.split(":", 1)[0] if attempt.proposer == "tune" else "",
            is_cut=attempt.outcome is Outcome.CUT,
            room=room_of(self._goal.constraints, attempt.metrics, self._baseline),
            outlook=height if outlook is None else self._sign * outlook,
        )
        self.by_number[attempt.number] = trial
        self._best = max(self._best, -math.inf if height is None else height)
        if attempt.outcome is not Outcome.ABANDONED:
            self.keys.add(self.key(values, root))
        if trial.counts:
            self._join(trial, parent)
            if parent is not None:
                self._sleep.learn(trial, parent)
        self._stretch(trial, parent)
        return trial

    def remember(self, trial: Trial) -> Trial:
        """Take in a trial of an earlier run: it teaches, and its values may be tried anew."""
        parent = self.by_number.get(trial.parent) if trial.parent is not None else None
        trial = replace(trial, changed=_changed(trial.values, parent.values) if parent else ())
        self.by_number[trial.number] = trial
        self._join(trial, parent)
        self._stretch(trial, parent)
        return trial

    def lend_anew(self) -> None:
        """Every family borrows again: what was remembered is news to those that began before."""
        for family in self._families.values():
            family.borrow_anew()

    def _join(self, trial: Trial, parent: Trial | None) -> None:
        # Hundreds of literals moved: it says nothing of the few that others look at.
        if trial.arm == PROBE or (trial.arm == MANY and not trial.leads):
            return
        family = self.family(trial.values, trial.root)
        if not family.all and parent is not None:
            family.borrow(self.family(parent.values, parent.root), trial, parent)
        family.add(trial)

    def family(self, values: Mapping[str, Value], root: int) -> Family:
        """The trials that can be compared with these values, parameter by parameter: those of one program."""
        return self._families.setdefault((root, frozenset(values)), Family())

    def _stretch(self, trial: Trial, parent: Trial | None) -> None:
        if trial.is_broken and not trial.is_beyond and parent is not None:
            suspects = trial.changed if len(trial.changed) == 1 else self._unproven(trial)
            if len(suspects) == 1:
                self._limit(suspects[0], trial, parent)
        if trial.height is None:
            return
        self._prove(trial)
        if not trial.is_better or trial.arm == MANY:  # most of what it drew says nothing
            return
        for name in trial.changed:
            position = self.axes[name].position(trial.values[name])
            axis = self.axes[name] = _widened(self.axes[name], position)
            if axis.position(trial.values[name]) != position:  # another scale: old positions mean nothing
                self.limits.pop(name, None)
                self._proven.pop(name, None)
            limits = self.limits.get(name)
            if limits and not limits.below < position < limits.above:
                del self.limits[name]

    def _prove(self, trial: Trial) -> None:
        """Remember how far each parameter was seen to go without breaking anything."""
        for name in trial.changed or trial.values:
            position = self.axes[name].position(trial.values[name])
            low, high = self._proven.get(name, (position, position))
            self._proven[name] = (min(low, position), max(high, position))

    def _unproven(self, trial: Trial) -> list[str]:
        """The changed parameters that went where no sound program was: no other could have broken it."""
        outside: list[str] = []
        for name in trial.changed:
            low, high = self._proven.get(name, (math.inf, -math.inf))
            if not low <= self.axes[name].position(trial.values[name]) <= high:
                outside.append(name)
        return outside

    def _limit(self, name: str, trial: Trial, parent: Trial) -> None:
        axis = self.axes[name]
        if axis.choices:
            return
        limits = self.limits.setdefault(name, Limits())
        bad, good = axis.position(trial.values[name]), axis.position(parent.values[name])
        if bad > good:
            limits.above = min(limits.above, bad) if limits.above > good else bad
        else:
            limits.below = max(limits.below, bad) if limits.below < good else bad


def _changed(values: Mapping[str, Value], before: Mapping[str, Value]) -> tuple[str, ...]:
    return tuple(name for name in values if name in before and not is_same(values[name], before[name]))


def _is_better(attempt: Attempt, height: float | None, parent: Trial | None) -> bool:
    if height is None or parent is None:
        return False
    if attempt.verdict is not None:
        return attempt.verdict is Verdict.BETTER
    return parent.height is None or height > parent.height


def _widened(axis: Axis, position: float) -> Axis:
    """The axis with room beyond a good value that presses against an end."""
    if axis.choices:
        return axis
    margin = 0.08 * (axis.high - axis.low)
    low, high = axis.low, axis.high
    room = max(4.0, (high - low) / 2)
    if position >= high - margin and axis.scale == "logit" and not axis.is_bounded_by_name:
        return axis.beyond_one()
    if position >= high - margin:
        high = min(axis.ceiling, high + room)
    if position <= low + margin:
        low = max(axis.floor, low - room)
    return replace(axis, low=low, high=high)
