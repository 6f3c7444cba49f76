"""Literals of Python source: what they are called and how likely they are settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kapso.propose.checks import is_test_item
from kapso.propose.tune.conditions import Condition
from kapso.propose.tune.found import (
    Found,
    condition_of,
    is_quiet_call,
    is_setting,
    is_within,
    last_name,
    settings_among,
    span,
    tier_of,
)
from kapso.propose.tune.slots import NEVER, Value, read_value

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_KINDS = ("integer", "float", "true", "false")
_NEVER = {
    "type", "decorator", "import_statement", "import_from_statement", "string", "assert_statement",
    "raise_statement", "delete_statement", "case_pattern", "format_specifier", "ERROR", "global_statement",
}  # fmt: skip
_WRAPPERS = {"list", "tuple", "dictionary", "set", "parenthesized_expression", "pair", "expression_list"}
_OWNERS = {"keyword_argument", "default_parameter", "typed_default_parameter", "pair", "assignment"}
_STATEMENTS = {
    "if_statement": "if", "elif_clause": "if", "while_statement": "while", "for_statement": "for",
    "return_statement": "return", "conditional_expression": "if", "lambda": "lambda",
}  # fmt: skip


def find_literals(root: SgNode, language: str) -> Iterator[Found]:
    """Every literal of a module; unary minus belongs to its number."""
    for node in settings_among(root, _KINDS, ("list", "tuple", "set")):
        yield from _find(node)


def strings(root: SgNode, language: str) -> Iterator[Found]:
    """Every plain string, which only a marker makes a choice."""
    yield from words(root.find_all(kind="string"))


def words(nodes: Iterable[SgNode]) -> Iterator[Found]:
    """Strings, or members of enumerations, with their names."""
    for node in nodes:
        ancestors = node.ancestors()
        if not any(ancestor.kind() in _NEVER for ancestor in ancestors):
            walk = _Walk(node, ancestors)
            yield Found(*span(node), node.text(), walk.names, walk.tier(node.text()), False)


def _find(node: SgNode) -> Iterator[Found]:
    ancestors = node.ancestors()
    outer = node
    if ancestors and ancestors[0].kind() == "unary_operator" and ancestors[0].text().startswith("-"):
        outer, ancestors = ancestors[0], ancestors[1:]
    text = outer.text()
    value = read_value(text)
    if value is None:
        return
    walk = _Walk(outer, ancestors)
    yield Found(*span(outer), text, walk.names, walk.tier(value), walk.is_direct, walk.when)


class _Walk:
    """One way from a literal up to the module: names, scopes, and what forbids to touch it."""

    def __init__(self, node: SgNode, ancestors: list[SgNode]) -> None:
        self.node = node
        self.is_allowed = True
        self.is_direct = False
        self.is_configured = False
        self.operator = ""
        self.when: Condition | None = None
        self._names: list[str] = []
        self._scopes: list[str] = []
        self._owner = ""
        self._is_plain = True
        self._statement = ""
        inner = node
        for ancestor in ancestors:
            self._climb(ancestor, ancestor.kind(), inner)
            inner = ancestor
        self._judge()

    @property
    def names(self) -> tuple[str, ...]:
        inside = self._names[::-1] or ([self._statement] if self._statement else [])
        return (*self._scopes[::-1], *inside)

    def tier(self, value: Value) -> int:
        if not self.is_allowed:
            return NEVER
        return tier_of(value, self.is_configured, self.is_direct, self.operator)

    def _climb(self, node: SgNode, kind: str, inner: SgNode) -> None:
        if kind in _NEVER:
            self.is_allowed = False
        elif kind in _OWNERS:
            self._own(node, kind)
        elif kind == "augmented_assignment":
            self._name(node.field("left"))
            self._is_plain = False
        elif kind == "call":
            self._call(node, inner)
        elif kind in {"function_definition", "class_definition"}:
            self._scope(node, kind, inner)
        elif kind == "subscript":
            self._index(node, inner)
        elif kind in _STATEMENTS:
            self._statement = self._statement or _STATEMENTS[kind]
            self._is_plain = False
            self._forbid_main_guard(node, kind)
            if self.when is None and kind in {"if_statement", "elif_clause"}:
                self.when = condition_of(node, inner)
        elif kind == "slice":
            self.is_allowed = False
        elif kind not in _WRAPPERS and not kind.endswith(("statement", "list", "block", "module")):
            self._is_plain = False
            if not self.operator and kind in {"binary_operator", "comparison_operator"}:
                operator = node.field("operator")
                self.operator = operator.text() if operator else "compare"

    def _own(self, node: SgNode, kind: str) -> None:
        name = node.field({"pair": "key", "assignment": "left"}.get(kind, "name"))
        if name is not None and is_within(self.node, name):
            self.is_allowed = False
        if not self._owner:
            self._owner = kind
            self.is_direct = self._is_plain
        self._name(name)

    def _name(self, node: SgNode | None) -> None:
        text = node.text() if node is not None else ""
        parts = [text.strip("\"'")] if text[:1] in {"'", '"'} else map(last_name, text.split(","))
        name = re.sub(r"[^\w-]+", "_", "_".join(parts))[:40]
        if re.fullmatch(r"__\w+__", name) or not is_setting(name):
            self.is_allowed = False
        if name:
            self._names.append(name)

    def _call(self, node: SgNode, inner: SgNode) -> None:
        function = node.field("function")
        name = last_name(function.text().rsplit(")", 1)[-1]) if function is not None else ""
        if function is not None and not is_within(self.node, function):
            if is_quiet_call(name) or (name == "round" and not self._is_first(inner)):
                self.is_allowed = False
            if name:
                self._names.append(name)
        self._is_plain = False

    def _is_first(self, arguments: SgNode) -> bool:
        named = arguments.named_children()
        return bool(named) and is_within(self.node, named[0])

    def _scope(self, node: SgNode, kind: str, inner: SgNode) -> None:
        name = node.field("name")
        self._scopes.append(name.text() if name is not None else "")
        if is_test_item(node):
            self.is_allowed = False
        if kind == "class_definition":
            bases = node.field("superclasses")
            if bases is not None and re.search(r"\b(\w*Enum|Flag|IntFlag)\b", bases.text()):
                self.is_allowed = False
            if not self._is_in_function:
                self._is_in_class = True
        elif inner.kind() != "parameters":
            self._is_in_function = True

    _is_in_class = False
    _is_in_function = False

    def _index(self, node: SgNode, inner: SgNode) -> None:
        self._is_plain = False
        if not is_within(inner, node.field("value")) and self.node.kind() != "float":
            self.is_allowed = False

    def _forbid_main_guard(self, node: SgNode, kind: str) -> None:
        condition = node.field("condition") if kind == "if_statement" else None
        if condition is not None and condition.text().startswith("__name__"):
            self.is_allowed = False

    def _judge(self) -> None:
        """A setting: a keyword, a default, or a name given a literal outside of functions."""
        is_at_top = not self._is_in_function
        if self._owner in {"keyword_argument", "default_parameter", "typed_default_parameter", "pair"}:
            self.is_configured = self.is_direct
        elif self._owner == "assignment" and self.is_direct and is_at_top:
            value = read_value(self.node.text())
            is_constant = self._is_in_class or self._names[-1:] == [n.upper() for n in self._names[-1:]]
            self.is_configured = is_constant or value not in (0, 1, -1) and not isinstance(value, bool)
