"""recipe: the rules of playbooks carried out, one at one place at a time.

A playbook is Markdown; its recipes (`recipe.py` says what one holds, playbooks/README.md how it is written)
are rules of ast-grep with a fix. `matching.py` finds where they apply and drops what conditions forbid.
"""

from __future__ import annotations

import os
from pathlib import Path

from kapso import shipped
from kapso.errors import GoalError
from kapso.goal import Goal
from kapso.goal.recipe import SHIPPED, RecipeOptions
from kapso.propose.recipe.proposer import Recipes
from kapso.propose.recipe.reading import read_folder
from kapso.propose.recipe.recipe import Recipe

__all__ = ["Recipe", "Recipes", "recipes_of"]


def recipes_of(goal: Goal, options: RecipeOptions | None) -> list[Recipe]:
    """The recipes that the goal asks for, those of an earlier folder before others of the same name."""
    found: dict[str, Recipe] = {}
    for written in (options or RecipeOptions()).folders:
        folder = shipped.playbooks() if written == SHIPPED else Path(goal.folder, os.path.expanduser(written))
        if not folder.exists():
            where = next(
                (goal.where(k) for k in goal.lines if k.endswith("recipe.from")), goal.where("propose")
            )
            raise GoalError(
                f"`recipe: {{from: …}}` names `{written}`, which is not there",
                where=where,
                help=f"it is relative to the folder of goal.yaml; `{SHIPPED}` means what comes with Kapso",
                slug="no-such-file",
            )
        shown = "playbooks" if written == SHIPPED else written
        for recipe in read_folder(folder, shown):
            found.setdefault(recipe.id, recipe)
    return list(found.values())
