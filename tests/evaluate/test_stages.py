"""Staged evaluation in the sandbox: what each stage sees and gives, who goes on, and how it ends."""

from __future__ import annotations

import dataclasses
import random
import threading
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, now
from kapso.evaluate.evaluator import Place
from kapso.evaluate.stages import Course, Ladder
from kapso.evaluate.tally import tally, weak_stages
from kapso.goal import parse_goal
from kapso.memory.episode import Stage

MakeArena = Any

TOGETHER = """\
edit: [value.sh]
evaluate:
  stages:
    - {name: quick, command: 's=value; . ./judge.sh', promote: score >= 1 * baseline, timeout: 5s}
    - {name: full, command: 's=value; . ./judge.sh'}
timeout: 30s
"""
JUDGE = """\
. ./$s.sh
echo "$KAPSO_STAGE" >> $KAPSO_OUT/seen
test -z "$FAIL" || test "$FAIL" != "$KAPSO_STAGE" || { echo broken >&2; exit 1; }
value=$(test $KAPSO_STAGE = quick && echo $QUICK || echo $FULL)
echo "{\\"score\\": $value, \\"lines\\": $(wc -l < $KAPSO_OUT/seen), \\"feedback\\": \\"in $KAPSO_STAGE\\"}"
"""
BASE = {"value.sh": "QUICK=1 FULL=10\n", "judge.sh": JUDGE}
APART = """\
edit: [value.sh]
run: . ./value.sh; echo $KAPSO_STAGE > $KAPSO_OUT/stage; echo $FULL > $KAPSO_OUT/value
evaluate:
  stages:
    - name: quick
      run: . ./value.sh; echo own > $KAPSO_OUT/stage; echo $QUICK > $KAPSO_OUT/value
      command: sh score.sh $KAPSO_OUT
    - {name: half, command: sh score.sh $KAPSO_OUT}
    - {name: full, command: sh score.sh $KAPSO_OUT}
timeout: 30s
"""
SCORE = 'echo "{\\"score\\": $(cat $1/value), \\"stage\\": \\"$KAPSO_STAGE, $(cat $1/stage)\\"}"\n'


def climb(place: Any, changes: dict[str, str], course: Course = Course.GATED, number: int = 1) -> Any:
    where = dataclasses.replace(place.place(number), course=course)
    return place.evaluator.evaluate(place.commit(changes), where, threading.Event())


def know_baseline(place: Any) -> Any:
    measured = climb(place, {}, Course.ALL, 0)
    place.evaluator.baseline_metrics = measured.metrics
    place.evaluator.ladder.observe(attempt(0, measured.metrics))
    return measured


def attempt(
    number: int, metrics: dict[str, float], outcome: Outcome = Outcome.SCORED, score: float | None = None
) -> Attempt:
    return Attempt(
        "demo-0000", number, "", "", "", (), "tune", "", "", outcome, now(), now(),
        metrics=metrics, score=score,
    )  # fmt: skip


def test_all_stages_give_metrics_and_the_last_one_the_score(arena: MakeArena) -> None:
    place = arena(TOGETHER, BASE)
    measured = know_baseline(place)
    assert measured.outcome == "scored", measured.reason
    told = {name: value for name, value in measured.metrics.items() if name.endswith(("score", "lines"))}
    # Each stage starts from the same state: what the first one left in $KAPSO_OUT is gone.
    assert told == {"quick.score": 1.0, "quick.lines": 1.0, "score": 10.0, "lines": 1.0, "diff.lines": 0.0}
    assert {"quick.run.seconds", "run.seconds"} <= set(measured.metrics)
    assert [stage.name for stage in measured.stages] == ["quick", "full"]
    assert measured.feedback == "in full"


def test_who_is_cut_has_the_metrics_of_its_stage_and_a_reason(arena: MakeArena) -> None:
    place = arena(TOGETHER, BASE)
    know_baseline(place)
    measured = climb(place, {"value.sh": "QUICK=0.5 FULL=99\n"})
    assert measured.outcome == "cut"
    assert measured.metrics["quick.score"] == 0.5 and "score" not in measured.metrics
    assert [stage.name for stage in measured.stages] == ["quick"]
    assert measured.reason == "stage `quick`: `score >= 1 * baseline` (1) does not hold: it is 0.5"
    assert measured.feedback == "in quick"
    passed = climb(place, {"value.sh": "QUICK=1 FULL=99\n"})
    assert (passed.outcome, passed.metrics["score"], passed.metrics["quick.score"]) == ("scored", 99.0, 1.0)


