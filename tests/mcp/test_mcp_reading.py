"""What agents read over `kapso mcp`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kapso.mcp.runs import Runs
from kapso.mcp.server import make_server
from tests.loop.conftest import Kapso
from tests.mcp.conftest import ask_server, call

if TYPE_CHECKING:
    from mcp import Client  # 700 ms of every collection

READING = {"list_runs", "list_attempts", "read_attempt", "read_diff", "best"}
WRITING = {"try_revision", "steer", "pause", "stop"}


def test_nothing_is_changed_by_what_is_offered_at_first() -> None:
    def names(server: Any) -> set[str]:
        return {tool.name for tool in server._tool_manager.list_tools()}

    plain = make_server(Runs(Path.cwd()), allow_write=False)
    more = make_server(Runs(Path.cwd()), allow_write=True)
    assert names(plain) >= READING and names(more) - names(plain) == WRITING


@pytest.mark.slow
def test_it_only_reads_unless_it_is_allowed_to_write(finished: Kapso) -> None:
    async def names(client: Client) -> dict[str, Any]:
        return {tool.name: tool for tool in (await client.list_tools()).tools}

    tools = ask_server(finished.root, names)
    assert set(tools) >= READING and not set(tools) & WRITING
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools.values())
    assert all(tool.description for tool in tools.values())
    more = ask_server(finished.root, names, "--allow-write")
    assert set(more) == set(tools) | WRITING
    assert {name for name, tool in more.items() if not tool.annotations.read_only_hint} == WRITING


@pytest.mark.slow
def test_runs_and_attempts_are_as_the_command_line_tells_them(finished: Kapso) -> None:
    async def read(client: Client) -> dict[str, Any]:
        return {
            "runs": await call(client, "list_runs"),
            "attempts": await call(client, "list_attempts", sort="score"),
            "page": await call(client, "list_attempts", limit=2, offset=1),
            "attempt": await call(client, "read_attempt", attempt="1"),
            "best": await call(client, "best"),
            "diff": await call(client, "read_diff"),
        }

    told = ask_server(finished.root, read)
    assert told["runs"]["runs"] == finished.json("ls")
    run = told["runs"]["runs"][0]["run"]
    attempts = finished.json("ls", run, "--sort", "score")
    assert [each["attempt"] for each in told["attempts"]["attempts"]] == [a["attempt"] for a in attempts]
    assert told["attempts"]["total"] == 5 and told["attempts"]["next_offset"] is None
    assert [each["attempt"] for each in told["page"]["attempts"]] == [1, 2]
    assert told["page"]["next_offset"] == 3
    shown = finished.json("show", run, "1")[0]
    same = shown.keys() & told["attempt"].keys()
    assert {key: shown[key] for key in same} == {key: told["attempt"][key] for key in same}
    assert len(same) > 20
    best = finished.json("best", run)[0]
    assert told["best"]["commit"] == best["commit"] and told["best"]["confirmed"] == best["confirmed"]
    assert told["best"]["bring_home"] == f"kapso apply {run} {best['attempt']}"
    assert told["diff"]["diff"] == finished.json("diff", run)[0]["diff"]
    assert told["diff"]["paths"] == ["params.json"]


@pytest.mark.slow
def test_no_answer_tells_of_the_hold_out_or_a_log(finished: Kapso) -> None:
    async def everything(client: Client) -> str:
        names = [str(number) for number in range(5)]
        answers = [await call(client, "read_attempt", attempt=name) for name in ("best", *names)]
        answers += [await call(client, name) for name in ("list_runs", "list_attempts", "best", "read_diff")]
        return json.dumps(answers)

    said = ask_server(finished.root, everything)
    best = finished.json("show")[0]
    assert best["holdout"]["metrics"] and best["log"]
    assert "holdout" not in said and '"log"' not in said and best["log"].splitlines()[0] not in said


@pytest.mark.slow
def test_mistakes_are_answered_and_the_server_lives_on(finished: Kapso, tmp_path: Path) -> None:
    async def err(client: Client) -> list[Any]:
        wrong = [
            await call(client, "read_attempt", attempt="99"),
            await call(client, "list_attempts", run="none-such"),
            await call(client, "read_diff", a="first"),
            await call(client, "list_attempts", sort="beauty"),
        ]
        return [*wrong, await call(client, "list_runs")]

    attempt, run, name, sort, fine = ask_server(finished.root, err)
    assert "has no attempt `99`" in attempt and "help: " in attempt
    assert "no run is called `none-such`" in run
    assert "names no attempt" in name and "sort" in sort
    assert fine["total"] == 1

    async def outside(client: Client) -> Any:
        return await call(client, "list_runs")

    assert "git" in ask_server(tmp_path, outside)


@pytest.mark.slow
def test_one_run_alone(finished: Kapso) -> None:
    run = finished.json("ls")[0]["run"]

    async def read(client: Client) -> list[Any]:
        return [
            await call(client, "list_runs"),
            await call(client, "best", run=run),
            await call(client, "best", run="other"),
        ]

    runs, best, other = ask_server(finished.root, read, "--only", run)
    assert runs["total"] == 1 and best["run"] == run
    assert f"only the run `{run}` is shown here" in other
