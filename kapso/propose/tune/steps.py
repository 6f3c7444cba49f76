"""Steps along one parameter: outwards in strides that double while they help, then to the top of a parabola.

Each parameter keeps a profile: heights along its axis as single-parameter moves measured them, joined
into one line from move to move. Which parameter is next follows from what its profile promises; that
untouched parameters come first makes the first round a screening.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from kapso.propose.tune.family import Trial
from kapso.propose.tune.slots import CONFIGURED, STRUCTURAL
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

NONE: Mapping[str, float] = {}
_STRIDES = 6
_LONGEST = 8.0
_LINES = 8
_WITHIN = 0.9
"""How much of the room up to a constraint a step takes."""
_LEAST = 0.05


@dataclass
class Profile:
    """Heights by position along one axis, and how the last move went.

    Heights are relative, and comparable within a line alone: positions that moves of this parameter
    joined. Parents far from each other give lines of their own.
    """

    lines: list[dict[float, float]] = field(default_factory=list)
    tries: int = 0
    streak: int = 0
    heading: int = 0
    effect: float = 0.0
    last: int = 0
    edge: tuple[float, float] | None = None
    """From where, and to where a constraint that ended a gainful step seems to bind."""

    def learn(self, start: float, end: float, gain: float, is_better: bool, number: int) -> None:
        """Take in that going from `start` to `end` changed the height by `gain`."""
        heights = self.line(start)
        if heights is None:
            heights = {start: 0.0}
            self.lines = [*self.lines[1 - _LINES :], heights]
        heights[end] = heights[start] + gain
        self.tries += 1
        self.effect = max(abs(gain), 0.7 * self.effect)
        self.last = number
        self.streak = self.streak + 1 if is_better else 0
        if is_better:
            self.heading = 1 if end > start else -1

    def line(self, here: float) -> dict[float, float] | None:
        """The latest heights that a position belongs to."""
        return next((heights for heights in reversed(self.lines) if here in heights), None)


def beside(heights: dict[float, float], here: float) -> tuple[float | None, float | None]:
    """The nearest measured positions to the left and to the right of one of them."""
    known = sorted(heights)
    at = bisect_left(known, here)
    left = known[at - 1] if at > 0 else None
    return left, known[at + 1] if at + 1 < len(known) else None


def _edge(trial: Trial, parent: Trial, start: float, end: float) -> tuple[float, float] | None:
    """Where a step that would have paid, but went beyond a constraint, has to end; None for any other one."""
    if not trial.is_beyond or trial.room is None or trial.outlook is None:
        return None
    if parent.room is None or parent.room <= 0 or parent.height is None or trial.outlook <= parent.height:
        return None
    edge = start + _WITHIN * (end - start) * parent.room / (parent.room - trial.room)
    return (start, edge) if abs(edge - start) > _LEAST else None


@dataclass(frozen=True)
class Plan:
    """Where a parameter would go next and what that promises, in units of the usual gain."""

    name: str
    target: float
    promise: float
    reason: str


class Steps:
    """The arm of single-parameter moves."""

    name = "step"

    def __init__(self, headings: Mapping[str, float] = NONE) -> None:
        self._headings = headings
        self.profiles: dict[str, Profile] = {}
        self.usual_gain = 0.0

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Learn from a move of one numeric parameter."""
        parent = trials.by_number.get(trial.parent) if trial.parent is not None else None
        if parent is None or len(trial.changed) != 1 or not trial.counts or parent.height is None:
            return
        name = trial.changed[0]
        axis = trials.axes[name]
        gain = trial.height - parent.height if trial.height is not None else None
        if gain is not None and trial.is_better:
            self.usual_gain = max(gain, 0.9 * self.usual_gain)
        if axis.choices:
            return
        profile = self.profiles.setdefault(name, Profile())
        start, end = axis.position(parent.values[name]), axis.position(trial.values[name])
        if gain is None:
            gain = -max(self.usual_gain, profile.effect, 1e-12)
        profile.learn(start, end, gain, trial.is_better, trial.number)
        profile.edge = _edge(trial, parent, start, end)

    def effects(self, names: list[str]) -> dict[str, float]:
        """How much each parameter was seen to matter; without evidence, as much as the others on average."""
        seen = {name: self.profiles[name].effect for name in names if name in self.profiles}
        mean = sum(seen.values()) / len(seen) if seen else 1.0
        return {name: seen.get(name, mean) for name in names}

    def propose(self, view: View) -> Move | None:
        """The most promising step that is still free."""
        plans = [plan for name in view.numeric() for plan in self._plans(name, view)]
        order = {id(plan): view.random.random() for plan in plans}
        plans.sort(key=lambda plan: (plan.name in view.busy, -plan.promise, order[id(plan)]))
        for plan in plans:
            move = view.move({plan.name: plan.target}, plan.reason)
            if move is not None:
                return move
        return None

    def is_screening(self, view: View) -> bool:
        """Whether some of the likeliest settings were never moved: too early for a model of the others."""
        return any(
            view.axes[name].tier == CONFIGURED and name not in view.family.varied for name in view.numeric()
        )

    def urgency(self, view: View) -> float:
        """How likely this arm should go first: high while settings are untouched or a stride just helped."""
        if self._headings and self.is_hot(view):
            return 0.6
        fresh = [n for n in view.numeric() if n not in self.profiles and view.axes[n].tier < STRUCTURAL]
        if fresh:
            return 0.8
        return 0.6 if self.is_hot(view) else 0.1

    def is_hot(self, view: View) -> bool:
        """Whether a stride just helped."""
        least = 0.1 * self.usual_gain if self._headings else 0.0
        latest = [profile for profile in self.profiles.values() if profile.last == view.parent]
        return any(profile.streak and profile.effect >= least for profile in latest)

    def _plans(self, name: str, view: View) -> list[Plan]:
        here = view.position(name)
        tier = view.axes[name].tier
        profile = self.profiles.get(name)
        pull = self._headings.get(name)
        heading = (1 if pull > 0 else -1) if pull else view.random.choice((-1, 1))
        heights = profile.line(here) if profile is not None else None
        if profile is not None and profile.edge is not None and profile.edge[0] == here:
            return [Plan(name, profile.edge[1], 2.4, "up to where a constraint seems to bind")]
        if profile is None or heights is None:
            if profile is not None and profile.heading:
                heading = profile.heading
            promise = (self._first(name) if pull else 3.0 - 0.8 * tier) if profile is None else 0.3
            promise *= view.weights.get(name, 1.0)
            reason = "does it matter at all?"
            return [Plan(name, here + s * heading, promise - (s < 0) * 0.1, reason) for s in (1, -1)]
        left, right = beside(heights, here)
        if left is not None and right is not None:
            return self._inwards(name, heights, here, left, right)
        known = left if left is not None else right
        return self._outwards(name, profile, heights, here, known, view) if known is not None else []

    def _first(self, name: str) -> float:
        """What a first step of a literal promises that was found: more, the more those around it pull."""
        return 3.0 + 0.3 * abs(self._headings[name]) / max(map(abs, self._headings.values()))

    def _outwards(
        self, name: str, profile: Profile, heights: dict[float, float], here: float, known: float, view: View
    ) -> list[Plan]:
        gain = heights[here] - heights[known]
        away = here - known
        if gain > 0:
            stride = max(-_LONGEST, min(_LONGEST, 2 * away))
            promise = 3.5 if profile.streak and profile.streak <= _STRIDES else 0.8
            if name in self._headings and gain < 0.1 * self.usual_gain:
                promise = 0.3
            return [Plan(name, here + stride, promise, "this way helped, so further")]
        if gain == 0:
            promise = 0.25 if profile.tries < 4 else 0.01
            return [
                Plan(name, here + s * 3 * away, promise, "no effect so far, so a longer step")
                for s in (1, -1)
            ]
        # It matters, which is more than is known of one that was never touched.
        likely = 0.6 if name in self._headings else 2.6 - 0.5 * (view.axes[name].tier - 1)
        return [
            Plan(name, here + away, likely, "the other way made it worse"),
            Plan(name, here + away / 4, 0.2, "the other way made it worse"),
            Plan(name, here - away / 4, 0.15, "a shorter step"),
        ]

    def _inwards(
        self, name: str, heights: dict[float, float], here: float, left: float, right: float
    ) -> list[Plan]:
        a, b = here - left, right - here
        down_left = heights[here] - heights[left]
        down_right = heights[here] - heights[right]
        if down_left == down_right == 0:
            return [Plan(name, here + 2 * b, 0.01, "no effect so far, so a longer step")]
        if down_left < 0 or down_right < 0:
            target = (here + left) / 2 if down_left < down_right else (here + right) / 2
            return [Plan(name, target, 0.5, "between two good values")]
        curve = down_left / a + down_right / b
        offset = (down_left * b / a - down_right * a / b) / (2 * curve) if curve else 0.0
        gain = offset * offset * curve / (a + b)
        nearest = min(a, b)
        if abs(offset) < 0.03 * nearest:
            offset = (0.2 if offset >= 0 else -0.2) * nearest
            gain *= 0.3
        promise = min(2.0, gain / self.usual_gain) if self.usual_gain else 0.5
        return [
            Plan(name, here + offset, promise, "the top of a parabola through what was measured"),
            Plan(name, here - offset, 0.1 * promise, "a short step"),
            Plan(name, here + b / 3, 0.02, "a short step"),
            Plan(name, here - a / 3, 0.02, "a short step"),
        ]
