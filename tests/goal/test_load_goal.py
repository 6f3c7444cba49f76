"""What a goal means: the example of the documentation, every default, and the shapes that values may take."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.errors import GoalError
from kapso.goal import (
    Budget,
    Command,
    Constraint,
    Goal,
    Metric,
    ProposerSpec,
    SandboxSettings,
    Search,
    Stop,
    load_goal,
    parse_goal,
)

MakeGoal = Callable[..., Goal]

FULL = r"""
name: circle-packing               # [a-z0-9-] with a letter; default: the folder's name
objective: >                       # plain words
  Pack 26 circles into the unit square; maximise the sum of their radii.

repo: .
base: HEAD
edit: [pack.py, "src/**", "!src/vendored/**"]
share: [data/]
hide: [evaluate.py, answers/]
setup: python -m venv .venv && .venv/bin/pip install -r requirements.txt   # once per base
build: make -s pack
keep: [target/]
check: python -m pytest -q
run: ./pack --out $KAPSO_OUT/circles.json             # the candidate itself
evaluate: python evaluate.py $KAPSO_OUT/circles.json
timeout: 60s
metrics:
  score: maximize
  run.seconds: minimize
  size: {goal: minimize, regex: 'bytes: (\d+)', bounds: [0, .inf]}
constraints: ["score >= 0.99 * baseline", "run.seconds <= 10"]
repeats: 3
holdout: {command: python evaluate.py --split test, timeout: 1h}
propose:
  - tune
search: {policy: greedy, parallel: 4, seed: 7, executor: local, repairs: 2}
budget: {attempts: 100, time: 10m, cost: 5.00}
stop: {target: 2.635, patience: 200}
sandbox: {level: auto, network: false, memory: 2GB, processes: 256, read: ["~/datasets"], gpu: auto,
  env: [CUDA_VISIBLE_DEVICES]}
