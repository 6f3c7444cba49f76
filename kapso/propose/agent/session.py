"""One session of an agent: its folder is laid out, it works in the sandbox, and what it left is taken.

The whole result goes into the `Reply`, so that whoever has it on the disk needs no folder any more.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from kapso.errors import Interrupted
from kapso.evaluate.sandbox import CommandResult, Job, Limits, secrets_in
from kapso.goal.authors import AgentOptions
from kapso.propose.agent.changes import Changes, find_changes
from kapso.propose.agent.clis import (
    command_of,
    environment_of,
    home_files,
    takes_tools,
    tools_environment,
    tools_settings,
)
from kapso.propose.agent.follow import Follower
from kapso.propose.agent.home import fill_home, logins_in
from kapso.propose.agent.output import last_lines, read_output
from kapso.propose.agent.repository import make_repository
from kapso.propose.agent.site import Site
from kapso.propose.agent.tools import Tools, name_server
from kapso.propose.author import Desk, Reply

PROMPT_FILE = "prompt.md"
MOST_ENV_BYTES = 100_000
"""The kernel passes no variable of more than 128 KiB; a longer prompt is pointed to."""

LOG_BYTES = 8 << 20
LAST_LINES = 20
DISK_BYTES = 4 << 30
LEAST_PROCESSES = 512

_START = """\
export HOME="$KAPSO_OUT/home" KAPSO_PROMPT_FILE="$KAPSO_OUT/{file}"
{pointer}{tools}unset KAPSO_OUT
exec /bin/sh -c {command} <"$KAPSO_PROMPT_FILE"
"""
_POINTER = (
    'export KAPSO_PROMPT="Your task stands in the file $KAPSO_PROMPT_FILE: '
    'read all of it, then do what it says."\n'
)


class Session:
    """An agent's work on one tree. Everything that it is told and given is settled beforehand."""

    def __init__(self, options: AgentOptions, site: Site, files: tuple[str, ...], prompt: str) -> None:
        self._options, self._site = options, site
        self._prompt = prompt.replace("\0", "").encode("utf-8", "replace").decode()
        self._command = command_of(options, files, has_tools=site.has_tools)

    def request(self) -> dict[str, Any]:
        """What is asked, without the values of variables."""
        options = self._options
        return {
            "agent": options.cli or "command",
            "command": self._command,
            "prompt": self._prompt,
            "timeout": options.timeout_s,
            "env": list(options.env),
            "home": list(options.home),
            "max_cost": options.max_cost,
        }

    def run(self, tree: str, desk: Desk) -> Reply:
        """Let the agent work on `tree`, which holds nothing that is hidden."""
        site, options = self._site, self._options
        log = desk.folder / "log.txt"
        out, scratch = (site.files.sandbox.folder(f"agent-{name}") for name in ("out", "scratch"))
        try:
            (out / PROMPT_FILE).write_text(self._prompt, "utf-8")
            (out / "home").mkdir()
            fill_home(out / "home", options.home, home_files(options))
            job = self._job(desk.number, out, log)
            with site.files.workshop(tree, partial(make_repository, site.repository, tree)) as workshop:
                with self._tools(out), Follower(log, desk.show, desk.cancel, options.max_cost) as follower:
                    result = workshop.build(job, follower.ending)
                if result.stopped_by == "cancel" and desk.cancel.is_set():
                    raise Interrupted("the agent was stopped")
                changes = find_changes(site, tree, workshop.written(), job.secrets, scratch)
            _note(log, changes)
        finally:
            site.files.sandbox.discard(out)
            site.files.sandbox.discard(scratch)
        return self._reply(result, changes)

    def _tools(self, out: Path) -> AbstractContextManager[object]:
        """Kapso's own tools, while the agent works."""
        site, is_taken = self._site, takes_tools(self._options)
        if not site.has_tools or (self._options.cli is not None and not is_taken):
            return nullcontext()
        if (path := tools_settings(self._options)) is not None:
            name_server(out / "home" / path)
        return Tools(out / "home", site.repository.root, site.run, is_ready=is_taken)

    def _job(self, number: int, out: Path, log: Path) -> Job:
        site, options = self._site, self._options
        own, given = environment_of(options, os.environ)
        is_long = len(self._prompt.encode()) > MOST_ENV_BYTES
        env = {
            **own,
            **given,
            **({} if is_long else {"KAPSO_PROMPT": self._prompt}),
            "KAPSO_RUN": site.run,
            "KAPSO_ATTEMPT": str(number),
        }
        told = tools_environment(options) if site.has_tools else {}
        command = _START.format(
            file=PROMPT_FILE,
            pointer=_POINTER if is_long else "",
            tools="".join(f"export {name}={_in_home(value)}\n" for name, value in told.items()),
            command=shlex.quote(self._command),
        )
        processes = max(site.processes, LEAST_PROCESSES)
        return Job(
            command,
            site.files.prefix,
            env,
            Limits(options.timeout_s, site.memory_bytes, processes, DISK_BYTES),
            out=out,
            network=True,
            log=log,
            shown=self._command,
            secrets={**logins_in(out / "home"), **secrets_in(given)},
            log_bytes=LOG_BYTES,
        )

    def _reply(self, result: CommandResult, changes: Changes) -> Reply:
        stdout, stderr = (each.decode("utf-8", "replace") for each in (result.stdout, result.stderr))
        said = read_output(stdout)
        printed = (stderr, stdout) if result.exit_code == 0 else (stdout, stderr)
        ended = {
            "exit_code": result.exit_code,
            "stopped_by": "cost" if result.stopped_by == "cancel" else result.stopped_by,
            "error": said.error,
            "last": last_lines("\n".join(printed), LAST_LINES),
        }
        name = self._options.cli or _program(self._command)
        model = said.model or self._options.model
        return Reply(
            said.text,
            f"{name}:{model}" if model else name,
            {**changes.to_json(), **ended},
            said.input_tokens,
            said.output_tokens,
            said.cost,
            round(result.seconds, 3),
        )


def _in_home(value: str) -> str:
    """A value for sh, a leading `$HOME` of which is the agent's home folder."""
    if not value.startswith("$HOME/"):
        return shlex.quote(value)
    return '"$HOME"' + shlex.quote(value.removeprefix("$HOME"))


def _note(log: Path, changes: Changes) -> None:
    """What was undone stands behind what the agent said."""
    if changes.undone:
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"[undone]\n{changes.told()}\n")


def _program(command: str) -> str:
    """What a command runs, in a word."""
    found = re.match(r"\s*(?:[\w./-]*/)?([\w.+-]+)(?:\s|$)", command)
    return found[1] if found else "command"
