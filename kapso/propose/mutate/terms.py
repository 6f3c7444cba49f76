"""Operators on expressions: conditions, operands, arguments and names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from functools import lru_cache

from kapso.propose.mutate.edit import Edit, edit
from kapso.propose.mutate.languages import (
    BINARY,
    CALLS,
    FLOATS,
    IFS,
    INTEGERS,
    LOOSE,
    MEMBERS,
    PRECEDENCE,
    STRINGS,
)
from kapso.propose.mutate.tree import Node, Region, called, is_binding, is_variable
from kapso.propose.tune.found import last_name

_TWINS = [
    ("min", "max"), ("any", "all"), ("floor", "ceil"), ("floor", "round"), ("ceil", "round"), ("sin", "cos"),
    ("push", "unshift"), ("pop", "shift"), ("push_back", "push_front"),
    ("pop_back", "pop_front"), ("pop", "popleft"), ("append", "appendleft"), ("first", "last"),
    ("lower", "upper"), ("startswith", "endswith"), ("fmin", "fmax"), ("minimum", "maximum"),
    ("argmin", "argmax"),
    ("every", "some"), ("lower_bound", "upper_bound"), ("bisect_left", "bisect_right"), ("begin", "end"),
    ("log", "exp"), ("front", "back"), ("left", "right"), ("find", "rfind"),
    ("float64", "float32"), ("int64", "int32"), ("f64", "f32"),
    ("rotate_left", "rotate_right"), ("keys", "values"), ("indexOf", "lastIndexOf"),
]  # fmt: skip
_TWIN_OF: dict[str, list[str]] = {}
for _one, _other in _TWINS:
    _TWIN_OF.setdefault(_one, []).append(_other)
    _TWIN_OF.setdefault(_other, []).append(_one)
_SYMMETRIC = {
    "min",
    "max",
    "hypot",
    "gcd",
    "lcm",
    "print",
    "fmin",
    "fmax",
    "minimum",
    "maximum",
    "set",
    "zip",
}
_ONE_WAY = {"-", "/", "//", "%", "**", "<<", ">>", "@"}
_NUMERIC = {"+", "-", "*", "/", "//", "%", "**"}


def condition(node: Node, region: Region) -> Iterator[Edit]:
    """A condition turned round, or always true or never."""
    inner = _condition_of(node)
    if inner is None or "__name__" in inner.text or inner.kind in {"let_condition", "let_chain"}:
        return
    language, span = node.language, (inner.start, inner.end)
    is_loop = node.kind not in IFS
    signs = {each.text for each in inner.tokens}
    if inner.kind not in BINARY or signs & {"and", "or", "&&", "||"}:  # else other comparisons say as much
        text = language.negated.format(inner.text)
        yield edit(f"`{inner.text}` turned round", (*span, text), weight=0.3 if is_loop else 1.5)
    if not is_loop:  # a loop that never ends costs the whole time limit
        for word, weight in ((language.true, 1.0), (language.false, 0.7)):
            yield edit(f"`{inner.text}` to `{word}`", (*span, word), weight=weight)


def negation(node: Node, region: Region) -> Iterator[Edit]:
    """`-x` to `x`, `not x` to `x`; a side of `and` or `or` turned round."""
    if node.tokens and node.tokens[0].text in {"-", "!", "not"} and len(node.named) == 1:
        if node.named[0].kind not in INTEGERS | FLOATS:
            yield edit(f"`{node.text}` to `{node.named[0].text}`", (node.start, node.end, node.named[0].text))
    elif node.kind in BINARY and node.tokens and node.tokens[0].text in {"and", "or", "&&", "||"}:
        for side in node.named:
            if side.kind not in BINARY:
                text = node.language.negated.format(side.text)
                yield edit(f"`{side.text}` turned round", (side.start, side.end, text), weight=0.4)


def operands(node: Node, region: Region) -> Iterator[Edit]:
    """`a - b` to `b - a`."""
    if len(node.children) != 3 or node.children[1].text not in _ONE_WAY:
        return
    left, operator, right = node.children
    if {left.kind, right.kind} & STRINGS or left.text == right.text:
        return
    swap = (
        (left.start, left.end, wrapped(right, operator.text)),
        (right.start, right.end, wrapped(left, operator.text)),
    )
    yield edit(f"operands of `{node.text}` swapped", *swap)


def term(node: Node, region: Region) -> Iterator[Edit]:
    """`a + b` to `a` or to `b`, or with `b` twice."""
    if len(node.children) != 3 or not all(node.named):
        return
    left, operator, right = node.children
    if operator.text in {"<", "<=", ">", ">=", "==", "!=", "===", "!==", "in", "not in", "is", "is not"}:
        return
    for kept, dropped in ((left, right), (right, left)):
        if kept.kind not in STRINGS:
            yield edit(f"without `{dropped.text}`", (node.start, node.end, kept.text))
    if operator.text in {"+", "*"} and right.kind not in STRINGS | INTEGERS | FLOATS:
        more = f" {operator.text} {wrapped(right, operator.text)}"
        yield edit(f"`{right.text}` twice", (right.end, right.end, more), weight=0.2)


def arguments(node: Node, region: Region) -> Iterator[Edit]:
    """`f(a, b)` to `f(b, a)`."""
    given = [each for each in node.named if each.kind not in STRINGS | {"keyword_argument"}]
    if not 2 <= len(given) <= 5 or last_name(called(node)) in _SYMMETRIC:
        return
    for one, other in zip(given, given[1:], strict=False):
        if one.text != other.text:
            swap = ((one.start, one.end, other.text), (other.start, other.end, one.text))
            yield edit(f"arguments `{one.text}, {other.text}` swapped", *swap)


def callee(node: Node, region: Region) -> Iterator[Edit]:
    """`min` to `max`, or to a function of the program that takes as many arguments."""
    given = node.field("name") or (node.children[0] if node.children else None)
    if given is None or "\n" in given.text:
        return
    name = given.named[-1] if given.kind in MEMBERS and given.named else given
    if name.kind not in {"identifier", "property_identifier", "field_identifier"}:
        return
    for other in _TWIN_OF.get(name.text, []):
        yield edit(f"`{name.text}` to `{other}`", (name.start, name.end, other), weight=1.5)
    arities = region.source.arities
    if given.kind == "identifier" and name.text in arities and len(node.children) == 2:
        same = [each for each, n in arities.items() if n == arities[name.text] and each != name.text]
        for other in nearest(name.text, same)[:2]:
            yield edit(f"`{name.text}` to `{other}`", (name.start, name.end, other), weight=0.2)


def name(node: Node, region: Region) -> Iterator[Edit]:
    """A variable to another one in scope, those first that play the same part elsewhere."""
    if node.text not in region.locals or not is_variable(node) or is_binding(node):
        return
    worth = {}
    for other in region.locals - {node.text}:
        uses = region.names[other]
        if any(is_binding(each) for each in uses) and uses[0].start > node.start:
            continue  # it has no value yet
        fits = any(_part(each) == _part(node) and each is not node for each in uses)
        are_bound_together = bool(_binders(region, other) & _binders(region, node.text))
        likeness = 1 - _distance(node.text, other)
        worth[other] = (2.0 if are_bound_together else 1.0 if fits else 0.15) * (0.5 + likeness)
    for other in sorted(worth, key=lambda each: (-worth[each], each))[:3]:
        yield edit(f"`{node.text}` to `{other}`", (node.start, node.end, other), weight=worth[other])


def member(node: Node, region: Region) -> Iterator[Edit]:
    """`a.x` to `a.y`, where the region speaks of both."""
    if len(node.named) != 2 or (node.parent is not None and node.parent.kind in CALLS):
        return
    own = node.named[-1]
    others = {
        each.named[-1].text
        for each in region.nodes
        if each.kind == node.kind and len(each.named) == 2 and each.named[0].text == node.named[0].text
        if each.parent is None or each.parent.kind not in CALLS
    }
    for other in nearest(own.text, others - {own.text})[:2]:
        yield edit(f"`.{own.text}` to `.{other}`", (own.start, own.end, other), weight=0.7)


def _condition_of(node: Node) -> Node | None:
    """The condition itself, without the parentheses that the grammar asks for."""
    found = node.field("condition")
    if found is None and node.kind == "conditional_expression" and len(node.named) == 3:
        found = node.named[1]
    if found is not None and found.kind in {"parenthesized_expression", "condition_clause"}:
        found = found.named[0] if len(found.named) == 1 else None
    return found


def wrapped(node: Node, operator: str) -> str:
    """The node's text as an operand of `operator`, in parentheses where it binds no tighter."""
    if node.kind in BINARY and node.tokens:
        inner = PRECEDENCE.get(" ".join(node.tokens[0].text.split()), 0)
        return f"({node.text})" if inner <= PRECEDENCE.get(operator, 10) else node.text
    return f"({node.text})" if node.kind in LOOSE else node.text


