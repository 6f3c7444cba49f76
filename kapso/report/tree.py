"""The tree of attempts as rows and lanes, like `git log --graph`: the attempts that others were made from.

What led nowhere is counted beside its parent; thousands of leaves would hide the few branches that matter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kapso.attempt import Attempt
from kapso.report.facts import Facts
from kapso.report.tallies import kind_of

MOST_ROWS = 300
LANES = 6
ROW_PX = 58
LANE_PX = 16
_KINDS = ("best", "better", "same", "worse", "demoted", "failed")


@dataclass(frozen=True)
class Row:
    """An attempt, its lane, and how its children ended: (kind, count) for those that led nowhere."""

    attempt: Attempt
    kind: str
    lane: int
    is_best: bool
    is_on_line: bool
    delta: float | None
    children: int
    leaves: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Edge:
    """A line from a parent's dot to a child's; `is_second` for the further parents of a combination."""

    path: str
    is_on_line: bool
    is_second: bool


@dataclass(frozen=True)
class Tree:
    rows: tuple[Row, ...]
    edges: tuple[Edge, ...]
    lanes: int
    left_out: int

    @property
    def width(self) -> int:
        return (self.lanes + 1) * LANE_PX

    @property
    def height(self) -> int:
        return len(self.rows) * ROW_PX


def attempt_tree(facts: Facts) -> Tree:
    """Baseline first; the line to the best keeps to the left."""
    children: dict[int, list[Attempt]] = {}
    for attempt in facts.attempts:
        for parent in attempt.parents:
            children.setdefault(parent, []).append(attempt)
    line = _line_to_best(facts)
    inner = [each for each in facts.attempts if each.number in children or each.number in line]
    kept = sorted(inner, key=lambda each: (each.number not in line, -len(children.get(each.number, ()))))
    shown = sorted(kept[:MOST_ROWS], key=lambda each: each.number)
    lanes = _lanes(shown, line)
    rows = tuple(_row(facts, each, children.get(each.number, []), lanes, line) for each in shown)
    edges = tuple(_edges(shown, lanes, line))
    return Tree(rows, edges, max(lanes.values(), default=0) + 1, len(inner) - len(shown))


def _line_to_best(facts: Facts) -> set[int]:
    line: set[int] = set()
    at = facts.best or facts.baseline
    while at is not None and at.number not in line:
        line.add(at.number)
        at = facts.by_number.get(at.parents[0]) if at.parents else None
    return line


def _lanes(shown: Sequence[Attempt], line: set[int]) -> dict[int, int]:
    """A lane for each attempt: 0 for the line to the best, else its parent's where that is free."""
    last_use = {parent: each.number for each in shown for parent in each.parents[:1]}
    lanes: dict[int, int] = {}
    taken: dict[int, int] = {}
    """Lane → the attempt at its lower end."""
    for attempt in shown:
        parent = attempt.parents[0] if attempt.parents and attempt.parents[0] in lanes else None
        if attempt.number in line:
            lane = 0
        elif parent is not None and parent not in line and taken.get(lanes[parent]) == parent:
            lane = lanes[parent]
        else:
            free = (n for n in range(1, LANES) if last_use.get(taken.get(n, -1), -1) < attempt.number)
            lane = next(free, LANES - 1)
        lanes[attempt.number] = lane
        taken[lane] = attempt.number
    return lanes


def _row(
    facts: Facts, attempt: Attempt, children: Sequence[Attempt], lanes: Mapping[int, int], line: set[int]
) -> Row:
    ended = Counter(
        kind if (kind := kind_of(child, facts)) in _KINDS else "failed"
        for child in children
        if child.number not in lanes
    )
    parent = facts.by_number.get(attempt.parents[0]) if attempt.parents else None
    known = parent is not None and parent.score is not None and attempt.score is not None
    return Row(
        attempt=attempt,
        kind=kind_of(attempt, facts),
        lane=lanes[attempt.number],
        is_best=attempt.number == facts.run.best_attempt,
        is_on_line=attempt.number in line,
        delta=attempt.score - parent.score if known and parent else None,  # type: ignore[operator]
        children=len(children),
        leaves=tuple((kind, ended[kind]) for kind in _KINDS if ended[kind]),
    )


def _edges(shown: Sequence[Attempt], lanes: Mapping[int, int], line: set[int]) -> list[Edge]:
    place = {
        each.number: (lanes[each.number] * LANE_PX + LANE_PX, row * ROW_PX + ROW_PX // 2)
        for row, each in enumerate(shown)
    }
    edges = []
    for attempt in shown:
        for position, parent in enumerate(attempt.parents):
            if parent in place:
                is_main = position == 0 and {attempt.number, parent} <= line
                path = _curve(place[parent], place[attempt.number])
                edges.append(Edge(path, is_main, position > 0))
    return sorted(edges, key=lambda edge: edge.is_on_line)


def _curve(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Straight down within a lane; else across in one bend near the parent, then down."""
    (x1, y1), (x2, y2) = start, end
    if x1 == x2:
        return f"M{x1} {y1}V{y2}"
    bend = min(ROW_PX, y2 - y1)
    return f"M{x1} {y1}C{x1} {y1 + bend * 0.7:g} {x2} {y1 + bend * 0.3:g} {x2} {y1 + bend}V{y2}"
