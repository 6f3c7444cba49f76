"""What an agent may order where the user allows it: try a revision, steer, pause, stop. Nothing else changes
anything.

A revision is tried by a process of its own (`kapso try`), so that giving the call up ends it as Ctrl-C would.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from kapso.errors import KapsoError, UsageError
from kapso.mcp.runs import Runs

LEAVE_WITHIN_S = 6.0
"""`kapso try` promises to end within five seconds of a SIGTERM."""


class Orders:
    """Orders about the runs that `runs` shows."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def steer(self, hint: str, run: str | None) -> dict[str, Any]:
        """Keep a hint that every later prompt of the run carries; `notes` say why none may."""
        from kapso.cli.pick import open_log
        from kapso.cli.steer import checked, why_unheard
        from kapso.loop.hints import Hints

        text = checked(hint)
        log = open_log(self._runs.folder)
        picked = self._runs.pick(log, run)
        kept = Hints(log.repository, picked.run).add(text)
        return {
            "run": picked.run,
            "time": kept.time,
            "hint": kept.text,
            "notes": why_unheard(log.repository, picked),
        }

    def tell(self, state: str, run: str | None) -> dict[str, Any]:
        """Tell a live run to be `paused` or `stopping`, once what is in flight has ended."""
        from kapso.cli.control import tell_live
        from kapso.cli.pick import open_log

        log = open_log(self._runs.folder)
        picked = self._runs.pick(log, run)
        tell_live(log.repository, picked.run, state)
        return {"run": picked.run, "state": state}

    async def try_revision(
        self, revision: str, run: str | None, dirty: bool, say: Callable[[str], Awaitable[None]]
    ) -> dict[str, Any]:
        """Have a revision evaluated as an attempt; `say` gets a line whenever something goes on.

        UsageError where the run asks a human about every diff: no agent is one.
        """
        import anyio

        if revision.startswith("-"):
            raise UsageError(f"`{revision}` names no revision", slug="no-such-revision")
        name = await anyio.to_thread.run_sync(self._name, run)
        words = [sys.executable, "-P", "-m", "kapso", "try", name, revision, "--json"]
        command = [*words, "--dirty"] if dirty else words
        process = await anyio.open_process(
            command,
            cwd=self._runs.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        lines: list[str] = []
        out = bytearray()
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(_follow, process.stderr, lines, say)
                assert process.stdout is not None
                async for chunk in process.stdout:
                    out += chunk
            code = await process.wait()
        finally:
            with anyio.CancelScope(shield=True):
                await _end(process)
        return _result(bytes(out), lines, code)

    def _name(self, run: str | None) -> str:
        from kapso.cli.pick import open_log
        from kapso.loop.approval import asks

        log = open_log(self._runs.folder)
        name = self._runs.pick(log, run).run
        if asks(log.repository, name):
            raise UsageError(
                f"a human approves every diff before run `{name}` evaluates it (`approve: true`)",
                help=f"ask the user to call `kapso try {name} REVISION`",
                slug="asks-a-human",
            )
        return name


async def _follow(stream: Any, lines: list[str], say: Callable[[str], Awaitable[None]]) -> None:
    """Every line that the process says, as it comes."""
    from anyio.streams.text import TextReceiveStream

    rest = ""
    async for text in TextReceiveStream(stream, errors="replace"):
        *whole, rest = (rest + text).split("\n")
        for line in filter(None, whole):
            lines.append(line)
            await say(line)


async def _end(process: Any) -> None:
    """Nothing of it is left when this returns; what was pending is taken up by whoever resumes the run."""
    import anyio

    if process.returncode is None:
        process.terminate()
        with anyio.move_on_after(LEAVE_WITHIN_S):
            await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()
    await process.aclose()


def _result(out: bytes, lines: list[str], code: int) -> dict[str, Any]:
    """The attempt that came of it; what `kapso try` complained of is the error."""
    try:
        told: dict[str, Any] = json.loads(out.splitlines()[-1])
        return told
    except (IndexError, ValueError):
        pass
    complaint = next((line for line in lines if line.startswith("error[")), None)
    said = complaint.partition(": ")[2] if complaint else f"`kapso try` ended with code {code}"
    help = next((line.removeprefix("help: ") for line in lines if line.startswith("help: ")), None)
    raise KapsoError(said, help=help, slug="not-tried")
