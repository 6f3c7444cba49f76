"""Screening: which of very many literals are worth a step, found by moving all of them at once.

Every literal moves a little in a direction of its own, then all of them the other way round (a foldover pair, as
Bettonvill and Kleijnen bifurcate, 1997): what is right already loses either way, so the difference is what the wrong
ones bring. Then the signs of half of them, and of half of the half in which more lies, are turned, until one is left.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from kapso.propose.tune.axes import Axis
from kapso.propose.tune.family import Trial
from kapso.propose.tune.slots import CONFIGURED, Value
from kapso.propose.tune.trials import Trials
from kapso.propose.tune.view import Move, View

FEWEST = 40
"""Fewer literals than this are stepped one by one."""
_LITTLE = 0.25
"""How far all are moved at once, in first steps: far less than what changes how a program works."""
LITTLE = _LITTLE
_DIGITS = 5
_SETTLED = 0.03
_FEW = 8
_SCOPE = 12
"""So many are left to the steps."""


@dataclass
class _Node:
    """Literals `low:high` of a group; `pull`: what their own directions, rather than the others, bring."""

    low: int
    high: int
    pull: float
    is_measured: bool = False
    halves: tuple[_Node, _Node] | None = None

    @property
    def size(self) -> int:
        return self.high - self.low


class _Group:
    """Literals of one kind that are moved together, and what that brought from a certain start."""

    def __init__(self, names: Sequence[str], signs: Sequence[int]) -> None:
        self.names, self.signs = list(names), list(signs)
        self.place = {name: place for place, name in enumerate(names)}
        self.heights: dict[int, dict[int, float]] = {}
        self.tree: _Node | None = None
        self.is_dead = False

    def leaves(self) -> Iterator[_Node]:
        """The nodes that were not split."""
        stack = [self.tree] if self.tree is not None else []
        while stack:
            node = stack.pop()
            if node.halves is None:
                yield node
            else:
                stack.extend(node.halves)

    def is_few(self, node: _Node) -> bool:
        return node.size <= _FEW or (node.size <= _SCOPE and not self._boundaries(node))

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

    name = "screen"

    def __init__(self) -> None:
        self._groups: list[_Group] = []
        self._group_of: dict[str, _Group] = {}
        self._largest = 0.0
        self.located: dict[str, int] = {}

    def begin(self, axes: Iterable[Axis]) -> None:
        """Take over these literals."""
        kinds: dict[tuple[bool, bool], list[str]] = {}
        for axis in axes:
            kinds.setdefault((axis.tier > CONFIGURED, axis.whole), []).append(axis.name)
        for key in sorted(kinds):
            self._add(kinds[key])

    def _add(self, names: Sequence[str]) -> None:
        random = Random(f"{len(self._groups)} {len(names)}")
        group = _Group(names, [random.choice((-1, 1)) for _ in names])
        self._groups.append(group)
        self._group_of.update(dict.fromkeys(names, group))

    @property
    def hidden(self) -> set[str]:
        """What the other arms leave alone so far."""
        return self._group_of.keys() - self.located.keys()

    def observe(self, trial: Trial, trials: Trials) -> None:
        """Learn what a move of many brought."""
        parent = trials.by_number.get(trial.parent) if trial.parent is not None else None
        if parent is None or not trial.changed:
            return
        if trial.arm != self.name or trial.changed[0] not in self._group_of:
            return
        group = self._group_of[trial.changed[0]]
        if trial.height is None:
            self._break(group)
            return
        turned, moved = set(), set()
        for name in trial.changed:
            axis, place = trials.axes[name], group.place[name]
            went = axis.position(trial.values[name]) - axis.position(parent.values[name])
            moved.add(place)
            if (1 if went > 0 else -1) != group.signs[place]:
                turned.add(place)
        self._learn(group, parent, trial.height, turned, moved)

    def _learn(self, group: _Group, parent: Trial, height: float, turned: set[int], moved: set[int]) -> None:
        assert parent.height is not None
        heights = group.heights.setdefault(parent.number, {})
        if not turned or (turned == moved and group.tree is None):
            heights[-1 if turned else 1] = height
            if group.tree is None and not turned and height == parent.height:
                group.is_dead = True
            if group.tree is None and len(heights) == 2:
                group.tree = _Node(0, len(group.names), (heights[1] - heights[-1]) / 2, True)
                self._note(group, group.tree)
        elif 1 in heights:
            for node in group.leaves():
                low, high = group.turned(node)
                if turned == moved & set(range(low, high)):
                    self._narrow(group, node, high, (heights[1] - height) / 2)
                    break

    def _narrow(self, group: _Group, node: _Node, middle: int, pull: float) -> None:
        if middle == node.high:
            node.pull, node.is_measured = pull, True
            self._note(group, node)
            return
        node.halves = _Node(node.low, middle, pull, True), _Node(middle, node.high, node.pull - pull)
        for half in node.halves:
            self._note(group, half)

    def _note(self, group: _Group, node: _Node) -> None:
        """Hand over what is small enough."""
        self._largest = max(self._largest, abs(node.pull))
        if group.is_few(node) and node.is_measured and abs(node.pull) > _SETTLED * self._largest:
            for place in range(node.low, node.high):
                self.located[group.names[place]] = group.signs[place] * (1 if node.pull > 0 else -1)
            node.pull = 0.0

    def _break(self, group: _Group) -> None:
        """Something in it must not be moved."""
        group.is_dead = True
        if group.tree is None and len(group.names) > 2:
            middle = len(group.names) // 2
            self._add(group.names[:middle])
            self._add(group.names[middle:])

    def is_due(self, view: View) -> bool:
        return self._plan(view) is not None

    def _best(self) -> tuple[_Group, _Node] | None:
        found = [(g, n) for g in self._groups if not g.is_dead for n in g.leaves()]
        found = [(g, n) for g, n in found if abs(n.pull) > _SETTLED * self._largest]
        if not found:
            return None
        return max(found, key=lambda each: abs(each[1].pull) / (2 + math.log2(each[1].size)))

    def _plan(self, view: View) -> tuple[_Group, int, tuple[int, int]] | None:
        for group in self._groups:
            if not group.is_dead and group.tree is None:
                return group, -1 if 1 in group.heights.get(view.parent, {}) else 1, (0, 0)
        best = self._best()
        if best is None:
            return None
        group, node = best
        if 1 not in group.heights.get(view.parent, {}):
            return group, 1, (0, 0)
        return group, 1, group.turned(node)

    def propose(self, view: View) -> Move | None:
        """All of a group at once, or one half of them the other way round."""
        plan = self._plan(view)
        if plan is None:
            return None
        group, way, turned = plan
        move = self._all(view, group, way, range(*turned))
        if move is None:
            group.is_dead = True
        return move

    def _all(self, view: View, group: _Group, way: int, turned: range) -> Move | None:
        values: dict[str, Value] = {}
        for place, name in enumerate(group.names):
            if name in view.base and name not in self.located:
                sign = way * group.signs[place] * (-1 if place in turned else 1)
                values[name] = _nudged(view.axes[name], view.base[name], sign)
        what = "does any of them matter?" if not turned else f"{len(turned)} of them the other way round"
        return view.move_to(values, f"{len(values)} literals nudged at once, {what}")


def _scope(name: str) -> str:
    return name.rpartition(":")[0] + name.rpartition(":")[2].rpartition(".")[0]


def _nudged(axis: Axis, value: Value, sign: int) -> Value:
    """A value a little up or down, with more digits than a setting deserves: both ways count alike."""
    here = axis.position(value)
    moved = axis.value(here + sign * _LITTLE, math.nan)
    if isinstance(moved, float):
        moved = float(f"{moved:.{_DIGITS}g}")
    if axis.whole and moved == value:
        moved = value + sign  # type: ignore[operator]
    return moved
