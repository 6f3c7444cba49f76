"""How expressions grow: from what, by how much, how far, and that formulas are found so."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from kapso.attempt import Attempt, Verdict
from kapso.goal import Goal, parse_goal
from kapso.propose.mutate import Mutate
from kapso.propose.mutate.leaps import Leaps
from kapso.propose.mutate.proposer import _see
from kapso.propose.mutate.tree import read_source
from kapso.propose.protocol import Context, Idea
from kapso.propose.tune import Tune
from tests.propose.test_mutate import Candidate, Commit, Story

Formula = Callable[[float, float], float]


@pytest.fixture
def goal(tmp_path: Path) -> Goal:
    text = "objective: o\nedit: ['**']\nevaluate: x\nmetrics: {error: minimize}\n"
    return parse_goal(text, tmp_path / "goal.yaml")


def grown(path: str, text: str, *operators: str) -> set[str]:
    """What the operators would do, in words."""
    source = read_source(path, text.encode())
    assert source is not None
    seen = [each for region in source.regions for each in _see(region)]
    return {each.edit.what for each in seen if each.candidate.operator in (operators or ("grow", "scale"))}


def test_a_formula_grows_from_parameters_that_it_does_not_use_yet() -> None:
    found = grown("a.py", "RATE = 0.5\n\n\ndef f(x: float, z=1.0, *rest):\n    return x\n")
    wanted = [
        "+ 0.1 * z",
        "- 0.1 * z",
        "+ 0.1 * x * x",
        "- 0.1 * x * z",
        "+ 0.1",
        "+ 0.1 * RATE",
        "* (1 + 0.1 * z)",
    ]
    assert {f"`x` {each}" for each in wanted} <= found
    assert not any("rest" in each or "float" in each for each in found)


def test_nothing_grows_from_a_list_or_by_what_has_no_value_yet() -> None:
    text = "def f(xs, a):\n    y = a * 0.5\n    for x in xs:\n        a += x\n    late = 1.5\n    return y\n"
    found = grown("a.py", text)
    assert "`a * 0.5` + 0.1 * a" in found
    assert not any("xs" in each for each in found)
    assert not any(each.startswith("`a * 0.5`") and ("late" in each or "* x" in each) for each in found)
    assert "`y` + 0.1 * late" in found


def test_what_a_key_is_given_can_be_grown_from() -> None:
    found = grown("a.py", "def f(jobs):\n    return sorted(jobs, key=lambda job: job[0] / job[1])\n")
    assert {"`job[0] / job[1]` + 0.1 * job[0]", "`job[0] / job[1]` - 0.1 * job[1] * job[1]"} <= found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.c", "double f(double x, int n, double *w) {\n  double y = x * 2.0;\n  return y;\n}\n"),
        ("a.cpp", "double f(double x, int n, double *w) {\n  double y = x * 2.0;\n  return y;\n}\n"),
        ("a.rs", "fn f(x: f64, n: usize, w: &[f64]) -> f64 {\n    let y = x * 2.0;\n    return y;\n}\n"),
        (
            "a.go",
            "package a\n\nfunc f(x float64, n int, w []float64) float64 {\n\ty := x * 2.0\n\treturn y\n}\n",
        ),
        (
            "A.java",
            "class A {\n  double f(double x, int n, double[] w) {\n"
            "    double y = x * 2.0;\n    return y;\n  }\n}\n",
        ),
    ],
)
def test_where_types_are_checked_fractions_alone_are_grown_from(path: str, text: str) -> None:
    found = grown(path, text)
    assert {"`x * 2.0` + 0.1 * x", "`y` - 0.1 * x * y"} <= found or "`y` - 0.1 * y * x" in found
    assert not any(" n" in each or " w" in each for each in found)


def test_whole_numbers_do_not_grow_into_fractions_where_they_count() -> None:
    text = "def f(xs):\n    low = 0\n    high = len(xs)\n    mid = (low + high) // 2\n    return xs[mid]\n"
    assert all(each.startswith("`xs[mid]`") for each in grown("a.py", text))


def test_a_step_and_a_bend_tell_how_far_to_go() -> None:
    leaps = Leaps()

    def gain(step: float) -> float:
        return 9.0 - (step - 3.0) ** 2  # the best lies at 3

    leaps.learn(0, "x", -0.1, gain(-0.1))
    for other in "abc":
        leaps.learn(0, other, 0.1, -1e-6)
    (second,) = leaps.open([0])
    assert (second.theme, second.step, second.hope) == ("x", 1.0, None)
    leaps.learn(0, "x", 1.0, gain(1.0))
    (third,) = leaps.open([0])
    assert third.step == pytest.approx(3.0)
    assert third.hope == pytest.approx(9.0)
    leaps.learn(0, "x", third.step, gain(third.step))
    assert list(leaps.open([0])) == []


def test_a_term_has_its_number_soon_and_a_resumed_run_goes_on_with_it(goal: Goal) -> None:
    def score(text: str) -> float | None:
        names: dict[str, Callable[..., float]] = {}
        try:
            exec(text, names)
            return sum((names["f"](x / 4) - 6.25 * x / 4) ** 2 for x in range(9))
        except Exception:
            return None

    def verdict(attempt: Attempt, parent: Attempt) -> Attempt:
        is_better = attempt.score is not None and attempt.score < (parent.score or 0.0)
        return replace(attempt, verdict=Verdict.BETTER if is_better else Verdict.WORSE)

    class Down(Story):
        def land(self, *args, **given):  # type: ignore[no-untyped-def]
            observe, self.mutate.observe = self.mutate.observe, lambda attempt: None  # type: ignore[method-assign]
            attempt = super().land(*args, **given)
            self.mutate.observe = observe  # type: ignore[method-assign]
            self.attempts[-1] = verdict(attempt, self.attempts[0]) if attempt.number else attempt
            self.mutate.observe(self.attempts[-1])
            return self.attempts[-1]

    story = Down(goal, {"a.py": "def f(x):\n    return x\n"}, score)
    titles = [idea.title for idea in story.run(25)]
    assert "`x` + 5.25 * x in a.py:2 (f)" in titles
    again = Down(goal, story.files, score)
    again.commits = story.commits
    for attempt in story.attempts[1:13]:
        again.attempts.append(attempt)
        again.mutate.observe(attempt)
    assert [idea.title for idea in again.run(13)] == titles[12:]


class Search:
    """Tune and mutate in turn on one formula, the best as parent."""

    def __init__(self, goal: Goal, text: str, truth: Formula, seed: int) -> None:
        random = Random(99)
        self.points = [(random.uniform(-2, 2), random.uniform(-2, 2)) for _ in range(40)]
        self.goal, self.truth, self.seed = goal, truth, seed
        self.commits: dict[str, Commit] = {}
        self.attempts: list[Attempt] = []
        self.proposers = [Mutate(goal, self.commits.__getitem__), Tune(goal, self.commits.__getitem__)]
        self.land(Commit({"a.py": text.encode()}), None, "baseline", ())

    def error(self, text: str) -> float | None:
        names: dict[str, Formula] = {}
        try:
            exec(text, names)
            error = sum((names["f"](x, z) - self.truth(x, z)) ** 2 for x, z in self.points)
            return error if math.isfinite(error) else None
        except Exception:
            return None

    @property
    def best(self) -> Attempt:
        return min(
            self.attempts, key=lambda each: (math.inf if each.score is None else each.score, each.number)
        )

    def land(self, commit: Commit, idea: Idea | None, proposer: str, parents: tuple[int, ...]) -> None:
        text = commit["a.py"].decode()
        ast.parse(text)
        story = Story.__new__(Story)
        story.attempts, story.commits = list(self.attempts), self.commits
        story.score, story.mutate = self.error, self.proposers[0]  # type: ignore[assignment]
        story.mutate = type("Deaf", (), {"observe": lambda self, attempt: None})()
        attempt = Story.land(story, commit, idea, proposer)
        if parents:
            old = self.attempts[parents[0]].score
            assert old is not None
            verdict = None
            if attempt.score is not None:
                verdict = (
                    Verdict.SAME
                    if attempt.score == old
                    else Verdict.BETTER
                    if attempt.score < old
                    else Verdict.WORSE
                )
            hypothesis = idea.hypothesis if idea else ""
            attempt = replace(attempt, parents=parents, verdict=verdict, hypothesis=hypothesis)
        self.attempts.append(attempt)
        for each in self.proposers:
            each.observe(attempt)

    def run(self, attempts: int) -> Search:
        for number in range(1, attempts + 1):
            proposer, parent = self.proposers[number % 2], self.best
            context = Context(
                self.goal,
                number,
                [parent],
                self.commits[parent.commit],
                self.attempts,
                self.seed * 10_000 + number,
                (),
                True,
            )
            idea = proposer.ideate(context)
            if idea is None:
                proposer = self.proposers[(number + 1) % 2]
                idea = proposer.ideate(context)
            if idea is None:
                break
            start = idea.parents or (parent.number,)
            workspace = Candidate(self.commits[self.attempts[start[0]].commit])
            proposer.edit(idea, workspace)
            self.land(Commit(workspace.files), idea, proposer.name, start)
        return self


def test_a_formula_is_approached_step_by_step(goal: Goal) -> None:
    search = Search(
        goal, "def f(x, z):\n    return x\n", lambda x, z: 2.5 * x * x - 1.3 * x * z + 0.7, seed=1
    )
    start = search.attempts[0].score
    best = search.run(70).best.score
    assert start is not None and best is not None
    assert best < 0.1 * start


@pytest.mark.slow
def test_a_formula_is_found_in_most_seeds(goal: Goal) -> None:
    left = []
    for seed in range(10):
        search = Search(
            goal, "def f(x, z):\n    return x\n", lambda x, z: 2.5 * x * x - 1.3 * x * z + 0.7, seed
        )
        start, best = search.attempts[0].score, search.run(150).best.score
        assert start is not None and best is not None
        left.append(best / start)
    assert sorted(left)[6] < 0.02, left
