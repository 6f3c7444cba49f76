"""Playbooks read: what a recipe may say, and how a mistake in one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from kapso import shipped
from kapso.errors import GoalError, UsageError
from kapso.goal import Goal, dump_goal, parse_goal
from kapso.goal.recipe import RecipeOptions
from kapso.propose.recipe import cookbook_of
from kapso.propose.recipe.reading import read_folder, read_recipes

KEYS = {
    "id": "first",
    "title": "The first of a sorted list",
    "language": "python",
    "rule": '"sorted($X)[0]"',
    "fix": "min($X)",
    "example": "{before: 'x = sorted([2, 1])[0]', after: 'x = min([2, 1])', run: x}",
}


def playbook(**changed: str | None) -> str:
    told = {**KEYS, **changed}
    lines = [f"{key}: {value}" for key, value in told.items() if value is not None]
    return "\n".join(["# Advice", "", "```yaml recipe", *lines, "```", ""])


def test_a_recipe_is_read_with_its_place() -> None:
    [recipe] = read_recipes(playbook(gain="3.5", imports="[import math]"), "ours/fast.md")
    assert (recipe.id, recipe.gain, recipe.imports, recipe.where) == (
        "first", 3.5, ("import math",), "ours/fast.md:3",
    )  # fmt: skip
    assert recipe.config == {"rule": {"pattern": "sorted($X)[0]"}}


def test_other_blocks_are_no_recipes() -> None:
    assert read_recipes(f"````markdown\n{playbook()}````\n", "a.md") == []
    assert read_recipes("```yaml\nid: x\n```\n```python\nx = 1\n```\n", "a.md") == []


@pytest.mark.parametrize(
    ("changed", "message", "help"),
    [
        ({"id": "First One"}, "`id: First One` is no name of a recipe", "small letters"),
        ({"id": None}, "a recipe needs a text as `id`", "README"),
        ({"language": "pyhton"}, "`language: pyhton` is not known", "did you mean `python`?"),
        ({"language": "cobol"}, "`language: cobol` is not known", "python"),
        ({"rule": None}, "a recipe has no `rule`", "add one"),
        ({"rule": "{patern: x}"}, "a rule is not one of ast-grep's: unknown field `patern`", ""),
        ({"rule": "{kind: nonsense}"}, "a rule is not one of ast-grep's: Kind `nonsense` is invalid", ""),
        ({"rule": "{regex: '('}"}, "a rule is not one of ast-grep's", ""),
        ({"rule": "[1, 2]"}, "a rule is not one of ast-grep's", ""),
        ({"constraints": "{X: {regx: a}}"}, "unknown field `regx`", ""),
        ({"constraints": "[a]"}, "`constraints` must be a mapping", ""),
        ({"fix": None}, "the recipe `first` changes nothing", "add a `fix`"),
        ({"fix": "min($Y)"}, "the recipe `first` does not bind `Y`", "`names`"),
        ({"also": "[{rule: $Q, fix: $Z}]"}, "the recipe `first` does not bind `Z`", ""),
        ({"also": "[{rule: $Q, fix: x, where: nearby}]"}, "`where: nearby` is not known", "`function`"),
        ({"uses": "{X: ['', truth]}"}, "a recipe has no `rule`", ""),
        ({"gain": "fast"}, "`gain: fast` is no number above 0", "3.5"),
        ({"gain": "-1"}, "`gain: -1` is no number above 0", ""),
        ({"example": None}, "`example` must be a mapping", ""),
        ({"example": "{before: x}"}, "a recipe needs a text as `after`", ""),
        ({"fixx": "x"}, "unknown key `fixx` in a recipe", "did you mean `fix`?"),
        ({"fix": "{a: b"}, "a recipe is no YAML", "quotes"),
        ({"rule": "&a {not: *a}"}, "a recipe has no aliases", "write out"),
        ({"rule": "[" * 3000}, "a recipe is nested too deeply", ""),
    ],
)
def test_mistakes_are_told_with_their_place(changed: dict[str, str | None], message: str, help: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_recipes(playbook(**changed), "ours.md")
    assert message in caught.value.message
    assert caught.value.where is not None and caught.value.where.startswith("ours.md:")
    assert help in (caught.value.help or "")
    assert "backtrace" not in caught.value.render()


def test_a_recipe_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="`first` is there twice"):
        read_recipes(playbook() * 2, "ours.md")


def test_ours_are_read_by_language(tmp_path: Path) -> None:
    book = cookbook_of(goal(tmp_path, "[recipe]"), None)
    everything = {each.id: each.language for each in book.all()}
    for language in ("python", "c", "cpp", "javascript", "tsx", "go"):
        spoken = {"cpp": ("c", "cpp"), "tsx": ("javascript",)}.get(language, (language,))
        wanted = {name for name, spoken_in in everything.items() if spoken_in in spoken}
        assert {each.id for each in book.of(language)} == wanted
    assert {each.id for each in book.of("c")} < {each.id for each in book.of("cpp")}


def test_a_mistake_in_ones_own_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text(playbook(rule="{kind: nonsense}"))
    told = goal(tmp_path, "[{recipe: {from: [kapso, own.md]}}]")
    with pytest.raises(UsageError, match="nonsense"):
        cookbook_of(told, options(told))


def goal(tmp_path: Path, propose: str) -> Goal:
    text = f"objective: x\nedit: a.py\nevaluate: 'true'\npropose: {propose}\n"
    return parse_goal(text, tmp_path / "goal.yaml", shown_as="goal.yaml")


def options(goal: Goal) -> RecipeOptions | None:
    [told] = [spec.options for spec in goal.propose if spec.name == "recipe"]
    assert told is None or isinstance(told, RecipeOptions)
    return told


def test_a_goal_names_folders_and_playbooks(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/fast.md").write_text(playbook())
    (tmp_path / "one.md").write_text(playbook(id="second"))
    told = goal(tmp_path, "[{recipe: {from: [ours, one.md]}}]")
    assert [each.id for each in cookbook_of(told, options(told)).all()] == ["first", "second"]
    assert [each.where for each in cookbook_of(told, options(told)).all()] == ["ours/fast.md:3", "one.md:3"]
    assert parse_goal(dump_goal(told), tmp_path / "goal.yaml").propose == told.propose


def test_ours_come_with_kapso_and_give_way_to_those_named_before(tmp_path: Path) -> None:
    shipped_ids = {each.id for each in cookbook_of(goal(tmp_path, "[recipe]"), None).all()}
    assert len(shipped_ids) >= 60
    (tmp_path / "mine.md").write_text(playbook(id="list-as-queue"))
    told = goal(tmp_path, "[{recipe: {from: [mine.md, kapso]}}]")
    found = {each.id: each for each in cookbook_of(told, options(told)).all()}
    assert found.keys() == shipped_ids
    assert found["list-as-queue"].where == "mine.md:3"


@pytest.mark.parametrize(
    ("propose", "message", "where"),
    [
        ("[{recipe: {from: []}}]", "names no folder", "goal.yaml:4"),
        ("[{recipe: {}}]", "has no `from`", "goal.yaml:4"),
        ("[{recipe: {form: [a]}}]", "unknown key `form`", "goal.yaml:4"),
        ("[{recipe: {from: [nowhere]}}]", "names `nowhere`, which is not there", "goal.yaml:4"),
    ],
)
def test_mistakes_in_the_goal(tmp_path: Path, propose: str, message: str, where: str) -> None:
    with pytest.raises(GoalError) as caught:
        told = goal(tmp_path, propose)
        cookbook_of(told, options(told))
    assert message in caught.value.message
    assert (caught.value.where, caught.value.exit_code) == (where, 2)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read: it is not UTF-8"):
        read_folder(tmp_path, "ours")


FRONT = ("title:", "kind:", "applies_to:", "sources:")


def test_every_playbook_says_what_it_is_about() -> None:
    books = [path for path in sorted(shipped.playbooks().glob("*.md")) if path.name != "README.md"]
    assert 10 <= len(books) <= 15
    for book in books:
        front = book.read_text().split("---\n")[1]
        assert all(f"\n{key}" in f"\n{front}" for key in FRONT), book.name
        assert "When it does harm" in book.read_text() or book.name == "measuring.md"
