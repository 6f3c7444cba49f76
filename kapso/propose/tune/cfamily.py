"""Literals of C and C++ source: what they are called and how likely they are settings.

Never tuned: what the preprocessor decides on, sizes of arrays and the constants that give them,
enumerators, case labels, indices, template arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kapso.propose.tune.found import (
    Found,
    is_quiet_call,
    is_setting,
    is_within,
    last_name,
    settings_among,
    span,
    tier_of,
)
from kapso.propose.tune.slots import ASLEEP, NEVER, Value, read_value

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_KINDS = ("number_literal", "true", "false")
_NEVER = {
    "enumerator", "bitfield_clause", "template_argument_list", "static_assert_declaration", "string_literal",
    "preproc_include", "attribute_specifier", "alignas_qualifier", "new_declarator", "type_descriptor",
    "sizeof_expression", "ERROR",
}  # fmt: skip
_NAMING = {
    "init_declarator": "declarator",
    "optional_parameter_declaration": "declarator",
    "field_declaration": "declarator",
    "assignment_expression": "left",
}
_SCOPES = {"function_definition", "class_specifier", "struct_specifier", "namespace_definition"}
_STATEMENTS = {
    "if_statement": "if", "while_statement": "while", "do_statement": "while", "for_statement": "for",
    "return_statement": "return", "conditional_expression": "if", "switch_statement": "switch",
}  # fmt: skip
_PLAIN = {
    "initializer_list",
    "initializer_pair",
    "parenthesized_expression",
    "declaration",
    "translation_unit",
}
_DEFINED = re.compile(r"\(?\s*(-?[\d.][\w.']*(?:[eE][+-]\d+\w*)?)\s*\)?\s*(?://.*|/\*.*)?$")


def find_literals(root: SgNode, language: str) -> Iterator[Found]:
    """Every literal of a translation unit, `#define NAME 0.95` included."""
    capacities = _capacities(root, language)
    for node in settings_among(root, _KINDS, ("initializer_list",)):
        walk = _Walk(node, capacities)
        text = node.text()
        value = read_value(text)
        if value is not None:
            yield Found(*span(node), text, walk.names, walk.tier(value), walk.is_direct)
    for node in root.find_all(kind="preproc_def"):
        yield from _define(node, capacities)


def strings(root: SgNode, language: str) -> Iterator[Found]:
    """Every plain string, which only a marker makes a choice."""
    for node in root.find_all(kind="string_literal"):
        walk = _Walk(node, set())
        yield Found(*span(node), node.text(), walk.names, ASLEEP)


def _define(node: SgNode, capacities: set[str]) -> Iterator[Found]:
    name, body = node.field("name"), node.field("value")
    match = _DEFINED.match(body.text()) if name is not None and body is not None else None
    value = read_value(match[1]) if match else None
    if name is None or body is None or match is None or value is None:
        return
    start = span(body)[0] + match.start(1)
    is_free = is_setting(name.text()) and name.text() not in capacities
    tier = tier_of(value, configured=True, direct=True) if is_free else NEVER
    yield Found(start, start + len(match[1]), match[1], (name.text(),), tier, signed="(" in match[0])


def _capacities(root: SgNode, language: str) -> set[str]:
    """Names that give an array its size: changing them overruns whatever else relies on it."""
    sizes = [node.field("size") for node in root.find_all(kind="array_declarator")]
    # The C grammar does not know the kind, and asking for it is an error there.
    templates = root.find_all(kind="template_argument_list") if language == "cpp" else []
    texts = (node.text() for node in (*sizes, *templates) if node is not None)
    return {name for text in texts for name in re.findall(r"[^\W\d]\w*", text)}


class _Walk:
    """One way from a literal up to the translation unit: names, scopes, and what forbids to touch it."""

    def __init__(self, node: SgNode, capacities: set[str]) -> None:
        self.node = node
        self.is_allowed = True
        self.is_direct = False
        self.operator = ""
        self._capacities = capacities
        self._names: list[str] = []
        self._scopes: list[str] = []
        self._statement = ""
        self._owner = ""
        self._is_plain = True
        self._is_constant = True
        inner = node
        for ancestor in node.ancestors():
            self._climb(ancestor, ancestor.kind(), inner)
            inner = ancestor

    @property
    def names(self) -> tuple[str, ...]:
        inside = self._names[::-1] or ([self._statement] if self._statement else [])
        return (*self._scopes[::-1], *inside)

    def tier(self, value: Value) -> int:
        if not self.is_allowed:
            return NEVER
        is_configured = self.is_direct and self._is_constant and self._owner != "assignment_expression"
        return tier_of(value, is_configured, self.is_direct, self.operator)

    def _climb(self, node: SgNode, kind: str, inner: SgNode) -> None:
        if kind in _NEVER or self._is_forbidden_part(node, kind, inner):
            self.is_allowed = False
        elif kind in _NAMING:
            if not is_within(self.node, node.field(_NAMING[kind])):
                self._own(kind, node.field(_NAMING[kind]))
        elif kind == "initializer_pair":
            designator = node.field("designator")
            self._names.append(last_name(designator.text()) if designator is not None else "")
        elif kind == "call_expression":
            self._call(node)
        elif kind in _SCOPES:
            self._scope(node, kind)
        elif kind in _STATEMENTS:
            self._statement = self._statement or _STATEMENTS[kind]
            self._is_plain = False
        elif kind == "declaration" and self._is_local(node):
            self._is_constant = bool(re.search(r"\b(const|constexpr)\b", node.text().split("=", 1)[0]))
        elif kind not in _PLAIN:
            self._is_plain = False
            if kind == "binary_expression":
                self.operator = self.operator or "binary"

    def _is_forbidden_part(self, node: SgNode, kind: str, inner: SgNode) -> bool:
        if kind in {"preproc_if", "preproc_elif"}:
            return is_within(inner, node.field("condition"))
        if kind == "array_declarator":
            return is_within(inner, node.field("size"))
        if kind == "subscript_expression":
            return not is_within(inner, node.field("argument"))
        if kind == "case_statement":
            return is_within(inner, node.field("value"))
        return False

    def _own(self, kind: str, name: SgNode | None) -> None:
        if not self._owner:
            self._owner = kind
            self.is_direct = self._is_plain
        text = last_name(name.text().lstrip("*&")) if name is not None else ""
        if not is_setting(text) or text in self._capacities:
            self.is_allowed = False
        self._names.append(text)

    def _call(self, node: SgNode) -> None:
        function = node.field("function")
        if function is not None and not is_within(self.node, function):
            name = last_name(function.text())
            if is_quiet_call(name):
                self.is_allowed = False
            self._names.append(name)
        self._is_plain = False

    def _scope(self, node: SgNode, kind: str) -> None:
        name = node.field("declarator" if kind == "function_definition" else "name")
        if name is not None:
            text = name.text().split("(", 1)[0]
            self._scopes.append(last_name(text))

    @staticmethod
    def _is_local(declaration: SgNode) -> bool:
        return any(ancestor.kind() == "function_definition" for ancestor in declaration.ancestors())
