"""A run that begins with what earlier runs of its goal found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from kapso.propose.earlier import EarlierAttempt, EarlierRun

Make = Callable[..., Any]

TEXT = "mode = 'a'  # kapso: a|b|c\n" + "".join(f"x{i} = 0.9  # kapso: 0..1\n" for i in range(4))


def score(names: dict[str, Any]) -> float:
    far = sum((float(names[f"x{i}"]) - 0.2 - 0.1 * i) ** 2 for i in range(4))
    return {"a": 0.0, "b": 1.0, "c": -1.0}[names["mode"]] - far


def told(run: Any, base: Mapping[str, Any] | None = None, **facts: Any) -> EarlierRun:
    """A run as a later one gets to see it."""
    attempts = [
        EarlierAttempt(
            number=a.number,
            parent=a.parents[0],
            parameters=dict(a.parameters),
            score=a.score,
            is_better=a.verdict == "better",
            is_broken=not a.is_scored,
            is_plain=True,
            arm=a.hypothesis.split(":")[0],
        )
        for a in run.attempts[1:]
    ]
    known = {"is_comparable": True, "is_same_base": base is None, "baseline": run.attempts[0].score, **facts}
    return EarlierRun("demo-0000", base=base or {}, attempts=attempts, **known)


def warmed(run: Any, *earlier: EarlierRun) -> Any:
    """`run` begun anew, with a tune that recalls."""
    run.tune = run.fresh()
    run.tune.recall(earlier)
    run.attempts.clear()
    run.land(0, run.files, None, None)
    return run


def test_the_second_run_reaches_the_first_ones_end_at_once_and_goes_on(search: Make) -> None:
    first = search({"a.py": TEXT}, score).run(25)
    second = warmed(search({"a.py": TEXT}, score, seed=9), told(first)).run(3)
    assert second.attempts[1].score == first.best.score
    assert second.ideas[0].hypothesis == f"recall: good in demo-0000, attempt {first.best.number}"
    cold = search({"a.py": TEXT}, score, seed=9).run(23)
    second.run(20)
    assert second.best.score > max(first.best.score, cold.best.score)
    assert not any(idea.hypothesis.startswith(("wide", "scan: not tried")) for idea in second.ideas[3:9])


def test_what_the_user_changed_since_stays_as_it_is(search: Make) -> None:
    first = search({"a.py": TEXT}, lambda names: -abs(names["x0"] - 0.25)).run(30)
    base = {"a.py:mode": "a", **{f"a.py:x{i}": 0.9 for i in range(4)}}
    best = replace(first.best, parameters={**base, "a.py:x0": first.best.parameters["a.py:x0"]})
    first.attempts[best.number] = best
    moved = TEXT.replace("x3 = 0.9", "x3 = 0.4")
    second = warmed(search({"a.py": moved}, score), told(first, base)).run(1)
    parameters = second.ideas[0].parameters
    assert parameters["a.py:x0"] == best.parameters["a.py:x0"] and parameters["a.py:x3"] == 0.4


def test_scores_of_another_evaluation_teach_once_a_vector_of_it_is_better_here_too(search: Make) -> None:
    first = search({"a.py": TEXT}, score).run(25)
    tenfold = warmed(
        search({"a.py": TEXT}, lambda names: 10 * score(names) - 3), told(first, is_comparable=False)
    )
    assert set(tenfold.tune._trials.by_number) == {0}, "nobody knows yet whether they say anything"
    tenfold.run(1)
    known = tenfold.tune._trials.by_number
    assert len(known) > 20 and tenfold.attempts[1].score == pytest.approx(10 * first.best.score - 3)
    for number, trial in known.items():
        assert trial.height == pytest.approx(10 * score({n[5:]: v for n, v in trial.values.items()}) - 3), (
            number
        )
    tenfold.run(9)
    arms = [idea.hypothesis.split(":")[0] for idea in tenfold.ideas]
    assert "scan" not in arms[:4] and "wide" not in arms[:4], "what was tried there comes later"
    assert tenfold.best.score > 10 * first.best.score - 3


def test_scores_of_an_opposite_evaluation_are_never_taken_over(search: Make) -> None:
    first = search({"a.py": TEXT}, score).run(25)
    second = warmed(
        search({"a.py": TEXT}, lambda names: -score(names)), told(first, is_comparable=False)
    ).run(20)
    assert set(second.tune._trials.by_number) == set(range(21))
    arms = [idea.hypothesis.split(":")[0] for idea in second.ideas]
    assert arms.count("recall") == 2, "two of its vectors are tried"


@pytest.mark.parametrize("facts", [{"baseline": None}, {"base": {"a.py:x0": 0.5}}])
def test_scores_of_another_program_only_rank(search: Make, facts: dict[str, Any]) -> None:
    first = search({"a.py": TEXT}, score).run(25)
    second = warmed(search({"a.py": TEXT}, score), told(first, **facts)).run(8)
    arms = [idea.hypothesis.split(":")[0] for idea in second.ideas]
    assert arms[:3] == ["recall"] * 3 and "scan" in arms[3:5]
    assert set(second.tune._trials.by_number) == set(range(9))


def test_an_applied_best_is_recognised_and_its_run_teaches_on(search: Make) -> None:
    first = search({"a.py": TEXT}, score).run(22)
    applied = first.commits[first.best.commit]["a.py"].decode()
    base = {"a.py:mode": "a", **{f"a.py:x{i}": 0.9 for i in range(4)}}
    second = warmed(search({"a.py": applied}, score), told(first, base))
    assert len(second.tune._trials.by_number) > 18
    second.run(12)
    assert second.best.score > first.best.score


def test_values_that_no_marker_allows_any_more_are_left_out(search: Make) -> None:
    first = search({"a.py": TEXT}, score).run(20)
    narrowed = TEXT.replace("a|b|c", "a|c").replace("0..1\n", "0.5..1\n")
    second = warmed(search({"a.py": narrowed}, score), told(first)).run(15)
    values = [dict(idea.parameters) for idea in second.ideas]
    assert all(v["a.py:mode"] != "b" and min(v[f"a.py:x{i}"] for i in range(4)) >= 0.5 for v in values)


def test_a_replay_with_the_same_memory_goes_on_alike(search: Make) -> None:
    first = search({"a.py": TEXT}, score).run(30)
    second = warmed(search({"a.py": TEXT}, score, seed=4), told(first)).run(12)
    replayed = second.fresh()
    replayed.recall([told(first)])
    for attempt in second.attempts:
        replayed.observe(attempt)
    number = len(second.attempts)
    assert replayed.ideate(second.context(number)) == second.tune.ideate(second.context(number))
