"""Operators on whole statements: without one, in another order, into or out of a block, a copy, an exit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kapso.propose.mutate.edit import Edit, edit
from kapso.propose.mutate.languages import (
    ASSIGNMENTS,
    CASES,
    DECLARATIONS,
    EXITS,
    FUNCTIONS,
    HOLDERS,
    LOOPS,
    NEVER,
    WHILES,
)
from kapso.propose.mutate.scope import scope_of
from kapso.propose.mutate.tree import Node, Region, is_binding

_SHORT = 240
"""Characters of a statement that is copied or moved into a block."""
_LONG = 1500
_TAILS = {"if_expression", "match_expression", "for_expression", "while_expression", "loop_expression"}
_MEANT = re.compile(r"fall(s|ing)?[-_ ]?through|no break", re.IGNORECASE)
"""How people say that a case runs on."""


def delete(node: Node, region: Region) -> Iterator[Edit]:
    """A program without the statement."""
    if not _is_movable(node) or node.kind in DECLARATIONS or len(node.text) > _LONG:
        return
    if node.kind == "pass_statement" or "__name__" in node.text.split("\n", 1)[0] or _is_tail(node):
        return
    if node.language.is_python and _is_read(node, region):
        return
    weight = 2.0 if len(node.text) < _SHORT else 1.0
    if _is_only_binding(node, region):
        weight = 0.15
    elif _is_unused(node, region):
        weight = 4.0
    if _ends_a_loop(node):
        weight = 0.1
    siblings = node.parent.statements() if node.parent is not None else []
    span = whole_lines(node)
    if node.language.is_python and len(siblings) == 1:
        yield edit(f"without `{node.text}`", (node.start, node.end, "pass"), weight=weight)
    else:
        yield edit(f"without `{node.text}`", (*span, ""), weight=weight)


def swap(node: Node, region: Region) -> Iterator[Edit]:
    """A statement and the one behind it in the other order."""
    other = _next(node)
    if other is None or not (_is_movable(node) and _is_movable(other)) or _is_tail(other):
        return
    if len(node.text) + len(other.text) > _LONG or node.text == other.text or _is_only_binding(node, region):
        return
    is_slip = _is_light(node) and _is_light(other)
    is_slip = is_slip and bool(_sets(node) & _words(other) or _sets(other) & _words(node))
    weight = 2.5 if is_slip else 1.2 if _words(node) & _words(other) else 0.2
    spans = ((node.start, node.end, other.text), (other.start, other.end, node.text))
    what = f"`{other.text}` before `{node.text}`"
    yield edit(what, *spans, weight=weight, is_plain=is_slip)


def move(node: Node, region: Region) -> Iterator[Edit]:
    """A statement out of a block or into one, over the block's edge."""
    for block in node.blocks():
        inside = [each for each in block.statements() if _is_light(each)]
        if len(block.statements()) > 1 and inside:
            if inside[-1] is block.statements()[-1]:
                yield from _moved(inside[-1], node, is_before=False, what="after")
            if inside[0] is block.statements()[0]:
                yield from _moved(inside[0], node, is_before=True, what="before")
        if not block.statements() or block.kind in CASES:
            continue
        before, last = _previous(node), block.statements()[-1]
        if before is not None and _is_light(before):
            yield from _moved(before, block.statements()[0], is_before=True, what="into the block, before")
        for other in _nearby(last, region):
            is_apart = other.parent is not block and not any(each is other for each in last.above)
            if is_apart and not _is_only_binding(other, region):
                yield from _moved(other, last, is_before=False, what="into the block, after")


def leave(node: Node, region: Region) -> Iterator[Edit]:
    """`break`, `continue` or the function's `return` where a branch in a loop ends, or for one another."""
    end = node.language.end
    is_in_loop = any(each.kind in LOOPS for each in node.above)
    if node.kind in EXITS or (node.named and node.named[0].kind in EXITS):
        word = node.text.split()[0].rstrip(";")
        other = {"break": "continue", "continue": "break"}.get(word)
        if other is not None and node.text.rstrip(";") == word:
            new = node.text.replace(word, other)
            yield edit(f"`{word}` to `{other}`", (node.start, node.end, new), weight=1.0)
        return
    for block in node.blocks():
        last = block.statements()[-1:]
        if block.kind in CASES or not last or last[0].kind in EXITS or _is_exit(last[0]) or _is_tail(last[0]):
            continue
        is_branch = node.kind not in LOOPS and not (node.named and node.named[0].kind in LOOPS)
        words = {"break": 1.5, "continue": 0.5} if is_in_loop and is_branch else {}
        for word, weight in words.items():
            yield _inserted(f"`{word}` after `{last[0].text}`", last[0], f"{word}{end}", weight)
        for given in _returns(region)[-1:] if is_branch else []:
            yield _inserted(f"`{given.text}` after `{last[0].text}`", last[0], given.text, 0.5)


