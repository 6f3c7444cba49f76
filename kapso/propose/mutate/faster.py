"""Operators that save work without another result: what does not change goes out of its loop, a loop asks
for less, a sort for one value is a search, and a power is a product."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kapso.propose.mutate.edit import Edit, edit
from kapso.propose.mutate.languages import (
    ARGUMENTS,
    BINARY,
    BLOCKS,
    CALLS,
    EXITS,
    INTEGERS,
    LOOPS,
    LOOSE,
    SUBSCRIPTS,
    UNARY,
    places_in_code,
)
from kapso.propose.mutate.statements import indent_of
from kapso.propose.mutate.terms import wrapped
from kapso.propose.mutate.tree import Node, Region, called, is_binding
from kapso.propose.tune.found import last_name

_INNER_LOOPS = {
    "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression"
}  # fmt: skip
_DECLARED = {
    "python": "{0} = {1}", "javascript": "const {0} = {1};", "typescript": "const {0} = {1};",
    "tsx": "const {0} = {1};", "cpp": "const auto {0} = {1};", "rust": "let {0} = {1};", "go": "{0} := {1}",
    "java": "var {0} = {1};",
}  # fmt: skip
_CHANGES = {
    "append", "extend", "pop", "popleft", "remove", "insert", "add", "discard", "update", "clear", "sort",
    "next", "random", "randrange", "randint", "choice", "shuffle", "uniform", "input", "print", "read",
    "readline", "time", "perf_counter", "push", "shift", "unshift", "splice", "push_back", "pop_back",
    "range", "enumerate", "zip", "iter", "reversed", "map", "filter", "nextInt", "nextDouble", "println",
    "write",
}  # fmt: skip
"""Calls that change something, or give another value each time, or only make a loop go."""


def hoist(node: Node, region: Region) -> Iterator[Edit]:
    """A call in a loop whose arguments the loop leaves as they are, made once before it."""
    name, form = last_name(called(node.children[-1])), _DECLARED.get(node.language.name)
    if form is None or name in _CHANGES or len(node.text) > 120 or "\n" in node.text:
        return
    if node.parent is not None and (node.parent.kind == "expression_statement" or node.parent.kind in CALLS):
        return
    words = set(re.findall(r"[^\W\d]\w*", node.text))
    loop = None
    for above in node.above:
        if above.kind in LOOPS | _INNER_LOOPS:
            if _changed(above, region) & words:
                break
            loop = above
    # The outermost loop that leaves it alone is the place before which it is worth most.
    statement = loop.statement if loop is not None else None
    indent = indent_of(statement) if statement is not None else None
    if loop is None or statement is None or indent is None or not words & (region.locals | {"self", "this"}):
        return
    if statement.parent is None or statement.parent.kind not in BLOCKS:
        return
    new = re.sub(r"\W+", "_", name).strip("_") or "value"
    new = next(each for each in (f"{new}_now", f"{new}_now_2", f"{new}_now_3") if each not in region.names)
    first = f"{form.format(new, node.text)}{node.source.newline}{indent}"
    places = [each for each in statement.walk() if each.kind == node.kind and each.text == node.text]
    if places and places[0] is node:
        spans = [(each.start, each.end, new) for each in places]
        yield edit(f"`{node.text}` once, before the loop", (statement.start, statement.start, first), *spans)


def _changed(loop: Node, region: Region) -> set[str]:
    """The names that a loop gives a value, or that it may change by a method, an index or a member."""
    found = set()
    for each in loop.walk():
        if each.kind == "identifier" and is_binding(each):
            found.add(each.text)
        if each.kind in CALLS:
            path = called(each.children[-1])
            if last_name(path) in _CHANGES or path.rsplit(".", 1)[-1] in _CHANGES:
                found.add(path.split(".", 1)[0])
        if "assign" in each.kind and each.named:
            found |= set(re.findall(r"[^\W\d]\w*", each.named[0].text))
        if each.kind in {"update_expression", "inc_statement", "dec_statement"}:
            found |= set(re.findall(r"[^\W\d]\w*", each.text))
    return found


def first_of(node: Node, region: Region) -> Iterator[Edit]:
    """`sorted(xs)[0]` to `min(xs)`, `[-1]` to `max`; also where only that one is asked of a named list."""
    if node.kind in SUBSCRIPTS and len(node.named) == 2 and node.named[0].kind in CALLS:
        new = _extreme(node.named[0], node.named[1].text)
        if new is not None:
            yield edit(f"`{node.text}` to `{new}`", (node.start, node.end, new))
    elif node.kind == "assignment" and len(node.named) == 2 and node.named[1].kind in CALLS:
        name = node.named[0]
        uses = [each for each in region.names.get(name.text, []) if each.start != name.start]
        asked = [each.parent for each in uses if each.parent is not None]
        indices = {each.named[1].text for each in asked if each.kind in SUBSCRIPTS and len(each.named) == 2}
        if len(indices) != 1 or not all(each.kind in SUBSCRIPTS and len(each.named) == 2 for each in asked):
            return
        new = _extreme(node.named[1], indices.pop())
        if new is not None and all(each.named[0].text == name.text for each in asked):
            spans = [(each.start, each.end, name.text) for each in asked]
            value = node.named[1]
            yield edit(f"`{value.text}` to `{new}`", (value.start, value.end, new), *spans)


def _extreme(call: Node, index: str) -> str | None:
    """`min(…)` or `max(…)` for one end of `sorted(…)`."""
    if called(call.children[-1]) != "sorted" or index not in {"0", "-1"}:
        return None
    given = [each.text for each in call.children[-1].named]
    is_down = "reverse=True" in given
    given = [each for each in given if not each.startswith("reverse=")]
    return f"{'max' if (index == '-1') != is_down else 'min'}({', '.join(given)})"


def power(node: Node, region: Region) -> Iterator[Edit]:
    """`x ** 2` to `x * x`, `pow(x, 2)` too; `x * 1` and `x + 0` to `x`."""
    if node.kind in ARGUMENTS:
        call = node.parent
        if call is not None and last_name(called(node)) == "pow" and len(node.named) == 2:
            base, exponent = node.named
            if exponent.text in {"2", "2.0"} and len(base.text) <= 24 and base.kind not in CALLS:
                text = f"({base.text})" if base.kind in BINARY | LOOSE | UNARY else base.text
                new = f"({text} * {text})"
                yield edit(f"`{call.text}` to `{new}`", (call.start, call.end, new))
        return
    if len(node.children) != 3:
        return
    left, sign, right = node.children
    if sign.text == "**" and right.text in {"2", "2.0"} and len(left.text) <= 24 and left.kind not in CALLS:
        text = left.text if left.kind not in UNARY else f"({left.text})"
        new = f"{text} * {text}"
        new = f"({new})" if node.parent is not None and node.parent.kind in BINARY else new
        yield edit(f"`{node.text}` to `{new}`", (node.start, node.end, new))
    if (sign.text, right.text) in {("*", "1"), ("+", "0"), ("-", "0"), ("/", "1"), ("**", "1"), ("*", "1.0")}:
        yield edit(f"`{node.text}` to `{left.text}`", (node.start, node.end, left.text))


def precision(node: Node, region: Region) -> Iterator[Edit]:
    """`double` to `float` and back, all through the file: half as wide, or twice as exact."""
    source = region.source
    if node is not region.root or region is not source.regions[0]:
        return
    for old, new in _WIDTHS.get(source.language.name, ()):
        pattern = re.compile(rf"(?:\b|(?<=\d)|(?<=_)){old}\b")
        found = places_in_code(source.text, source.language, pattern)
        places = [(at, at + len(old)) for at in found if not any(a <= at < b for a, b in source.tests)]
        if places and all(source.allows(start, end) for start, end in places):
            spans = [(start, end, new) for start, end in places]
            yield edit(f"`{old}` to `{new}` in {len(places)} places", *spans)


_WIDTHS = {
    **dict.fromkeys(("c", "cpp", "java"), (("double", "float"), ("float", "double"))),
    "rust": (("f64", "f32"), ("f32", "f64"), ("u64", "u32"), ("i64", "i32")),
    "go": (("float64", "float32"), ("float32", "float64")),
}


def less(node: Node, region: Region) -> Iterator[Edit]:
    """A loop's last bound halved, or its root: divisors, pairs and palindromes need no more."""
    if node.kind in ARGUMENTS and called(node) == "range" and node.named:
        stop = node.named[min(1, len(node.named) - 1)]
        if stop.kind not in INTEGERS and len(stop.text) < 30:
            text = wrapped(stop, "**")
            root = f"int({text} ** 0.5) + 1"
            yield edit(f"`{stop.text}` to `{root}`", (stop.start, stop.end, root))
            half = f"{wrapped(stop, '//')} // 2 + 1"
            yield edit(f"`{stop.text}` to `{half}`", (stop.start, stop.end, half), weight=0.7)
    elif node.kind in BINARY and len(node.children) == 3 and node.children[1].text in {"<", "<="}:
        parent = node.parent
        while parent is not None and parent.kind in {"parenthesized_expression", "condition_clause"}:
            parent = parent.parent
        left, sign, right = node.children
        if parent is None or parent.kind not in LOOPS | {"for_clause"} or left.kind != "identifier":
            return
        root = f"{left.text} * {left.text} <= {right.text}"
        yield edit(f"`{node.text}` to `{root}`", (node.start, node.end, root))
        half = f"{left.text} {sign.text} {wrapped(right, '/')} / 2 + 1"
        if not node.language.is_python and right.kind not in INTEGERS:
            yield edit(f"`{node.text}` to `{half}`", (node.start, node.end, half), weight=0.7)


