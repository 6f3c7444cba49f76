"""Screening: which of very many literals are worth a step, found by moving all of them at once.

Every literal moves a little in a direction of its own, then all of them the other way round (a foldover
pair; Bettonvill and Kleijnen 1997): what is right already loses either way, so that the difference is what
the wrong ones bring. Then half of them are turned round, and half of the half that brings more, until a few
are left, which the steps take over. All of a round starts from one attempt and can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from random import Random

from kapso.attempt import BASELINE
from kapso.propose.protocol import PROBE
from kapso.propose.tune.axes import Axis
from kapso.propose.tune.family import Trial
from kapso.propose.tune.slots import CONFIGURED, Value
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

FEWEST = 150
"""Up to so many literals are stepped one by one."""
NUDGE = 0.25
"""How far all are moved at once, in first steps: far less than what changes how a program works."""
_FAR = 1.0
"""The same where scores are noisy, or where less changes nothing."""
_MOST_BREAKS = 12
_WAITING = 8
"""No more are handed to the steps while so many of those before were not tried."""
_NAMED = 16
"""Named settings that are no more than this are stepped at once, as in a small program."""
_DIGITS = 5
_SETTLED = 0.03
"""What pulls less than this share of the strongest is left alone."""
_FEW = 8
_FEW_OF_ONE = 12
"""So many are left to the steps; of one function, so many."""


@dataclass
class _Node:
    """Literals `low:high` of a group; `pull`: what their own directions, rather than the others, bring."""

    low: int
    high: int
    pull: float
    is_measured: bool = False
    is_done: bool = False
    halves: tuple[_Node, _Node] | None = None

    @property
    def size(self) -> int:
        return self.high - self.low

    @property
    def promise(self) -> float:
        """Its pull over what it takes to find where it is from."""
        return abs(self.pull) / (2 + math.log2(self.size))


class _Group:
    """Literals of one kind that are moved together, each in its own direction, and what that brought."""

    def __init__(self, names: Sequence[str], seed: str, is_coarse: bool) -> None:
        self.is_coarse = is_coarse
        random = Random(seed)
        self.names = list(names)
        self.signs = [random.choice((-1, 1)) for _ in names]
        self.place = {name: place for place, name in enumerate(names)}
        self.heights: dict[int, float] = {}
        self.tree: _Node | None = None
        self.is_dead = False

    def leaves(self) -> Iterator[_Node]:
        """The nodes that were not split."""
        stack = [self.tree] if self.tree is not None and not self.is_dead else []
        while stack:
            node = stack.pop()
            if node.halves is None:
                yield node
            else:
                stack.extend(node.halves)

    def is_few(self, node: _Node) -> bool:
        return node.size <= _FEW or (node.size <= _FEW_OF_ONE and not self._boundaries(node))

    def turned(self, node: _Node) -> tuple[int, int]:
        """Which of a node's literals to turn round next: half of them, or all to be sure of them."""
        if self.is_few(node):
            return node.low, node.high
        middle = (node.low + node.high) // 2
        return node.low, min(self._boundaries(node), key=lambda at: abs(at - middle), default=middle)

    def _boundaries(self, node: _Node) -> list[int]:
        """Where another function, class or table begins: what stands in one works together."""
        scopes = [_scope(name) for name in self.names[node.low : node.high]]
        return [node.low + i for i in range(1, len(scopes)) if scopes[i] != scopes[i - 1]]


