"""What tune makes of gains, of harm, and of constraints: on made-up histories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.goal import parse_goal

Make = Callable[..., Any]

RATE = "rate = 2.0\nlimit = 5.0\n"


def edit(run: Any, text: str, parent: Attempt) -> Attempt:
    """An edit of somebody else's, made from `parent`."""
    run.land(len(run.attempts), {"a.py": text.encode()}, None, parent)
    attempt: Attempt = replace(run.attempts[-1], proposer="mutate")
    run.attempts[-1] = attempt
    run.tune = run.fresh()
    for each in run.attempts:
        run.tune.observe(each)
    return attempt


def trial(run: Any, number: int) -> Any:
    return run.tune._trials.by_number[number]


def test_programs_that_differ_in_more_than_values_are_no_family(search: Make) -> None:
    run = search({"a.py": RATE + "x = rate + limit\n"}, lambda n: float(n["x"]))
    base = run.attempts[0]
    turned = edit(run, RATE + "x = rate - limit\n", base)
    retuned = edit(run, "rate = 3.0\nlimit = 5.0\nx = rate - limit\n", turned)
    roots = [trial(run, a.number).root for a in (base, turned, retuned)]
    assert roots == [0, turned.number, turned.number]
    family = run.tune._trials.family(trial(run, 0).values, 0)
    assert [each.number for each in family.all] == [0]
    lent = run.tune._trials.family(trial(run, 0).values, turned.number).borrowed
    assert [(each.number, each.height) for each in lent] == [(0, turned.score)]


def test_what_was_tried_in_one_program_may_be_tried_in_another(search: Make) -> None:
    run = search({"a.py": "fast = False  # kapso: true|false\nx = 1\n"}, lambda n: float(n["fast"])).run(1)
    assert run.tune.ideate(run.context(2)) is None
    turned = edit(run, "fast = False  # kapso: true|false\nx = -1\n", run.attempts[0])
    context = replace(run.context(3), parents=[turned], files=run.commits[turned.commit])
    assert run.tune.ideate(context).parameters == {"a.py:fast": True}


def test_it_starts_from_the_best_with_the_parents_program(search: Make) -> None:
    run = search({"a.py": RATE}, lambda n: -abs(float(n["rate"]) - 3))
    poor = edit(run, "rate = 9.0\nlimit = 5.0\n", run.attempts[0])
    number = len(run.attempts)
    context = replace(run.context(number), parents=[poor], files=run.commits[poor.commit])
    idea = run.tune.ideate(context)
    assert idea.parents == (0,)
    changed = [name for name, value in idea.parameters.items() if value != trial(run, 0).values[name]]
    assert len(changed) == 1
    assert run.tune.ideate(run.context(number)).parents == ()


def test_a_gain_over_a_poor_parent_earns_an_arm_nothing(search: Make) -> None:
    run = search({"a.py": RATE}, lambda n: float(n["rate"]))
    poor = edit(run, "rate = 1.0\nlimit = 5.0\n", run.attempts[0])
    idea = run.tune.ideate(run.context(2))
    for rate, wins in ((1.5, 0), (2.5, 1)):
        number = len(run.attempts)
        run.land(number, {"a.py": f"rate = {rate}\nlimit = 5.0\n".encode()}, idea, poor)
        arm = idea.hypothesis.split(":")[0]
        assert run.attempts[-1].verdict is Verdict.BETTER
        run.tune = run.fresh()
        for each in run.attempts[:-1]:
            run.tune.observe(each)
        run.tune.observe(replace(run.attempts[-1], parameters={"a.py:rate": rate, "a.py:limit": 5.0}))
        assert run.tune._credits[arm].wins == wins


@pytest.mark.parametrize("is_crash", [True, False])
def test_a_literal_that_only_does_harm_is_left_alone(search: Make, is_crash: bool) -> None:
    def score(names: dict[str, Any]) -> float:
        if names["size"] != 4:
            if is_crash:
                raise ValueError
            return -100.0
        return -abs(float(names["rate"]) - 30)

    run = search({"a.py": "rate = 2.0\nsize = 4\n"}, score).run(40)
    harmful = [a.number for a in run.attempts if a.parameters and a.parameters["a.py:size"] != 4]
    assert 1 <= len(harmful) <= 4
    assert run.best.score > -1


def test_a_literal_of_the_logic_is_not_tuned_because_an_edit_of_it_failed(search: Make) -> None:
    text = "rate = 2.0\nx = rate - 1\ny = rate / 1\n"
    run = search({"a.py": text}, lambda n: float(n["x"] + n["y"]))
    edit(run, text.replace("- 1", "- 2"), run.attempts[0])
    assert set(run.tune._trials.axes) == {"a.py:rate"}
    better = edit(run, text.replace("/ 1", "/ 0.5"), run.attempts[0])
    assert better.verdict is Verdict.BETTER
    assert len(run.tune._trials.axes) == 2


