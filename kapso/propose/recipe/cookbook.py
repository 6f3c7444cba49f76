"""The recipes that a goal asks for. Ours are read by language, when they are asked for: all take 0.3 s."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from kapso import shipped
from kapso.errors import GoalError
from kapso.goal import Goal
from kapso.goal.recipe import SHIPPED, RecipeOptions
from kapso.propose.recipe.reading import SPOKEN, read_folder
from kapso.propose.recipe.recipe import Recipe

_ALL = frozenset[str]()


class Cookbook:
    """Recipes of several folders, those of an earlier one before others of the same name.

    `folders` are named as messages call them. UsageError for a mistake in one that is not ours, at once.
    """

    def __init__(self, folders: Iterable[tuple[Path, str]]) -> None:
        self._folders = list(folders)
        self._read: dict[tuple[Path, frozenset[str]], Sequence[Recipe]] = {}
        self._of: dict[str, Sequence[Recipe]] = {}
        for folder, shown in self._folders:
            if folder != shipped.playbooks():
                self._read[folder, _ALL] = read_folder(folder, shown)

    def of(self, language: str) -> Sequence[Recipe]:
        """Those for the files of a language: what is said of C holds in C++, of JavaScript in TypeScript."""
        if language not in self._of:
            spoken = frozenset(SPOKEN.get(language, (language,)))
            self._of[language] = [each for each in self._chosen(spoken) if each.language in spoken]
        return self._of[language]

    def all(self) -> Sequence[Recipe]:
        """All of them, in order of folder, file and place."""
        return self._chosen(_ALL)

    def _chosen(self, languages: frozenset[str]) -> list[Recipe]:
        found: dict[str, Recipe] = {}
        for folder, shown in self._folders:
            key = (folder, _ALL) if (folder, _ALL) in self._read else (folder, languages)
            if key not in self._read:
                self._read[key] = read_folder(folder, shown, key[1])
            for recipe in self._read[key]:
                found.setdefault(recipe.id, recipe)
        return list(found.values())


def cookbook_of(goal: Goal, options: RecipeOptions | None) -> Cookbook:
    """The folders that the goal names. GoalError for one that is not there."""
    folders = []
    for written in (options or RecipeOptions()).folders:
        is_ours = written == SHIPPED
        folder = shipped.playbooks() if is_ours else Path(goal.folder, os.path.expanduser(written))
        if not folder.exists():
            key = next((each for each in goal.lines if each.endswith("recipe.from")), "propose")
            raise GoalError(
                f"`recipe: {{from: …}}` names `{written}`, which is not there",
                where=goal.where(key),
                help=f"it is relative to the folder of goal.yaml; `{SHIPPED}` means what comes with Kapso",
                slug="no-such-file",
            )
        folders.append((folder, "playbooks" if is_ours else written))
    return Cookbook(folders)