class Screen:
    """The arm of groups."""

    name = PROBE

    def __init__(self) -> None:
        self._all: list[Axis] = []
        self._groups: list[_Group] = []
        self._group_of: dict[str, _Group] = {}
        self._rounds = self._found = self._breaks = 0
        self._size = NUDGE
        self.probes = 0
        self.base: int | None = None
        self.headings: dict[str, float] = {}
        """The literals that were found: how much those around them pull, and which way."""

    def begin(self, axes: Iterable[Axis]) -> None:
        """Take over the numbers among these that may go up and down, if they are many."""
        found = [axis for axis in axes if not axis.is_marked and _may_be_nudged(axis)]
        named = [axis for axis in found if axis.tier == CONFIGURED]
        if len(named) <= _NAMED:
            found = [axis for axis in found if axis.tier > CONFIGURED]
        if len(found) > FEWEST:
            self._all = found
            self._start_round()

    def _start_round(self) -> None:
        self.base = None
        self._rounds += 1
        self._found = self._breaks = 0
        self._groups, self._group_of = [], {}
        kinds: dict[tuple[bool, bool, bool], list[str]] = {}
        for axis in self._all:
            if axis.name not in self.headings:
                # From 2, one down is further than one up: what is right seems to pull one way.
                is_coarse = axis.whole and axis.scale != "log"
                kinds.setdefault((is_coarse, axis.tier > CONFIGURED, axis.whole), []).append(axis.name)
        for key in sorted(kinds):
            self._add(kinds[key], key[0])

    def _add(self, names: Sequence[str], is_coarse: bool) -> None:
        group = _Group(names, f"{self._rounds} {len(self._groups)}", is_coarse)
        self._groups.append(group)
        self._group_of.update(dict.fromkeys(names, group))

    @property
    def hidden(self) -> set[str]:
        """What the other arms leave alone so far."""
        return {axis.name for axis in self._all} - self.headings.keys()

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Learn what a move of many brought. Rounds begin at attempts of this run, or at the same base."""
        if trial.arm == self.name and trial.changed and trial.parent is not None:
            if trial.parent < BASELINE:
                return
            self.probes += 1
            if self.base is None:
                self.base = trial.parent
            if trial.parent == self.base and trial.changed[0] in self._group_of:
                self._learn(trial, trials)

    def _learn(self, trial: Trial, trials: Trials) -> None:
        group = self._group_of[trial.changed[0]]
        if trial.height is None and group.tree is None:
            self._break(group)
            return
        parent = trials.by_number[self.base or 0]
        moved, turned = set(), set()
        for name in trial.changed:
            axis, place = trials.axes[name], group.place[name]
            went = axis.position(trial.values[name]) - axis.position(parent.values[name])
            moved.add(place)
            if (1 if went > 0 else -1) != group.signs[place]:
                turned.add(place)
        if group.tree is None and trial.height is not None:
            group.heights[-1 if turned else 1] = trial.height
            group.is_dead = trial.height == parent.height
            if len(group.heights) == 2:
                group.tree = _Node(0, len(group.names), (group.heights[1] - group.heights[-1]) / 2, True)
            return
        for node in group.leaves():
            low, high = group.turned(node)
            if turned == moved & set(range(low, high)):
                if trial.height is None:
                    node.is_done = True
                else:
                    _narrow(node, high, (group.heights[1] - trial.height) / 2)
                break

    def hand_over(self, untried: AbstractSet[str]) -> None:
        """Let the steps have the next few, unless many are waiting."""
        if not self._all or len(self.headings.keys() & untried) > _WAITING or self._fresh():
            return
        best = next(iter(self._ranked()), None)
        if best is None:
            self._end_round()
        elif best[1].is_measured and best[0].is_few(best[1]):
            group, node = best
            node.is_done = True
            self._found += 1
            for place in range(node.low, node.high):
                self.headings[group.names[place]] = group.signs[place] * node.pull

    def _end_round(self) -> None:
        """Go on from where the search is now; where nothing was found, further, and then no more."""
        if self._found or self._size < _FAR:
            self._size = self._size if self._found else _FAR
            self._start_round()
        else:
            self._all, self._groups = [], []

    def _break(self, group: _Group) -> None:
        """Something in it must not be moved: look at its halves, while there are not too many like it."""
        group.is_dead = True
        self._breaks += 1
        if len(group.names) > _FEW and self._breaks <= _MOST_BREAKS:
            middle = len(group.names) // 2
            self._add(group.names[:middle], group.is_coarse)
            self._add(group.names[middle:], group.is_coarse)

    def _fresh(self) -> list[_Group]:
        """Groups to be measured now: the coarse ones when nothing is left of the others."""
        fresh = [group for group in self._groups if not group.is_dead and group.tree is None]
        if fresh and fresh[0].is_coarse and self._ranked():
            return []
        return [group for group in fresh if group.is_coarse == fresh[0].is_coarse]

    def _ranked(self) -> list[tuple[_Group, _Node]]:
        """What pulls, the most promising first."""
        found = [(group, node) for group in self._groups for node in group.leaves()]
        most = [
            max((abs(n.pull) for g, n in found if g.is_coarse == kind), default=0.0) for kind in (False, True)
        ]
        found = [each for each in found if abs(each[1].pull) > _SETTLED * most[each[0].is_coarse]]
        found = [each for each in found if not each[1].is_done]
        return sorted(found, key=lambda each: (each[0].is_coarse, -each[1].promise))

    def _plans(self) -> Iterator[tuple[_Group, int, tuple[int, int]]]:
        fresh = self._fresh()
        for group in fresh:
            for way in (1, -1):
                if way not in group.heights:
                    yield group, way, (0, 0)
        for group, node in () if fresh else self._ranked():
            if not (node.is_measured and group.is_few(node)):
                yield group, 1, group.turned(node)

    def is_due(self) -> bool:
        """Whether there is anything to find out."""
        return next(self._plans(), None) is not None

    def propose(self, view: View, noise: float = 0.0) -> Move | None:
        """All of a group at once, or one half of them the other way round."""
        if self.base is not None and view.parent != self.base:
            return None
        moves = (self._move(view, _FAR if noise > 0 else self._size, *plan) for plan in self._plans())
        return next((move for move in moves if move is not None), None)

    def _move(self, view: View, size: float, group: _Group, way: int, turned: tuple[int, int]) -> Move | None:
        values: dict[str, Value] = {}
        for place, name in enumerate(group.names):
            if name in view.base:
                sign = way * group.signs[place] * (-1 if turned[0] <= place < turned[1] else 1)
                values[name] = _nudged(view.axes[name], view.base[name], sign * size)
        count = turned[1] - turned[0]
        what = f"{count} of them the other way round" if count else "does any of them matter?"
        return view.move_to(values, f"{len(values)} literals nudged at once, {what}")


def _narrow(node: _Node, middle: int, pull: float) -> None:
    if middle == node.high:
        node.pull, node.is_measured = pull, True
    else:
        rest = node.pull - pull
        node.halves = _Node(node.low, middle, pull, True), _Node(middle, node.high, rest)


def _may_be_nudged(axis: Axis) -> bool:
    if axis.choices:
        return False
    here = axis.position(axis.first)
    return axis.floor <= here - NUDGE and here + NUDGE <= axis.ceiling


def _scope(name: str) -> str:
    path, _, inner = name.rpartition(":")
    return f"{path}:{inner.rpartition('.')[0]}"


def _nudged(axis: Axis, value: Value, shift: float) -> Value:
    """A value a little up or down, with more digits than a setting deserves: both ways count alike."""
    moved = axis.value(axis.position(value) + shift, math.nan)
    if isinstance(moved, float):
        moved = float(f"{moved:.{_DIGITS}g}")
    if axis.whole and moved == value:
        moved = value + (1 if shift > 0 else -1)  # type: ignore[operator]
    return moved
