"""Bad luck around attempts that a model writes: what was paid is used, told and bounded all the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kapso.loop.desks import Desks, RunDesk
from kapso.loop.history import parents_first
from kapso.loop.purse import Purse
from kapso.propose.author import Reply
from tests.loop import test_written
from tests.loop.test_written import PRICE, RUN, attempts_of, broken, calls_of, reply, wait_until
from tests.scripted.server import Answer, Request, ScriptedServer

Demo = Callable[..., Any]
written = test_written.written
FAILS_AT_99 = json.dumps(f"test $KAPSO_ATTEMPT = 0 || sleep 1; grep -q 99 params.json && exit 3; {RUN}")


def killed_while_evaluated(kapso: Any) -> Path:
    """Start a run and kill it while its first candidate is evaluated; the run's folder."""
    process = kapso.start("run")
    wait_until(lambda: kapso.git("for-each-ref", "refs/kapso/*/pending/0001") != "")
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    [folder] = Path(kapso.root).glob(".git/kapso/runs/*")
    return folder


@pytest.mark.slow
def test_without_checkpoints_a_candidate_that_fails_is_still_mended(
    written: Demo, scripted: ScriptedServer
) -> None:
    scripted.say(reply(99, 20), reply(3, 20))
    kapso = written(1, run=FAILS_AT_99)
    for path in killed_while_evaluated(kapso).glob("checkpoints.sqlite*"):
        path.unlink()
    kapso("resume", check=0)
    assert [call["purpose"] for call in calls_of(kapso, 1)] == ["edit", "repair"]
    assert len(scripted.requests) == 2 and "exit code 3" in scripted.requests[1].prompt
    kapso.check_whole(kapso.json("ls")[0]["run"], 1)


@pytest.mark.slow
def test_without_the_state_folder_a_candidate_lands_with_its_cost(
    written: Demo, scripted: ScriptedServer
) -> None:
    scripted.say(Answer(reply(99, 20), input_tokens=1000, output_tokens=200), reply(3, 20))
    kapso = written(1, PRICE, run=FAILS_AT_99)
    killed_while_evaluated(kapso)
    shutil.rmtree(kapso.root / ".git/kapso")
    done = kapso("resume", check=3)
    [attempt] = attempts_of(kapso)
    assert (attempt["outcome"], attempt["title"]) == ("crashed", "set x to 99 and y to 20")
    assert attempt["cost"] == pytest.approx(0.0012) and "$0.0012" in done.stdout
    assert len(scripted.requests) == 1
    kapso.check_whole(kapso.json("ls")[0]["run"], 1)


@pytest.mark.slow
def test_a_reply_is_kept_although_the_folder_was_deleted(written: Demo, scripted: ScriptedServer) -> None:
    hold = threading.Event()

    def respond(request: Request) -> str:
        hold.wait(20)
        return reply(3, 20)

    scripted.respond = respond
    kapso = written(1)
    process = kapso.start("run")
    wait_until(lambda: len(scripted.requests) == 1)
    while (kapso.root / ".git/kapso").exists():  # the run may write while it is deleted
        shutil.rmtree(kapso.root / ".git/kapso", ignore_errors=True)
    hold.set()
    assert "Traceback" not in process.communicate(timeout=60)[1]
    kapso("resume")
    assert attempts_of(kapso)[0]["score"] == 10 and len(scripted.requests) == 1


@pytest.mark.slow
def test_a_model_that_repeats_itself_is_not_paid_for_ever(written: Demo, scripted: ScriptedServer) -> None:
    scripted.respond = lambda request: Answer(reply(2, 20), input_tokens=1000, output_tokens=100)
    kapso = written(40, PRICE, others=", mutate, tune")
    kapso("run")
    assert len(scripted.requests) < 60  # 5 in a row, and a few for each new best; else 20 in a row
    [run] = kapso.json("ls")
    assert run["cost"] == pytest.approx(scripted.cost(1.0, 1.0))
    kapso.check_whole(run["run"], run["attempts"])


