"""A goal that was written reads back as an equal goal, whatever its texts hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.goal import (
    Budget,
    Command,
    Constraint,
    Goal,
    Metric,
    SandboxSettings,
    Search,
    Stop,
    dump_goal,
    parse_goal,
)

MakeGoal = Callable[..., Goal]

TRAPS = st.sampled_from(
    ["no", "on", "null", "~", "1_000", "0x1f", "1e3", "2024-01-01", "a: b", "- x", "# x", "é☃😀", "'"]
)
TEXTS = (TRAPS | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)).map(str.strip).filter(bool)
NAMES = st.from_regex(r"[a-z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
SECONDS = st.floats(min_value=1e-6, max_value=1e6)
COMMANDS = st.builds(Command, TEXTS, SECONDS)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def optional(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


@st.composite
def metrics(draw: st.DrawFn) -> tuple[Metric, ...]:
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    low, high = sorted(draw(st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False))))
    direction = st.sampled_from(["maximize", "minimize"])
    regexes = optional(st.sampled_from([r"bytes: (\d+)", "a'b\"c", "\tx "]))
    takes = st.sampled_from(["median", "minimum"])
    return tuple(
        draw(st.builds(Metric, st.just(name), direction, regexes, st.just(low), st.just(high), takes))
        for name in names
    )


@st.composite
def constraints(draw: st.DrawFn) -> Constraint:
    name, op, value = draw(NAMES), draw(st.sampled_from(["<", ">", "<=", ">="])), draw(FINITE)
    relative = draw(st.booleans())
    text = f"{name} {op} {value!r}" + (" * baseline" if relative else "")
    return Constraint(text, name, op, value, relative)


PARTS = {
    "name": st.sampled_from(["no", "a", "1e3", "circle-packing", "0-x"]),
    "objective": TEXTS,
    "base": TEXTS.filter(lambda text: not text.startswith("-")),
    "repo": optional(st.sampled_from([Path("/srv"), Path("/srv/demo"), Path("/elsewhere/a b")])),
    "edit": st.lists(st.sampled_from(["src/**", "*.py", "/a", "a b"]), min_size=1, max_size=3).map(tuple),
    "share": st.lists(st.sampled_from(["data", "a b/c", "no"]), max_size=2).map(tuple),
    "hide": optional(st.lists(st.sampled_from(["answers/", "*.json"]), max_size=2).map(tuple)),
    "setup": optional(COMMANDS),
    "build": optional(COMMANDS),
    "run": optional(COMMANDS),
    "evaluate": COMMANDS,
    "holdout": optional(COMMANDS),
    "check": st.lists(COMMANDS, max_size=2).map(tuple),
    "metrics": metrics(),
    "constraints": st.lists(constraints(), max_size=2).map(tuple),
    "repeats": optional(st.integers(1, 100)),
    "search": st.builds(
        Search, st.sampled_from(["tree", "greedy"]), optional(st.integers(1, 64)), st.integers(0, 2**32 - 1)
    ),
    "budget": st.builds(Budget, st.integers(1, 9), optional(SECONDS), optional(st.floats(0.01, 1e6))),
    "stop": st.builds(Stop, optional(FINITE), optional(st.integers(1, 1000))),
    "sandbox": st.builds(
        SandboxSettings,
        st.sampled_from(["auto", "strict", "limits"]),
        st.booleans(),
        optional(st.integers(1, 2**62)),
        st.integers(1, 4096),
        st.lists(TEXTS, max_size=2).map(tuple),
        optional(st.booleans()),
        st.lists(NAMES, max_size=2).map(tuple),
    ),
    "recall": st.booleans(),
    "user_memory": st.booleans(),
}


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries(PARTS))
def test_any_goal_reads_back(parts: dict[str, object]) -> None:
    plain = parse_goal("objective: a\nedit: b\nevaluate: c\n", Path("/srv/demo/goal.yaml"))
    goal = dataclasses.replace(plain, **parts)  # type: ignore[arg-type]  # hypothesis builds the right types
    assert parse_goal(dump_goal(goal), goal.file) == goal


@pytest.mark.parametrize(
    "evaluate",
    [
        '{python: "judge/evaluator.py:score", program: src/a.py, timeout: 7s}',
        "{command: python e.py a.py, program: a.py, result: $KAPSO_OUT/results//metrics.json}",
    ],
)
def test_scorers_of_every_shape_read_back(make_goal: MakeGoal, evaluate: str) -> None:
    goal = make_goal(evaluate=evaluate)
    again = parse_goal(dump_goal(goal), goal.file)
    assert again == goal
    assert (again.function or again.result) and again.program


def test_the_baseline_of_a_dump_is_stable(make_goal: MakeGoal) -> None:
    goal = make_goal("budget: {time: 10m}", "sandbox: {memory: 2GB}")
    text = dump_goal(goal)
    assert dump_goal(parse_goal(text, goal.file)) == text
    assert 'memory: "2000000000B"' in text and 'time: "600.0s"' in text


def test_a_relative_repository_moves_with_the_folder(make_goal: MakeGoal, tmp_path: Path) -> None:
    goal = make_goal("repo: ../program")
    assert goal.repo == tmp_path / "program"
    moved = parse_goal(dump_goal(goal), tmp_path / "other" / "place" / "goal.yaml")
    assert moved.repo == tmp_path / "other" / "program"


@pytest.mark.parametrize("line", ["budget: {cost: 1.5}", "hide: []", "budget: {time: 90s}"])
def test_what_was_not_given_stays_so(make_goal: MakeGoal, line: str) -> None:
    goal = make_goal(line)
    assert parse_goal(dump_goal(goal), goal.file) == goal