def is_numeric(node: Node) -> bool:
    """Whether an expression looks like arithmetic on numbers."""
    if node.kind == "parenthesized_expression" and len(node.named) == 1:
        return is_numeric(node.named[0])
    if node.kind not in BINARY or not node.tokens or node.tokens[0].text not in _NUMERIC:
        return False
    return not any(each.kind in STRINGS for each in node.walk())


def _part(node: Node) -> tuple[str, str, bool]:
    """What a variable is used as: an index, the thing that is indexed, one side of a sum."""
    parent = node.parent
    if parent is None:
        return ("", "", False)
    sign = parent.tokens[0].text if parent.kind in BINARY and parent.tokens else ""
    return (parent.kind, sign if sign in _ONE_WAY else "", parent.children[0] is node)


@lru_cache(maxsize=64)
def _binders(region: Region, name: str) -> frozenset[Node]:
    """The statements that give a variable its value."""
    found = (each.statement for each in region.names[name] if is_binding(each))
    return frozenset(each for each in found if each is not None)


def nearest(name: str, others: Iterable[str]) -> list[str]:
    """Other names, the likest first."""
    return sorted(others, key=lambda other: (_distance(name, other), other))


@lru_cache(maxsize=20_000)
def _distance(name: str, other: str) -> float:
    """How unlike two names are, from 0 to 1; single letters by their place in the alphabet."""
    if len(name) == len(other) == 1:
        return abs(ord(name) - ord(other)) / 100
    return 1 - difflib.SequenceMatcher(None, name, other).ratio()
