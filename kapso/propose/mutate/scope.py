"""What an expression may grow from: the values that a region speaks of, which look like numbers, and where
each can be seen."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from kapso.propose.mutate.languages import (
    ARGUMENTS,
    ASSIGNMENTS,
    BINARY,
    BINDINGS,
    CALLS,
    FLOATS,
    INTEGERS,
    LOOPS,
    MEMBERS,
    STRINGS,
    SUBSCRIPTS,
    UNARY,
)
from kapso.propose.mutate.tree import Node, Region, called, is_binding, is_variable
from kapso.propose.tune.found import last_name

_LONGEST = 24
"""Characters of a value that is used again elsewhere."""
_ARITHMETIC = {"+", "-", "*", "/", "**", "%", "//"}
_ORDERED = {"<", "<=", ">", ">="}
_REAL = r"(?:float|double|f32|f64|float32|float64)"
_CONSTANT = re.compile(
    r"^(?:const |static |let |var |final |constexpr |double |float )*([^\W\d]\w*)"
    rf"(?:: *{_REAL})? *= *-?\d+\.\d",
    re.MULTILINE,
)
_INNER = {
    "list_comprehension", "set_comprehension", "dictionary_comprehension", "generator_expression", "lambda",
    "arrow_function", "closure_expression", "lambda_expression",
}  # fmt: skip
_OF_NUMBERS = {"abs", "sqrt", "exp", "log", "sin", "cos", "pow", "hypot", "fabs", "tanh", "floor", "ceil"}
_OF_LISTS = {"len", "sorted", "list", "set", "tuple", "enumerate", "reversed", "zip", "map", "any", "all"}
_CONTAINERS = {
    "list", "dictionary", "set", "tuple", "list_comprehension", "dictionary_comprehension", "array", "object",
    "set_comprehension", "generator_expression", "array_expression",
}  # fmt: skip


@dataclass(frozen=True)
class Atom:
    """A value by the text that names it; `evidence` for its being a number, negative against it."""

    text: str
    names: frozenset[str]
    evidence: int


@dataclass(frozen=True)
class Scope:
    """The atoms of a region in order of place, and the names that are given to it or stand outside.

    `is_real`: it reckons with fractions; `is_formula`: and does nothing else, item by item.
    """

    atoms: tuple[Atom, ...]
    given: frozenset[str]
    is_real: bool
    is_formula: bool

    def evidence(self, text: str) -> int:
        return next((each.evidence for each in self.atoms if each.text == text), 0)


@lru_cache(maxsize=8)
def scope_of(region: Region) -> Scope:
    """What the region's expressions may use."""
    evidence: Counter[str] = Counter()
    names: dict[str, frozenset[str]] = {}
    for node in region.nodes:
        if node.kind == "identifier" and is_variable(node):
            _weigh(node, evidence, names)
    for text in [each for each in evidence if each.split("[", 1)[0] in names and "[" not in each]:
        names.setdefault(text, frozenset({text}))
    given = _parameters(region)
    for name in [*given, *sorted(region.locals), *_constants(region)]:
        names.setdefault(name, frozenset({name}))
    atoms = (Atom(text, used, evidence[text]) for text, used in names.items() if text not in _NO_VALUES)
    if region.source.language.is_checked:
        atoms = (Atom(each.text, each.names, _declared(each, region)) for each in atoms)
    is_real, is_flat = _is_real(region), not any(each.kind in LOOPS | SUBSCRIPTS for each in region.nodes)
    return Scope(tuple(atoms), frozenset((*given, *_constants(region))), is_real, is_real and is_flat)


_NO_VALUES = {"self", "this", "cls", "_", "None", "null", "nil"}


def _parameters(region: Region) -> list[str]:
    """The parameters of a function, those included that it does not use yet."""
    parts = [
        each for each in region.parts if "parameter" in each.kind() or each.kind() == "function_declarator"
    ]
    if not parts:
        return []
    inner = parts[0].text().split("(", 1)[-1].rsplit(")", 1)[0]
    while (bare := re.sub(r"\[[^][]*\]|\([^()]*\)|<[^<>]*>|\{[^{}]*\}", " ", inner)) != inner:
        inner = bare
    is_last = region.source.language.name in {"c", "cpp", "java"}
    found = []
    for each in inner.split(","):
        if not is_last and each.strip().startswith(("*", "...", "/")):
            continue
        words = re.findall(r"[^\W\d]\w*", re.split(r"=", each)[0] if is_last else re.split(r"[:=]", each)[0])
        words = [word for word in words if word not in {"mut", "ref", "const", "self", "this", "cls"}]
        found += words[-1:] if is_last else words[:1]
    return found


def _constants(region: Region) -> list[str]:
    """Names that the module gives a fraction, or a number in capitals."""
    if region.root.kind in {"module", "program", "translation_unit", "source_file"}:
        return []
    text = region.source.text
    return _CONSTANT.findall(text)[:8]


def visible(atom: Atom, site: Node, region: Region) -> bool:
    """Whether all that an atom names has a value where `site` stands."""
    return all(_is_visible(name, site, region) for name in atom.names)


