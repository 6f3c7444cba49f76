"""What agents may order where the user allows it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from tests.loop.conftest import GOAL, PARAMS, SCORE, Kapso
from tests.mcp.conftest import ask_server, call

if TYPE_CHECKING:
    from mcp import Client  # 700 ms of every collection

pytestmark = pytest.mark.slow  # 10 s of processor time


@pytest.fixture
def kapso(make_repository: Callable[..., Path]) -> Kapso:
    goal = GOAL + "budget: {attempts: 2}\n"
    return Kapso(make_repository({"goal.yaml": goal, "params.json": PARAMS, "score.sh": SCORE}))


def test_a_revision_is_tried_and_its_result_comes_back(kapso: Kapso) -> None:
    kapso("run")
    kapso.git("switch", "-qc", "mine")
    kapso.edit('"x": 1.0, "y": 5.0', '"x": 3.0, "y": 20.0', "params.json")
    said: list[str] = []

    async def order(client: Client) -> list[Any]:
        async def hear(progress: float, total: float | None, message: str | None) -> None:
            said.append(message or "")

        tried = await client.call_tool("try_revision", {"revision": "mine"}, progress_callback=hear)
        return [
            tried.structured_content,
            await call(client, "try_revision", revision="mine"),
            await call(client, "try_revision", revision="none-such"),
            await call(client, "try_revision", revision="--help"),
            await call(client, "steer", hint=" Try 3. "),
            await call(client, "steer", hint=" "),
            await call(client, "pause"),
        ]

    tried, again, missing, option, steered, empty, idle = ask_server(kapso.root, order, "--allow-write")
    assert (tried["proposer"], tried["score"], tried["outcome"]) == ("human", 10, "scored")
    assert again["attempt"] == tried["attempt"]
    assert "`none-such` names no commit" in missing and "names no revision" in option
    assert steered["hint"] == "Try 3." and "only `llm` and `agent` read hints" in steered["notes"][0]
    assert "the hint is empty" in empty and "is not running" in idle
    assert any("sandbox: " in line for line in said)
    assert kapso.json("best")[0]["attempt"] == tried["attempt"]
    assert [each["text"] for each in kapso.json("show")[0]["hints"]] == ["Try 3."]


def test_the_working_tree_can_be_tried(kapso: Kapso) -> None:
    kapso("run")
    (kapso.root / "params.json").write_text('{"x": 3.0, "y": 20.0}\n')

    async def order(client: Client) -> Any:
        return await call(client, "try_revision", dirty=True)

    assert ask_server(kapso.root, order, "--allow-write")["score"] == 10


def test_no_agent_gets_around_the_approval_of_a_human(kapso: Kapso) -> None:
    kapso.edit("attempts: 2}", "attempts: 2}\napprove: true")
    process = kapso.start("run")
    kapso.wait_for(process, 0)
    while not kapso.json("approve"):
        assert process.poll() is None
    kapso("stop", check=0)
    process.communicate(timeout=60)
    waiting = kapso.json("approve")
    (kapso.root / "params.json").write_text('{"x": 3.0, "y": 20.0}\n')

    async def order(client: Client) -> list[Any]:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        return [await call(client, "try_revision", dirty=True), tools]

    refused, tools = ask_server(kapso.root, order, "--allow-write")
    assert "a human approves every diff" in refused and not tools & {"approve", "reject"}
    assert kapso.json("approve") == waiting and not kapso.json("ls", waiting[0]["run"])[1:]


def test_a_live_run_is_held_and_ended(kapso: Kapso) -> None:
    kapso.edit("attempts: 2", "attempts: 100000")
    process = kapso.start("run")
    run = kapso.wait_for(process, 1)

    async def order(client: Client) -> list[Any]:
        paused = await call(client, "pause")
        while (await call(client, "list_runs"))["runs"][0]["status"] != "paused":
            await anyio.sleep(0.05)
        return [paused, await call(client, "stop")]

    paused, stopped = ask_server(kapso.root, order, "--allow-write")
    assert paused == {"run": run, "state": "paused"} and stopped == {"run": run, "state": "stopping"}
    process.communicate(timeout=60)
    assert process.returncode in (0, 3)


def test_giving_up_leaves_no_process(make_repository: Callable[..., Path]) -> None:
    score = 'grep -q 4711 "$1" && sleep 4711\n' + SCORE
    goal = GOAL + "budget: {attempts: 2}\n"
    kapso = Kapso(make_repository({"goal.yaml": goal, "params.json": PARAMS, "score.sh": score}))
    kapso("run")
    kapso.git("switch", "-qc", "slow")
    kapso.edit('"x": 1.0', '"x": 4711', "params.json")

    async def order(client: Client) -> bool:
        with anyio.move_on_after(45):
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "try_revision", {"revision": "slow"})
                while not _sleepers():
                    await anyio.sleep(0.1)
                group.cancel_scope.cancel()
            return True
        return False

    assert ask_server(kapso.root, order, "--allow-write"), "it was never evaluated"
    deadline = time.monotonic() + 20
    while _sleepers() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _sleepers()


def _sleepers() -> list[str]:
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    return [line for line in found.splitlines() if line.endswith("sleep 4711")]