def test_only_a_gated_evaluation_cuts_and_the_default_is_the_last_stage_alone(arena: MakeArena) -> None:
    place = arena(TOGETHER, BASE)
    know_baseline(place)
    weak = {"value.sh": "QUICK=0.5 FULL=99\n"}
    assert climb(place, weak, Course.ALL).metrics["score"] == 99.0
    last = climb(place, weak, Course.LAST)
    assert last.metrics["score"] == 99.0 and "quick.score" not in last.metrics
    assert [stage.name for stage in last.stages] == ["full"]


@pytest.mark.parametrize(
    ("value", "outcome", "reason"),
    [
        ("QUICK=2 FULL=3 FAIL=quick", "crashed", "`quick` ended with exit code 1: broken"),
        ("QUICK=2 FULL=3 FAIL=full", "crashed", "`full` ended with exit code 1: broken"),
        ("QUICK=NaN FULL=3", "invalid", "stage `quick`: the metric `score` is `nan`, not finite"),
        ("QUICK='\"x\"' FULL=3", "invalid", "stage `quick`: the metric `score` is text, not a number"),
        ("QUICK=2; sleep 60", "timed-out", "`quick` took longer than its limit of 300ms"),
    ],
)
def test_who_fails_in_a_stage_ends_with_that(arena: MakeArena, value: str, outcome: str, reason: str) -> None:
    place = arena(TOGETHER.replace("5s", "300ms") if outcome == "timed-out" else TOGETHER, BASE)
    know_baseline(place)
    measured = climb(place, {"value.sh": f"{value}\n"})
    assert (measured.outcome, measured.reason) == (outcome, reason)
    has_passed = "FAIL=full" in value
    assert measured.metrics.get("quick.score") == (2.0 if has_passed else None)


@pytest.mark.parametrize("mode", ["overlay", "copy", "limits"])
def test_judged_apart_each_stage_runs_the_candidate_and_scores_what_it_left(
    arena: MakeArena, mode: str
) -> None:
    place = arena(APART, {"value.sh": "QUICK=1 FULL=10\n", "score.sh": SCORE}, mode=mode)
    measured = know_baseline(place)
    assert measured.outcome == "scored", measured.reason
    scores = [measured.metrics[name] for name in ("quick.score", "half.score", "score")]
    assert scores == [1.0, 10.0, 10.0]
    assert measured.feedback == "stage: full, full"
    names = ["run (quick)", "quick", "run (half)", "half", "run", "full"]
    assert [stage.name for stage in measured.stages] == names
    for number, quick in ((1, 3), (2, 5)):
        place.evaluator.ladder.observe(attempt(number, {"quick.score": quick}))
    cut = climb(place, {"value.sh": "QUICK=0.5 FULL=99\n"})
    assert (cut.outcome, cut.feedback) == ("cut", "stage: quick, own")
    assert cut.reason == "stage `quick`: score 0.5, and the best 2 of the last 3 reach 3"
    assert [stage.name for stage in cut.stages] == ["run (quick)", "quick"]
    assert not place.leftovers()


def test_functions_may_be_stages(arena: MakeArena) -> None:
    goal = """\
edit: [prog.py]
evaluate:
  program: prog.py
  stages:
    - {name: one, python: 'judge.py:evaluate_stage1', promote: works >= 1}
    - {name: two, python: judge.py}
timeout: 30s
"""
    judge = (
        "def load(path):\n    names = {}\n    exec(open(path).read(), names)\n    return names['X']\n"
        "def evaluate_stage1(path):\n    return {'works': float(load(path) > 0)}\n"
        "def evaluate(path):\n    return {'score': load(path)}\n"
    )
    place = arena(goal, {"prog.py": "X = 1.0\n", "judge.py": judge})
    measured = know_baseline(place)
    assert measured.outcome == "scored", measured.reason
    assert (measured.metrics["one.works"], measured.metrics["score"]) == (1.0, 1.0)
    commands = [stage.command.partition(" ")[2] for stage in measured.stages]
    assert commands == ["judge.py:evaluate_stage1 prog.py", "judge.py:evaluate prog.py"]
    cut = climb(place, {"prog.py": "X = -1.0\n"})
    assert (cut.outcome, cut.reason) == ("cut", "stage `one`: `works >= 1` does not hold: it is 0")


