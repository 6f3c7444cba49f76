"""Choices that an enumeration names: a setting that is one of its members may be any of them.

`MODE = Kind.LRU` beside `class Kind(Enum)` in the same file; so of Java, C, C++, TypeScript, Rust and Go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from kapso.propose.tune import cfamily, python
from kapso.propose.tune.dialects import DIALECTS
from kapso.propose.tune.found import Found, last_name, name_slots, span
from kapso.propose.tune.slots import CONFIGURED, Place, Slot, make_switch

if TYPE_CHECKING:
    from ast_grep_py import Config, SgNode

# Of each language: what declares an enumeration, what declares a member, and how one is spelt elsewhere.
_KINDS = {
    "python": ("class_definition", ("assignment",), ("attribute",)),
    "java": ("enum_declaration", ("enum_constant",), ("field_access",)),
    "c": ("enum_specifier", ("enumerator",), ("identifier",)),
    "cpp": ("enum_specifier", ("enumerator",), ("identifier", "qualified_identifier")),
    "typescript": ("enum_declaration", ("property_identifier", "enum_assignment"), ("member_expression",)),
    "rust": ("enum_item", ("enum_variant",), ("scoped_identifier",)),
    "go": ("const_declaration", ("const_spec",), ("identifier",)),
}
_SETTINGS = {
    "assignment", "variable_declarator", "init_declarator", "const_item", "static_item", "const_spec",
    "var_spec", "field_declaration", "public_field_definition",
}  # fmt: skip
_PARAMETERS = {
    "default_parameter", "typed_default_parameter", "optional_parameter_declaration", "required_parameter",
}  # fmt: skip
_ASSIGNMENTS = {"assignment", "assignment_expression", "assignment_statement"}
_WRAPPERS = {"expression_list", "parenthesized_expression"}
_DEFINED = re.compile(r"\(?\s*([^\W\d]\w*)\s*\)?\s*(?://.*|/\*.*)?$")
_COUNT = re.compile(r"(\w+_)?k?(count|last|sentinel)|(num|n)_\w+", re.IGNORECASE)
_MOST = 12

_KINDS["tsx"] = _KINDS["typescript"]
Members = Mapping[str, tuple[str, ...]]
"""How each member is spelt where it is used → the names of all members of its enumeration."""


def enumerated(path: str, root: SgNode, language: str) -> list[Slot]:
    """The settings that are members of an enumeration of the same file, each a switch between all of them."""
    members = _members(root, language) if language in _KINDS else {}
    if not members:
        return []
    kept = _settings(root, language, members)
    if language in {"c", "cpp"}:
        kept += _defines(root, members)
    options = {each.end: _options(members, each.text) for each in kept}
    # Of `Kind.LRU` the last part alone is written anew.
    short = [replace(f, start=f.end - len(last_name(f.text)), text=last_name(f.text)) for f in kept]
    return [
        make_switch(slot.name, slot.value, options[slot.end], [Place(slot.start, slot.end, {})], CONFIGURED)
        for slot in name_slots(path, (each for each in short if options[each.end]), bare=True)
    ]


def _settings(root: SgNode, language: str, members: Members) -> list[Found]:
    pattern = rf"^([\w.:]+[.:])?({'|'.join(map(re.escape, members))})$"
    rule: Config = {"rule": {"any": [{"kind": k, "regex": pattern} for k in _KINDS[language][2]]}}
    functions = DIALECTS[language].functions if language in DIALECTS else {"function_definition", "lambda"}
    states: set[str] = set()
    nodes: list[SgNode] = []
    for node in root.find_all(rule):
        owner = next((each for each in node.ancestors() if each.kind() not in _WRAPPERS), root)
        is_local = any(ancestor.kind() in functions for ancestor in owner.ancestors())
        if owner.kind() in _PARAMETERS or (owner.kind() in _SETTINGS and not is_local):
            nodes.append(node)
        elif owner.kind() in _ASSIGNMENTS and (left := owner.field("left")) is not None:
            states.add(last_name(left.text()))
    found = python.words(nodes) if language == "python" else cfamily.words(nodes, language)
    # What is given another member later on is no setting, but the state of something.
    return [each for each in found if each.tier == CONFIGURED and each.names[-1] not in states]


def _defines(root: SgNode, members: Members) -> Iterator[Found]:
    for node in root.find_all(kind="preproc_def"):
        name, body = node.field("name"), node.field("value")
        match = _DEFINED.match(body.text()) if body is not None else None
        if name is not None and body is not None and match is not None and match[1] in members:
            start = span(body)[0] + match.start(1)
            yield Found(start, start + len(match[1]), match[1], (name.text(),), CONFIGURED)


def _options(members: Members, text: str) -> tuple[str, ...]:
    short = re.search(r"\w+(?:\.|::)\w+$", text)
    return members.get(text) or members.get(short[0] if short else "", ())


def _members(root: SgNode, language: str) -> Members:
    found: dict[str, tuple[str, ...]] = {}
    for node in root.find_all(kind=_KINDS[language][0]):
        label, names = _of_go(node) if language == "go" else _declared(node, language)
        if not label or not 1 < len(names) <= _MOST:
            continue
        joint = "::" if language in {"cpp", "rust"} else "."
        spelt = [] if language in {"c", "go"} else [f"{label}{joint}{name}" for name in names]
        if language in {"c", "cpp", "go"} and not re.match(r"enum\s+(class|struct)\b", node.text()):
            spelt += names
        # Two that are spelt alike cannot be told apart.
        found.update({each: () if each in found else names for each in spelt})
    return {each: names for each, names in found.items() if names}


def _declared(node: SgNode, language: str) -> tuple[str, tuple[str, ...]]:
    """The name of an enumeration and those of its members; none where one is a flag or holds a payload."""
    name, bases, parent = node.field("name"), node.field("superclasses"), node.parent()
    label = name.text() if name is not None else ""
    if name is None and parent is not None and parent.kind() == "type_definition":
        label = "typedef"
    if language == "python" and (bases is None or not re.search(r"\b\w*Enum\b", bases.text())):
        return "", ()
    values: dict[str, str] = {}
    for child in (body := node.field("body")) and body.children() or ():
        each = child.child(0) if child.kind() == "expression_statement" else child
        if each is None or each.kind() not in _KINDS[language][1]:
            continue
        member = each.field("left" if language == "python" else "name") or each
        value = each.field("right" if language == "python" else "value")
        text = value.text() if value is not None else ""
        if "<<" in text or (language == "rust" and each.field("body") is not None):
            return "", ()
        # Another name of the same value is no other choice.
        is_alias = text in values or (bool(text) and "(" not in text and text in values.values())
        is_plain = re.fullmatch(r"(?!_)\w+", member.text()) and (text or language != "python")
        if is_plain and not is_alias and not text.startswith("nonmember"):
            values[member.text()] = text
    names = tuple(values)
    is_count = language in {"c", "cpp"} and bool(names) and _COUNT.fullmatch(names[-1]) is not None
    return label, names[:-1] if is_count else names


def _of_go(node: SgNode) -> tuple[str, tuple[str, ...]]:
    """The type and the constants of a block that counts from iota."""
    specs = [child for child in node.children() if child.kind() == "const_spec"]
    kind, value = (specs[0].field("type"), specs[0].field("value")) if specs else (None, None)
    if kind is None or value is None or not re.fullmatch(r"iota(\s*\+\s*\d+)?", value.text()):
        return "", ()
    names = (spec.field("name") for spec in specs if spec is specs[0] or spec.field("value") is None)
    return kind.text(), tuple(n.text() for n in names if n is not None and n.text() != "_")
