"""recipe: the rules of playbooks carried out, one at one place at a time.

A playbook is Markdown; its recipes (`recipe.py` says what one holds, playbooks/README.md how it is written)
are rules of ast-grep with a fix. `matching.py` finds where they apply and drops what conditions forbid.
"""

from kapso.propose.recipe.cookbook import Cookbook, cookbook_of
from kapso.propose.recipe.proposer import Recipes
from kapso.propose.recipe.recipe import Recipe

__all__ = ["Cookbook", "Recipe", "Recipes", "cookbook_of"]