def end_case(node: Node, region: Region) -> Iterator[Edit]:
    """`break` where a case runs on into the next one without saying that it means to."""
    siblings = node.parent.named if node.parent is not None else []
    following = next((each.start for each in siblings if each.start >= node.end), None)
    colon = next((each.end for each in node.tokens if each.text == ":"), None)
    if colon is None or following is None or _MEANT.search(node.source.text[node.start : following]):
        return
    last = next((each for each in reversed(node.named) if each.start >= colon), None)
    inner = last
    while inner is not None and inner.kind in {"compound_statement", "statement_block"} and inner.named:
        inner = inner.named[-1]
    if last is not None and inner is not None and not _is_exit(inner):
        yield _inserted(f"`break;` after `{last.text}`", last, "break;", 8)


def copy(node: Node, region: Region) -> Iterator[Edit]:
    """A short statement from nearby once more: before this one, in its place, or where its blocks end."""
    if not _is_movable(node):
        return
    for last in [block.statements()[-1] for block in node.blocks() if block.statements()]:
        if not _is_exit(last) and not _is_tail(last):
            for other in _nearby(last, region):
                if other.text == last.text or any(above is other for above in last.above):
                    continue
                yield _inserted(f"`{other.text}` once more after `{last.text}`", last, other.text, 0.4)
    for other in _nearby(node, region):
        if other.text == node.text or any(above is other for above in node.above):
            continue
        yield _inserted(
            f"`{other.text}` once more before `{node.text}`", node, other.text, 0.15, is_before=True
        )
        if _is_light(node) and node.kind not in DECLARATIONS and not _is_tail(node):
            yield edit(f"`{node.text}` to `{other.text}`", (node.start, node.end, other.text), weight=0.1)


def whole_lines(node: Node) -> tuple[int, int]:
    """The node's span, or that of its lines where nothing else stands on them."""
    text = node.source.text
    start = text.rfind("\n", 0, node.start) + 1
    end = text.find("\n", node.end)
    end = len(text) if end < 0 else end + 1
    is_alone = not text[start : node.start].strip() and not text[node.end : end].strip()
    return (start, end) if is_alone else (node.start, node.end)


def indent_of(node: Node) -> str | None:
    """The space before a node that begins its line; None for one that stands behind something else."""
    text = node.source.text
    before = text[text.rfind("\n", 0, node.start) + 1 : node.start]
    return before if not before.strip() else None


def _inserted(what: str, node: Node, new: str, weight: float, is_before: bool = False) -> Edit:
    """A new statement on a line of its own beside `node`."""
    indent, newline = indent_of(node), node.source.newline
    if is_before:
        new = f"{new}{newline}{indent}" if indent is not None else f"{new} "
        return edit(what, (node.start, node.start, new), weight=weight)
    new = f"{newline}{indent}{new}" if indent is not None else f" {new}"
    return edit(what, (node.end, node.end, new), weight=weight)


def _moved(node: Node, beside: Node, is_before: bool, what: str) -> Iterator[Edit]:
    """`node` taken out and put beside another one, as far in as that one is."""
    indent = indent_of(node)
    if indent is None or indent_of(beside) is None or "\n" in node.text:
        return
    weight = 1.2 if any(each.kind in LOOPS for each in (beside, *beside.above)) else 0.6
    put = _inserted("", beside, node.text, 0.0, is_before).spans[0]
    cut = (*whole_lines(node), "")
    if put[0] > cut[0] and put[0] < cut[1]:
        return
    yield edit(f"`{node.text}` {what} `{beside.text}`", put, cut, weight=weight)


def _is_movable(node: Node) -> bool:
    """Whether it is a statement that does something, not one that declares, imports or defines."""
    if not node.is_statement or node.kind in NEVER | FUNCTIONS | HOLDERS | CASES:
        return False
    return node.kind not in {"decorated_definition", "else_clause"} and "require(" not in node.text[:80]


def _is_light(node: Node) -> bool:
    """Whether it is one short line."""
    is_light = _is_movable(node) and "\n" not in node.text and len(node.text) <= _SHORT
    return is_light and not _is_tail(node) and node.kind not in _TAILS


