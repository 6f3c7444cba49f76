"""What a run cost in all: every command tells the same, whatever the dollars went for."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest

from kapso.wording import dollars
from tests.loop import test_written
from tests.loop.test_written import PRICE, reply, wait_until
from tests.scripted.server import Answer, Request, ScriptedServer

Demo = Callable[..., Any]
written = test_written.written


def paid(text: str) -> Answer:
    return Answer(text, input_tokens=1000, output_tokens=200)


@pytest.mark.slow
def test_checks_of_the_models_count_wherever_a_total_is_told(written: Demo, scripted: ScriptedServer) -> None:
    """The provider has no list of models, so that it answers is found out by a call, which is paid."""
    scripted.models = None

    def respond(request: Request) -> Answer:
        return paid(reply(3 + len(scripted.requests), 20) if "params.json" in request.prompt else "Hi!")

    def total() -> float:
        return scripted.cost(1.0, 1.0)

    scripted.respond = respond
    kapso = written(1, PRICE)
    done = kapso("run", "--json", check=0)
    assert len(scripted.requests) == 2
    finished = json.loads(done.stdout.splitlines()[-1])
    assert (finished["event"], finished["cost"]) == ("run.finished", pytest.approx(total()))
    shutil.rmtree(kapso.root / ".git/kapso")  # git knows of it as well
    assert kapso.json("ls")[0]["cost"] == pytest.approx(total())
    resumed = kapso("resume", "--attempts", "2", check=0)
    assert len(scripted.requests) == 4 and dollars(total()) in resumed.stdout
    assert kapso.json("ls")[0]["cost"] == pytest.approx(total())
    assert dollars(total()) in kapso("report", "-o", "-", check=0).stdout


@pytest.mark.slow
def test_calls_of_attempts_that_have_not_landed_count_too(written: Demo, scripted: ScriptedServer) -> None:
    hold = threading.Event()

    def respond(request: Request) -> Answer:
        if len(scripted.requests) == 2:
            hold.wait(20)
        return paid(test_written.broken() if len(scripted.requests) == 1 else reply(3, 20))

    scripted.respond = respond
    kapso = written(1, PRICE)
    process = kapso.start("run", "--json")
    wait_until(lambda: len(scripted.requests) == 2)
    os.killpg(process.pid, signal.SIGTERM)
    finished = json.loads(process.communicate(timeout=20)[0].splitlines()[-1])
    hold.set()
    assert finished["reason"] == "interrupted" and finished["cost"] >= 0.0012
    assert kapso.json("ls")[0]["cost"] == pytest.approx(finished["cost"])
