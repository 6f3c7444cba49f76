"""Literals of C, C++, Rust, Go, JavaScript, TypeScript and Java: names, and how likely they are settings.

Never tuned: what the preprocessor decides on, sizes of arrays and the constants that give them,
enumerators, case labels and patterns, indices, types, template arguments, macros, what tests hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kapso.propose.checks import is_test_item
from kapso.propose.tune.conditions import Condition
from kapso.propose.tune.dialects import DIALECTS, Dialect
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

_DEFINED = re.compile(r"\(?\s*(-?[\d.][\w.']*(?:[eE][+-]\d+\w*)?)\s*\)?\s*(?://.*|/\*.*)?$")
_CONSTANT = re.compile(r"\b(const|constexpr|final)\b")
_STATIC = re.compile(r"\bstatic\b")
_VARIABLE = re.compile(r"\b(?:let|var)\s+(\w+)")
_UNSIGNED = re.compile(r"\b(unsigned|size_t|uint\w*|u(8|16|32|64|128|size)|byte)\b")
_BUILT_IN = re.compile(r"(u?int\d*|float\d+|byte|rune|string|bool|uintptr|time\.Duration)$")
_DECLARATIONS = {
    "declaration", "lexical_declaration", "const_declaration", "field_declaration",
    "local_variable_declaration", "variable_declaration",
}  # fmt: skip
_FIELDS = {"field_initializer", "keyed_element"}
_DEFAULTS = re.compile(r"default|config|option|setting|param", re.IGNORECASE)


def find_literals(root: SgNode, language: str) -> Iterator[Found]:
    """Every literal of a source file, in C and C++ `#define NAME 0.95` included."""
    dialect = DIALECTS[language]
    capacities = _capacities(root, language)
    for node in settings_among(root, dialect.numbers, dialect.lists):
        outer, ancestors = _with_sign(node)
        text = outer.text()
        value = read_value(text)
        if value is not None:
            walk = _Walk(outer, ancestors, dialect, capacities)
            yield Found(*span(outer), text, walk.names, walk.tier(value), walk.is_signed, walk.when)
    if "preproc_arg" in dialect.comments:
        for node in root.find_all(kind="preproc_def"):
            yield from _define(node, capacities)


def strings(root: SgNode, language: str) -> Iterator[Found]:
    """Every plain string, which only a marker makes a choice."""
    yield from words(settings_among(root, DIALECTS[language].strings, ()), language)


def words(nodes: Iterable[SgNode], language: str) -> Iterator[Found]:
    """Strings, or members of enumerations, with their names."""
    for node in nodes:
        walk = _Walk(node, node.ancestors(), DIALECTS[language], set())
        yield Found(*span(node), node.text(), walk.names, walk.tier(node.text()))


def _with_sign(node: SgNode) -> tuple[SgNode, list[SgNode]]:
    """The literal, its unary minus included, and what stands around it."""
    ancestors = node.ancestors()
    if ancestors and ancestors[0].kind() == "unary_expression" and ancestors[0].text().startswith("-"):
        return ancestors[0], ancestors[1:]
    return node, ancestors


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
    sizes = DIALECTS[language].sizes
    parts = [node.field(part) for kind, part in sizes.items() for node in root.find_all(kind=kind)]
    # The grammar of C does not know the kind, and asking for it is an error there.
    generic = {"cpp": "template_argument_list", "rust": "type_arguments"}.get(language)
    parts += root.find_all(kind=generic) if generic else []
    texts = (node.text() for node in parts if node is not None)
    return {name for text in texts for name in re.findall(r"[^\W\d]\w*", text)}


class _Walk:
    """One way from a literal up to the whole file: names, scopes, and what forbids to touch it.

    Past the function that holds the literal, what lies further out gives names and forbids little.
    """

    def __init__(self, node: SgNode, ancestors: list[SgNode], dialect: Dialect, capacities: set[str]) -> None:
        self.node = node
        self.is_allowed = True
        self.is_direct = False
        self.operator = ""
        self.when: Condition | None = None
        self._dialect = dialect
        self._capacities = capacities
        self._names: list[str] = []
        self._scopes: list[str] = []
        self._statement = ""
        self._owner = ""
        self._declaration = ""
        self._is_plain = True
        self._is_local = False
        self._trees = 0
        inner = node
        for ancestor in ancestors:
            self._climb(ancestor, ancestor.kind(), inner)
            inner = ancestor

    @property
    def names(self) -> tuple[str, ...]:
        inside = self._names[::-1] or ([self._statement] if self._statement else [])
        return (*self._scopes[::-1], *inside)

    @property
    def is_signed(self) -> bool:
        """Whether a value of any sign is good syntax, and of the type that is written there."""
        return self.is_direct and not self._trees and not _UNSIGNED.search(self._declaration)

    def tier(self, value: Value) -> int:
        if not self.is_allowed:
            return NEVER
        is_fixed = not self._is_local and self._owner != "variable_declarator"
        is_constant = is_fixed or bool(_CONSTANT.search(self._declaration))
        if isinstance(value, str) and not self._is_local:  # a static field of Java, a variable of JavaScript
            is_constant = is_constant or bool(_STATIC.search(self._declaration)) or self._is_set_once()
        is_configured = self._owner in self._dialect.offered or (
            self._owner in self._dialect.declared and is_constant
        )
        if self._is_local and self._owner in _FIELDS and value in (0, 1):
            # `done: false` and `count: 0` begin a computation, unless what they stand in holds settings.
            is_configured = any(map(_DEFAULTS.search, self._scopes))
        return tier_of(value, self.is_direct and is_configured, self.is_direct, self.operator)

    def _is_set_once(self) -> bool:
        """Whether it is a variable that gets no other value: one that does is no setting but a state."""
        declared = _VARIABLE.search(self._declaration)
        if declared is None:
            return False
        text = self.node.get_root().root().text()
        return len(re.findall(rf"(?<![\w.]){declared[1]}\s*(?::\s*\w+\s*)?=(?![=>])", text)) == 1

    def _climb(self, node: SgNode, kind: str, inner: SgNode) -> None:
        dialect = self._dialect
        if kind in dialect.never or self._is_forbidden_part(node, kind, inner):
            self.is_allowed = False
        elif kind in dialect.calls:
            self._call(node, dialect.calls[kind])
        elif kind in dialect.naming:
            self._own(node, kind, node.field(dialect.naming[kind]))
        elif kind in dialect.statements:
            self._statement = self._statement or dialect.statements[kind]
            self._is_plain = False
            if self.when is None and kind in {"if_statement", "if_expression"}:
                self.when = condition_of(node, inner)
        elif kind == "token_tree":
            self._trees += 1
        elif kind in _DECLARATIONS:
            if self._owner in dialect.declared:  # of a large table of fields the text is not needed
                self._declare(node)
        elif kind not in dialect.plain:
            self._is_plain = False
            if kind == "binary_expression" and not self.operator:
                operator = node.field("operator")
                self.operator = operator.text() if operator is not None else "binary"
        if kind in dialect.scopes or kind in dialect.functions:
            self._scope(node, kind)

    def _is_forbidden_part(self, node: SgNode, kind: str, inner: SgNode) -> bool:
        dialect = self._dialect
        for part in (dialect.pinned.get(kind), dialect.sizes.get(kind)):
            if part is not None and is_within(inner, node.field(part)):
                return True
        return kind in dialect.indexed and not is_within(inner, node.child(0))

    def _own(self, node: SgNode, kind: str, name: SgNode | None) -> None:
        if is_within(self.node, name):
            # A default within a pattern names itself; every other part of a name is no setting.
            self.is_allowed = self.is_allowed and bool(self._owner)
            return
        label = _label(name)
        if not self._owner and not self._is_local:
            self._owner = kind
            self.is_direct = self._is_plain
            self._declare(node)
            is_name = self.node.kind() == "identifier"  # of a member, which declares no other
            if kind in self._dialect.typed and not is_name and not _is_built_in(node.field("type")):
                self.is_allowed = False
        if not self._is_local and (not is_setting(label) or label in self._capacities):
            self.is_allowed = False
        (self._scopes if self._is_local else self._names).append(label)

    def _declare(self, node: SgNode) -> None:
        """Remember how the owner is declared, as far as it says something of its type and constancy."""
        if self._owner and not self._is_local and self._owner not in self._dialect.assigned:
            text = node.text()
            self._declaration += text.split("=", 1)[0] + " "
            if "iota" in text and node.kind() == "const_declaration":
                self.is_allowed = False

    def _call(self, node: SgNode, part: str) -> None:
        function = node.field(part)
        if function is not None and not is_within(self.node, function) and not self._is_local:
            text = function.text()
            name = last_name(text)
            if is_quiet_call(text) or is_quiet_call(name) or self._is_size(node, name):
                self.is_allowed = False
            if part == "macro" and not self._is_element(node, name):
                self.is_allowed = False
            self._names.append(name)
        self._is_plain = self._is_plain and part == "macro"

    def _is_size(self, call: SgNode, name: str) -> bool:
        """Whether the call makes an array whose length the literal is; maps and channels may be tuned."""
        if name == "from" and self._names == ["length"]:
            return True
        sized = re.fullmatch(self._dialect.sized_calls, name)
        return sized is not None and not re.match(r"make\((map|chan)\b", call.text())

    def _is_element(self, macro: SgNode, name: str) -> bool:
        """Whether the literal is an element of a `vec![…]`, the one macro whose text is understood."""
        if name != "vec" or self._trees != 1:
            return False
        return ";" not in macro.text()[: span(self.node)[0] - span(macro)[0]]

    def _scope(self, node: SgNode, kind: str) -> None:
        name = node.field(self._dialect.scopes.get(kind, ""))
        text = last_name(name.text().split("(", 1)[0]) if name is not None else ""
        if text:
            self._scopes.append(text)
        if kind in self._dialect.functions:
            self._is_local = True
        if is_test_item(node):
            self.is_allowed = False


def _label(name: SgNode | None) -> str:
    """`rate` of `*rate`, `a_b` of `a, b`, `weights` of `weights[0]`, `learning_rate` of `"learning rate"`."""
    text = name.text().lstrip("*&(").rstrip(")") if name is not None else ""
    if text[:1] in {"'", '"'}:
        return re.sub(r"[^\w-]+", "_", text.strip("\"'"))[:40]
    return "_".join(filter(None, map(last_name, text.split(","))))[:40]


def _is_built_in(declared: SgNode | None) -> bool:
    """Whether a constant is a plain quantity: one of a type of its own is a name among others."""
    return declared is None or bool(_BUILT_IN.match(declared.text()))