def guard(node: Node, region: Region) -> Iterator[Edit]:
    """A loop left, or a round of it, where what was summed up decides already: `if total > best: break`."""
    end, is_python = node.language.end, node.language.is_python
    for block in node.blocks() if node.kind in LOOPS else []:
        inside = block.statements()
        for conditions in _decisions(block, region):
            place = next((each for each in reversed(inside) if _sums(each)), inside[-1])
            indent, newline = indent_of(place), node.source.newline
            if indent is None or place.kind in EXITS:
                continue
            for word in ("break", "continue"):
                if word == "continue" and place is inside[-1]:
                    continue
                left = f"if {conditions}:" if is_python else f"if ({conditions}) {{"
                if node.language.name in {"rust", "go"}:
                    left = f"if {conditions} {{"
                new = f"{newline}{indent}{left} {word}{end}{'' if is_python else ' }'}"
                what = f"`if {conditions}: {word}` after `{place.text}`"
                yield edit(what, (place.end, place.end, new), weight=1.0 if word == "break" else 0.4)


def _sums(statement: Node) -> bool:
    return re.match(r"[^=(]*[-+]=", statement.text) is not None


def _decisions(block: Node, region: Region) -> Iterator[str]:
    """Conditions on what the block sums up: against what it is compared with, or kept as, elsewhere."""
    summed = [e.text.split("=", 1)[0].rstrip("+- ") for e in block.statements() if _sums(e)]
    for name in dict.fromkeys(each for each in summed if re.fullmatch(r"\w+", each)):
        text = region.source.text[region.start : region.end]
        kept = rf"([^\W\d]\w*) *= *{name}\b(?! *[-+*/(\[.])"
        pattern = rf"\b{name} *[<>]=? *([^\W\d]\w*)|([^\W\d]\w*) *[<>]=? *{name}\b|{kept}"
        others = {word for match in re.findall(pattern, text) for word in match if word}
        for other in sorted(others & region.locals - {name})[:2]:
            for sign in (">", ">=", "<"):
                yield f"{name} {sign} {other}"
