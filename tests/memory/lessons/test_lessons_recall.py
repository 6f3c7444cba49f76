"""Recall: what applies here, what is left out by lot, and what it comes to for those that do not read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kapso.memory.lessons.guard import taken
from kapso.memory.lessons.judge import judge
from kapso.memory.lessons.lesson import About, Lesson, Line, Record, Sighting, Subject, Tally
from kapso.memory.lessons.merge import merged
from kapso.memory.lessons.recall import Here, Occasion, Recall, factor_of, relevance
from kapso.propose.recalled import LEAST, MOST, Recalled

HERE = Here("demo", {"a.py": b"def grow(x):\n    return x + 1\n"}, frozenset({"python"}))
CRASHES, USUAL = Tally(30, failed=29, same=1), Tally(60, better=6, same=34, failed=20)
HELPS = Tally(30, better=20, same=10)


def lesson(about: About, concerned: Tally, others: Tally = USUAL, goal: str = "demo", **told: Any) -> Lesson:
    """A lesson as one run saw it, whose predictions held."""
    subject = Subject(about, told)
    path = told.get("path")
    record = Record(graded=10, hits=10, brier=0.2, usual=2.0, weight=4.0)
    detail = told.pop("detail", {}) | {"expects": told.get("event", _most(concerned))}
    seen = Sighting(
        "run-0000", goal, "e", 90, concerned, others, detail=detail, record=record,
        files=(path,) if path else (), language="python" if path else None, time="2026-11-28T10:00:00Z",
    )  # fmt: skip
    return judge(Line(subject, {seen.run: seen}), "demo")


def _most(tally: Tally) -> str:
    return max(("better", "failed", "worse", "same"), key=lambda each: getattr(tally, each))


def place(name: str, **more: Any) -> Lesson:
    return lesson(About.PLACE, CRASHES, path="a.py", region=name, **more)


def made(recall: Recall, proposer: str, seed: int) -> Recalled:
    return recall.for_maker(Occasion(proposer, seed))


def test_a_lesson_is_recalled_only_where_its_subject_is() -> None:
    assert relevance(place("grow"), HERE) == 1.0
    assert relevance(place("shrink"), HERE) == 0.0, "no such function"
    assert relevance(lesson(About.PLACE, CRASHES, path="b.py", region="grow"), HERE) == 0.0
    assert relevance(place("grow", goal="other"), HERE) == 0.5
    hidden = Here("demo", HERE.files, HERE.languages, frozenset({"grow"}))
    assert relevance(place("grow"), hidden) == 0.0, "it names what nobody may be told of"
    fact = lesson(About.EVALUATION, Tally(9, scored=9), Tally(), goal="other", what="time")
    assert relevance(fact, HERE) == 0.0
    hunks = [["a.py", "    return x + 1\n", "    return x + 2\n"]]
    assert relevance(lesson(About.CHANGE, Tally(2, better=2), hunks=hunks), HERE) == 1.0
    gone = [["a.py", "    return x - 1\n", "    return x + 2\n"]]
    assert relevance(lesson(About.CHANGE, Tally(2, better=2), hunks=gone), HERE) == 0.0


def test_an_eighth_goes_without_any_and_each_is_left_out_by_itself() -> None:
    lessons = [lesson(About.OPERATOR, HELPS, proposer="mutate", operator=f"o{at}") for at in range(6)]
    recall = Recall(lessons, HERE)
    found = [made(recall, "mutate", seed) for seed in range(800)]
    without_any = sum(not each.lessons for each in found) / len(found)
    assert 0.09 < without_any < 0.16
    some = [each for each in found if each.lessons]
    left_out = sum(len(each.withheld) for each in some) / (6 * len(some))
    assert 0.10 < left_out < 0.15
    assert all(len({*each.withheld, *(e.id for e in each.lessons)}) == 6 for each in found)
    assert [each.withheld for each in found] == [made(recall, "mutate", seed).withheld for seed in range(800)]
    for each in found:
        told = {weight.lesson for weight in each.advice.operators.values()}
        assert told == {one.id for one in each.lessons}, "what is withheld has no weight"


def test_what_breaks_programs_is_left_out_a_quarter_as_often() -> None:
    lessons = [lesson(About.OPERATOR, CRASHES, proposer="mutate", operator=f"o{at}") for at in range(6)]
    found = [made(Recall(lessons, HERE), "mutate", seed) for seed in range(800)]
    without_any = sum(not each.lessons for each in found) / len(found)
    assert 0.015 < without_any < 0.055
    some = [each for each in found if each.lessons]
    assert 0.02 < sum(len(each.withheld) for each in some) / (6 * len(some)) < 0.045


def test_of_many_lessons_an_attempt_is_measured_for_eight_drawn_by_lot() -> None:
    lessons = [lesson(About.OPERATOR, CRASHES, proposer="mutate", operator=f"o{at}") for at in range(40)]
    recall = Recall(lessons, HERE)
    named: set[str] = set()
    for seed in range(60):
        found = made(recall, "mutate", seed)
        own = {*found.withheld, *(each.id for each in found.lessons)}
        assert len(own) == 8
        named |= own
    assert len(named) == 40
    assert len(made(recall, "mutate", 3).advice.operators) > 25, (
        "all the same, all that was not left out weighs"
    )


def test_weights_follow_what_was_counted_within_bounds() -> None:
    bad = factor_of(place("grow"), "demo")
    assert LEAST <= bad < 0.5
    good = lesson(About.OPERATOR, Tally(20, better=18, same=2), proposer="mutate", operator="swap")
    assert 2.0 < factor_of(good, "demo") <= MOST
    few = lesson(About.OPERATOR, Tally(1, better=1), proposer="mutate", operator="swap")
    assert 1.0 <= factor_of(few, "demo") < factor_of(good, "demo")


def test_places_and_errors_weigh_edits_of_those_that_make_them() -> None:
    error = lesson(
        About.ERROR, CRASHES, signature="crashed in run: KeyError", proposer="mutate", operator="swap"
    )
    recall = Recall([place("grow"), error], HERE)
    seed = next(each for each in range(99) if not made(recall, "mutate", each).withheld)
    advice = made(recall, "mutate", seed).advice
    assert advice.factor("mutate", "delete", "a.py", "grow") < 0.5
    assert advice.factor("mutate", "delete", "a.py", "other") == 1.0
    assert advice.factor("mutate", "swap", "a.py", "other") < 0.5
    assert made(recall, "recipe", seed).advice.factor("recipe", "swap", "a.py", "other") == 1.0
    assert made(recall, "combine", seed) == Recalled()


def test_bad_values_become_ranges_for_tune() -> None:
    told: Mapping[str, Any] = {"parameter": "a.py:x", "event": "failed", "side": "above"}
    recall = Recall([lesson(About.PARAMETER, CRASHES, **told, detail={"bound": 40.0})], HERE)
    seed = next(each for each in range(99) if not made(recall, "tune", each).withheld)
    (bad,) = made(recall, "tune", seed).advice.ranges
    assert (bad.parameter, bad.is_good, bad.low, bad.high) == ("a.py:x", False, 40.0, None)
    costs = lesson(
        About.PARAMETER, CRASHES, goal="other", detail={"bound": 4.0}, **{**told, "event": "worse"}
    )
    assert made(Recall([costs], HERE), "tune", seed).advice.ranges == (), "it may be good for this goal"


def test_good_values_of_other_goals_are_told_and_what_matters() -> None:
    detail = {"low": 2, "high": 5, "best": 3, "alone": [9, 8], "importance": 0.5}
    better = Tally(20, better=14, same=6)
    told = lesson(About.PARAMETER, better, goal="other", parameter="a.py:x", detail=detail)
    seed = next(each for each in range(99) if not made(Recall([told], HERE), "tune", each).withheld)
    advice = made(Recall([told], HERE), "tune", seed).advice
    assert [(each.low, each.high, each.best) for each in advice.ranges] == [(2, 5, 3)]
    assert advice.parameters["a.py:x"].factor == 2.0
    own = lesson(About.PARAMETER, better, parameter="a.py:x", detail=detail)
    assert not any(made(Recall([own], HERE), "tune", seed).advice.ranges for seed in range(9))


def test_readers_are_told_the_most_useful_first_and_of_the_error_at_hand_while_they_mend() -> None:
    error = lesson(
        About.ERROR, CRASHES, signature="crashed in run: KeyError at grow", path="a.py", region="grow"
    )
    good = lesson(About.OPERATOR, Tally(20, better=18, same=2), proposer="mutate", operator="swap")
    recall = Recall([error, good], HERE)
    seed = next(s for s in range(99) if not recall.for_reader(Occasion("llm", s)).withheld)
    assert [each.id for each in recall.for_reader(Occasion("llm", seed)).lessons] == [good.id, error.id]
    (told,) = recall.on_error(Occasion("llm", seed, "`run` ended: KeyError in grow, crashed"))
    assert told.startswith("avoid (") and "% sure): " in told and "KeyError" in told
    assert recall.on_error(Occasion("llm", seed, "`run` ended: ValueError")) == []


def pulled(subject: Subject, ours: Sighting, theirs: Sighting) -> Lesson:
    """A lesson of one's own after a line about the same was pulled."""
    own, line = (Line(subject, {each.run: each}) for each in (ours, theirs))
    key = subject.key
    return judge(merged(own, taken({key: own}, {key: line}, "origin", "2026-11-28T11:00:00Z")[key]), "demo")


