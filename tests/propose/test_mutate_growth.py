"""How expressions grow: from what, by how much, how far, and that formulas are found so."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.goal import Goal, parse_goal
from kapso.propose.mutate import Mutate
from kapso.propose.mutate.leaps import Leaps
from kapso.propose.mutate.proposer import _see
from kapso.propose.mutate.record import Candidate, Record
from kapso.propose.mutate.tree import read_source
from kapso.propose.protocol import Context, Editor, Idea
from kapso.propose.tune import Tune
from tests.propose.test_mutate import Candidate as Workspace
from tests.propose.test_mutate import Commit, Story


@pytest.fixture
def goal(tmp_path: Path) -> Goal:
    return parse_goal("objective: o\nedit: ['**']\nevaluate: x\n", tmp_path / "goal.yaml")


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
    assert {"`x * 2.0` + 0.1 * x", "`y` - 0.1 * x * y"} <= found
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
            return -sum((names["f"](x / 4) - 6.25 * x / 4) ** 2 for x in range(9))
        except Exception:
            return None

    story = Story(goal, {"a.py": "def f(x):\n    return x\n"}, score)
    titles = [idea.title for idea in story.run(25)]
    assert "`x` + 5.25 * x in a.py:2 (f)" in titles
    again = Story(goal, story.files, score)
    again.commits = story.commits
    for attempt in story.attempts[1:13]:
        again.attempts.append(attempt)
        again.mutate.observe(attempt)
    assert [idea.title for idea in again.run(13)] == titles[12:]


def test_where_both_ways_hurt_turning_round_loses_its_promise(goal: Goal) -> None:
    record, base = Record(), Story(goal, {"a.py": "def f(x):\n    return x\n"}).attempts[0]
    hurt = replace(base, score=0.5, verdict=Verdict.WORSE)

    def tried(theme: str, step: float) -> None:
        told = {"operator": "grow", "path": "a.py", "region": "f", "spot": theme, "edit": f"{theme}{step}"}
        record.learn({**told, "theme": theme, "step": step}, hurt, 1.0)

    def hope(theme: str) -> float:
        """Of the step back, beside one along a term that was never tried."""
        weights = [
            record.weight(Candidate("grow", "a.py:f", "", (), each + "-", 1.0, each, -0.1))
            for each in (theme, "new")
        ]
        return weights[0] / weights[1]

    tried("x", 0.1)
    early = hope("x")
    for theme in "abcdef":
        tried(theme, 0.1)
        tried(theme, -0.1)
    tried("y", 0.1)
    assert early > 10
    assert hope("y") < early / 2


def law(x: float, z: float) -> float:
    return 2.5 * x * x - 1.3 * x * z + 0.7


class Search:
    """Mutate and tune in turn on a formula, the best as parent; the score is minus the squared error."""

    def __init__(self, goal: Goal, text: str, seed: int) -> None:
        random = Random(99)
        self.points = [(random.uniform(-2, 2), random.uniform(-2, 2)) for _ in range(40)]
        self.goal, self.seed = goal, seed
        self.commits: dict[str, Commit] = {}
        self.attempts: list[Attempt] = []
        mutate, tune = Mutate(goal, self.commits.__getitem__), Tune(goal, self.commits.__getitem__)
        self.proposers: list[Editor] = [mutate, tune]
        self.land(Commit({"a.py": text.encode()}), None, "baseline", ())

    def score(self, text: str) -> float | None:
        names: dict[str, Callable[[float, float], float]] = {}
        try:
            exec(text, names)
            score = -sum((names["f"](x, z) - law(x, z)) ** 2 for x, z in self.points)
            return score if math.isfinite(score) else None
        except Exception:
            return None

    @property
    def best(self) -> Attempt:
        scored = [(each.score, -each.number) for each in self.attempts if each.score is not None]
        return self.attempts[-max(scored)[1]]

    def land(self, commit: Commit, idea: Idea | None, proposer: str, parents: tuple[int, ...]) -> None:
        number, score = len(self.attempts), self.score(commit["a.py"].decode())
        self.commits[str(number)] = commit
        verdict = None
        if parents and score is not None:
            gain = score - (self.attempts[parents[0]].score or 0.0)
            verdict = Verdict.BETTER if gain > 0 else Verdict.WORSE if gain < 0 else Verdict.SAME
        moment = datetime(2026, 11, 1, tzinfo=UTC)
        outcome = Outcome.CRASHED if score is None else Outcome.SCORED
        attempt = Attempt(
            *("demo-1", number, "", str(number), commit["a.py"].decode(), parents, proposer),
            *(idea.title if idea else "", idea.hypothesis if idea else "", outcome, moment, moment),
            *(verdict, score),
            parameters=dict(idea.parameters) if idea else {},
        )
        self.attempts.append(attempt)
        for each in self.proposers:
            each.observe(attempt)

    def run(self, attempts: int) -> Search:
        for number in range(1, attempts + 1):
            for proposer in (self.proposers[number % 2], self.proposers[(number + 1) % 2]):
                parent, seed = self.best, self.seed * 10_000 + number
                files = self.commits[str(parent.number)]
                idea = proposer.ideate(
                    Context(self.goal, number, [parent], files, self.attempts, seed, is_last=True)
                )
                if idea is not None:
                    parents = idea.parents or (parent.number,)
                    workspace = Workspace(self.commits[str(parents[0])])
                    proposer.edit(idea, workspace)
                    self.land(Commit(workspace.files), idea, proposer.name, parents)
                    break
        return self


def left_of_the_error(goal: Goal, attempts: int, seed: int) -> float:
    search = Search(goal, "def f(x, z):\n    return x\n", seed).run(attempts)
    start, best = search.attempts[0].score, search.best.score
    assert start is not None and best is not None
    return best / start


def test_a_formula_is_approached_step_by_step(goal: Goal) -> None:
    assert left_of_the_error(goal, 70, seed=1) < 0.1


@pytest.mark.slow
def test_a_formula_is_found_in_most_seeds(goal: Goal) -> None:
    left = sorted(left_of_the_error(goal, 150, seed) for seed in range(10))
    assert left[6] < 0.02, left
