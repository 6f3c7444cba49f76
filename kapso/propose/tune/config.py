"""Literals of YAML and JSON: every scalar value is a setting, named by its path of keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kapso.propose.tune.found import Found, is_setting, is_within, settings_among, span
from kapso.propose.tune.slots import ASLEEP, CONFIGURED, NEVER

if TYPE_CHECKING:
    from ast_grep_py import SgNode

# Of each language: scalars, strings, lists.
_KINDS = {
    "json": (("number", "true", "false"), ("string",), ("array",)),
    "yaml": (
        ("integer_scalar", "float_scalar", "boolean_scalar"),
        ("string_scalar", "single_quote_scalar", "double_quote_scalar"),
        ("block_sequence", "flow_sequence"),
    ),
}
_PAIRS = {"pair", "block_mapping_pair", "flow_pair"}


def find_literals(root: SgNode, language: str) -> Iterator[Found]:
    """Every number and boolean that is a value; keys, tagged scalars and long lists are left out."""
    scalars, _, lists = _KINDS[language]
    for node in settings_among(root, scalars, lists):
        yield from _find(node, CONFIGURED)


def strings(root: SgNode, language: str) -> Iterator[Found]:
    """Every string that is a value, which only a marker makes a choice."""
    _, texts, lists = _KINDS[language]
    for node in settings_among(root, texts, lists):
        yield from _find(node, ASLEEP)


def _find(node: SgNode, tier: int) -> Iterator[Found]:
    names: list[str] = []
    is_allowed = True
    for ancestor in node.ancestors():
        kind = ancestor.kind()
        if kind == "ERROR" or (kind == "flow_node" and any(c.kind() == "tag" for c in ancestor.children())):
            is_allowed = False
        elif kind in _PAIRS:
            key = ancestor.field("key")
            text = key.text().strip("\"'") if key is not None else ""
            if is_within(node, key):
                return
            is_allowed = is_allowed and is_setting(text)
            names.append(re.sub(r"[^\w-]+", "_", text)[:40])
    yield Found(*span(node), node.text(), tuple(names[::-1]), tier if is_allowed else NEVER, signed=True)