def _is_tail(node: Node) -> bool:
    """Whether it is the value of a block, as in Rust."""
    is_rust = node.language.name == "rust"
    return is_rust and not node.text.rstrip().endswith((";", "}")) and node.kind not in DECLARATIONS


def _is_exit(node: Node) -> bool:
    return node.kind in EXITS or bool(node.named and node.named[0].kind in EXITS)


def _is_only_binding(node: Node, region: Region) -> bool:
    """Whether a variable that is used later gets its first value here."""
    for each in node.walk():
        if each.kind == "identifier" and is_binding(each):
            same = region.names.get(each.text, [])
            if not any(is_binding(one) and one.start < each.start for one in same):
                later = region.source.text[node.end :]
                return re.search(rf"\b{re.escape(each.text)}\b", later) is not None
    return False


def _is_read(node: Node, region: Region) -> bool:
    """Whether a name has its value from here alone, and something reads it: without, it has none.

    What a module binds may be read from other files as well.
    """
    if node.kind != "expression_statement" or not node.named or node.named[0].kind != "assignment":
        return False
    bound = [each for each in node.named[0].walk() if each.kind == "identifier" and is_binding(each)]
    if region.root.kind == "module":
        return bool(bound)
    given = scope_of(region).given
    return any(_is_asked_next(each, region) for each in bound if each.text not in given)


def _is_asked_next(name: Node, region: Region) -> bool:
    """Whether a name without a value before this place is read before it is given another one."""
    uses = region.names.get(name.text, [])
    if any(is_binding(each) and each.start < name.start for each in uses):
        return False
    later = [each for each in uses if each.start > name.start and each.statement is not name.statement]
    again = later[0].statement if later and is_binding(later[0]) else None
    if again is not None and name.statement is not None and again.parent is name.statement.parent:
        plain = again.named[0].kind == "assignment" if again.named else False
        return not plain or sum(each.text == name.text for each in again.named[0].walk()) > 1
    return bool(later) or _is_in_nested(name, region)


def _is_in_nested(name: Node, region: Region) -> bool:
    """Whether functions inside the region, which are regions of their own, speak of the name."""
    text = region.source.text[name.end : region.end]
    words = re.findall(rf"\b{re.escape(name.text)}\b", text)
    return len(words) > sum(each.start > name.start for each in region.names.get(name.text, []))


def _is_unused(node: Node, region: Region) -> bool:
    """Whether it gives a value to a variable that nothing asks for."""
    bound = [each for each in node.walk() if each.kind == "identifier" and is_binding(each)]
    if len(bound) != 1 or bound[0].text not in region.locals:
        return False
    words = re.findall(rf"\b{re.escape(bound[0].text)}\b", region.source.text)
    return len(words) == 1


def _ends_a_loop(node: Node) -> bool:
    """Whether a loop's condition waits for what is changed here: without it, the loop may never end."""
    if not any(each.kind in ASSIGNMENTS or "++" in each.text or "--" in each.text for each in node.walk()):
        return False
    loop = next((each for each in node.above if each.kind in WHILES), None)
    asked = loop.field("condition") if loop is not None else None
    return asked is not None and bool(_words(asked) & set(re.findall(r"[^\W\d]\w*", node.text[:60])))


def _nearby(node: Node, region: Region) -> list[Node]:
    """The two short statements before and the two behind it."""
    every = list(region.keys)
    place = every.index(node)
    window = every[max(0, place - 8) : place + 9]
    fit = [
        each for each in window if _is_light(each) and each.kind not in DECLARATIONS and not _is_exit(each)
    ]
    before = [each for each in fit if each.start < node.start][-2:]
    return before + [each for each in fit if each.start > node.start][:2]


def _returns(region: Region) -> list[Node]:
    found = [each for each in region.keys if each.kind in {"return_statement", "return_expression"}]
    return [each for each in found if "\n" not in each.text and len(each.text) < 80]


def _words(node: Node) -> set[str]:
    return {each.text for each in node.walk() if each.kind == "identifier"}


def _sets(node: Node) -> set[str]:
    """The names that a statement gives a value."""
    return {each.text for each in node.walk() if each.kind == "identifier" and is_binding(each)}


def _next(node: Node) -> Node | None:
    return _sibling(node, 1)


def _previous(node: Node) -> Node | None:
    return _sibling(node, -1)


def _sibling(node: Node, step: int) -> Node | None:
    siblings = node.parent.statements() if node.parent is not None else []
    place = next((place for place, each in enumerate(siblings) if each is node), None)
    if place is None or not 0 <= place + step < len(siblings):
        return None
    return siblings[place + step]