def test_repeats_checks_bounds_and_constraints_belong_to_the_last_stage(arena: MakeArena) -> None:
    more = "repeats: 3\ncheck: echo >> $KAPSO_OUT/x\nmetrics: {score: {goal: maximize, bounds: [5, .inf]}}\n"
    place = arena(TOGETHER + more + 'constraints: ["score >= 8"]\n', BASE)
    measured = know_baseline(place)
    assert measured.outcome == "scored", measured.reason
    assert [each.name for each in measured.stages] == ["check", "quick", "full", "full", "full"]
    bad = climb(place, {"value.sh": "QUICK=1 FULL=7\n"})
    assert (bad.outcome, bad.metrics["quick.score"]) == ("invalid", 1.0)


def test_a_constraint_may_be_about_a_stage(arena: MakeArena) -> None:
    place = arena(TOGETHER + 'constraints: ["quick.score <= 3"]\n', BASE)
    know_baseline(place)
    assert climb(place, {"value.sh": "QUICK=2 FULL=3\n"}, Course.LAST).outcome == "scored"
    assert climb(place, {"value.sh": "QUICK=4 FULL=3\n"}, Course.LAST).outcome == "invalid"


# Who goes on


def ladder(promote: str, metric: str = "score: maximize") -> tuple[Ladder, Any]:
    text = (
        "objective: x\nedit: a\nevaluate:\n  stages:\n"
        f"    - {{name: quick, command: x, promote: {promote}}}\n    - {{name: full, command: y}}\n"
        f"metrics: {{{metric}}}\n"
    )
    goal = parse_goal(text, Path("/srv/demo/goal.yaml"))
    return Ladder(goal), goal


def told(made: Ladder, stage: Any, values: list[float]) -> None:
    for number, value in enumerate(values):
        made.observe(attempt(number, {"quick.score": value}))


def test_while_there_are_few_results_all_go_on() -> None:
    made, goal = ladder("1/4")
    stage = goal.stages[0]
    told(made, stage, [5.0, 6.0])
    assert made.why_cut(stage, {"score": -1.0}) is None
    told(made, stage, [5.0, 6.0, 7.0])
    assert made.why_cut(stage, {"score": -1.0}) is not None
    assert made.why_cut(stage, {"score": 7.0}) is None


@pytest.mark.parametrize("goal_metric", ["score: maximize", "score: minimize"])
def test_the_better_share_and_its_equals_go_on(goal_metric: str) -> None:
    made, goal = ladder("30%", goal_metric)
    stage = goal.stages[0]
    sign = 1 if "max" in goal_metric else -1
    told(made, stage, [sign * each for each in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 7.0, 7.0)])
    # Ten with the new one: three have room, and equals are not told apart.
    assert made.why_cut(stage, {"score": sign * 7.0}) is None
    assert made.why_cut(stage, {"score": sign * 6.5}) is not None
    told(made, stage, [sign * each for each in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)])
    assert made.why_cut(stage, {"score": sign * 7.5}) is None
    assert made.why_cut(stage, {"score": sign * 6.5}) is not None


def test_the_share_of_many_candidates_that_go_on_is_what_was_asked_for() -> None:
    made, goal = ladder("1/3")
    stage, rng, passed = goal.stages[0], random.Random(1), 0
    for number in range(600):
        value = rng.gauss(0, 1)
        is_cut = made.why_cut(stage, {"score": value}) is not None
        passed += not is_cut
        made.observe(attempt(number, {"quick.score": value}, Outcome.CUT if is_cut else Outcome.SCORED))
    assert 0.3 < passed / 600 < 0.4


def test_a_search_that_gets_better_is_compared_with_its_latest_attempts() -> None:
    made, goal = ladder("1/3")
    stage = goal.stages[0]
    told(made, stage, [0.0] * 100 + [float(each) for each in range(10, 22)])
    assert made.why_cut(stage, {"score": 17.0}) is not None


def test_who_does_as_well_at_the_stage_as_the_best_did_goes_on() -> None:
    made, goal = ladder("1/3")
    stage = goal.stages[0]
    told(made, stage, [float(each) for each in range(5, 20)])
    assert made.why_cut(stage, {"score": 4.0}) is not None
    for number, (quick, score) in enumerate([(6.0, 1.0), (4.0, 3.0), (9.0, 2.0)], start=20):
        made.observe(attempt(number, {"quick.score": quick, "score": score}, score=score))
    assert made.why_cut(stage, {"score": 4.0}) is None
    assert made.why_cut(stage, {"score": 3.9}) is not None


