"""`evaluate.stages` as a goal says it: what is read and kept, what is refused, which files the judges'."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.identity import identity_parts
from kapso.git.repository import Repository
from kapso.goal import Command, dump_goal, parse_goal
from kapso.goal.protection import hidden_paths, protected_paths
from tests.goal.test_goal_errors import mistake
from tests.goal.test_goal_schema import faults_of

START = "objective: Faster.\nedit: [pack.py]\n"
FULL = "    - {name: full, command: python score.py}\n"
STAGES = START + "evaluate:\n  stages:\n"


def goal_of(*stages: str, more: str = "", folder: Path = Path("/srv/demo")) -> Any:
    text = STAGES + "".join(f"    - {each}\n" for each in stages) + FULL + more
    assert faults_of(text) == []
    return parse_goal(text, folder / "goal.yaml")


QUICK = "{name: quick, command: python score.py --quick, timeout: 10s"


@pytest.mark.parametrize(
    ("promote", "share", "rules"),
    [
        ("", 1 / 3, []),
        (", promote: 1/4", 0.25, []),
        (", promote: 30%", 0.3, []),
        (", promote: 0.5", 0.5, []),
        (", promote: 1", 1.0, []),
        (", promote: score >= 0.9 * baseline", None, ["score >= 0.9 * baseline"]),
        (", promote: [1/5, score > 2, run.seconds <= 3]", 0.2, ["score > 2", "run.seconds <= 3"]),
    ],
)
def test_who_goes_on(promote: str, share: float | None, rules: list[str]) -> None:
    goal = goal_of(QUICK + promote + "}")
    quick, full = goal.stages
    assert (quick.name, quick.command) == ("quick", Command("python score.py --quick", 10.0))
    assert (quick.share, [rule.text for rule in quick.rules]) == (share, rules)
    assert (full.share, full.rules, full.command) == (None, (), goal.evaluate)
    assert parse_goal(dump_goal(goal), goal.file) == goal


def test_a_time_that_decides_who_goes_on_is_used_as_one() -> None:
    assert goal_of("{name: quick, command: x, promote: [1/3, run.seconds <= 3]}").uses_time
    assert goal_of("{name: quick, command: x}", more="constraints: [quick.run.seconds <= 3]\n").uses_time
    assert not goal_of("{name: quick, command: x, promote: [1/3, size <= 3]}").uses_time


def test_a_single_evaluation_is_its_own_full_stage() -> None:
    goal = parse_goal(START + "evaluate: python score.py\nrun: ./pack\n", Path("/srv/demo/goal.yaml"))
    [only] = goal.all_stages
    assert (goal.stages, only.command, only.run) == ((), goal.evaluate, goal.run)


def test_a_cheap_stage_runs_the_goals_run_in_its_own_time_or_a_run_of_its_own() -> None:
    goal = goal_of(
        "{name: plain, command: judge}",
        QUICK + "}",
        "{name: own, command: judge, timeout: 20s, run: ./pack --small}",
        "{name: both, command: judge, run: {command: ./pack --tiny, timeout: 3s}}",
        more="run: {command: ./pack, timeout: 2m}\ntimeout: 60s\n",
    )
    runs = [(each.run.command, each.run.timeout_s) for each in goal.all_stages]
    assert runs == [
        ("./pack", 120),
        ("./pack", 10),
        ("./pack --small", 20),
        ("./pack --tiny", 3),
        ("./pack", 120),
    ]
    assert goal.all_stages[-1].run is goal.run
    assert [each.command.timeout_s for each in goal.stages] == [60, 10, 20, 60, 60]
    assert parse_goal(dump_goal(goal), goal.file) == goal


def test_stages_may_be_functions_of_the_program() -> None:
    text = (
        STAGES + "    - {name: one, python: 'evaluator.py:evaluate_stage1', timeout: 5s}\n"
        "    - {name: two, python: 'evaluator.py:evaluate'}\n  program: pack.py\n"
    )
    assert faults_of(text) == []
    goal = parse_goal(text, Path("/srv/demo/goal.yaml"))
    assert [each.function.written for each in goal.stages if each.function] == [
        "evaluator.py:evaluate_stage1",
        "evaluator.py:evaluate",
    ]
    assert (goal.function, goal.program) == (goal.stages[1].function, "pack.py")
    assert parse_goal(dump_goal(goal), goal.file) == goal
    assert "evaluator.py" in protected_paths(goal, "", ["evaluator.py", "pack.py"])


LAST = "{name: b, command: y}"


def two(first: str, second: str = LAST, before: str = "", after: str = "") -> str:
    return f"{before}evaluate:\n  stages:\n    - {first}\n    - {second}{after}"


MISTAKES = [
    ("evaluate: {stages: quick}", 3, "`evaluate.stages` must be a list of stages", "write each one like"),
    (
        "evaluate: {stages: [{name: a, command: x}]}",
        3,
        "needs a cheap stage and, last, the full one",
        "`evaluate: COMMAND`",
    ),
    (
        two("{name: a, command: x}", "{name: b, comand: x}"),
        6,
        "unknown key `comand` in `evaluate.stages[2]`",
        "did you mean `command`?",
    ),
    (
        two("{name: a, command: x, promot: 0.5}", "{name: b, command: x}"),
        5,
        "unknown key `promot` in `evaluate.stages[1]`",
        "did you mean `promote`?",
    ),
    (two("{command: x}", "{name: b, command: x}"), 5, "`evaluate.stages[1]` has no `name`", "write it like"),
    (
        two("{name: a}", "{name: b, command: x}"),
        5,
        "the stage `a` has neither `command` nor `python`",
        "write it like",
    ),
    (
        two("{name: a, command: x}", "{name: a, command: y}"),
        6,
        "two stages are called `a`",
        "a name of its own",
    ),
    (
        two("{name: run, command: x}", "{name: a, command: y}"),
        5,
        "`run` is no name for a stage",
        "such as `quick`",
    ),
    (
        two("{name: a.b, command: x}", "{name: a, command: y}"),
        5,
        "`a.b` is no name for a stage",
        "such as `quick`",
    ),
    (
        two("{name: a, command: x}", "{name: b, command: y, promote: 0.5}"),
        6,
        "the last stage takes no `promote`",
        "remove it",
    ),
    (
        two("{name: a, command: x}", "{name: b, command: y, run: z}", after="\nrun: x"),
        6,
        "the last stage takes no `run`",
        "remove it",
    ),
    (
        two("{name: a, command: x, run: z}"),
        5,
        "`evaluate.stages[1].run` needs a `run` of the goal",
        "add `run: COMMAND`",
    ),
    (two("{name: a, command: x, promote: 0}"), 5, "a share is more than 0 and at most 1, found `0`", "`1/3`"),
    (
        two("{name: a, command: x, promote: 4/3}"),
        5,
        "a share is more than 0 and at most 1, found `4/3`",
        "`30%`",
    ),
    (two("{name: a, command: x, promote: 1/0}"), 5, "`evaluate.stages[1].promote` must be a share", None),
    (
        two("{name: a, command: x, promote: best}"),
        5,
        "`evaluate.stages[1].promote` must be a share such as `1/3`",
        None,
    ),
    (two("{name: a, command: x, promote: [0.5, 1/3]}"), 5, "gives two shares", "keep one"),
    (two("{name: a, command: x, promote: []}"), 5, "lets nobody through", "a share such as"),
    (
        two("{name: a, command: x, promote: score > baseline}"),
        5,
        "`score > baseline` is no constraint",
        "write `1 * baseline`",
    ),
    (two("{name: a, command: x, timeout: 10}"), 5, "`10` is not a duration", "`10s`"),
    (
        "evaluate:\n  command: x\n  stages:\n    - {name: a, command: x}\n    - {name: b, command: y}",
        5,
        "`evaluate.stages` and `evaluate.command` exclude each other",
        "move it there",
    ),
    (
        two("{name: a, python: 'e.py:f'}"),
        5,
        "`evaluate.stages[1].python` needs `evaluate.program`",
        "program: program.py",
    ),
    (
        two("{name: a, python: 'e.py:f'}", before="run: x\n"),
        6,
        "`evaluate.stages[1].python` cannot be used with `run`",
        "remove `run`",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "message", "help"), MISTAKES, ids=[case[2][:50] for case in MISTAKES]
)
def test_mistakes_in_stages(text: str, line: int, message: str, help: str | None) -> None:
    error = mistake(START + text + "\n")
    assert message in error.message
    assert error.where == f"goal.yaml:{line}"
    assert help is None or help in (error.help or "")


def test_the_files_of_every_stage_are_protected_and_hidden() -> None:
    goal = goal_of(
        "{name: quick, command: python quick.py $KAPSO_OUT --data sets/$KAPSO_STAGE.json}",
        "{name: half, command: 'python ${KAPSO_STAGE}.py'}",
        more="run: python pack.py\n",
    )
    tracked = ["pack.py", "quick.py", "half.py", "score.py", "sets/quick.json", "sets/full.json"]
    judges = {"quick.py", "half.py", "score.py", "sets/quick.json"}
    assert set(protected_paths(goal, "", tracked)) == judges
    assert hidden_paths(goal, "", tracked) == judges


def test_stages_are_part_of_the_identity(make_repository: Callable[..., Path]) -> None:
    root = make_repository({"pack.py": "", "score.py": ""})
    repository = Repository.open(root)

    def identity(*stages: str, more: str = "") -> str:
        goal = goal_of(*stages, more=more, folder=root)
        return json.dumps(identity_parts(goal, repository, repository.resolve("HEAD")))

    variants = [
        ("{name: a, command: x}",),
        ("{name: b, command: x}",),
        ("{name: a, command: y}",),
        ("{name: a, command: x, timeout: 3s}",),
        ("{name: a, command: x, promote: 0.5}",),
        ("{name: a, command: x, promote: score > 1}",),
        ("{name: a, command: x}", "{name: c, command: x}"),
    ]
    assert len({identity(*each) for each in variants}) == len(variants)
    with_run = {identity("{name: a, command: x" + own + "}", more="run: r\n") for own in ("", ", run: s")}
    assert len(with_run) == 2
    plain = parse_goal(START + "evaluate: python score.py\n", root / "goal.yaml")
    assert "stages" not in identity_parts(plain, repository, repository.resolve("HEAD"))
