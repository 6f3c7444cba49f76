"""Operators on single signs and small numbers: the cheapest edits, and the likeliest to repair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kapso.propose.mutate.edit import Edit, edit
from kapso.propose.mutate.languages import (
    ARGUMENTS,
    BINARY,
    BINDINGS,
    FUNCTIONS,
    INTEGERS,
    LOOPS,
    LOOSE,
    STRINGS,
    SUBSCRIPTS,
)
from kapso.propose.mutate.scope import scope_of
from kapso.propose.mutate.tree import Node, Region, called, is_binding

Weighted = dict[str, float]

_COMPARISONS: dict[str, Weighted] = {
    "<": {"<=": 4, ">": 2, ">=": 1.5}, "<=": {"<": 4, ">=": 2, ">": 1.5},
    ">": {">=": 4, "<": 2, "<=": 1.5}, ">=": {">": 4, "<=": 2, "<": 1.5},
    "==": {"!=": 2, "<=": 1, ">=": 1}, "!=": {"==": 2, "<": 0.5, ">": 0.5},
    "===": {"!==": 2, "<=": 1, ">=": 1}, "!==": {"===": 2, "<": 0.5, ">": 0.5},
    "in": {"not in": 1.5}, "not in": {"in": 1.5}, "is": {"is not": 1.5}, "is not": {"is": 1.5},
}  # fmt: skip
_ARITHMETIC: dict[str, Weighted] = {
    "+": {"-": 2, "*": 0.7}, "-": {"+": 2, "/": 0.3}, "*": {"/": 1, "+": 1}, "/": {"*": 1, "-": 0.5},
    "//": {"/": 0.7, "*": 0.7, "%": 0.7}, "%": {"/": 0.7, "*": 0.3}, "**": {"*": 1},
    "&": {"|": 1, "^": 0.7}, "|": {"&": 1, "^": 0.7}, "^": {"&": 0.7, "|": 0.7},
    "<<": {">>": 1}, ">>": {"<<": 1, ">>>": 0}, ">>>": {">>": 1},
}  # fmt: skip
_ASSIGNMENTS: dict[str, Weighted] = {
    "+=": {"-=": 1.5, "=": 1}, "-=": {"+=": 1.5, "=": 0.7}, "*=": {"/=": 0.7, "+=": 0.7},
    "/=": {"*=": 0.7, "-=": 0.5}, "//=": {"-=": 0.5, "*=": 0.5}, "%=": {"-=": 0.5}, "&=": {"|=": 1},
    "|=": {"&=": 1}, "^=": {"|=": 0.7}, "<<=": {">>=": 1}, ">>=": {"<<=": 1},
    "=": {"+=": 0.4, "-=": 0.2}, "++": {"--": 1}, "--": {"++": 1},
}  # fmt: skip
_SLIPS = {
    "<": {"<=", ">="}, "<=": {"<", ">"}, ">": {">=", "<="}, ">=": {">", "<"}, "==": {"!="}, "!=": {"=="},
    "===": {"!=="}, "!==": {"==="}, "in": {"not in"}, "not in": {"in"}, "is": {"is not"}, "is not": {"is"},
    "and": {"or"}, "or": {"and"}, "&&": {"||"}, "||": {"&&"},
}  # fmt: skip
"""A comparison's negation and its neighbour, and the other way to join two conditions."""
_CUTS = {"slice", "substring", "substr", "subarray", "splice"}
"""Calls of scripts that take bounds as Python's brackets do."""
_LOGIC = {"and": "or", "or": "and", "&&": "||", "||": "&&"}


def compare(node: Node, region: Region) -> Iterator[Edit]:
    """`<` to `<=`, `==` to `!=`; a formula seldom hangs on whether a bound itself is meant."""
    found = _exchange(node, _COMPARISONS)
    if not scope_of(region).is_formula:
        return found
    return (replace(each, weight=each.weight / 3, is_plain=False) for each in found)


def arithmetic(node: Node, region: Region) -> Iterator[Edit]:
    """`+` to `-`, `&` to `|`; texts are not reckoned with."""
    if any(each.kind in STRINGS for each in node.children):
        return iter(())
    return _exchange(node, _ARITHMETIC)


def logic(node: Node, region: Region) -> Iterator[Edit]:
    """`and` to `or`."""
    return _exchange(node, {old: {new: 2} for old, new in _LOGIC.items()})


def step(node: Node, region: Region) -> Iterator[Edit]:
    """`x + 1` to `x` and to `x - 1`, wherever it stands."""
    if len(node.children) != 3 or node.children[1].text not in {"+", "-"}:
        return
    left, sign, right = node.children
    if right.text == "1":
        other = "-" if sign.text == "+" else "+"
        yield edit(f"`{node.text}` to `{left.text}`", (left.end, node.end, ""), is_plain=True)
        what = f"`{node.text}` to `{left.text} {other} 1`"
        yield edit(what, (sign.start, sign.end, other), is_plain=True)
    elif left.text == "1" and sign.text == "+":
        yield edit(f"`{node.text}` to `{right.text}`", (node.start, right.start, ""), is_plain=True)


