"""Attempts that a model writes, through the command line, against a model on loopback."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scripted.server import Answer, Request, ScriptedServer, fails

Demo = Callable[..., Any]
PRICE = "price: {input: 1.0, output: 1.0}"
GOAL = """\
name: demo
objective: Bring x to 3 and y to 20.
edit: [params.json]
run: RUN
evaluate: sh score.sh $KAPSO_OUT/params.json
propose: PROPOSE
search: {parallel: PARALLEL, seed: 1, repairs: REPAIRS}
budget: {attempts: ATTEMPTS}
"""
RUN = "cp params.json $KAPSO_OUT/"


def reply(x: float, y: float, title: str = "") -> str:
    """A whole new params.json."""
    told = title or f"set x to {x} and y to {y}"
    return (
        f"Title: {told}\nWhat: new numbers\nWhy: closer\nExpect: score up\n\n"
        f'params.json\n```json\n{{"x": {x}, "y": {y}}}\n```\n'
    )


def broken() -> str:
    return (
        "Title: change it\nWhat: x\nWhy: y\nExpect: z\n\n"
        "params.json\n<<<<<<< SEARCH\nno such line\n=======\n{}\n>>>>>>> REPLACE\n"
    )


@pytest.fixture
def written(demo: Demo, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Demo:
    """`written(attempts=…, …)` → Kapso on the demo program, with the scripted model as its proposer."""
    monkeypatch.setenv("SCRIPTED_KEY", "k-secret")

    def make(
        attempts: int = 1,
        more: str = "",
        others: str = "",
        run: str = RUN,
        parallel: int = 1,
        repairs: int = 2,
        goal: str = "",
        extra: dict[str, str] | None = None,
    ) -> Any:
        llm = f'{{llm: {{model: "openai:scripted", base_url: "{scripted.openai_url}", '
        llm += f"api_key_env: SCRIPTED_KEY, max_tokens: 1000{', ' + more if more else ''}}}}}"
        base = GOAL.replace("RUN", run).replace("PROPOSE", f"[{llm}{others}]")
        base = base.replace("PARALLEL", str(parallel)).replace("REPAIRS", str(repairs))
        return demo(goal, extra, base_goal=base.replace("ATTEMPTS", str(attempts)))

    return make


def attempts_of(kapso: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = kapso.json("ls", "demo")
    return rows[1:]


def calls_of(kapso: Any, number: int) -> list[dict[str, Any]]:
    [folder] = kapso.root.glob(f".git/kapso/runs/*/attempts/{number:04d}/calls")
    files = sorted((path for path in folder.glob("*.json") if path.stem.isdigit()), key=lambda p: int(p.stem))
    return [json.loads(path.read_text()) for path in files]


def test_a_reply_becomes_an_attempt_with_its_hypothesis_and_its_cost(
    written: Demo, scripted: ScriptedServer
) -> None:
    scripted.say(Answer(reply(3, 20, "hit both"), input_tokens=1000, output_tokens=200))
    kapso = written(1, PRICE)
    kapso("run", check=0)
    [attempt] = attempts_of(kapso)
    assert (attempt["proposer"], attempt["title"], attempt["verdict"]) == ("llm", "hit both", "better")
    assert attempt["score"] == 10 and "closer" in attempt["hypothesis"]
    assert attempt["cost"] == pytest.approx(0.0012)
    assert kapso.git("log", "-1", "--format=%(trailers:key=Kapso-Cost,valueonly)", attempt["branch"]).strip()
    assert len(scripted.requests) == 1 and scripted.requests[0].key == "k-secret"
    [call] = calls_of(kapso, 1)
    assert call["purpose"] == "edit" and "hit both" in call["reply"]["text"]
    assert "k-secret" not in "".join(path.read_text() for path in kapso.root.rglob("*.json*"))


@pytest.mark.slow
def test_what_cannot_be_used_goes_back_with_the_exact_error(written: Demo, scripted: ScriptedServer) -> None:
    scripted.say(broken(), reply(3, 20))
    kapso = written(1)
    kapso("run", check=0)
    assert [call["purpose"] for call in calls_of(kapso, 1)] == ["edit", "repair"]
    assert "no such line" in scripted.requests[1].prompt
    assert attempts_of(kapso)[0]["score"] == 10


@pytest.mark.slow
def test_a_crash_goes_back_with_what_the_program_said_and_is_one_attempt(
    written: Demo, scripted: ScriptedServer
) -> None:
    check = f"grep -q 99 params.json && echo 'x must not be 99' >&2 && exit 3; {RUN}"
    scripted.say(reply(99, 20, "too far"), reply(3, 20, "back again"))
    kapso = written(1, run=json.dumps(check))
    kapso("run", check=0)
    [attempt] = attempts_of(kapso)
    assert (attempt["title"], attempt["outcome"], attempt["score"]) == ("back again", "scored", 10)
    assert "x must not be 99" in scripted.requests[1].prompt
    assert '"x": 99' in scripted.requests[1].prompt  # it mends the candidate that failed, not its parent
    run = kapso.json("ls")[0]["run"]
    kapso.check_whole(run, 1)
    assert kapso.git("rev-list", "--count", f"{attempt['branch']}").strip() == "3"


@pytest.mark.slow
def test_without_a_repair_left_it_is_invalid_and_says_why(written: Demo, scripted: ScriptedServer) -> None:
    scripted.say(broken(), "I would rather not.", broken(), reply(3, 20))
    kapso = written(2, repairs=2)
    kapso("run", check=0)
    first, second = attempts_of(kapso)
    assert first["outcome"] == "invalid" and first["reason"] and first["score"] is None
    assert second["score"] == 10
    assert (
        kapso.git("diff", "--stat", "kapso/" + kapso.json("ls")[0]["run"] + "/0000-baseline", first["branch"])
        == ""
    )
    kapso.check_whole(kapso.json("ls")[0]["run"], 2)


@pytest.mark.slow
def test_a_crash_that_is_not_mended_lands_as_it_crashed(written: Demo, scripted: ScriptedServer) -> None:
    scripted.say(reply(99, 20), "no idea", "none at all")
    kapso = written(1, run=json.dumps(f"grep -q 99 params.json && exit 3; {RUN}"))
    kapso("run", check=3)
    [attempt] = attempts_of(kapso)
    assert attempt["outcome"] == "crashed" and "exit code 3; not mended" in attempt["reason"]
    assert '"x": 99' in kapso.git("show", f"{attempt['branch']}:params.json")


@pytest.mark.slow
def test_a_provider_that_is_down_abandons_the_attempt_and_others_go_on(
    written: Demo, scripted: ScriptedServer
) -> None:
    """Three lost attempts in a row, and it is asked no more; that is said once."""
    scripted.respond = lambda request: fails(400, "the model has gone away")
    kapso = written(16, others=", tune")
    done = kapso("run")
    rows = attempts_of(kapso)
    lost = [row for row in rows if row["proposer"] == "llm"]
    assert [row["outcome"] for row in lost] == ["abandoned"] * 3
    assert len(rows) == 16 and "gone away" in lost[0]["reason"]
    assert done.stderr.count("llm is asked no more in this session") == 1


def test_a_bad_key_is_found_before_the_first_attempt(written: Demo, scripted: ScriptedServer) -> None:
    scripted.key = "another"
    kapso = written(1)
    done = kapso("run", "--json", check=2)
    assert "SCRIPTED_KEY" in done.stderr and "Traceback" not in done.stderr
    assert scripted.requests == []
    assert done.stdout == "" and kapso.json("ls") == []  # no run is announced that there is not


@pytest.mark.slow
def test_a_server_that_is_not_there_is_found_too(written: Demo, scripted: ScriptedServer) -> None:
    kapso = written(1)
    kapso.edit(scripted.openai_url, "http://127.0.0.1:9/v1")
    done = kapso("run", "--json", check=1)
    assert "does not answer" in done.stderr and "nothing is lost" not in done.stderr
    assert done.stdout == "" and kapso.json("ls") == []


@pytest.mark.slow
def test_a_known_program_is_told_and_no_second_attempt(written: Demo, scripted: ScriptedServer) -> None:
    scripted.say(reply(2, 20), reply(2, 20), reply(3, 20))
    kapso = written(2)
    kapso("run", check=0)
    first, second = attempts_of(kapso)
    assert second["score"] == 10 and len(calls_of(kapso, 2)) == 2
    assert "attempt 1" in scripted.requests[2].prompt


@pytest.mark.slow
def test_a_reply_that_arrived_is_never_paid_twice(written: Demo, scripted: ScriptedServer) -> None:
    scripted.say(reply(3, 20))
    kapso = written(1, run=json.dumps(f"test $KAPSO_ATTEMPT = 0 || sleep 2; {RUN}"))
    process = kapso.start("run")
    wait_until(lambda: any(call["reply"] for call in _calls(kapso)))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kapso("resume", check=0)
    assert len(scripted.requests) == 1
    assert attempts_of(kapso)[0]["score"] == 10
    kapso.check_whole(kapso.json("ls")[0]["run"], 1)


@pytest.mark.slow
def test_a_reply_is_used_although_the_kill_came_before_its_candidate(
    written: Demo, scripted: ScriptedServer
) -> None:
    """The second call hangs when the kill comes: the first one's answer is on the disk and used again."""
    hold = threading.Event()

    def respond(request: Request) -> str:
        if len(scripted.requests) == 1:
            return broken()
        if len(scripted.requests) == 2:
            hold.wait(20)
        return reply(3, 20)

    scripted.respond = respond
    kapso = written(1)
    process = kapso.start("run")
    wait_until(lambda: len(scripted.requests) == 2)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    hold.set()
    kapso("resume", check=0)
    assert len(scripted.requests) == 3  # the one that was cut off is asked again, the first is not
    kapso.check_whole(kapso.json("ls")[0]["run"], 1)


