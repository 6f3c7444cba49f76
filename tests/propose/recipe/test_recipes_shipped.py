"""Every recipe that comes with Kapso: its rule makes `after` of `before`, and both answer the same."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kapso import shipped
from kapso.propose.mutate.edit import apply, is_sound
from kapso.propose.mutate.tree import Source, read_source
from kapso.propose.recipe import Recipe
from kapso.propose.recipe.matching import Match, matches
from kapso.propose.recipe.reading import read_folder
from kapso.propose.syntax import count_faults, form

BENCH = Path(__file__).parents[3] / "experiments/bench"
RECIPES = {recipe.id: recipe for recipe in read_folder(shipped.playbooks(), "playbooks")}
SUFFIX = {"python": "py", "c": "c", "cpp": "cpp", "javascript": "js"}
TOOLS = {"c": "gcc", "cpp": "g++", "javascript": "node"}
SLOW = {"c", "cpp"}
"""Whose examples take a second to compile."""
QUICK_TOO = {"wrap-without-remainder", "cube-as-product"}


@pytest.fixture(scope="module")
def runs() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCH))
        yield importlib.import_module("recipe_runs")


def found(recipe: Recipe, text: str) -> tuple[Source, list[Match]]:
    source = read_source(f"example.{SUFFIX[recipe.language]}", text.encode())
    assert source is not None
    return source, list(matches([recipe], source))


@pytest.mark.parametrize("name", RECIPES)
def test_the_rule_makes_after_of_before(name: str) -> None:
    recipe = RECIPES[name]
    path = f"example.{SUFFIX[recipe.language]}"
    for text in (recipe.example.before, recipe.example.after):
        assert count_faults(text, recipe.language) == 0
    source, places = found(recipe, recipe.example.before)
    assert places
    made = [apply(source.text, each.spans) for each in places]
    assert all(is_sound(source, each.spans) for each in places)
    assert form(path, recipe.example.after.encode()) in {form(path, each.encode()) for each in made}, made[0]


@pytest.mark.parametrize("name", RECIPES)
def test_there_is_less_to_do_afterwards(name: str) -> None:
    recipe = RECIPES[name]
    assert len(found(recipe, recipe.example.after)[1]) < len(found(recipe, recipe.example.before)[1])


def runnable(is_slow: bool) -> list[Any]:
    cases = []
    for name, recipe in RECIPES.items():
        needed = [each for each in recipe.example.needs if importlib.util.find_spec(each) is None]
        tool = TOOLS.get(recipe.language)
        if (recipe.language in SLOW and name not in QUICK_TOO) != is_slow:
            continue
        missing = f"{needed} is not installed" if needed else f"there is no {tool}"
        skip = bool(needed) or (tool is not None and shutil.which(tool) is None)
        cases.append(pytest.param(name, marks=pytest.mark.skipif(skip, reason=missing)))
    return cases


@pytest.mark.parametrize("name", runnable(is_slow=False))
def test_before_and_after_answer_the_same(name: str, runs: Any, tmp_path: Path) -> None:
    before, after = (each.answer() for each in runs.both(RECIPES[name], tmp_path))
    assert (before.printed, before.value) == (after.printed, after.value)
    assert before.printed or before.value not in ("None", "undefined")


@pytest.mark.slow
@pytest.mark.parametrize("name", runnable(is_slow=True))
def test_before_and_after_answer_the_same_compiled(name: str, runs: Any, tmp_path: Path) -> None:
    before, after = (each.answer() for each in runs.both(RECIPES[name], tmp_path))
    assert before.printed == after.printed != ""
