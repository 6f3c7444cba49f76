"""What attempts may change and see: patterns against what the judges' commands name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.errors import GoalError
from kapso.goal import Goal
from kapso.goal.protection import Editable, check_hide, editable_paths, hidden_paths, protected_paths

MakeGoal = Callable[..., Goal]

TRACKED = [
    ".github/ci.yml",
    ".gitignore",
    "answers/truth.json",
    "evaluate.py",
    "goal.yaml",
    "pack.py",
    "src/.gitattributes",
    "src/a.c",
    "src/vendored/v.c",
    "test.py",
    "tests/test_a.py",
]


def test_patterns_follow_gitignore(make_goal: MakeGoal) -> None:
    goal = make_goal(edit='[pack.py, "src/**", "!src/vendored/**"]')
    assert editable_paths(goal, "", TRACKED) == ["pack.py", "src/a.c"]


@pytest.mark.parametrize(
    ("edit", "editable"),
    [
        ("src", ["src/a.c", "src/vendored/v.c"]),
        ("[src/, '!src/vendored/']", ["src/a.c"]),
        ("'*.c'", ["src/a.c", "src/vendored/v.c"]),
        ("/src/*.c", ["src/a.c"]),
        ("['**', '!*.py', '!answers']", ["src/a.c", "src/vendored/v.c"]),
        ("['!pack.py', '**/*.py']", ["pack.py", "test.py", "tests/test_a.py"]),
    ],
)
def test_shapes_of_patterns(make_goal: MakeGoal, edit: str, editable: list[str]) -> None:
    assert editable_paths(make_goal(edit=edit), "", TRACKED) == editable


def test_always_protected_whatever_edit_says(make_goal: MakeGoal) -> None:
    goal = make_goal(
        "check: [python -m pytest tests, python test.py]", "holdout: cat answers/truth.json", edit="'**'"
    )
    assert protected_paths(goal, "", TRACKED) == {
        ".github/ci.yml": "git reads it",
        ".gitignore": "git reads it",
        "answers/truth.json": "the command of `holdout` names it (`answers/truth.json`)",
        "evaluate.py": "the command of `evaluate` names it (`evaluate.py`)",
        "goal.yaml": "it is the goal itself",
        "src/.gitattributes": "git reads it",
        "test.py": "the command of `check` names it (`test.py`)",
        "tests/test_a.py": "the command of `check` names it (`tests`)",
    }
    assert editable_paths(goal, "", TRACKED) == ["pack.py", "src/a.c", "src/vendored/v.c"]


def test_what_run_and_build_name_is_not_protected(make_goal: MakeGoal) -> None:
    goal = make_goal(
        "run: python pack.py", "build: cc src/a.c", "setup: cat src/vendored/v.c", edit="[pack.py, src]"
    )
    assert editable_paths(goal, "", TRACKED) == ["pack.py", "src/a.c", "src/vendored/v.c"]


@pytest.mark.parametrize(
    ("path", "may_change"),
    [
        ("new.py", True),
        ("src/new/deep.py", True),
        ("tests/conftest.py", False),
        ("pytest.py", False),
        (".gitmodules", False),
        ("src/.GIT/config", False),
        ("goal.yaml", False),
        ("evaluate.py", False),
        ("vendored/x.py", False),
    ],
)
def test_new_files(make_goal: MakeGoal, path: str, may_change: bool) -> None:
    goal = make_goal("check: python -m pytest tests", edit="['**', '!vendored/']")
    assert Editable.of(goal, "").matches(path) is may_change


def test_patterns_and_commands_start_from_the_goals_folder(make_goal: MakeGoal) -> None:
    tracked = [f"experiments/x/{path}" for path in TRACKED] + TRACKED
    goal = make_goal(edit="'*.py'")
    assert editable_paths(goal, "experiments/x", tracked) == [
        "experiments/x/pack.py",
        "experiments/x/test.py",
        "experiments/x/tests/test_a.py",
    ]
    assert "experiments/x/goal.yaml" in protected_paths(goal, "experiments/x", tracked)
    assert "evaluate.py" not in protected_paths(goal, "experiments/x", tracked)
    assert not Editable.of(goal, "experiments/x").matches("experiments/xy/pack.py")


def test_hidden_by_default_is_what_the_scorers_name(make_goal: MakeGoal) -> None:
    holdout = "holdout: python evaluate.py --truth answers/"
    check = "check: python test.py"
    assert hidden_paths(make_goal(holdout, check, "run: ./pack"), "", TRACKED) == {
        "evaluate.py",
        "answers/truth.json",
    }
    assert hidden_paths(make_goal(holdout, check), "", TRACKED) == set()


def test_hide_says_what_is_hidden_instead(make_goal: MakeGoal) -> None:
    goal = make_goal("hide: [answers/, 'data/*.csv']", "run: ./pack")
    assert hidden_paths(goal, "", [*TRACKED, "data/x.csv"]) == {"answers/truth.json", "data/x.csv"}
    assert hidden_paths(make_goal("hide: []", "run: ./pack"), "", TRACKED) == set()
    assert hidden_paths(make_goal("hide: answers"), "", TRACKED) == {"answers/truth.json"}


def test_what_is_hidden_is_protected_too(make_goal: MakeGoal) -> None:
    goal = make_goal("hide: answers/", "run: ./pack", edit="'**'")
    assert "answers/truth.json" not in editable_paths(goal, "", TRACKED)
    editable = Editable.of(goal, "")
    assert not editable.matches("answers/new.json") and editable.matches("src/new.c")
    assert "`hide` keeps it" in (editable.why_protected("answers/truth.json") or "")


def refusal(goal: Goal, prefix: str = "", tracked: list[str] = TRACKED) -> GoalError:
    with pytest.raises(GoalError) as caught:
        editable_paths(goal, prefix, tracked)
    assert (caught.value.slug, caught.value.where) == ("edit-matches-nothing", "goal.yaml:2")
    return caught.value


@pytest.mark.parametrize(
    ("edit", "meant"),
    [
        ("scr/*.c", "src/*.c"),
        ("pakc.py", "pack.py"),
        ("source/a.c", "src/a.c"),
        ("scr/**", "src/**"),
        ("src/vendord/*.c", "src/vendored/*.c"),
    ],
)
def test_an_edit_that_matches_nothing_asks_what_was_meant(make_goal: MakeGoal, edit: str, meant: str) -> None:
    error = refusal(make_goal(edit=edit))
    assert error.message == f"`edit: [{edit}]` matches no file at `HEAD`"
    assert error.help == f"paths are relative to the folder of goal.yaml; did you mean `{meant}`?"


def test_nothing_near_is_suggested_for_what_is_far(make_goal: MakeGoal) -> None:
    assert refusal(make_goal(edit="zzzzzzzz")).help == "paths are relative to the folder of goal.yaml"
    assert (
        refusal(make_goal(edit="'*.rs'"), tracked=[]).help == "paths are relative to the folder of goal.yaml"
    )


def test_a_path_from_the_repositorys_root_is_recognised(make_goal: MakeGoal) -> None:
    error = refusal(make_goal(edit="lab/x/pack.py"), "lab/x", ["lab/x/pack.py"])
    assert error.help is not None and error.help.endswith("did you mean `pack.py`?")


def test_a_file_that_is_not_committed_is_said(make_goal: MakeGoal, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "fresh.py").touch()
    help = refusal(make_goal(edit="fresh.py")).help
    assert help == "`fresh.py` exists but is not in `HEAD`: commit it, or run with `--dirty`"


def test_protection_as_the_cause_names_the_command_and_its_word(make_goal: MakeGoal) -> None:
    error = refusal(make_goal("check: python -m compileall src", edit="src/a.c"))
    assert error.message == (
        "`edit: [src/a.c]` matches `src/a.c`, which is protected: the command of `check` names it (`src`)"
    )
    error = refusal(make_goal(edit="[goal.yaml, .gitignore]"))
    assert "every file (2, such as `.gitignore`)" in error.message


def test_a_hide_that_hides_nothing_is_refused(make_goal: MakeGoal) -> None:
    check_hide(make_goal("hide: [answers, '!answers/truth.json', data/]"), "", [*TRACKED, "data/x"])
    check_hide(make_goal(), "", TRACKED)
    with pytest.raises(GoalError) as caught:
        check_hide(make_goal("hide: [evaluate.py, evalute.py]"), "", TRACKED)
    assert "`hide: [evalute.py]` matches no tracked or shared file" in caught.value.message
    assert caught.value.where == "goal.yaml:4"
    assert "did you mean `evaluate.py`?" in (caught.value.help or "")


PYTHON = '{python: "evaluate.py:evaluate", program: pack.py}'


def test_the_program_is_no_judge_although_the_scorer_names_it(make_goal: MakeGoal) -> None:
    evaluate = "{command: python evaluate.py pack.py answers, program: ./pack.py}"
    goal = make_goal("holdout: python evaluate.py pack.py", edit="'**'", evaluate=evaluate)
    assert {"pack.py", "src/a.c"} <= set(editable_paths(goal, "", TRACKED))
    assert {"evaluate.py", "answers/truth.json"} <= protected_paths(goal, "", TRACKED).keys()


def test_the_file_of_a_function_and_its_python_are_protected(make_goal: MakeGoal) -> None:
    editable = Editable.of(make_goal(edit="'**'", evaluate=PYTHON), "sub")
    assert "`evaluate.py`" in (editable.why_protected("sub/evaluate.py") or "")
    assert "`.venv`" in (editable.why_protected("sub/.venv/bin/python") or "")
    assert editable.matches("sub/pack.py") and editable.matches("sub/new.py")


@pytest.mark.parametrize(
    ("edit", "evaluate", "message", "help"),
    [
        ("src", PYTHON, "`pack.py` may not be changed: `edit` does not match it", "add it to `edit: [src]`"),
        ("pack.py", PYTHON.replace("pack.", "pakc."), "no `pakc.py` at `HEAD`", "did you mean `pack.py`?"),
        ("'**'", PYTHON.replace("pack.py", "goal.yaml"), "may not be changed: it is the goal itself", ""),
    ],
)  # fmt: skip
def test_a_program_that_cannot_change(
    make_goal: MakeGoal, edit: str, evaluate: str, message: str, help: str
) -> None:
    with pytest.raises(GoalError) as caught:
        editable_paths(make_goal(edit=edit, evaluate=evaluate), "", TRACKED)
    assert message in caught.value.message and help in (caught.value.help or "")
    assert caught.value.where == "goal.yaml:3"


def test_a_scorer_that_names_what_it_judges_is_told_how_to_say_so(make_goal: MakeGoal) -> None:
    with pytest.raises(GoalError) as caught:
        editable_paths(make_goal(evaluate="python evaluate.py pack.py"), "", TRACKED)
    assert "program: pack.py}`" in (caught.value.help or "")