@pytest.mark.slow
def test_never_more_is_spent_than_the_budget(written: Demo, scripted: ScriptedServer) -> None:
    count = iter(range(1000))

    def respond(request: Request) -> Answer:
        time.sleep(0.02)
        return Answer(reply(1 + next(count) / 100, 20), input_tokens=2000, output_tokens=1000)

    scripted.respond = respond
    kapso = written(50, "price: {input: 1.0, output: 10.0}", parallel=3)
    kapso.edit("budget: {attempts: 50}", "budget: {attempts: 50, cost: 0.10}")
    done = kapso("run", check=0)
    assert 0.05 < scripted.cost(1.0, 10.0) <= 0.10
    assert "does not pay for another call" in done.stderr + done.stdout
    [run] = kapso.json("ls")
    assert run["cost"] == pytest.approx(scripted.cost(1.0, 10.0))


@pytest.mark.slow
def test_calls_overlap_and_numbers_have_no_hole(written: Demo, scripted: ScriptedServer) -> None:
    together = threading.Barrier(3)
    count = iter(range(1000))

    def respond(request: Request) -> str:
        together.wait(10)
        return reply(1 + next(count) / 10, 20)

    scripted.respond = respond
    kapso = written(6, parallel=3)
    kapso("run", check=0)
    kapso.check_whole(kapso.json("ls")[0]["run"], 6)


