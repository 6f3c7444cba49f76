"""ast-grep, asked with plain mappings: rules come from playbooks, and are tried out when these are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kapso.propose.recipe.recipe import Config

if TYPE_CHECKING:
    import ast_grep_py
    from ast_grep_py import SgNode


def parsed(text: str, language: str) -> SgNode:
    """The tree of a text."""
    from ast_grep_py import SgRoot  # 5 ms

    return SgRoot(text, language).root()


def find(node: SgNode, config: Config) -> list[SgNode]:
    """All nodes at or below `node` that the rule matches."""
    return node.find_all(cast("ast_grep_py.Config", config))