@pytest.mark.parametrize(("price", "asked"), [("1.0", 5), ("0", 20)])
@pytest.mark.slow
def test_who_is_paid_rests_sooner(written: Demo, scripted: ScriptedServer, price: str, asked: int) -> None:
    """Where all that it writes is known, after the first two."""
    scripted.respond = lambda request: reply(2, 20 if len(scripted.requests) == 1 else 19)
    kapso = written(9, f"price: {{input: {price}, output: {price}}}")
    kapso.edit("search: {", "search: {policy: greedy, ")
    done = kapso("run", "--json", check=0)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(scripted.requests) == 2 + asked
    assert [each["repetitions"] for each in events if each["event"] == "author.rests"] == [asked]
    assert events[-1]["reason"] == "exhausted"


@pytest.mark.slow
@pytest.mark.parametrize("is_broken", [True, False])
def test_nothing_is_mended_once_time_is_over(
    written: Demo, scripted: ScriptedServer, is_broken: bool
) -> None:
    def respond(request: Request) -> str:
        time.sleep(7)
        return broken() if is_broken else reply(99, 20)

    scripted.respond = respond
    kapso = written(9, run=json.dumps(f"grep -q 99 params.json && exit 3; {RUN}"))
    kapso("run", "--time", "6s", check=3)
    [attempt] = attempts_of(kapso)
    assert len(scripted.requests) == 1
    assert attempt["outcome"] == ("invalid" if is_broken else "crashed")
    assert attempt["reason"] and "not mended" not in attempt["reason"]


@pytest.mark.slow
def test_nothing_is_mended_once_it_is_to_stop(written: Demo, scripted: ScriptedServer) -> None:
    def respond(request: Request) -> str:
        kapso("stop", check=0)
        return broken()

    scripted.respond = respond
    kapso = written(9)
    kapso("run", check=3)
    assert len(scripted.requests) == 1 and attempts_of(kapso)[0]["outcome"] == "invalid"


@pytest.mark.slow
def test_an_attempt_that_came_to_nothing_leaves_no_hole(written: Demo, scripted: ScriptedServer) -> None:
    """The first to ask waits until the other attempt has landed, and then has nothing else to say."""
    first = threading.Lock()

    def respond(request: Request) -> Answer:
        if first.acquire(blocking=False):
            wait_until(lambda: kapso.git("for-each-ref", "refs/heads/kapso/*/000[12]-*") != "")
        return Answer(reply(2, 20), input_tokens=1000, output_tokens=100)

    scripted.respond = respond
    kapso = written(2, PRICE, parallel=2)
    kapso("run", check=0)
    [run] = kapso.json("ls")
    kapso.check_whole(run["run"], 2)
    assert {row["outcome"] for row in attempts_of(kapso)} == {"scored", "invalid"}
    assert run["cost"] == pytest.approx(scripted.cost(1.0, 1.0))


def test_a_number_given_out_again_may_be_made_from_a_later_one() -> None:
    made_from = {0: (), 1: (3,), 2: (0,), 3: (2, 0), 4: (1,)}
    attempts: Any = [SimpleNamespace(number=number, parents=each) for number, each in made_from.items()]
    assert [attempt.number for attempt in parents_first(attempts)] == [0, 2, 3, 1, 4]


def test_no_author_reads_the_answers_of_another(tmp_path: Path) -> None:
    run: Any = SimpleNamespace(
        folder=SimpleNamespace(attempt=lambda number: tmp_path), purse=Purse(None), cancel=threading.Event()
    )
    run.desks = Desks(run, 1)
    for name in ("llm", "agent", "llm"):
        desk = RunDesk(run, {"number": 1, "proposer": name})
        told = desk.call("edit", {}, None, lambda name=name: Reply(f"by {name}", "m"))  # type: ignore[misc]
        assert told.text == f"by {name}"
    assert len(list((tmp_path / "calls").glob("*.json"))) == 2
