"""A recipe of a playbook as people read it: its title, what it changes, what it gained, what it assumes.

The rule, which machines read, is left out. What is no recipe after all is not told, and stays as it stands.
"""

from __future__ import annotations

import difflib
from typing import Any

_INFO = ["yaml", "recipe"]
_LARGEST = 16_384
_CONTEXT = 1


def is_recipe(info: str) -> bool:
    return info.split() == _INFO


def told(block: str) -> tuple[str, str] | None:
    """The recipe in words and as a diff of its example, and the language that it is for."""
    recipe = _loaded(block)
    example = recipe.get("example")
    title, language = recipe.get("title"), recipe.get("language")
    if not isinstance(example, dict) or not isinstance(title, str) or not isinstance(language, str):
        return None
    before, after = example.get("before"), example.get("after")
    if not isinstance(before, str) or not isinstance(after, str):
        return None
    name = f" (recipe `{recipe['id']}`)" if isinstance(recipe.get("id"), str) else ""
    return f"{title}{name}.{_gain(recipe)}{_assumed(recipe)}\n\n{_diff(before, after)}", language


def _loaded(block: str) -> dict[str, Any]:
    if len(block) > _LARGEST:
        return {}
    from ruamel.yaml import YAML  # 30 ms
    from ruamel.yaml.error import YAMLError

    try:
        data = YAML(typ="safe", pure=True).load(block)
    except (YAMLError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _gain(recipe: dict[str, Any]) -> str:
    gain = recipe.get("gain")
    return f" {gain:g} times faster in its example." if isinstance(gain, int | float) and gain > 1 else ""


def _assumed(recipe: dict[str, Any]) -> str:
    assumes = recipe.get("assumes")
    return f" It assumes: {assumes}." if isinstance(assumes, str) and assumes else ""


def _diff(before: str, after: str) -> str:
    """Only what changes, and the lines next to it."""
    old, new = before.rstrip("\n").split("\n"), after.rstrip("\n").split("\n")
    lines = list(difflib.unified_diff(old, new, n=_CONTEXT, lineterm=""))[2:]
    shown = ["…" if line.startswith("@@") else line for line in lines]
    return "\n".join(["```diff", *shown[1:], "```"])