def seen(run: str, concerned: Tally, others: Tally, time: str, **detail: Any) -> Sighting:
    return Sighting(run, "demo", "e", 90, concerned, others, detail=detail, time=time)


def test_what_was_pulled_moves_no_bound_of_ones_own() -> None:
    subject = Subject(About.PARAMETER, {"parameter": "a.py:step", "event": "failed", "side": "above"})
    ours = seen("demo-1111", Tally(10, failed=9, same=1), USUAL, "2026-11-28T10:00:00Z", bound=41.0)
    theirs = seen("evil-2222", Tally(10, failed=10), USUAL, "2027-01-01T00:00:00Z", bound=-1e9)
    recall = Recall([pulled(subject, ours, theirs)], HERE)
    (told,) = made(recall, "tune", 3).advice.ranges
    assert told.low == 41.0


def test_what_was_pulled_weighs_no_more_than_ones_own() -> None:
    subject = Subject(About.OPERATOR, {"proposer": "mutate", "operator": "swap"})
    ours = seen(
        "demo-1111", Tally(20, better=12, same=8), Tally(50, better=5, same=45), "2026-11-28T10:00:00Z"
    )
    theirs = seen("evil-2222", Tally(10**9, failed=10**9), Tally(10**9, better=10**9), "2027-01-01T00:00:00Z")
    recall = Recall([pulled(subject, ours, theirs)], HERE)
    assert made(recall, "mutate", 3).advice.operators["mutate:swap"].factor > 2


class Counting(dict[str, bytes]):
    """Files that know how often they were read."""

    reads = 0

    def __getitem__(self, path: str) -> bytes:
        self.reads += 1
        return super().__getitem__(path)


def test_a_program_is_searched_for_a_lesson_once() -> None:
    files = Counting(HERE.files)
    here = Here("demo", files, HERE.languages)
    hunks = [["gone.py", "    return x + 1\n", "    return x + 2\n"]]
    lessons = [place("grow"), lesson(About.CHANGE, Tally(2, better=2), hunks=hunks)]
    assert len(Recall(lessons, here)) == 2
    reads = files.reads
    assert len(Recall(lessons, here)) == 2 and files.reads == reads


def test_of_hidden_files_whatever_they_are_called_nobody_is_told() -> None:
    for name in ("a.py", ".a.py", "gro w", "`grow`"):
        here = Here("demo", HERE.files, HERE.languages, frozenset({"b.py", name}))
        text = f"Edits in `grow` of `tests/{name}` failed."
        assert here.keeps(text), name
        assert not here.keeps("Edits of `grown` in `aa.py` failed")
