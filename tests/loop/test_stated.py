"""A model says at the end of a run what it teaches, if the goal asks for it."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from kapso.memory.lessons.by_model import messages
from tests.loop import test_written
from tests.scripted.server import Answer, Request, ScriptedServer, hangs

written = test_written.written
Demo = Callable[..., Any]


@pytest.mark.slow
def test_a_model_is_asked_once_at_the_end_where_the_goal_says_so(
    written: Demo, scripted: ScriptedServer
) -> None:
    asked: list[str] = []
    task = messages("", [])[0]["content"][:60]

    def respond(request: Request) -> str:
        if task not in request.prompt:
            return test_written.reply(3 + 1 / (1 + len(scripted.requests)), 20)
        asked.append(request.prompt)
        rows = [json.loads(row) for row in request.prompt.splitlines() if row.startswith('{"attempt"')]
        mine = [row["attempt"] for row in rows if row["proposer"] == "llm"]
        lesson = {"statement": "Numbers by the model help.", "where": {"proposer": "llm"}}
        lie = {"statement": "They crash.", "where": {"proposer": "llm"}, "expects": "failed"}
        return _said(lesson | {"expects": "better", "attempts": mine[:2]}, lie | {"attempts": mine[:2]})

    scripted.respond = respond
    kapso = written(12, others=", tune", goal="memory: {model: true}\n")
    kapso("run", check=0)
    assert len(asked) == 1
    lessons = [each for each in kapso.json("lessons") if each["about"] == "stated"]
    assert [each["statement"] for each in lessons] in (["Numbers by the model help."], [])
    assert not any("crash" in each["statement"] for each in kapso.json("lessons"))
    [call] = kapso.root.glob(".git/kapso/runs/*/lessons/calls/1.json")
    assert json.loads(call.read_text())["reply"]["text"].startswith("Here you are")


def _said(*lessons: Any) -> str:
    return f"Here you are:\n{json.dumps({'lessons': list(lessons)})}"


@pytest.mark.slow
def test_a_run_that_is_ended_waits_for_no_model(written: Demo, scripted: ScriptedServer) -> None:
    task = messages("", [])[0]["content"][:60]
    is_asked = threading.Event()

    def respond(request: Request) -> str | Answer:
        if task not in request.prompt:
            return test_written.reply(3 + 1 / (1 + len(scripted.requests)), 20)
        is_asked.set()
        return hangs()

    scripted.respond = respond
    kapso = written(3, others=", tune", goal="memory: {model: true}\n")
    process = kapso.start("run")
    assert is_asked.wait(60)
    since = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert time.monotonic() - since < 8
    assert kapso.json("ls")[0]["status"] == "finished", "all that there was to evaluate had been"
