"""What a run as a whole teaches, what two places do together, and that what lessons say can be checked."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from kapso.attempt import Attempt
from kapso.memory.features import Features
from kapso.memory.lessons.evidence import log_factor, welch, wilson
from kapso.memory.lessons.faithful import Landed, unfaithful
from kapso.memory.lessons.lesson import About, Kind, Lesson, Status, Tally
from kapso.propose.ablate.dissection import Effect, Part
from tests.memory.lessons.test_lessons_learner import BASELINE, World, attempt, learner, one

BEFORE = b"a = 1\nb = 2\nc = 3\n\n\n\n\nd = 4\ne = 5\n\n\n\n\nf = 6\ng = 7\n"
AFTER = b"a = 1\nb = go(2)\nc = 3\n\n\n\n\nd = 40\ne = 5\n\n\n\n\nf = 6\ng = go(7)\n"


def part(line: int, effect: Effect, gain: float | None = None) -> Part:
    return Part(str(line), "x.py", "", effect, gain, line, line, 1)


def test_the_hunks_of_a_confirmed_best_that_earn_are_lessons_with_context() -> None:
    world = World(0, learner())
    parts = [part(2, Effect.EARNS, 3.0), part(8, Effect.NONE, 0.0), part(15, Effect.EARNS, 1.0)]
    before, after, best = {"x.py": BEFORE}, {"x.py": AFTER}, attempt(7, "better")
    assert world.learner.conclude(best=best, before=before, after=after, parts=parts) == []
    news = world.learner.conclude(best=best, is_confirmed=True, before=before, after=after, parts=parts)
    changes = [each.lesson.line.subject.told["hunks"] for each in news]
    first = ["x.py", "a = 1\nb = 2\nc = 3\n\n", "a = 1\nb = go(2)\nc = 3\n\n"]
    last = ["x.py", "\nf = 6\ng = 7\n", "\nf = 6\ng = go(7)\n"]
    idle = next(each for each in max(changes, key=len) if "d = 40" in each[2])
    assert sorted(changes) == sorted([[first, idle, last], [first], [last]])
    assert {each.lesson.kind for each in news} == {Kind.PREFER}
    assert len({each.lesson.statement for each in news}) == 3
    for _, old, new in (hunk for hunks in changes for hunk in hunks):
        assert BEFORE.decode().count(old) == 1 and old != new


def test_a_change_is_told_as_it_was_seen_and_other_values_are_no_lessons_by_themselves() -> None:
    parts = [part(2, Effect.NONE, 0.0), part(8, Effect.EARNS, 3.0), part(15, Effect.NONE, 0.0)]
    before, after, best = {"x.py": BEFORE}, {"x.py": AFTER}, attempt(7, "better")
    news = learner().conclude(best=best, is_confirmed=True, before=before, after=after, parts=parts)
    [whole] = [each.lesson.line.subject.told["hunks"] for each in news]
    assert len(whole) == 3, "nobody saw the program without its idle parts, and `d = 40` is a value"


def test_a_change_that_is_tried_again_is_graded() -> None:
    world = World(0, learner())
    before, after = {"x.py": b"a = 1\n"}, {"x.py": b"a = 2\n"}
    [news] = world.learner.conclude(best=attempt(1, "better"), is_confirmed=True, before=before, after=after)
    known = world.learner.changed()
    confidences = {}
    for result in ("better", "worse"):
        later = World(0, learner(known, "goal-0002"), "goal-0002")
        later.go(Features("recipe", news.lesson.id), result)
        confidences[result] = one(
            list(later.learner.lessons()), About.CHANGE, hunks=_hunks(news.lesson)
        ).confidence
    assert confidences["worse"] < news.lesson.confidence < confidences["better"]


def _hunks(lesson: Lesson) -> list[list[str]]:
    hunks: list[list[str]] = lesson.line.subject.told["hunks"]
    return hunks


def test_good_values_are_told_of_parameters_that_move_the_score_by_themselves() -> None:
    draw = random.Random(5)
    attempts: list[Attempt] = [replace(BASELINE, parameters={"x.py:n": 1, "x.py:idle": 1}, score=-9.0)]
    for number in range(1, 41):
        parent = max(attempts, key=lambda each: each.score or 0.0)
        name = draw.choice(["x.py:n", "x.py:idle"])
        values = {**parent.parameters, name: draw.randrange(40)}
        score = -abs(values["x.py:n"] - 20.0)
        parent_score = parent.score or 0.0
        verdict = "better" if score > parent_score else "worse" if score < parent_score else "same"
        made = replace(attempt(number, verdict, "tune"), score=score, parameters=values)
        attempts.append(replace(made, parents=(parent.number,)))
    news = learner().conclude(attempts=attempts, importance={"x.py:n": 0.8, "x.py:idle": 0.2})
    told = [each.lesson for each in news if each.lesson.line.subject.about is About.PARAMETER]
    [lesson] = told
    detail = lesson.line.sightings["goal-0001"].detail
    best = max(attempts, key=lambda each: each.score or 0.0)
    assert detail["low"] <= detail["best"] == best.parameters["x.py:n"] <= detail["high"]
    assert 15 <= detail["low"] and detail["high"] <= 25
    assert lesson.kind is Kind.PREFER and lesson.statement.startswith("`x.py:n` matters")


def test_facts_of_evaluations_are_told_by_figures() -> None:
    attempts = [replace(attempt(number, "worse"), duration_s=number / 10) for number in range(1, 12)]
    news = learner().conclude(attempts=attempts, noise=0.25)
    statements = sorted(each.lesson.statement for each in news)
    assert statements == [
        "An evaluation of `goal` takes 0.6 s (0.1 to 1.1 s in 11 attempts)",
        "Evaluating one program of `goal` again and again gives scores with a standard deviation of 0.25",
    ]
    assert {each.lesson.kind for each in news} == {Kind.FACT}


def test_two_functions_that_clash_are_told_apart_from_either_alone() -> None:
    world = World(0, learner())
    first, second = ("a.py", "f"), ("a.py", "g")
    for at in range(60):
        places = [(first,), (second,), (first, second)][at % 3]
        world.go(Features("llm", None, places), "failed" if len(places) == 2 else "worse")
    lesson = one(list(world.learner.lessons()), About.PAIR, first=list(first), second=list(second))
    assert (lesson.kind, lesson.expects, lesson.status) == (Kind.AVOID, "failed", Status.ACTIVE)
    assert lesson.statement.startswith("Edits of both `f` of `a.py` and `g` of `a.py` failed in 20 of 20")


def test_an_error_is_told_by_the_edit_that_goes_before_it() -> None:
    world = World(0, learner())
    for at in range(60):
        takes_out = at % 4 == 0
        tokens = frozenset({"-seed", "+x"} if takes_out else {f"+{'xyz'[at % 3]}"})
        places = (("a.py", f"f{at % 5}"),)
        signature = "crashed in run: KeyError at f" if takes_out else None
        features = Features("mutate", f"op{at % 7}", places, tokens=tokens)
        world.go(features, "failed" if takes_out else "worse", signature)
    told = [each for each in world.learner.lessons() if each.status is Status.ACTIVE]
    errors = [each for each in told if each.line.subject.about is About.ERROR]
    assert [each.line.subject.told.get("token") for each in errors] == ["-seed"]
    assert errors[0].statement.startswith(
        "Edits that take out `seed` ended in `crashed in run: KeyError at f`"
    )


def observed(seed: int) -> tuple[list[Lesson], list[Landed]]:
    """Lessons of a run, and its attempts."""
    world, landed = World(seed, learner()), []
    for _ in range(150):
        features = world.features()
        result = "failed" if features.operator == "op1" else world.random.choice(["better", "same", "worse"])
        signature = "E" if result == "failed" else None
        world.go(features, result, signature)
        made = attempt(world.number, result, features.proposer)
        landed.append(Landed(made, replace(features, signature=signature)))
    return list(world.learner.lessons()), landed


@pytest.mark.parametrize("seed", range(3))
def test_every_lesson_says_what_happened_and_none_says_it_twice(seed: int) -> None:
    lessons, landed = observed(seed)
    assert len(lessons) > 3
    assert unfaithful(lessons, {"goal-0001": landed}) == []


def test_what_was_forged_is_found() -> None:
    lessons, landed = observed(0)
    chosen = next(each for each in lessons if each.line.subject.about is About.OPERATOR)
    sighting = chosen.line.sightings["goal-0001"]
    more = replace(sighting.concerned, total=sighting.concerned.total + 5)
    line = replace(chosen.line, sightings={"goal-0001": replace(sighting, concerned=more)})
    assert unfaithful([replace(chosen, line=line)], {"goal-0001": landed})
    twin = replace(chosen, line=next(each for each in lessons if each is not chosen).line)
    assert any("says what" in each for each in unfaithful([chosen, twin], {"goal-0001": landed}))


def test_intervals_and_factors_are_those_of_the_textbooks() -> None:
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert log_factor("failed", 5, 5, 0, 50) > 5 > 0 > log_factor("failed", 5, 50, 50, 500)
    one_side = Tally(total=4, scored=4, gain=4.0, square=4.5)
    low, high = welch(one_side, Tally(total=4, scored=4, gain=0.0, square=0.5)) or (0.0, 0.0)
    assert (low + high) / 2 == pytest.approx(1.0) and high - low == pytest.approx(2 * 1.96 * (1 / 12) ** 0.5)
