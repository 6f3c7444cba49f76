"""`recipe`: the folders whose playbooks hold the recipes to apply."""

from __future__ import annotations

from dataclasses import dataclass

from kapso.goal.item import Item
from kapso.goal.keys import RECIPE

SHIPPED = "kapso"
"""Stands for the playbooks that come with Kapso; a folder of that name is written `./kapso`."""
EXAMPLE = "recipe: {from: [kapso, ../playbooks]}"


@dataclass(frozen=True)
class RecipeOptions:
    """`folders` as written: of playbooks, or single ones, relative to the folder of goal.yaml."""

    folders: tuple[str, ...] = (SHIPPED,)


def read_recipe(item: Item | None) -> RecipeOptions | None:
    """None where nothing is said: those that come with Kapso."""
    if item is None or item.value is None:
        return None
    parts = item.mapping(RECIPE, example=EXAMPLE)
    if "from" not in parts:
        raise item.error(f"`{item.key}` has no `from`", help=f"write it like `{EXAMPLE}`", slug="missing-key")
    folders = tuple(each.text("a folder") for each in parts["from"].items("a list of folders"))
    if not folders:
        help = f"name a folder of playbooks; `{SHIPPED}` means those that come with Kapso"
        raise parts["from"].error(f"`{parts['from'].key}` names no folder", help=help, slug="empty-value")
    return RecipeOptions(folders)
