"""An agent within a run, in the sandbox, asks Kapso's own tools: the run so far, and the library."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Demo = Callable[..., Any]

GOAL = """\
name: demo
objective: Bring x to 3 and y to 20.
edit: [params.json]
run: cp params.json $KAPSO_OUT/
evaluate: sh score.sh $KAPSO_OUT/params.json
knowledge: [docs/]
search: {parallel: 1, policy: greedy}
budget: {attempts: 1}
"""
AGENT = """\
import asyncio, json, os
from mcp import Client, StdioServerParameters

config = json.load(open(os.environ["KAPSO_MCP_CONFIG"]))["mcpServers"]["kapso"]

async def main():
    server = StdioServerParameters(command=config["command"], args=config["args"], env=dict(os.environ))
    async with Client(server) as client:
        runs = await client.call_tool("list_runs", {})
        hits = await client.call_tool("search_library", {"query": "calibration targets", "sources": ["docs"]})
        print("RUNS", len(runs.structured_content["runs"]), runs.structured_content["runs"][0]["status"])
        node = await client.call_tool("read_node", {"node": hits.structured_content["hits"][0]["node"]})
        text = node.structured_content["text"]
        print("NODE", text)
        x, y = (int(word) for word in text.split() if word.isdigit())
        open("params.json", "w").write(json.dumps({"x": float(x), "y": float(y)}) + "\\n")

asyncio.run(main())
"""


@pytest.mark.slow
def test_an_agent_finds_the_answer_in_the_library(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{Path('/usr/bin')}:/bin")
    kapso = demo(
        "propose: [{agent: {command: python agent.py, timeout: 90s}}]\n",
        {
            "agent.py": AGENT,
            "docs/calibration.md": "# Calibration\n\nThe calibration targets of the bench are 3 and 20 .\n",
        },
        base_goal=GOAL,
    )
    done = kapso("run")
    log = (kapso.root / ".git/kapso/runs" / kapso.json("ls")[0]["run"] / "attempts/0001/log.txt").read_text()
    assert done.returncode == 0, done.stderr + log
    assert "RUNS 1 running" in log and "NODE" in log
    assert kapso.json("best")[0]["score"] == 10
    prompt = kapso("show", "1", "--prompt").stdout
    assert "docs/calibration.md" in prompt
