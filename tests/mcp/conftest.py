"""The SDK's own client, at a `kapso mcp` that is a process of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import pytest

from tests.loop.conftest import GOAL, PARAMS, ROOT, SCORE, Kapso

if TYPE_CHECKING:
    from mcp import Client  # 700 ms of every collection

T = TypeVar("T")

Ask = Callable[..., Any]


def ask_server(folder: Path, work: Callable[[Client], Awaitable[T]], *options: str) -> T:
    """What `work` finds out from `kapso mcp` in `folder`."""
    from mcp import Client, StdioServerParameters

    paths = os.pathsep.join(str(ROOT / each) for each in ("", "knowledge", "tui"))
    environ = {**os.environ, "PYTHONPATH": paths}
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "kapso", "mcp", *options], env=environ, cwd=folder
    )

    async def go() -> T:
        with anyio.fail_after(60):
            async with Client(server) as client:
                return await work(client)

    return anyio.run(go)


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """The structured answer of a tool; its complaint where it failed."""
    result = await client.call_tool(tool, arguments)
    if result.is_error:
        return result.content[0].text  # type: ignore[union-attr]
    return result.structured_content


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Kapso:
    """Kapso in a repository that holds a finished run of a few attempts, with a hold-out."""
    import subprocess

    root = tmp_path_factory.mktemp("finished") / "demo"
    root.mkdir()
    goal = GOAL + "holdout: sh score.sh $KAPSO_OUT/params.json\nbudget: {attempts: 4}\n"
    for path, text in {"goal.yaml": goal, "params.json": PARAMS, "score.sh": SCORE}.items():
        (root / path).write_text(text)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    kapso = Kapso(root)
    kapso("run", check=0)
    return kapso