def _is_visible(name: str, site: Node, region: Region) -> bool:
    uses = region.names.get(name, [])
    bound = [each for each in uses if is_binding(each)]
    if name in scope_of(region).given:
        return True
    statement = site.statement
    for each in bound:
        holder = _holder(each)
        is_inside = holder.start <= site.start and site.end <= holder.end
        if holder.kind in _INNER and is_inside:
            return True
        if each.start < site.start and is_inside and each.statement is not statement:
            return True
        if each.statement is statement and statement is not None and statement.kind in LOOPS and is_inside:
            return True
    inner = next((node for node in site.above if node.kind in _INNER), None)
    return inner is not None and any(inner.start <= use.start < inner.end for use in uses)


def _holder(node: Node) -> Node:
    """Where a variable that is bound at `node` can be seen."""
    for each in node.above:
        if each.kind in _INNER:
            return each
        if not node.language.is_python and (each.kind in LOOPS or each.is_statement):
            return each if each.kind in LOOPS or each.parent is None else each.parent
    return next(reversed(list(node.above)), node)


def _weigh(node: Node, evidence: Counter[str], names: dict[str, frozenset[str]]) -> None:
    """Take in what the use of a variable says about it and about what is read through it."""
    top, used = node, {node.text}
    while (
        top.parent is not None and top.parent.kind in MEMBERS | SUBSCRIPTS and top.parent.children[0] is top
    ):
        evidence[top.text] -= 3
        top = top.parent
        if top.kind in SUBSCRIPTS:
            used |= {each.text for each in top.walk() if each.kind == "identifier" and is_variable(each)}
    parent = top.parent
    if parent is None or (parent.kind in CALLS and parent.children[0] is top):  # its object, or its name
        evidence[node.text] -= 3 * (top is not node)
        return
    evidence[top.text] += _says(top, parent)
    if len(top.text) <= _LONGEST and "\n" not in top.text and not re.search(r"[(:]", top.text):
        names.setdefault(top.text, frozenset(used))


def _says(node: Node, parent: Node) -> int:
    """What a use says: positive for a number, negative for anything else."""
    signs = {each.text for each in parent.tokens}
    others = [each for each in parent.named if each is not node]
    if parent.kind in BINARY:
        if any(each.kind in STRINGS | _CONTAINERS for each in others):
            return -2
        if signs & {"in", "not in"}:
            return -2 if parent.named[-1] is node else 0
        return 1 + (signs != {"+"}) if signs & _ARITHMETIC else int(bool(signs & _ORDERED))
    if parent.kind in UNARY:
        return 2 if "-" in signs else 0
    if parent.kind in ARGUMENTS:
        name = last_name(called(parent).rsplit(".", 1)[-1])
        return 2 if name in _OF_NUMBERS else -2 if name in _OF_LISTS else 0
    if parent.kind in BINDINGS | ASSIGNMENTS and parent.named[0] is node:
        value = parent.named[-1]
        if value.kind in STRINGS | _CONTAINERS:
            return -2
        return 2 if value.kind in FLOATS | INTEGERS or _is_arithmetic(value) else 0
    is_iterated = parent.kind in LOOPS | {"for_in_clause"} and not is_binding(node)
    return -2 if is_iterated else 0


def _is_arithmetic(node: Node) -> bool:
    return node.kind in BINARY and bool(node.tokens) and node.tokens[0].text in _ARITHMETIC - {"+"}


def _declared(atom: Atom, region: Region) -> int:
    """2 for what is declared as a fraction, or holds such; where types are checked, nothing else will do."""
    base = re.escape(re.split(r"\W", atom.text, maxsplit=1)[0])
    text = region.source.text[region.start : region.end]
    between = r"[\s&*\[\]]*(?:const\b|restrict\b|mut\b)?[\s&*]*" if "[" in atom.text else r"[\s&]*"
    before = rf"\b{_REAL}\b{between}(?:\w+\s*(?:=[^,;()]*)?,\s*)*\b{base}\b"
    after = rf"\b{base}\b(?:\s*,\s*\w+)*\s*:?[\s&]*(?:mut\b)?[\s\[\]&]*(?:Vec<|\[)?\s*{_REAL}\b"
    is_list = re.search(rf"\b{base}\b\s*:?\s*(?:&|mut|\s)*(?:Vec<|\[)", text) is not None
    if "." in atom.text or (is_list and "[" not in atom.text):
        return -3
    given = rf"\b{base}\b\s*:?=[^;\n]*\d\.\d"
    return 2 if re.search(before, text) or re.search(after, text) or re.search(given, text) else -3


def _is_real(region: Region) -> bool:
    """Whether a region reckons with fractions, or is nothing but a short formula."""
    signs = {each.text for each in region.nodes if not each.is_named}
    kinds = {each.kind for each in region.nodes}
    if kinds & FLOATS or (signs & {"/", "**"} and "//" not in signs):
        return True
    if any(re.fullmatch(r"\d+\.\d*\w*", each.text) for each in region.nodes if each.kind in INTEGERS):
        return True
    is_short = sum(each.is_statement for each in region.nodes) <= 4
    return is_short and not kinds & (LOOPS | SUBSCRIPTS) and region.root.kind != "module"
