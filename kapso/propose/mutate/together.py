"""Operators that make two or more edits at once, where one of them alone leads nowhere: names exchanged or
replaced throughout a statement, and pairs of small edits that share a variable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from kapso.propose.mutate import signs
from kapso.propose.mutate.edit import Edit, edit
from kapso.propose.mutate.languages import BINARY, SUBSCRIPTS, UPDATES
from kapso.propose.mutate.scope import scope_of
from kapso.propose.mutate.terms import nearest
from kapso.propose.mutate.tree import Node, Region, is_binding, is_variable

_LONGEST = 200
_MOST_PAIRS = 80
_NEAR = 3
"""Statements that two edits of a pair may lie apart."""


def exchange(node: Node, region: Region) -> Iterator[Edit]:
    """`a[i][j] * b[j][k]` to `a[i][k] * b[k][j]`: two variables in each other's places."""
    if node.blocks() or len(node.text) > _LONGEST:
        return
    uses = _uses(node, region)
    for one, other in combinations(uses, 2):
        places = [*uses[one], *uses[other]]
        if 3 <= len(places) <= 8 and len({each.parent for each in places if each.parent}) > 1:
            spans = [(e.start, e.end, other if e.text == one else one) for e in places]
            yield edit(f"`{one}` and `{other}` exchanged in `{node.text}`", *spans)


def rename(node: Node, region: Region) -> Iterator[Edit]:
    """One variable for another, all through a statement that names it more than once."""
    if len(node.text) > 3 * _LONGEST:
        return
    given = scope_of(region).given
    for name, places in _uses(node, region).items():
        free = [each for each in places if not is_binding(each)]
        if not 2 <= len(free) <= 6:
            continue
        others = {
            each
            for each in region.locals - {name}
            if each in given or region.names[each][0].start < node.start
        }
        for other in nearest(name, others)[:2]:
            spans = [(each.start, each.end, other) for each in free]
            yield edit(f"`{name}` to `{other}` throughout `{node.text}`", *spans, weight=0.5)


def both(node: Node, region: Region) -> Iterator[Edit]:
    """Two comparisons near each other that share a variable, changed alike: both loosened, both turned."""
    is_plain = not scope_of(region).is_formula
    for _, one, other in _pairs(node, region):
        if _are_alike(one, other):
            yield edit(f"{one.what}, {other.what}", *one.spans, *other.spans, is_plain=is_plain)


def pair(node: Node, region: Region) -> Iterator[Edit]:
    """Two small edits near each other that share a variable: a comparison and a 1, or two places."""
    found = [each for each in _pairs(node, region) if not _are_alike(*each[1:])]
    found.sort(key=lambda each: (-each[0], each[1].start, each[2].start))
    for weight, one, other in found[:_MOST_PAIRS]:
        yield edit(f"{one.what}, {other.what}", *one.spans, *other.spans, weight=min(1.0, weight / 4))


def _pairs(node: Node, region: Region) -> Iterator[tuple[float, Edit, Edit]]:
    """The small edits of a region by twos, each with what speaks for it."""
    single = list(_small(region)) if node is region.root else []
    for (place, words, one), (other_place, other_words, other) in combinations(single, 2):
        apart = abs(place - other_place)
        is_disjoint = one.spans[-1][1] < other.spans[0][0] or other.spans[-1][1] < one.spans[0][0]
        if apart <= _NEAR and is_disjoint and words & other_words:
            yield one.weight * other.weight / (1 + apart), one, other


def _are_alike(one: Edit, other: Edit) -> bool:
    """Whether two comparisons are changed alike: both turned round, both loosened, both made strict."""
    changes = [tuple(re.findall(r"`([<>]=?)`", each.what)) for each in (one, other)]
    if any(len(each) != 2 for each in changes):
        return False
    return len({_CHANGE.get(each, "") for each in changes}) == 1 and changes[0] in _CHANGE


_CHANGE = {
    **dict.fromkeys((("<", "<="), (">", ">=")), "loosened"),
    **dict.fromkeys((("<=", "<"), (">=", ">")), "strict"),
    **dict.fromkeys((("<", ">"), (">", "<"), ("<=", ">="), (">=", "<=")), "turned"),
}


def _uses(node: Node, region: Region) -> dict[str, list[Node]]:
    """Where a statement names each variable of the region."""
    found: dict[str, list[Node]] = {}
    for each in node.walk():
        if each.kind == "identifier" and each.text in region.locals and is_variable(each):
            found.setdefault(each.text, []).append(each)
    return found


def _small(region: Region) -> Iterator[tuple[int, set[str], Edit]]:
    """The edits that come in pairs, each with the place of its statement and the variables around it."""
    places = {each: place for place, each in enumerate(region.keys)}
    for node in region.nodes:
        statement = node.statement
        if statement is None:
            continue
        for each in _of(node, region):
            words = set(re.findall(r"[^\W\d]\w*", _head(statement, node))) & region.locals
            yield places[statement], words, each


def _of(node: Node, region: Region) -> Iterator[Edit]:
    if node.kind in BINARY:
        yield from (each for each in signs.compare(node, region) if each.is_plain or each.weight >= 2)
        yield from signs.step(node, region)
    if node.kind in SUBSCRIPTS:
        yield from signs.index(node, region)
    if node.kind in UPDATES:
        yield from signs.assign(node, region)
    yield from signs.bound(node, region)
    parent = node.parent
    if node.is_named and parent is not None and _is_first_value(node, parent):
        yield from signs.shifted(node, weight=0.7)


def _is_first_value(node: Node, parent: Node) -> bool:
    """Whether it is what a plain name is set to, such as the end from which a search starts."""
    is_last = len(parent.named) == 2 and parent.named[-1] is node and parent.named[0].kind == "identifier"
    is_set = parent.kind in {"assignment", "init_declarator", "variable_declarator", "assignment_expression"}
    return is_last and is_set and not (node.kind in BINARY and node.tokens[0].text in {"+", "-"})


def _head(statement: Node, node: Node) -> str:
    """The simple statement around a node, or the first line of a compound one."""
    return statement.text.split("\n", 1)[0] if statement.blocks() else statement.text
