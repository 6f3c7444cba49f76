"""Operators for Python alone: what makes a program faster without another result."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kapso.propose.mutate.edit import Edit, Replacement, edit
from kapso.propose.mutate.languages import CALLS
from kapso.propose.mutate.statements import indent_of
from kapso.propose.mutate.tree import Node, Region

_IMPURE = re.compile(
    r"\b(yield|global|nonlocal|print|open|input|random|rng|time|perf_counter|append|extend|pop|remove|insert|self)\b"
    r"|\]\s*[-+*/]?=[^=]|\w\.\w+\s*[-+*/]?=[^=]"
)
_EATERS = {"sum", "any", "all", "max", "min", "set", "sorted", "tuple", "list", "dict", "join", "frozenset"}


def cache(node: Node, region: Region) -> Iterator[Edit]:
    """A function that looks pure, remembered by its arguments; one that calls itself first of all."""
    if node is not region.root or node.kind != "function_definition":
        return
    name, text = region.name.rsplit(".", 1)[-1], region.source.text[region.start : region.end]
    indent, body = indent_of(node), text.split("\n", 1)[-1]
    if indent is None or not region.source.arities.get(name) or "return" not in body or _IMPURE.search(text):
        return
    if re.search(r"@[^\n]*\n\s*(async\s+)?$", region.source.text[: node.start]):
        return
    newline, imported = region.source.newline, _import_of_functools(region)
    spans = [(node.start, node.start, f"@functools.cache{newline}{indent}")]
    if imported is not None and imported[0] == node.start:
        spans = [(node.start, node.start, f"{imported[2]}{newline}{newline}{spans[0][2]}")]
    elif imported is not None:
        spans.append(imported)
    is_recursive = re.search(rf"\b{re.escape(name)}\(", body) is not None
    yield edit(f"results of `{name}` remembered", *spans, weight=6.0 if is_recursive else 0.4)


def lazy(node: Node, region: Region) -> Iterator[Edit]:
    """A list that is only eaten up, as a generator: `sum([f(x) for x in y])`."""
    if node.kind != "list_comprehension" or node.parent is None or node.parent.kind != "argument_list":
        return
    called = node.parent.parent.children[0].text if node.parent.parent is not None else ""
    if len(node.parent.named) == 1 and called.rsplit(".", 1)[-1] in _EATERS:
        inner = node.text[1:-1]
        yield edit(f"`{node.text}` as a generator", (node.start, node.end, inner), weight=1.0)


def member_set(node: Node, region: Region) -> Iterator[Edit]:
    """A list that is asked what is in it, as a set; where it is appended to, that becomes `add`."""
    if not node.tokens or node.tokens[0].text not in {"in", "not in"} or len(node.named) != 2:
        return
    asked = node.named[1]
    if asked.kind in {"list", "tuple"} and asked.named:
        yield edit(f"`{asked.text}` as a set", _as_set(asked))
    elif asked.kind == "identifier":
        yield from _converted(asked, region)


def _converted(asked: Node, region: Region) -> Iterator[Edit]:
    spans: list[Replacement] = []
    for use in region.names.get(asked.text, []):
        parent = use.parent
        if parent is None:
            return
        if parent.kind == "assignment" and parent.named[0] is use:
            if parent.named[-1].kind not in {"list", "list_comprehension"}:
                return
            spans.append(_as_set(parent.named[-1]))
        elif parent.kind == "attribute" and parent.named[-1].text == "append":
            spans.append((parent.named[-1].start, parent.named[-1].end, "add"))
        elif not _is_harmless(use, parent):
            return
    if any(new != "add" for _, _, new in spans):
        yield edit(f"`{asked.text}` as a set", *spans, weight=5.0)


def _is_harmless(use: Node, parent: Node) -> bool:
    """Asked what is in it, or how long it is: a set answers as a list does."""
    if parent.kind == "comparison_operator":
        return parent.named[-1] is use
    call = parent.parent
    return call is not None and call.kind in CALLS and call.children[0].text in {"len", "set", "sorted"}


def _as_set(node: Node) -> Replacement:
    inner = node.text[1:-1].strip().rstrip(",")
    return (node.start, node.end, f"{{{inner}}}" if inner else "set()")


def _import_of_functools(region: Region) -> Replacement | None:
    """Where `import functools` has to be added; None where it stands already."""
    text = region.source.text
    if re.search(r"^import functools\s*$", text, re.MULTILINE):
        return None
    first = re.search(r"^(?:import|from) (?!__future__)", text, re.MULTILINE)
    at = first.start() if first else 0
    if first is None or not region.source.allows(at, at):
        line = text.rfind("\n", 0, region.start) + 1
        at = line if text[line : line + 1] not in {" ", "\t"} else at
    return (at, at, f"import functools{region.source.newline}")
