"""Lessons are learnt from what attempts came to, graded by predictions, and are rarely false."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kapso.attempt import Attempt, Outcome, Verdict
from kapso.memory.features import Features
from kapso.memory.lessons.judge import judge
from kapso.memory.lessons.learner import Learner, News
from kapso.memory.lessons.lesson import About, Kind, Lesson, Line, Status, Subject
from tests.memory.lessons.conftest import line_of, sighting_of, subject_of

_START = datetime(2026, 1, 1, tzinfo=UTC)
_SCORES = {"better": 2.0, "same": 1.0, "worse": 0.5, "failed": None}


def attempt(number: int, result: str, proposer: str = "mutate", run: str = "goal-0001") -> Attempt:
    has_failed = result == "failed"
    return Attempt(
        run=run,
        number=number,
        branch="",
        commit=f"{number:040x}",
        tree=f"{number:040x}",
        parents=(0,) if number else (),
        proposer=proposer,
        title="",
        hypothesis="",
        outcome=Outcome.CRASHED if has_failed else Outcome.SCORED,
        started=_START,
        finished=_START + timedelta(seconds=number),
        verdict=None if has_failed else Verdict(result),
        score=_SCORES[result],
    )


BASELINE = attempt(0, "same", "baseline")


class World:
    """Attempts drawn by lot, as a run would observe them."""

    def __init__(self, seed: int, learner: Learner, run: str = "goal-0001") -> None:
        self.random = random.Random(seed)
        self.learner = learner
        self.run = run
        self.news: list[News] = []
        self.number = 0
        learner.observe(BASELINE, None, Features("baseline"))

    def go(self, features: Features, result: str, signature: str | None = None) -> None:
        self.number += 1
        predicted = self.learner.predict(features)
        made = replace(attempt(self.number, result, features.proposer, self.run), predicted=predicted)
        landed = replace(features, signature=signature)
        self.news += self.learner.observe(made, BASELINE, landed)

    def features(self) -> Features:
        """Few subjects come often, many seldom."""
        draw = self.random
        if draw.random() < 0.3:
            moved = {f"p{self._few(15)}": (1, draw.random()) for _ in range(draw.choice([1, 1, 2, 3]))}
            return Features("tune", operator=draw.choice(["local", "model"]), moved=moved)
        tokens = frozenset(f"{draw.choice('+-')}n{self._few(40)}" for _ in range(draw.randrange(4)))
        places = (("a.py", f"f{self._few(30)}"),)
        return Features(draw.choice(["mutate", "recipe"]), f"op{self._few(20)}", places, tokens=tokens)

    def _few(self, count: int) -> int:
        return min(int(self.random.expovariate(4 / count)), count - 1)


def learner(lines: dict[str, Line] | None = None, run: str = "goal-0001", goal: str = "goal") -> Learner:
    return Learner(run, goal, "evaluator", True, lines or {})


def one(found: list[Lesson], about: About, **told: Any) -> Lesson:
    return next(each for each in found if each.line.subject.about is about and each.line.subject.told == told)


def test_an_edit_that_always_crashes_is_learnt_and_confirmed_by_predictions() -> None:
    world = World(0, learner())
    for at in range(40):
        operator = "trap" if at % 5 == 0 else f"op{at % 3}"
        world.go(Features("mutate", operator), "failed" if operator == "trap" else "worse")
    lesson = one(list(world.learner.lessons()), About.OPERATOR, proposer="mutate", operator="trap")
    assert (lesson.kind, lesson.expects, lesson.status) == (Kind.AVOID, "failed", Status.ACTIVE)
    assert [each.change for each in world.news if each.lesson.id == lesson.id] == ["learnt", "confirmed"]
    assert "8 of 8 attempts" in lesson.statement and "0 of 28 attempts" in lesson.statement
    record = lesson.line.sightings["goal-0001"].record
    assert record.graded == record.hits > 0 and record.brier < record.usual


def test_attempts_that_end_otherwise_speak_against_a_lesson_also_where_most_do() -> None:
    """A first run saw gains; in the second, most attempts of the kind lose, and they do not speak for it."""
    first = World(0, learner())
    for at in range(40):
        operator = "gain" if at % 4 == 0 else f"op{at % 3}"
        first.go(Features("mutate", operator), "better" if operator == "gain" else "worse")
    second = World(0, learner(first.learner.changed(), "goal-0002"), "goal-0002")
    for result in ("worse", "better", "worse"):
        second.go(Features("mutate", "gain"), result)
    lesson = one(list(second.learner.lessons()), About.OPERATOR, proposer="mutate", operator="gain")
    assert lesson.expects == "better"
    spoken = {each.attempt: each.speaks for each in lesson.line.sightings["goal-0002"].examples}
    assert spoken == {1: "against", 2: "for", 3: "against"}


def test_a_run_that_is_observed_again_learns_the_same() -> None:
    worlds = [World(3, learner()) for _ in range(2)]
    for world in worlds:
        for _ in range(120):
            features = world.features()
            result = "better" if features.places == (("a.py", "f1"),) else world.random.choice(list(_SCORES))
            world.go(features, result, "E" if result == "failed" else None)
    first, second = (world.learner.changed() for world in worlds)
    assert first == second and first


@pytest.mark.parametrize("drift", [False, True])
def test_where_nothing_is_true_hardly_a_lesson_becomes_active(drift: bool) -> None:
    active = 0
    for seed in range(12):
        world = World(seed, learner())
        for at in range(60):
            better = 0.1 * (3 * (1 - at / 60) if drift else 1)
            result = world.random.choices(list(_SCORES), [better, 0.4, 0.3, 0.2])[0]
            world.go(world.features(), result, world.random.choice("EF") if result == "failed" else None)
        active += sum(each.status is Status.ACTIVE for each in world.learner.lessons())
    assert active <= 1


def _trap(features: Features) -> tuple[str, float] | None:
    return ("failed", 0.95) if features.operator == "op1" else None


def _good_place(features: Features) -> tuple[str, float] | None:
    return ("better", 0.75) if ("a.py", "f1") in features.places else None


@pytest.mark.parametrize("effect", [_trap, _good_place])
def test_what_is_true_becomes_active_and_little_else(
    effect: Callable[[Features], tuple[str, float] | None],
) -> None:
    true = false = 0
    for seed in range(6):
        lines: dict[str, Line] = {}
        for run in range(4):
            world = World(100 * seed + run, learner(lines, f"goal-{run:04}"), f"goal-{run:04}")
            for _ in range(60):
                features = world.features()
                event, rate = effect(features) or ("worse", 0.35)
                rest = [each for each in _SCORES if each != event]
                result = event if world.random.random() < rate else world.random.choice(rest)
                world.go(features, result, "E" if result == "failed" else None)
            lines |= world.learner.changed()
        for lesson in world.learner.lessons():
            if lesson.status is Status.ACTIVE:
                is_true = {"op1", "f1"} & {lesson.line.subject.told.get(k) for k in ("operator", "region")}
                true, false = true + bool(is_true), false + (not is_true)
    assert true >= 4
    assert false <= 0.05 * true + 1


def test_a_value_from_which_on_the_program_breaks_is_found() -> None:
    world = World(1, learner())
    for at in range(60):
        value = world.random.randrange(100)
        result = "failed" if at % 3 == 0 and value >= 70 else world.random.choice(["same", "worse"])
        name = "a.py:size" if at % 3 == 0 else f"a.py:p{at % 7}"
        world.go(
            Features("tune", moved={name: (10, value)}), result, "timed-out" if result == "failed" else None
        )
    found = one(
        list(world.learner.lessons()), About.PARAMETER, parameter="a.py:size", event="failed", side="above"
    )
    bound = found.line.sightings["goal-0001"].detail["bound"]
    assert 70 <= bound <= 80 and found.kind is Kind.AVOID and found.expects == "failed"
    assert f"Changing `a.py:size` to {bound:.0f} or more failed in" in found.statement
    predicted = world.learner.predict(Features("tune", moved={"a.py:size": (10, 95)}))
    assert predicted[found.id] > 0.5
    assert found.id not in world.learner.predict(Features("tune", moved={"a.py:size": (10, 20)}))


def test_good_values_promise_gains_to_programs_that_do_not_have_them_yet() -> None:
    name = {"parameter": "a.py:size"}
    detail = {"low": 2, "high": 5, "best": 3, "alone": [9, 8], "importance": 0.5}
    seen = sighting_of("goal-0000", better=6, total=9, goal="goal", detail=detail)
    line = line_of(seen, subject=Subject(About.PARAMETER, name))
    knows = learner({line.subject.key: line}, "goal-0002")
    predicted = {
        old: line.subject.id in knows.predict(Features("tune", moved={"a.py:size": (old, new)}))
        for old, new in ((40, 4), (3, 4), (4, 40))
    }
    assert predicted == {40: True, 3: False, 4: False}


def test_what_the_search_no_longer_tries_is_believed_less_and_less() -> None:
    lines: dict[str, Line] = {}
    confidences = []
    for run in range(6):
        name = f"goal-{run:04}"
        world = World(run, learner(lines, name), name)
        for at in range(30):
            operator = "trap" if run == 0 and at % 4 == 0 else f"op{at % 3}"
            world.go(Features("mutate", operator), "failed" if operator == "trap" else "worse")
        world.learner.conclude()
        lines |= world.learner.changed()
        found = one(list(world.learner.lessons()), About.OPERATOR, proposer="mutate", operator="trap")
        confidences.append(found.confidence)
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[0] > 0.95 and confidences[-1] < 0.6


def test_a_lesson_that_held_on_two_goals_widens_and_one_that_did_not_stays() -> None:
    lines: dict[str, Line] = {}
    for goal in ("one", "two"):
        world = World(0, learner(lines, f"{goal}-0001", goal), f"{goal}-0001")
        for at in range(72):
            operator = ["both", "mine", "x", "y", "x", "y", "z", "z", "z"][at % 9]
            has_failed = operator == "both" or (operator == "mine" and goal == "one")
            world.go(Features("mutate", operator), "failed" if has_failed else "worse")
        lines |= world.learner.changed()
    both, mine = (
        one([judge(each) for each in lines.values()], About.OPERATOR, proposer="mutate", operator=each)
        for each in ("both", "mine")
    )
    assert both.scope.goals == () and mine.scope.goals == ("one",)
    assert both.status is mine.status is Status.ACTIVE
    assert judge(mine.line, "one").confidence > 0.8 > 0.2 > judge(mine.line, "two").confidence
    assert "widened" in [each.change for each in world.news if each.lesson.id == both.id]


def test_a_lesson_whose_recall_does_harm_retires() -> None:
    world = World(0, learner())
    for at in range(30):
        operator = "good" if at % 3 == 0 else "x"
        world.go(Features("mutate", operator), "better" if operator == "good" else "worse")
    found = one(list(world.learner.lessons()), About.OPERATOR, proposer="mutate", operator="good")
    assert found.status is Status.ACTIVE and found.value is None
    for at in range(24):
        made = attempt(100 + at, "worse" if at % 2 else "better")
        with_it = replace(made, recalled=(found.id,)) if at % 2 else replace(made, withheld=(found.id,))
        world.news += world.learner.observe(with_it, BASELINE, Features("llm"))
    after = next(each for each in world.learner.lessons() if each.id == found.id)
    assert after.status is Status.RETIRED and after.value is not None and after.value < 0
    assert "retired" in [each.change for each in world.news if each.lesson.id == found.id]


def test_evidence_however_well_attested_falls_to_a_few_predictions_that_fail() -> None:
    first = World(0, learner())
    for at in range(90):
        first.go(Features("mutate", "good" if at % 3 == 0 else "x"), "better" if at % 3 == 0 else "worse")
    lines = first.learner.changed()
    key = next(key for key, line in lines.items() if line.subject.told.get("operator") == "good")
    sighting = lines[key].sightings["goal-0001"]
    tenfold = replace(sighting.concerned, total=300, better=300)
    lines[key] = replace(lines[key], sightings={"goal-0001": replace(sighting, concerned=tenfold)})
    second = World(1, learner(lines, "goal-0002"), "goal-0002")
    assert second.learner.predict(Features("mutate", "good"))[lines[key].subject.id] > 0.9
    for at in range(20):
        second.go(Features("mutate", "good" if at % 4 == 0 else "x"), "worse")
    after = one(list(second.learner.lessons()), About.OPERATOR, proposer="mutate", operator="good")
    assert after.status is Status.RETIRED and after.why


def test_a_line_that_nobody_can_follow_costs_no_other() -> None:
    odd = Subject(About.PARAMETER, {"parameter": "a.py:x", "event": "failed", "side": "above"})
    lines = [
        line_of(sighting_of(detail={"bound": 10**400}), subject=odd),
        line_of(sighting_of(), subject=subject_of("swap")),
    ]
    learner = Learner("demo-9999", "demo", "e", True, {each.subject.key: each for each in lines})
    assert [each.line.subject for each in learner.lessons()] == [subject_of("swap")]
    assert learner.predict(Features("tune", moved={"a.py:x": (1, 2)})) == {}


def test_lessons_of_many_runs_are_what_their_lines_say_as_a_whole() -> None:
    """What others saw is summed up once, when a run begins; the result is that of looking at all of it."""
    lines: dict[str, Line] = {}
    for at in range(6):
        run, goal = f"goal-{at:04d}", f"goal{at % 3}"
        world = World(at, learner(lines, run, goal), run)
        world.number = 100 * at  # attempts are told the time by their numbers
        for _ in range(60):
            features = world.features()
            has_failed = features.places == (("a.py", "f1"),) and world.random.random() < 0.8
            result = "failed" if has_failed else world.random.choice(["better", "worse", "same"])
            world.go(features, result, "ValueError" if result == "failed" else None)
        for lesson in world.learner.lessons():
            whole = judge(lesson.line, goal)
            assert replace(lesson, confidence=0.0, value=None) == replace(whole, confidence=0.0, value=None)
            assert lesson.confidence == pytest.approx(whole.confidence)
            assert lesson.value == pytest.approx(whole.value)
        lines |= world.learner.changed()
    assert max(len(line.sightings) for line in lines.values()) > 4