def assign(node: Node, region: Region) -> Iterator[Edit]:
    """`+=` to `-=`, `++` to `--`; `=` to `+=` where the name had a value before."""
    for each in _exchange(node, _ASSIGNMENTS):
        start, end, _ = each.spans[0]
        if region.source.text[start:end] != "=" or _had_a_value(node, region):
            yield each


def integer(node: Node, region: Region) -> Iterator[Edit]:
    """0, 1 and 2 to what lies beside them; other numbers are settings, which are tuned."""
    if node.parent is not None and node.parent.kind in BINDINGS and region.root.kind not in FUNCTIONS:
        return  # a setting, such as `ROUNDS = 2`
    neighbours = {"0": ["1"], "1": ["0", "2"], "2": ["1"]}
    for new in neighbours.get(node.text, []):
        structural = node.parent is not None and node.parent.kind in BINARY | SUBSCRIPTS | ARGUMENTS
        weight = 1.0 if structural else 0.5
        yield edit(f"`{node.text}` to `{new}`", (node.start, node.end, new), weight=weight)


def bound(node: Node, region: Region) -> Iterator[Edit]:
    """One more or one less where a loop or a slice ends: arguments of `range`, sides of its condition."""
    for part in _bounds(node):
        yield from shifted(part)
    for token in node.tokens:
        if node.kind == "range_expression" and token.text in {"..", "..="}:
            new = "..=" if token.text == ".." else ".."
            yield edit(f"`{token.text}` to `{new}`", (token.start, token.end, new), weight=3)


def index(node: Node, region: Region) -> Iterator[Edit]:
    """`a[i]` to its neighbours; `a[i][j]` to `a[j][i]`."""
    inner = _index_of(node)
    if inner is None or inner.kind in STRINGS | {"slice"}:
        return
    yield from shifted(inner)
    outer = node.parent
    other = _index_of(outer) if outer is not None and outer.kind in SUBSCRIPTS else None
    if other is not None and other.start > node.end and other.text != inner.text:
        swap = ((inner.start, inner.end, other.text), (other.start, other.end, inner.text))
        yield edit(f"`[{inner.text}][{other.text}]` the other way round", *swap)


def shifted(node: Node, weight: float = 1.0) -> Iterator[Edit]:
    """An expression one higher and one lower."""
    text = node.text
    if node.kind in STRINGS or "\n" in text or len(text) > 60:
        return
    for step, sign, back in ((1, "+", "-"), (-1, "-", "+")):
        new = f"{int(text) + step}" if text.isdecimal() and node.kind in INTEGERS else None
        if new is None and node.kind in BINARY and len(node.children) == 3:
            left, operator, right = node.children
            if operator.text == back and right.text == "1":
                new = left.text
        if new is None:
            new = f"({text}) {sign} 1" if node.kind in LOOSE else f"{text} {sign} 1"
        yield edit(f"`{text}` to `{new}`", (node.start, node.end, new), weight=weight)


def _exchange(node: Node, table: dict[str, Weighted]) -> Iterator[Edit]:
    for token in node.children:
        if token.is_named and token.kind not in table:
            continue
        text = " ".join(token.text.split())
        for new, weight in table.get(text, {}).items():
            if weight and (new not in {"//", "**"} or node.language.is_python):
                is_plain = new in _SLIPS.get(text, ())
                span = (token.start, token.end, new)
                yield edit(f"`{text}` to `{new}`", span, weight=weight, is_plain=is_plain)


def _had_a_value(node: Node, region: Region) -> bool:
    target = node.children[0] if node.children else None
    if target is None or target.kind != "identifier":
        return True
    return any(is_binding(each) and each.start < node.start for each in region.names.get(target.text, []))


def _bounds(node: Node) -> Iterator[Node]:
    if node.kind == "range_expression":
        yield from node.named
    elif node.kind == "slice":
        yield from node.named
    elif node.kind == "slice_expression":
        yield from node.named[1:]
    elif node.kind in ARGUMENTS:
        name = called(node)
        is_cut = "." in name and name.rsplit(".", 1)[-1] in _CUTS and not node.language.is_python
        if is_cut or name in {"range", "xrange"}:
            yield from node.named[:2] if is_cut else node.named
    elif node.kind in BINARY and _is_loop_condition(node) and node.tokens:
        if node.tokens[0].text in _COMPARISONS:
            yield node.named[-1]


def _is_loop_condition(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.kind in BINARY | {"parenthesized_expression", "condition_clause"}:
        parent = parent.parent
    return parent is not None and parent.kind in LOOPS | {"for_clause"} and not node.is_statement


def _index_of(node: Node) -> Node | None:
    """What stands between the brackets, if it is one expression."""
    if node.kind not in SUBSCRIPTS or len(node.named) != 2:
        return None
    last = node.named[1]
    if last.kind == "subscript_argument_list":
        return last.named[0] if len(last.named) == 1 else None
    return last
