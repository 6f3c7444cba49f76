"""Kapso's own tools in an agent's hands: the SDK's client in the sandbox, a `kapso mcp` outside of it."""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kapso.goal.authors import AgentOptions
from kapso.propose.agent.clis import KNOWN, command_of
from kapso.propose.agent.tools import MOST_BYTES, PAIRS, Tools, _wait_for, name_server
from tests.loop.conftest import GOAL, PARAMS, SCORE, Kapso

CLIENT = """\
import asyncio, json, os
from mcp import Client, StdioServerParameters

config = json.load(open(os.environ["KAPSO_MCP_CONFIG"]))["mcpServers"]["kapso"]

async def main():
    server = StdioServerParameters(command=config["command"], args=config["args"], env=dict(os.environ))
    async with Client(server) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        told = await client.call_tool("list_attempts", {})
        print("TOLD", json.dumps({"names": names, "attempts": told.structured_content}))

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def _own_kapso(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is spawned is the Kapso under test."""
    root = Path(__file__).parents[3]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(str(root / each) for each in ("", "knowledge", "tui")))


def ask(home: Path, *, times: int = 1) -> list[subprocess.CompletedProcess[str]]:
    """What clients find out that are started at the same time, with this home folder."""
    environ = {**os.environ, "HOME": str(home), "KAPSO_MCP_CONFIG": str(home / ".kapso" / "mcp.json")}
    command = [sys.executable, "-c", CLIENT]
    clients = [
        subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(times)
    ]
    ends = [client.communicate(timeout=120) for client in clients]
    return [
        subprocess.CompletedProcess(command, client.returncode, out, err)
        for client, (out, err) in zip(clients, ends, strict=True)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("is_ready", [True, False])
def test_a_client_at_the_pipes_reads_the_run(
    make_repository: Callable[..., Path], tmp_path: Path, is_ready: bool
) -> None:
    goal = GOAL + "budget: {attempts: 2}\n"
    kapso = Kapso(make_repository({"goal.yaml": goal, "params.json": PARAMS, "score.sh": SCORE}))
    kapso("run")
    run = kapso.json("ls")[0]["run"]
    home = tmp_path / "home"
    home.mkdir()
    with Tools(home, kapso.root, run, is_ready=is_ready):
        for done in [*ask(home, times=2), *ask(home)]:
            assert done.returncode == 0, done.stderr
            told = json.loads(done.stdout.partition("TOLD ")[2])
            assert told["attempts"]["run"] == run and told["attempts"]["total"] == 3
            assert {"search_library", "read_node", "read_diff"} <= set(told["names"])
            assert not {"steer", "stop", "try_revision"} & set(told["names"])
    assert not [each for each in threading.enumerate() if each.name.startswith("kapso-mcp")]


@pytest.mark.slow
def test_links_in_the_place_of_pipes_are_not_followed(tmp_path: Path) -> None:
    home, own = tmp_path / "home", tmp_path / "own.txt"
    home.mkdir()
    own.write_text("mine")
    with Tools(home, tmp_path, "demo-1234"):
        for number in range(1, PAIRS + 1):
            pair = home / ".kapso" / str(number)
            (pair / "out").unlink()
            (pair / "out").symlink_to(own)
        relay = subprocess.run(
            ["sh", str(home / ".kapso" / "relay")], input=b"{}\n" * 10, capture_output=True, timeout=60
        )
        assert relay.stdout == b"mine"  # what it reads itself there is its own matter
    assert own.read_text() == "mine"


def test_a_client_that_comes_early_may_read_the_first_answer(tmp_path: Path) -> None:
    class Drained(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            super().read(size)
            return super().read(size)  # None: there is no more, and the pipe does not block

    os.mkfifo(tmp_path / "out")
    with (
        open(os.open(tmp_path / "out", os.O_RDWR | os.O_NONBLOCK), "wb", buffering=0) as out,
        Drained(os.dup(out.fileno())) as answers,
        subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=out) as server,
    ):
        assert server.stdin is not None
        _wait_for(server, server.stdin, answers)
        assert server.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes")
@pytest.mark.slow
def test_the_memory_of_what_answers_is_bounded(tmp_path: Path) -> None:
    with Tools(tmp_path, tmp_path, "demo-1234"):
        [server] = [
            int(pid)
            for task in Path("/proc/self/task").iterdir()
            for pid in (task / "children").read_text().split()
            if b"demo-1234" in Path("/proc", pid, "cmdline").read_bytes()
        ]
        assert resource.prlimit(server, resource.RLIMIT_DATA) == (MOST_BYTES, MOST_BYTES)


def test_settings_that_are_a_link_to_the_users_are_not_written_through(tmp_path: Path) -> None:
    own, settings = tmp_path / "own.json", tmp_path / "settings.json"
    own.write_text('{"theme": "dark"}')
    settings.symlink_to(own)
    name_server(settings)
    assert json.loads(own.read_text()) == {"theme": "dark"}
    told = json.loads(settings.read_text())
    assert told["theme"] == "dark" and "kapso" in told["mcpServers"]


@pytest.mark.parametrize("name", KNOWN)
def test_each_agent_is_told_in_its_own_way(name: str) -> None:
    options = AgentOptions(cli=name)
    plain, told = command_of(options, ["a"]), command_of(options, ["a"], has_tools=True)
    assert "kapso/mcp.json" not in plain and "mcp_servers" not in plain
    cli = KNOWN[name]
    assert (plain != told or bool(cli.tools_env or cli.tools_settings)) == (name != "aider")
