"""`kapso best` and the front that it shows where a run is after several metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import kapso as api
from kapso.cli import best as command

Kapso = Callable[..., Any]
GOAL = """\
objective: Small and good
edit: [pack.py]
evaluate: "true"
metrics: {score: maximize, size: minimize}
search: {policy: POLICY}
"""


@pytest.fixture
def trade(start: Callable[..., Any]) -> Callable[..., Any]:
    """`trade(policy)`: 1 the best, 2 smaller, 3 beaten by 2, 4 did not hold, 5 as good as 1 and larger."""

    def make(policy: str = "pareto") -> Any:
        run = start("trade-3f9a", text=GOAL.replace("POLICY", policy))
        rows = [(1.0, 300.0), (5.0, 200.0), (3.0, 100.0), (2.0, 150.0), (9.0, 10.0), (5.0, 210.0)]
        for number, (score, size) in enumerate(rows):
            run.land(
                {"pack.py": b"RADIUS = %d\n" % number}, score, metrics={"score": score, "size": size},
                title=f"try\033 {number}", **({"proposer": "baseline"} if number == 0 else {}),
            )  # fmt: skip
        run.record(4, verdict="same", demoted=True)
        run.finish(best=1)
        return run

    return make


def test_the_front_stands_below_the_best(kapso: Kapso, trade: Callable[..., Any]) -> None:
    trade()
    done = kapso("best")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("attempt 1 of trade-3f9a: try")
    front = done.out.partition("front   ")[2].splitlines()
    assert front[0] == "2 attempts: whatever is better in one metric is worse in another"
    assert front[1].split() == ["#", "score", "(max)", "size", "(min)", "title"]
    assert front[2].split()[:4] == ["best", "1", "5", "200"]
    assert front[3].split()[:3] == ["2", "3", "100"]
    assert front[4].startswith("next ") and "\033" not in done.out
    assert ", the best, on the front\n" in kapso("show").out
    assert "on the front" in kapso("show", "2").out and "on the front" not in kapso("show", "3").out


def test_json_stays_one_object_and_names_the_front(kapso: Kapso, trade: Callable[..., Any]) -> None:
    trade("tree")
    [line] = kapso("best", "--json").out.splitlines()
    told = json.loads(line)
    assert (told["attempt"], told["front"]) == (1, [1, 2])
    assert "front" not in kapso("best").out, "the run was not after it"
    assert [each.number for each in api.open(".").runs()[0].front] == [1, 2]


def test_without_several_metrics_there_is_none(kapso: Kapso, packing: Any) -> None:
    assert "front" not in json.loads(kapso("best", "--json").out)
    assert json.loads(kapso("show", "--json").out)["front"] is None
    assert api.open(".").runs()[0].front == ()


def test_a_best_that_is_off_the_front_is_explained(kapso: Kapso, trade: Callable[..., Any]) -> None:
    run = trade()
    run.land({"pack.py": b"RADIUS = 6\n"}, 5.0, metrics={"score": 5.0, "size": 1.0})
    assert "attempt 6 has the score of the best, and is better by the other metrics" in kapso("best").out
    run.finish(best=0)
    out = kapso("best").out
    assert "no lead over it held in fresh evaluations" in out
    assert "next    kapso show trade-3f9a ATTEMPT" not in out, "a front of one"


def test_a_long_front_is_cut(
    kapso: Kapso, trade: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    trade()
    monkeypatch.setattr(command, "MOST_ROWS", 1)
    assert "… and 1 more: --json names them all" in kapso("best").out
