"""Where no place for evaluations is free, an author writes the next attempt already."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.loop import test_written
from tests.loop.test_written import RUN, attempts_of, reply, wait_until
from tests.scripted.server import Request, ScriptedServer

Demo = Callable[..., Any]
written = test_written.written
SLOW = json.dumps(f"test $KAPSO_ATTEMPT = 0 || sleep 9; {RUN}")


def new_each_time(scripted: ScriptedServer) -> Callable[[Request], str]:
    return lambda request: reply(1 + len(scripted.requests) / 10, 19)


def order_of(out: str) -> list[tuple[str, int]]:
    events = [json.loads(line) for line in out.splitlines()]
    return [(each["event"], each["attempt"]) for each in events if each.get("attempt")]


@pytest.mark.slow
def test_an_attempt_is_written_while_another_is_evaluated(written: Demo, scripted: ScriptedServer) -> None:
    scripted.respond = new_each_time(scripted)
    kapso = written(3, run=SLOW)
    order = order_of(kapso("run", "--json", check=0).stdout)
    for number in (1, 2):
        assert order.index(("attempt.started", number + 1)) < order.index(("attempt.evaluated", number))
    assert len(scripted.requests) == 3
    kapso.check_whole(kapso.json("ls")[0]["run"], 3)


@pytest.mark.slow
def test_a_result_that_comes_soon_is_waited_for(written: Demo, scripted: ScriptedServer) -> None:
    scripted.respond = new_each_time(scripted)
    kapso = written(2)
    order = order_of(kapso("run", "--json", check=0).stdout)
    assert order.index(("attempt.evaluated", 1)) < order.index(("attempt.started", 2))
    assert "set x to 1.1" in scripted.requests[1].prompt


@pytest.mark.slow
def test_a_free_author_does_not_wait_for_results_that_take_long_beside_its_writing(
    written: Demo, scripted: ScriptedServer
) -> None:
    scripted.respond = new_each_time(scripted)
    kapso = written(16, run=json.dumps(f"sleep 0.5; {RUN}"))
    order = order_of(kapso("run", "--json").stdout)
    ahead = [
        number
        for number in range(1, 16)
        if order.index(("attempt.started", number + 1)) < order.index(("attempt.evaluated", number))
    ]
    assert ahead and min(ahead) >= 10  # until then nobody knows how long either takes
    kapso.check_whole(kapso.json("ls")[0]["run"], 16)


@pytest.mark.slow
def test_others_wait_for_a_place_and_keep_their_share(written: Demo, scripted: ScriptedServer) -> None:
    scripted.respond = new_each_time(scripted)
    kapso = written(4, run=SLOW, others=", tune")
    order = order_of(kapso("run", "--json").stdout)
    assert {row["proposer"] for row in attempts_of(kapso)} == {"llm", "tune"}
    kapso.check_whole(kapso.json("ls")[0]["run"], 4)
    tuned = [row["attempt"] for row in attempts_of(kapso) if row["proposer"] == "tune"]
    for number in tuned:  # it knew what was evaluated before it
        before = order[: order.index(("attempt.started", number))]
        assert len([each for each in before if each[0] == "attempt.evaluated"]) >= number - 2


@pytest.mark.slow
def test_what_the_user_asks_for_goes_before_what_is_written(written: Demo, scripted: ScriptedServer) -> None:
    scripted.respond = new_each_time(scripted)
    kapso = written(3, run=SLOW)
    process = kapso.start("run", "--json")
    wait_until(lambda: len(scripted.requests) == 2, 90)  # one is evaluated, and one is written
    (kapso.root / "params.json").write_text('{"x": 2.5, "y": 20}\n')
    kapso.git("commit", "-qam", "mine")
    kapso("try", "demo", "HEAD", check=0)
    out, _ = process.communicate(timeout=120)
    landed = [number for event, number in order_of(out) if event == "attempt.evaluated"]
    [mine] = [row["attempt"] for row in attempts_of(kapso) if row["proposer"] == "human"]
    assert landed.index(mine) <= 2
    kapso.check_whole(kapso.json("ls")[0]["run"], 4)


@pytest.mark.slow
def test_times_are_measured_beside_no_model_of_this_machine(written: Demo, scripted: ScriptedServer) -> None:
    scripted.respond = new_each_time(scripted)
    kapso = written(2, run=SLOW, goal="constraints: ['run.seconds <= 100']\n")
    order = order_of(kapso("run", "--json").stdout)
    assert order.index(("attempt.evaluated", 1)) < order.index(("attempt.started", 2))