approve: false
knowledge: []
memory: {recall: true}
"""


def test_the_documented_example_means_what_it_says(tmp_path: Path) -> None:
    goal = parse_goal(FULL, tmp_path / "goal.yaml")
    minute = 60.0
    assert goal == Goal(
        name="circle-packing",
        objective="Pack 26 circles into the unit square; maximise the sum of their radii.",
        folder=tmp_path,
        file=tmp_path / "goal.yaml",
        repo=tmp_path,
        edit=("pack.py", "src/**", "!src/vendored/**"),
        share=("data",),
        hide=("evaluate.py", "answers/"),
        setup=Command("python -m venv .venv && .venv/bin/pip install -r requirements.txt", minute),
        build=Command("make -s pack", minute),
        keep=("target",),
        check=(Command("python -m pytest -q", minute),),
        run=Command("./pack --out $KAPSO_OUT/circles.json", minute),
        evaluate=Command("python evaluate.py $KAPSO_OUT/circles.json", minute),
        holdout=Command("python evaluate.py --split test", 3600.0),
        metrics=(
            Metric("score"),
            Metric("run.seconds", "minimize"),
            Metric("size", "minimize", r"bytes: (\d+)", 0.0, math.inf),
        ),
        constraints=(
            Constraint("score >= 0.99 * baseline", "score", ">=", 0.99, True),
            Constraint("run.seconds <= 10", "run.seconds", "<=", 10.0, False),
        ),
        repeats=3,
        propose=(ProposerSpec("tune"),),
        search=Search("greedy", 4, 7, "local", 2),
        budget=Budget(100, 600.0, 5.0),
        stop=Stop(2.635, 200),
        sandbox=SandboxSettings(
            "auto", False, 2 * 10**9, 256, ("~/datasets",), None, ("CUDA_VISIBLE_DEVICES",)
        ),
    )


def test_defaults(make_goal: MakeGoal) -> None:
    goal = make_goal()
    assert (goal.name, goal.base, goal.repo, goal.hide) == ("demo", "HEAD", None, None)
    assert goal.evaluate == Command("python evaluate.py", 300.0)
    assert goal.metrics == (Metric("score", "maximize"),)
    assert goal.primary.name == "score"
    assert goal.budget == Budget(attempts=50, time_s=None, cost=None)
    assert goal.search == Search("tree", None, 0, "local", 2)
    assert goal.sandbox == SandboxSettings("auto", False, None, 512, (), None, ())
    assert goal.stop == Stop(None, None)
    assert goal.propose == tuple(map(ProposerSpec, ("tune", "mutate", "recipe", "combine", "ablate")))
    assert goal.recall and not goal.approve and not goal.is_judged_apart and goal.repeats == 1


@pytest.mark.parametrize(
    ("line", "budget"),
    [
        ("budget: {}", Budget(50, None, None)),
        ("budget: {time: 2h}", Budget(None, 7200.0, None)),
        ("budget: {cost: 1}", Budget(None, None, 1.0)),
        ("budget: {attempts: 3, time: 90s}", Budget(3, 90.0, None)),
    ],
)
def test_the_default_number_of_attempts_counts_only_without_any_limit(
    make_goal: MakeGoal, line: str, budget: Budget
) -> None:
    assert make_goal(line).budget == budget


def test_a_command_may_have_its_own_timeout(make_goal: MakeGoal) -> None:
    goal = make_goal(
        "timeout: 10s",
        "run: {command: ./pack, timeout: 2m}",
        "check: [make lint, {command: make test, timeout: 1h}]",
        "build: {command: make}",
    )
    assert goal.run == Command("./pack", 120.0)
    assert goal.check == (Command("make lint", 10.0), Command("make test", 3600.0))
    assert goal.build == Command("make", 10.0)
    assert make_goal("check: {command: make test, timeout: 1h}").check == (Command("make test", 3600.0),)


def test_a_value_alone_stands_for_a_list_of_one(make_goal: MakeGoal) -> None:
    goal = make_goal(
        "share: data/", "hide: answers/", "keep: ./target/", "constraints: score > 0", "propose: tune"
    )
    assert (goal.edit, goal.share, goal.hide, goal.keep) == (
        ("pack.py",),
        ("data",),
        ("answers/",),
        ("target",),
    )
    assert [each.text for each in goal.constraints] == ["score > 0"]


def test_an_empty_hide_hides_nothing_and_none_asks_for_the_default(make_goal: MakeGoal) -> None:
    assert make_goal("hide: []").hide == ()
    assert make_goal().hide is None


@pytest.mark.parametrize(
    ("text", "constraint"),
    [
        ("score>=0.99*baseline", Constraint("score>=0.99*baseline", "score", ">=", 0.99, True)),
        (
            "run.max_rss_bytes < 1e9",
            Constraint("run.max_rss_bytes < 1e9", "run.max_rss_bytes", "<", 1e9, False),
        ),
        ("a-b/c > -.5", Constraint("a-b/c > -.5", "a-b/c", ">", -0.5, False)),
    ],
)
def test_constraints(make_goal: MakeGoal, text: str, constraint: Constraint) -> None:
    assert make_goal(f"constraints: ['{text}']").constraints == (constraint,)


def test_a_constraint_holds_against_a_number_or_the_baseline(make_goal: MakeGoal) -> None:
    [absolute, relative] = make_goal("constraints: ['size <= 10', 'score >= 0.5 * baseline']").constraints
    assert absolute.holds({"size": 10}, {}) and not absolute.holds({"size": 11}, {})
    assert relative.holds({"score": 2}, {"score": 4}) and not relative.holds({"score": 1.9}, {"score": 4})
    assert not absolute.holds({}, {}) and not relative.holds({"score": 2}, {})


def test_better_follows_the_direction() -> None:
    assert Metric("score").is_better(2, 1) and not Metric("score").is_better(1, 1)
    assert Metric("size", "minimize").is_better(1, 2) and not Metric("size", "minimize").is_better(2, 1)


@pytest.mark.parametrize(
    ("lines", "uses_time"),
    [
        ((), False),
        (("metrics: {run.seconds: minimize}",), True),
        (("constraints: ['run.cpu_seconds < 3']",), True),
        (("metrics: {run.max_rss_bytes: minimize, diff.lines: minimize}",), False),
    ],
)
def test_whether_time_is_used(make_goal: MakeGoal, lines: tuple[str, ...], uses_time: bool) -> None:
    assert make_goal(*lines).uses_time is uses_time


@pytest.mark.parametrize("value", ["tune", "[tune]", "[{tune: {}}]", "{tune: {}}", "\n  - tune:"])
def test_shapes_of_a_proposer(make_goal: MakeGoal, value: str) -> None:
    assert make_goal(f"propose: {value}").propose == (ProposerSpec("tune"),)


@pytest.mark.parametrize(("value", "expected"), [("auto", None), ("true", True), ("false", False)])
def test_gpu(make_goal: MakeGoal, value: str, expected: bool | None) -> None:
    assert make_goal(f"sandbox: {{gpu: {value}}}").sandbox.gpu is expected


@pytest.mark.parametrize("level", ["auto", "bubblewrap", "landlock", "limits", "strict"])
def test_levels(make_goal: MakeGoal, level: str) -> None:
    assert make_goal(f"sandbox: {{level: {level}}}").sandbox.level == level


def test_what_old_yaml_took_for_booleans_and_numbers_is_text(make_goal: MakeGoal) -> None:
    goal = make_goal("name: no", "sandbox: {env: [NO, ON, Y]}", "base: 12345678", "build: 'true'")
    assert (goal.name, goal.sandbox.env, goal.base) == ("no", ("NO", "ON", "Y"), "12345678")
    assert goal.build == Command("true", 300.0)
    assert make_goal("base: 1e10").base == "1e10"


def test_a_directive_for_old_yaml_changes_nothing(tmp_path: Path) -> None:
    text = "%YAML 1.1\n---\nobjective: x\nedit: a\nevaluate: b\nname: on\n"
    assert parse_goal(text, tmp_path / "goal.yaml").name == "on"


@pytest.mark.parametrize(
    ("folder", "name"),
    [("My Project", "my-project"), ("café_2", "cafe-2"), ("a--b.", "a-b"), ("x" * 300, "x" * 100)],
)
def test_the_name_comes_from_the_folder(make_goal: MakeGoal, folder: str, name: str) -> None:
    assert make_goal(file=Path("/srv") / folder / "goal.yaml").name == name


@pytest.mark.parametrize("folder", ["2024", "日本", "..."])
def test_a_folder_that_gives_no_name_asks_for_one(make_goal: MakeGoal, folder: str) -> None:
    with pytest.raises(GoalError, match="no name can be made") as caught:
        make_goal(file=Path("/srv") / folder / "goal.yaml")
    assert "add `name: my-goal`" in (caught.value.help or "")


def test_patterns_keep_their_meaning_and_lose_the_dot(make_goal: MakeGoal) -> None:
    assert make_goal(edit="[./pack.py, '!./src/x', /lib]").edit == ("/pack.py", "!/src/x", "/lib")


def test_aliases_are_read(make_goal: MakeGoal) -> None:
    goal = make_goal("share: &data [data]", "hide: *data")
    assert goal.share == goal.hide == ("data",)


def test_load_reads_the_file_and_a_folder_stands_for_its_goal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "goal.yaml").write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    monkeypatch.chdir(tmp_path)
    goal = load_goal(Path("x/goal.yaml"))
    assert goal == load_goal(Path("x"))
    assert (goal.folder, goal.file) == (folder, folder / "goal.yaml")
    assert goal.where("edit") == f"{Path('x/goal.yaml')}:8"
    sandbox_line = next(n for n, line in enumerate(FULL.splitlines(), start=1) if line.startswith("sandbox:"))
    assert goal.where("sandbox.level").endswith(f":{sandbox_line}")
    assert goal.build == Command("make -s pack", 60.0)


def test_where_of_a_default_has_no_line(make_goal: MakeGoal) -> None:
    assert make_goal().where("budget") == "goal.yaml"


def test_a_linked_folder_is_the_real_one_and_the_prefix_is_seen_from_the_root(tmp_path: Path) -> None:
    real = tmp_path / "repository" / "experiments" / "x"
    real.mkdir(parents=True)
    (real / "goal.yaml").write_text("objective: a\nedit: b\nevaluate: c\nrepo: ../..\n")
    os.symlink(real, tmp_path / "link")
    goal = load_goal(tmp_path / "link" / "goal.yaml")
    assert goal.folder == real
    assert goal.repo == tmp_path / "repository"
    assert goal.prefix(tmp_path / "repository") == "experiments/x"
    assert goal.prefix(real) == goal.prefix(tmp_path / "elsewhere") == ""
