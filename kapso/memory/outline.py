"""Which function a line of a file lies in, and what a change did to its syntax.

A file is parsed whole once; of what differs from it, only the top-level items that changed are parsed, so
that an edit of 2,000 lines costs what its functions do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kapso.propose.mutate.languages import (
    ASSIGNMENTS,
    BINDINGS,
    BLOCKS,
    CALLS,
    COMMENTS,
    FLOATS,
    FUNCTIONS,
    HOLDERS,
    IFS,
    IMPORTS,
    INTEGERS,
    LOOPS,
    STRINGS,
    SUBSCRIPTS,
    UPDATES,
    Language,
)
from kapso.propose.mutate.tree import functions_of, name_of
from kapso.propose.tune.found import span

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from kapso.git.hunks import ChangedLines

OUTSIDE = ""
"""The region of what stands outside of every function."""


class Function(NamedTuple):
    """A function and its lines, from `start` to before `end`, counted from 0."""

    start: int
    end: int
    name: str


@dataclass(frozen=True)
class Outline:
    """The lines of a file's top-level items, and its functions, both in order of place."""

    items: tuple[tuple[int, int], ...]
    functions: tuple[Function, ...]

    def regions(self, start: int, end: int) -> list[str]:
        """The innermost functions that lines from `start` to before `end` lie in; those outside give none."""
        touched = [each for each in self.functions if each.start < end and start < each.end]
        return [
            each.name
            for each in touched
            if not any(_holds(each, other, start, end) for other in touched if other is not each)
        ]

    def widened(self, start: int, end: int) -> tuple[int, int]:
        """The lines as far as the items go that they touch; of what is merely added, the item before too."""
        touched = [(low, high) for low, high in self.items if low < max(end, start + 1) and start < high]
        if start == end:
            touched += [each for each in self.items if each[1] <= start][-1:]
        return min([start, *(low for low, _ in touched)]), max([end, *(high for _, high in touched)])


def _holds(outer: Function, inner: Function, start: int, end: int) -> bool:
    """Whether all that changed in `outer` changed in the smaller `inner`."""
    is_inside = outer.start <= inner.start and inner.end <= outer.end
    is_smaller = inner.end - inner.start < outer.end - outer.start
    return is_inside and is_smaller and inner.start <= start and end <= inner.end


def outline(root: SgNode, language: Language, at: int = 0) -> Outline:
    """The outline of a parsed text, whose first line has the number `at`."""
    items = [(low + at, high + at) for low, high in map(_lines, root.children())]
    functions = [
        Function(low + at, high + at, name_of(each))
        for each in functions_of(root, language)
        for low, high in [_lines(each)]
    ]
    return Outline(tuple(items), tuple(sorted(functions)))


class Window(NamedTuple):
    """Lines that changed together with the items around them: what was there and what is."""

    old: tuple[int, int]
    new: tuple[int, int]
    changes: list[ChangedLines]


def windows(before: Outline, changes: Iterable[ChangedLines]) -> list[Window]:
    """The changes by the items that they touch, in order."""
    found: list[Window] = []
    for each in changes:
        shift = each.new_at - each.old_at
        start, end = before.widened(each.old_at, each.old_at + each.old)
        if found and start < found[-1].old[1]:
            last = found.pop()
            start, end, together = last.old[0], max(last.old[1], end), [*last.changes, each]
            shift = together[0].new_at - together[0].old_at
        else:
            together = [each]
        grown = sum(one.new - one.old for one in together)
        found.append(Window((start, end), (start + shift, end + shift + grown), together))
    return found


def replaced(before: Outline, parts: Sequence[tuple[Window, Outline]]) -> Outline:
    """The outline of the changed file, from that of the old one and of what changed."""
    items: list[tuple[int, int]] = []
    functions: list[Function] = []
    at, shift = 0, 0
    for window, made in [*parts, (None, None)]:
        until = window.old[0] if window else 1 << 60
        items += [(low + shift, high + shift) for low, high in before.items if at <= low < until]
        functions += [
            Function(each.start + shift, each.end + shift, each.name)
            for each in before.functions
            if at <= each.start < until
        ]
        if window and made:
            items += made.items
            functions += made.functions
            at, shift = window.old[1], window.new[1] - window.old[1]
    return Outline(tuple(items), tuple(functions))


