"""Attempts that a coding agent writes, through the command line; each of its sessions knocks at a door."""

from __future__ import annotations

import http.server
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kapso.evaluate.sandbox.processes import all_processes

Demo = Callable[..., Any]
GOAL = """\
name: demo
objective: Bring x to 3 and y to 20.
edit: [params.json]
run: RUN
evaluate: sh score.sh $KAPSO_OUT/params.json
propose:
  - agent: {command: sh tools/agent.sh, env: [DOOR], timeout: 60s, max_cost: 0.5}
search: {parallel: 1, repairs: 1}
budget: {attempts: ATTEMPTS, cost: 2.0}
"""
AGENT = """\
python3 -c "import os, urllib.request as r; r.urlopen(os.environ['DOOR']).read()"
SLEEP
printf '{"x": 3.0, "y": 20.%s}\\n' "$(grep -c . "$KAPSO_PROMPT_FILE")" > params.json
echo x >> README.agent
echo '{"type": "result", "total_cost_usd": 0.25, "result": "Title: set x", "usage": {"input_tokens": 9}}'
"""


class Door:
    """Counts who knocks."""

    def __init__(self) -> None:
        self.knocks = 0
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                door.knocks += 1
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    door = Door()
    monkeypatch.setenv("DOOR", f"http://127.0.0.1:{door.server.server_address[1]}/")
    yield door
    door.server.shutdown()
    door.server.server_close()


def make(
    demo: Demo,
    *,
    attempts: int = 1,
    run: str = "cp params.json $KAPSO_OUT/",
    sleep: str = ":",
    agent: str = AGENT,
) -> Any:
    goal = GOAL.replace("ATTEMPTS", str(attempts)).replace("RUN", run)
    return demo(extra={"tools/agent.sh": agent.replace("SLEEP", sleep)}, base_goal=goal)


def wait_until(condition: Callable[[], object], process: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_an_agent_writes_attempts_within_the_budget(demo: Demo, door: Door) -> None:
    kapso = make(demo, attempts=2)
    kapso("run", check=0)
    attempts = kapso.json("ls", "demo")[1:]
    assert attempts[0]["proposer"] == "agent" and attempts[0]["title"] == "set x"
    assert attempts[0]["score"] > 0 and attempts[0]["cost"] == 0.25
    assert door.knocks == 2
    [log] = kapso.root.glob(".git/kapso/runs/*/attempts/0001/log.txt")
    assert "[undone]\n`README.agent`: `edit` does not match it" in log.read_text()
    assert "README.agent" not in kapso.git("ls-tree", "-r", "--name-only", attempts[0]["branch"])


@pytest.mark.slow
def test_what_an_agent_does_not_tell_of_may_have_cost_the_most(demo: Demo, door: Door) -> None:
    kapso = make(
        demo, attempts=9, agent=AGENT.rpartition("echo '{")[0].replace("3.0", "$(date +%s%N | tail -c 5)")
    )
    kapso("run")
    assert door.knocks == 4  # at $0.50 each, of $2.00
    assert sum(each["cost"] or 0 for each in kapso.json("ls", "demo")) == 2.0


@pytest.mark.slow
def test_a_kill_while_it_is_evaluated_pays_nothing_again(demo: Demo, door: Door) -> None:
    kapso = make(demo, run="cp params.json $KAPSO_OUT/ && if grep -q 3.0 params.json; then sleep 1.5; fi")
    process = kapso.start("run")
    replies = ".git/kapso/runs/*/attempts/0001/calls/1.json"
    wait_until(lambda: any('"ended": "' in each.read_text() for each in kapso.root.glob(replies)), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kapso("resume", check=0)
    assert door.knocks == 1
    [baseline, attempt] = kapso.json("ls", "demo")
    assert attempt["score"] > baseline["score"] and attempt["cost"] == 0.25
    kapso.check_whole(attempt["run"], 1)


@pytest.mark.slow
def test_a_kill_while_it_works_leaves_nothing_running(demo: Demo, door: Door) -> None:
    kapso = make(demo, sleep="sleep 61.5")
    process = kapso.start("run")
    wait_until(lambda: door.knocks, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 5
    while _sleeping("61.5"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not list(kapso.root.glob(".git/kapso/runs/*/attempts/0001/calls/1.json.new"))


@pytest.mark.slow
def test_an_interrupt_stops_it_within_seconds(demo: Demo, door: Door) -> None:
    kapso = make(demo, sleep="sleep 62.5")
    process = kapso.start("run")
    wait_until(lambda: door.knocks, process)
    started = time.monotonic()
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 143 and time.monotonic() - started < 5
    assert not _sleeping("62.5")


def _sleeping(how_long: str) -> bool:
    for process in all_processes():
        try:
            if f"sleep\0{how_long}\0" in Path(f"/proc/{process.pid}/cmdline").read_text():
                return True
        except OSError:
            continue
    return False
