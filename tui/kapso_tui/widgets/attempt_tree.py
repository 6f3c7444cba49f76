"""The attempts as a tree by first parents: what led on is shown, what led nowhere is folded with a count.

The line to the best stays at the left however long it is; whatever branches off it is indented.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from kapso_tui.glyphs import Glyphs, glyphs
from kapso_tui.watch.run import RunWatch
from kapso_tui.widgets.attempt_rows import Row, result_of

DEEPEST = 8
"""Levels of indentation; deeper ones are drawn at the last."""
_ORDER = ("better", "same", "worse", "demoted", "scored")


@dataclass
class TreeState:
    """The attempts whose fold is open."""

    open: set[int] = field(default_factory=set)

    def toggle(self, row: Row, is_open: bool | None) -> None:
        """Open or close the fold below an attempt; None does whichever it is not."""
        wanted = row.number not in self.open if is_open is None else is_open
        (self.open.add if wanted else self.open.discard)(row.number)

    def reveal(self, watch: RunWatch, number: int) -> None:
        """Open the fold that hides an attempt."""
        attempt = watch.attempts[number]
        if attempt.parents:
            self.open.add(attempt.parents[0])


def tree_rows(watch: RunWatch, state: TreeState, only: set[int] | None) -> list[Row]:
    """The rows of the tree. With `only`, those attempts and what they came from, and nothing is folded."""
    children = _children(watch)
    line = _line_to_best(watch)
    kept = None if only is None else _with_ancestors(watch, only)
    signs = glyphs()
    rows: list[Row] = []
    roots = [number for number in _numbers(watch) if _parent(watch, number) is None]
    # What is still to be drawn: (attempt, indentation, whether it branches off), the next one last.
    waiting = [(root, 0, False) for root in reversed(roots)]
    while waiting:
        number, depth, is_branch = waiting.pop()
        if kept is not None and number not in kept:
            continue
        rows.append(Row(number, _indent(depth, signs, signs.branch if is_branch else signs.bar)))
        below = children.get(number, [])
        inner = [each for each in below if kept is not None or _leads_on(watch, each, children, line)]
        leaves = [] if len(inner) == len(below) else sorted(set(below) - set(inner))
        if leaves:
            rows += _fold(watch, number, leaves, depth, state, signs)
        heir = _heir(watch, inner, line)
        if heir is not None:
            waiting.append((heir, depth, False))
        waiting += [(each, depth + 1, True) for each in reversed(inner) if each != heir]
    return rows


def _leads_on(watch: RunWatch, number: int, children: Mapping[int, list[int]], line: set[int]) -> bool:
    return number in children or number in line or number not in watch.attempts


def _heir(watch: RunWatch, inner: list[int], line: set[int]) -> int | None:
    """The child that goes on where its parent stands: on the line to the best, else the latest landed."""
    landed = [each for each in inner if each in watch.attempts]
    return next((each for each in landed if each in line), landed[-1] if landed else None)


def _fold(
    watch: RunWatch, number: int, leaves: list[int], depth: int, state: TreeState, signs: Glyphs
) -> list[Row]:
    if len(leaves) == 1:
        return [Row(leaves[0], _indent(depth + 1, signs, signs.corner))]
    is_open = number in state.open
    sign = signs.open if is_open else signs.closed
    text = f"{signs.bar * min(depth, DEEPEST)}{sign} {len(leaves):,} led nowhere: {_counted(watch, leaves)}"
    rows = [Row(number, text, tuple(leaves), is_open)]
    if is_open:
        rows += [Row(each, _indent(depth + 1, signs, signs.corner)) for each in leaves]
    return rows


def _counted(watch: RunWatch, leaves: list[int]) -> str:
    """`3 same, 12 worse, 2 crashed`."""
    counts = Counter(result_of(watch.attempts[each], watch) for each in leaves)
    names = [name for name in _ORDER if name in counts] + sorted(
        name for name in counts if name not in _ORDER
    )
    return ", ".join(f"{counts[name]:,} {name}" for name in names)


def _indent(depth: int, signs: Glyphs, last: str) -> str:
    shown = min(depth, DEEPEST)
    return signs.bar * (shown - 1) + last if shown else ""


def _numbers(watch: RunWatch) -> list[int]:
    return sorted({*watch.attempts, *watch.flights})


def _parent(watch: RunWatch, number: int) -> int | None:
    """The first parent where it is known."""
    parents = (watch.attempts.get(number) or watch.flights[number]).parents
    return parents[0] if parents and parents[0] in watch.attempts and parents[0] != number else None


def _children(watch: RunWatch) -> Mapping[int, list[int]]:
    children: dict[int, list[int]] = {}
    for number in _numbers(watch):
        if (parent := _parent(watch, number)) is not None:
            children.setdefault(parent, []).append(number)
    return children


def _line_to_best(watch: RunWatch) -> set[int]:
    return _with_ancestors(watch, {watch.best.number} if watch.best else set())


def _with_ancestors(watch: RunWatch, only: set[int]) -> set[int]:
    kept: set[int] = set()
    for number in only:
        at: int | None = number
        while at is not None and at not in kept:
            kept.add(at)
            at = _parent(watch, at)
    return kept