def syntax_of(root: SgNode, start: int, end: int) -> tuple[set[str], set[str]]:
    """The kinds of syntax, and the names, that stand from one character to before another.

    What merely surrounds it counts up to the statement: a number in a call in a loop's head is all three.
    """
    kinds: set[str] = set()
    names: set[str] = set()
    around = list(_around(root, start, end))
    for node in _within(around[-1], start, end):
        kinds |= _kind(node)
        if node.kind().endswith("identifier") and node.is_leaf():
            names.add(node.text())
    for node in reversed(around):
        if node.kind() in BLOCKS:
            break
        kinds |= _kind(node)
        if node.kind().endswith(_STATEMENTS):
            break
    return kinds, names


def _around(root: SgNode, start: int, end: int) -> Iterator[SgNode]:
    """The nodes that hold all of it, from the outside inwards."""
    node: SgNode | None = root
    while node is not None:
        yield node
        inner = None
        for each in node.children():
            low, high = span(each)
            if low <= start and end <= high:
                inner = each
                break
        node = inner


def _within(node: SgNode, start: int, end: int) -> Iterator[SgNode]:
    """The nodes that lie wholly in it."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        low, high = span(node)
        if low >= end or high <= start:
            continue
        if start <= low and high <= end:
            yield node
        waiting += node.children()


def _kind(node: SgNode) -> set[str]:
    kind = node.kind()
    if kind in ("binary_operator", "binary_expression"):
        signs = {each.text() for each in node.children() if not each.is_named()}
        return {_SIGNS.get(sign, "arithmetic") for sign in signs}
    found = _WORDS.get(kind)
    return {found} if found else set()


def _lines(node: SgNode) -> tuple[int, int]:
    """The first line and the one after the last."""
    place = node.range()
    is_whole = place.end.column == 0 and place.end.line > place.start.line
    return place.start.line, place.end.line + (not is_whole)


_STATEMENTS = ("_statement", "_declaration", "_definition", "_item", "_clause")
_SIGNS = {
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "===", "!=="), "comparison"),
    **dict.fromkeys(("&&", "||", "and", "or"), "logic"),
}
_WORDS = {
    **dict.fromkeys(FUNCTIONS, "function"),
    **dict.fromkeys(HOLDERS, "type"),
    **dict.fromkeys(CALLS, "call"),
    **dict.fromkeys(IFS, "condition"),
    **dict.fromkeys(LOOPS, "loop"),
    **dict.fromkeys(IMPORTS | {"preproc_include"}, "import"),
    **dict.fromkeys(ASSIGNMENTS | BINDINGS | UPDATES, "assignment"),
    **dict.fromkeys(SUBSCRIPTS | {"slice"}, "subscript"),
    **dict.fromkeys(INTEGERS | FLOATS, "number"),
    **dict.fromkeys(STRINGS, "string"),
    **dict.fromkeys(COMMENTS, "comment"),
    **dict.fromkeys(("return_statement", "return_expression"), "return"),
    **dict.fromkeys(("raise_statement", "throw_statement", "try_statement", "assert_statement"), "error"),
    **dict.fromkeys(("boolean_operator", "not_operator"), "logic"),
    **dict.fromkeys(("unary_operator", "unary_expression"), "arithmetic"),
    **dict.fromkeys(
        ("list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"),
        "comprehension",
    ),
    **dict.fromkeys(("true", "false", "boolean_literal"), "boolean"),
    "comparison_operator": "comparison",
    "decorator": "decorator",
}
"""Kinds of syntax as lessons and queries call them, the same in every language."""