def test_failed_attempts_are_no_measure_and_order_does_not_matter() -> None:
    made, goal = ladder("1/3")
    stage = goal.stages[0]
    told(made, stage, [1.0, 2.0, 3.0])
    for number in (3, 4, 5):
        made.observe(attempt(number, {"quick.score": 99.0}, Outcome.CRASHED))
    assert made.why_cut(stage, {"score": 2.5}) is None
    values = {number: {"quick.score": random.Random(number).random()} for number in range(80)}
    orders = [sorted(values), sorted(values, key=lambda n: random.Random(n).random())]
    reasons = []
    for order in orders:
        fresh, _ = ladder("1/3")
        for number in order:
            fresh.observe(attempt(number, values[number]))
        reasons.append(fresh.why_cut(stage, {"score": 0.3}))
    assert reasons[0] == reasons[1] is not None


def test_with_the_policy_pareto_only_who_is_worse_in_no_metric_stands_before() -> None:
    _, goal = ladder("1/3", "score: maximize, size: minimize")
    stage = goal.stages[0]
    pareto = dataclasses.replace(goal, search=dataclasses.replace(goal.search, policy="pareto"))
    results = [attempt(n, {"quick.score": 5.0 + n, "quick.size": 10.0}) for n in range(6)]
    for policy, smaller, larger in ((goal, True, True), (pareto, False, True)):
        made = Ladder(policy)
        for each in results:
            made.observe(each)
        assert (made.why_cut(stage, {"score": 1.0, "size": 9.0}) is not None) is smaller
        assert (made.why_cut(stage, {"score": 1.0, "size": 11.0}) is not None) is larger
    assert made.why_cut(stage, {"score": 1.0, "size": 11.0}) == (
        "stage `quick`: score 1, size 11, and 6 of the last 6 are ahead in every metric"
    )


def test_a_rule_alone_needs_no_primary_metric() -> None:
    _, goal = ladder("works >= 1")
    made = Ladder(goal)
    assert made.why_cut(goal.stages[0], {"works": 1.0}) is None
    assert "`works >= 1` does not hold: it is 0" in (made.why_cut(goal.stages[0], {"works": 0.0}) or "")


# Whether stages are worth it


def test_what_stages_cut_and_how_well_they_order() -> None:
    _, goal = ladder("1/3")
    landed = [attempt(0, {"quick.score": 0.0, "score": 0.0}, score=0.0)]
    for number in range(1, 11):
        quick = float(number if number != 10 else 0)
        landed.append(attempt(number, {"quick.score": quick, "score": number}, score=float(number)))
    landed += [attempt(number, {"quick.score": 0.0}, Outcome.CUT) for number in (11, 12)]
    landed.append(attempt(13, {}, Outcome.CRASHED))
    [quick_tally] = tally(goal, landed)
    assert (quick_tally.name, quick_tally.attempts, quick_tally.cut) == ("quick", 13, 2)
    assert quick_tally.saved_s == 0.0
    assert quick_tally.agreement == pytest.approx(36 / 45)  # the tenth is taken for the worst, nine times
    assert tally(goal, landed[:5])[0].agreement is None
    timed = [dataclasses.replace(each, duration_s=2.5 if each.is_scored else 0.5) for each in landed]
    assert tally(goal, timed)[0].saved_s == 4.0


def test_stages_that_save_little_or_cut_the_unchanged_program_are_named() -> None:
    _, goal = ladder("[1/3, score > 3]")
    commands = [Stage("quick", "x", 0, 0.8), Stage("full", "y", 0, 1.0)]
    slow, cuts = weak_stages(goal, {"quick.score": 2.0}, commands)
    assert slow == "the stage `quick` takes 0.8 s and the full evaluation 1 s: it saves little"
    assert cuts.startswith("the stage `quick` would cut the unchanged program: `score > 3` does not hold")
    quick = [Stage("quick", "x", 0, 0.1), *commands[1:]]
    assert weak_stages(goal, {"quick.score": 4.0}, quick) == []


def test_the_place_of_a_plain_evaluation_runs_the_last_stage_alone() -> None:
    assert Place("demo", 1, 0).course is Course.LAST