CONSTRAINED = """objective: x
edit: ['**']
evaluate: 'true'
metrics: {score: maximize, error: minimize}
constraints: ["error <= 2 * baseline"]
"""


def constrained(search: Make, tmp_path: Path, text: str, metrics: Callable[..., dict[str, float]]) -> Any:
    """A search whose attempts are invalid where the error is more than twice the baseline's."""
    run = search({"a.py": text}, lambda n: metrics(n)["score"])
    run.goal = parse_goal(CONSTRAINED, tmp_path / "goal.yaml")
    land, attempts = run.land, run.attempts

    class Watching:
        """The tune, seeing each attempt as the loop would have landed it."""

        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def observe(self, attempt: Attempt) -> None:
            names: dict[str, Any] = {}
            exec(run.commits[attempt.commit]["a.py"].decode(), names)
            found = metrics(names)
            attempt = replace(attempt, metrics=found)
            if attempts[0].metrics and found["error"] > 2 * attempts[0].metrics["error"]:
                attempt = replace(attempt, outcome=Outcome.INVALID, score=None, verdict=None)
            attempts[attempt.number] = attempt
            self.inner.observe(attempt)

    attempts.clear()
    run.tune = Watching(run.fresh())
    land(0, run.files, None, None)
    return run


def test_a_step_beyond_a_constraint_ends_where_it_binds(search: Make, tmp_path: Path) -> None:
    run = constrained(
        search, tmp_path, "rate = 2.0\n", lambda n: {"score": n["rate"], "error": 1 + abs(n["rate"] - 2)}
    ).run(14)
    assert run.best.score > 2.9
    assert run.tune._trials.limits == {}
    binding = [idea for idea in run.ideas if "constraint" in idea.hypothesis]
    assert binding and all(idea.parameters["a.py:rate"] <= 3.0 for idea in binding)


def test_it_trades_one_setting_for_another_along_a_constraint(search: Make, tmp_path: Path) -> None:
    """More of each pays, but all have one limit: only moves of several at once lead on."""

    def metrics(names: dict[str, Any]) -> dict[str, float]:
        a, b, c = (float(names[name]) for name in ("alpha_gain", "beta_gain", "gamma_gain"))
        return {"score": 3 * a + b + 0.3 * c, "error": a * a + b * b + c * c}

    text = "alpha_gain = 1.0\nbeta_gain = 1.0\ngamma_gain = 1.0\n"
    run = constrained(search, tmp_path, text, metrics).run(45)
    best = (6 * (9 + 1 + 0.09)) ** 0.5
    assert run.best.score > 0.97 * best


def test_where_scores_are_noisy_a_lucky_attempt_is_not_what_it_starts_from(search: Make) -> None:
    def score(names: dict[str, Any]) -> float:
        luck = 12.0 if names["rate"] == 2.5 else 0.0
        return luck - (float(names["rate"]) - 6) ** 2

    run = search({"a.py": "rate = 2.0\n"}, score)
    for rate in (2.5, 2.4, 2.6, 3.0, 4.0, 4.5, 5.0, 2.45, 2.55, 5.1, 4.9):
        edit(run, f"rate = {rate}\n", run.attempts[0])
    lucky = run.attempts[1]
    context = replace(run.context(12), parents=[lucky], files=run.commits[lucky.commit], noise=3.0)
    idea = run.tune.ideate(context)
    assert run.commits[f"{idea.parents[0]:040x}"]["a.py"] in (b"rate = 5.1\n", b"rate = 5.0\n")
    assert run.tune.ideate(replace(context, noise=0.0)).parents == ()


def test_each_program_has_a_model_of_its_own(search: Make) -> None:
    """Two programs with the same parameters and as many attempts: what is asked first changes nothing."""
    text = "rate = 2.0\nlimit = 5.0\nx = rate {} limit\n"
    run = search({"a.py": text.format("+")}, lambda n: -abs(float(n["x"]) - 3)).run(20)
    turned = edit(run, text.format("*"), run.attempts[0])
    for step in range(20):
        edit(run, f"rate = {2 + step / 9}\nlimit = {5 - step % 7}.5\nx = rate * limit\n", turned)
    number = len(run.attempts)
    contexts = [
        replace(run.context(number), parents=[parent], files=run.commits[parent.commit], noise=0.1)
        for parent in (run.attempts[0], turned)
    ]
    alone = run.tune.ideate(contexts[1])
    run.tune = run.fresh()
    for each in run.attempts:
        run.tune.observe(each)
    run.tune.ideate(contexts[0])
    run.tune._in_flight.clear()
    assert run.tune.ideate(contexts[1]) == alone
