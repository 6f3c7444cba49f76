"""Many: large files, in which a few of hundreds of literals matter, or all of them do."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from kapso.propose.earlier import EarlierAttempt, EarlierRun
from kapso.propose.tune.screen import FEWEST

Make = Callable[..., Any]

COUNT = 300
TEXT = "".join(f"def part_{i}():\n    return {1.37 + i % 23 * 0.71:.2f}\n\n\n" for i in range(COUNT))
MATTER = range(7, COUNT, 25)


def wrong(names: dict[str, Any]) -> float:
    """A dozen literals should be three times what they are, or a third; the others do nothing."""
    return math.fsum(
        abs(math.log(max(names[f"part_{i}"](), 1e-9) / (1.37 + i % 23 * 0.71)) - (-1) ** i * math.log(3))
        for i in MATTER
    )


def right(names: dict[str, Any]) -> float:
    """All literals matter, and all are right but one."""
    off = [math.log(max(names[f"part_{i}"](), 1e-9) / (1.37 + i % 23 * 0.71)) for i in range(COUNT)]
    return math.fsum(map(abs, off[1:])) + abs(off[0] - 1)


def arms(run: Any) -> list[str]:
    return [idea.hypothesis.split(":")[0] for idea in run.ideas]


@pytest.mark.parametrize("seed", range(2))
def test_a_few_wrong_ones_of_hundreds_get_better_together(search: Make, seed: int) -> None:
    run = search({"a.py": TEXT}, wrong, direction="minimize", seed=seed).run(50)
    assert run.best.score < 0.6 * run.attempts[0].score
    assert arms(run).count("many") > 25


def test_where_all_are_right_it_is_soon_left(search: Make) -> None:
    run = search({"a.py": TEXT}, right, direction="minimize").run(40)
    assert "many" in arms(run)[:5]
    assert arms(run)[5:].count("many") <= 4


def test_where_every_one_breaks_the_program_it_is_left(search: Make) -> None:
    base = {f"part_{i}": 1.37 + i % 23 * 0.71 for i in range(COUNT)}

    def score(names: dict[str, Any]) -> float:
        if sum(abs(names[name]() - value) > 0.01 for name, value in base.items()) > 1:
            raise ValueError
        return right(names)

    run = search({"a.py": TEXT}, score, direction="minimize").run(50)
    assert arms(run)[16:].count("many") <= 5


def test_the_second_goes_the_other_way(search: Make) -> None:
    run = search({"a.py": TEXT}, right, direction="minimize").run(3)
    first, second = (idea.parameters for idea in run.ideas[:2])
    assert "the other way round than attempt 1" in run.ideas[1].hypothesis
    axes, start = run.tune._trials.axes, run.tune._trials.by_number[0].values
    ways = {
        name: [axes[name].position(each[name]) - axes[name].position(start[name]) for each in (first, second)]
        for name in first
    }
    assert sum(there * back < 0 for there, back in ways.values()) > COUNT / 5
    assert not any(there * back > 0 for there, back in ways.values())


def test_small_files_have_none_of_it(search: Make) -> None:
    text = "".join(f"c{i} = {0.3 + i}\n" for i in range(FEWEST))
    assert "many" not in arms(search({"a.py": text}, lambda names: -abs(names["c7"] - 9.0)).run(30))


@pytest.mark.parametrize("with_parameters", [True, False])
def test_replaying_the_history_goes_on_alike(search: Make, with_parameters: bool) -> None:
    run = search({"a.py": TEXT}, wrong, direction="minimize").run(15)
    replayed = run.fresh()
    for attempt in run.attempts:
        replayed.observe(attempt if with_parameters else replace(attempt, parameters={}))
    number = len(run.attempts)
    assert replayed.ideate(run.context(number)) == run.tune.ideate(run.context(number))


def test_what_does_not_matter_now_is_left_alone(search: Make) -> None:
    text = "USE = False  # kapso: true|false\n" + "".join(
        f"RATE_{i} = 2.5  # kapso: 0.1..10 if USE\n" for i in range(COUNT)
    )
    run = search({"a.py": text + TEXT}, wrong, direction="minimize").run(12)
    for idea in run.ideas:
        moved = [n for n, value in idea.parameters.items() if ":RATE_" in n and value != 2.5]
        assert idea.parameters["a.py:USE"] or not moved


def test_what_was_good_in_an_earlier_run_comes_first(search: Make) -> None:
    first = search({"a.py": TEXT}, wrong, direction="minimize").run(8)
    told = [
        EarlierAttempt(a.number, a.parents[0], dict(a.parameters), a.score, False, False, True, "many")
        for a in first.attempts[1:]
    ]
    run = search({"a.py": TEXT}, wrong, direction="minimize", seed=5)
    run.tune = run.fresh()
    run.tune.recall([EarlierRun("demo-0000", True, True, first.attempts[0].score, {}, told)])
    run.attempts.clear()
    run.land(0, run.files, None, None)
    run.run(6)
    assert run.attempts[1].score == first.best.score
    assert arms(run)[:3] == ["recall"] * 3 and "many" in arms(run)[3:]


def test_several_in_flight_are_different_ones(search: Make) -> None:
    run = search({"a.py": TEXT}, wrong, direction="minimize").run(6)
    ideas = [run.tune.ideate(run.context(number)) for number in range(7, 11)]
    assert len({json.dumps(dict(idea.parameters), sort_keys=True) for idea in ideas}) == 4
