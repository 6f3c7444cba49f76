"""YAML text as a tree of located items. Plain values mean what YAML 1.2 says: `no` and `on` are text.

Duplicate keys, tags, merge keys and anchors that refer to themselves are refused: the file must
say in one place what counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

from kapso.errors import GoalError
from kapso.goal.item import Item, Value

Node: TypeAlias = Any
"""A node of ruamel.yaml; which class it is stands in its untyped `id`."""

_MOST_VALUES = 10_000
"""Anchors multiply; a goal that people write stays far below."""
_YAML_TAG = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?[0-9](?:_?[0-9]){0,38}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9](?:_?[0-9])*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_SPECIAL = re.compile(r"([-+]?)\.(inf|nan)", re.ASCII | re.IGNORECASE)


def read_document(text: str, shown_as: str) -> Item:
    """The whole text as one item, its lines named after `shown_as`; GoalError where it is no YAML."""
    node = _compose(text, shown_as)
    if node is None:
        raise GoalError("the goal is empty", where=shown_as, help=_EMPTY_HELP, slug="empty-goal")
    root = _Converter(shown_as).convert(node, key="", line=node.start_mark.line + 1)
    if not isinstance(root.value, dict):
        raise root.error(
            f"the goal must be a mapping of keys to values, found {root.found}",
            help=_EMPTY_HELP,
            slug="wrong-type",
        )
    return root


_EMPTY_HELP = "it needs at least `objective: TEXT`, `edit: FILES` and `evaluate: COMMAND`"


@dataclass
class _Converter:
    """Turns YAML nodes into items, once over the tree."""

    shown_as: str
    values: int = 0
    open_nodes: set[int] = field(default_factory=set)

    def convert(self, node: Node, *, key: str, line: int) -> Item:
        where = f"{self.shown_as}:{line}"
        self.values += 1
        if id(node) in self.open_nodes or self.values > _MOST_VALUES:
            problem = "an anchor refers to itself" if id(node) in self.open_nodes else "the goal is too large"
            raise GoalError(
                f"{problem} at `{key}`", where=where, help="write the values out", slug="yaml-anchor"
            )
        self._check_tag(node, where)
        self.open_nodes.add(id(node))
        value, written = self._value(node, key)
        self.open_nodes.remove(id(node))
        return Item(key, value, where, line, written)

    def _value(self, node: Node, key: str) -> tuple[Value, str]:
        if node.id == "mapping":
            return self._mapping(node, key), ""
        if node.id == "sequence":
            elements = enumerate(node.value, start=1)
            return [
                self.convert(each, key=f"{key}[{n}]", line=each.start_mark.line + 1) for n, each in elements
            ], ""
        text = str(node.value)
        return (text if node.tag == f"{_YAML_TAG}str" else _plain_value(text)), text

    def _mapping(self, node: Node, key: str) -> dict[str, Item]:
        items: dict[str, Item] = {}
        for name_node, value_node in node.value:
            line = name_node.start_mark.line + 1
            name = self._name(name_node, f"{self.shown_as}:{line}")
            if name in items:
                raise GoalError(
                    f"the key `{name}` is given twice",
                    where=f"{self.shown_as}:{line}",
                    help=f"it stands in line {items[name].line} already; keep one of the two",
                    slug="duplicate-key",
                )
            items[name] = self.convert(value_node, key=f"{key}.{name}" if key else name, line=line)
        return items

    def _name(self, node: Node, where: str) -> str:
        if node.id != "scalar":
            raise GoalError("a key must be a word, found a list or a mapping", where=where, slug="wrong-type")
        if node.value == "<<":
            raise GoalError(
                "merge keys (`<<`) are not read", where=where, help="write the keys out", slug="yaml-anchor"
            )
        self._check_tag(node, where)
        return str(node.value)

    def _check_tag(self, node: Node, where: str) -> None:
        tag = str(node.tag or "")
        if tag and (not tag.startswith(_YAML_TAG) or "/" in tag):
            raise GoalError(
                f"the YAML tag `{tag}` means nothing here",
                where=where,
                help="put a value that starts with `!` in quotes, such as `'!src/vendored/**'`",
                slug="yaml-tag",
            )


def _plain_value(text: str) -> Value:
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if special := _SPECIAL.fullmatch(text):
        return float(special[1] + special[2])
    return text


def _compose(text: str, shown_as: str) -> Node:
    from ruamel.yaml import YAML  # 130 ms
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        problem = "; ".join(str(part) for part in (error.context, error.problem) if part)
        is_open = "flow" in problem or "end of stream" in problem  # where it opened tells more
        mark = (error.context_mark if is_open else None) or error.problem_mark
        line = mark.line + 1 if mark else 1
        raise GoalError(
            f"this is no YAML: {problem}",
            where=f"{shown_as}:{line}",
            help=_syntax_help(problem),
            slug="yaml-syntax",
        ) from error
    except YAMLError as error:
        _raise_unreadable(text, shown_as, error)
    except RecursionError as error:
        raise GoalError("the goal is nested too deeply", where=shown_as, slug="yaml-syntax") from error


def _raise_unreadable(text: str, shown_as: str, error: Any) -> NoReturn:
    position = int(getattr(error, "position", 0))
    line = text.count("\n", 0, position) + 1
    character = f"`U+{ord(text[position]):04X}`" if position < len(text) else "a character"
    raise GoalError(
        f"{character} may not stand in YAML", where=f"{shown_as}:{line}", help="remove it", slug="yaml-syntax"
    ) from error


def _syntax_help(problem: str) -> str:
    if "alias" in problem:
        return "put a pattern that starts with `*` in quotes, such as `'*.py'`"
    if "escape character" in problem:
        return r"write a regular expression in single quotes, such as `'bytes: (\d+)'`"
    if "'\\t'" in problem:
        return "indent with spaces, not with tabs"
    if "flow" in problem:
        return "is a bracket open? Put a pattern that starts with `!` in quotes, such as `'!src/vendored/**'`"
    if "another document" in problem:
        return "keep one goal in a file: remove the line `---` and what follows it"
    return "put a value that holds `: ` or ` #`, or starts with a sign such as `@` or `%`, in single quotes"