@pytest.mark.slow
def test_a_slow_model_keeps_its_share_of_attempts(written: Demo, scripted: ScriptedServer) -> None:
    count = iter(range(1000))

    def respond(request: Request) -> str:
        time.sleep(0.3)
        return reply(1 + next(count) / 100, 19)

    scripted.respond = respond
    kapso = written(12, others=", tune")
    kapso("run")
    rows = attempts_of(kapso)
    assert sum(row["proposer"] == "llm" for row in rows) >= 4
    kapso.check_whole(kapso.json("ls")[0]["run"], 12)


@pytest.mark.slow
def test_sigterm_ends_a_call_within_five_seconds(written: Demo, scripted: ScriptedServer) -> None:
    hold = threading.Event()

    def respond(request: Request) -> str:
        hold.wait(30)
        return reply(3, 20)

    scripted.respond = respond
    kapso = written(1)
    process = kapso.start("run")
    wait_until(lambda: len(scripted.requests) == 1)
    since = time.monotonic()
    process.terminate()
    assert process.wait(10) == 143 and time.monotonic() - since < 5
    hold.set()
    kapso("resume", check=0)
    assert attempts_of(kapso)[0]["score"] == 10


def _calls(kapso: Any) -> list[dict[str, Any]]:
    found = []
    for path in Path(kapso.root).glob(".git/kapso/runs/*/attempts/*/calls/*.json"):
        if path.stem.isdigit():
            found.append(json.loads(path.read_text()))
    return found


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)
