"""Whether an agent can work at all, found out before the first attempt and without a paid call."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping

from kapso.errors import UsageError
from kapso.evaluate.sandbox import Job, Limits
from kapso.goal.authors import AgentOptions
from kapso.propose.agent.clis import KNOWN, Cli
from kapso.propose.agent.home import check_home
from kapso.propose.agent.site import Site

TRIAL_S = 60.0


def check_agent(options: AgentOptions, site: Site) -> None:
    """UsageError, with the remedy, for what is missing: the command, a variable, a login, in this order."""
    if options.cli is not None:
        cli = KNOWN[options.cli]
        trial = f"HOME=$KAPSO_OUT exec {options.cli} --version"
        _check_starts(options.cli, trial, cli.install, site, cli.env)
    elif program := re.match(r"\s*([\w.+-]+)\s", f"{options.command} "):
        _check_starts(program[1], f"command -v {program[1]}", None, site, {})
    for name in options.env:
        if name not in os.environ:
            raise UsageError(
                f"`env: [{name}]` of the proposer `agent` names a variable that is not set",
                help=f"set it (`export {name}=…`) or remove it from `env`",
                slug="variable-missing",
            )
    check_home(options.home)
    if options.cli is not None:
        _check_login(options.cli, KNOWN[options.cli], options)


def _check_login(name: str, cli: Cli, options: AgentOptions) -> None:
    if not cli.keys or options.home or set(cli.keys) & set(options.env):
        return
    raise UsageError(
        f"`agent: {name}` has no login: an agent gets only what `env` and `home` name",
        help=f'write `agent: {{cli: {name}, env: [{cli.keys[0]}]}}`, or `home: ["{cli.logins[0]}"]` to use '
        "the login of its own command",
        slug="agent-login",
    )


def _check_starts(name: str, command: str, install: str | None, site: Site, env: Mapping[str, str]) -> None:
    """Let `command` run in the sandbox, where what is found outside may be missing."""
    sandbox = site.files.sandbox
    folder, out = sandbox.folder("agent-check"), sandbox.folder("agent-out")
    limits = Limits(TRIAL_S, site.memory_bytes, max(site.processes, 512), 1 << 30)
    try:
        job = Job(command, "", env, limits, out=out)
        result = sandbox.base(folder, {}).run(job, threading.Event())
    finally:
        sandbox.discard(folder)
        sandbox.discard(out)
    if result.succeeded:
        return
    if result.exit_code == 127:
        remedy = f"install it (`{install}`), or give another agent as `agent: {{command: …}}`"
        raise UsageError(
            f"`{name}` is not installed, or not on the `PATH` that the sandbox has",
            help=remedy if install else "install it, or give its path in `command`",
            slug="agent-missing",
        )
    lines = (result.stderr or result.stdout).decode(errors="replace").strip().splitlines()
    how = f"stopped: {result.stopped_by}" if result.stopped_by else f"exit code {result.exit_code}"
    raise UsageError(
        f"`{name}` does not start in the sandbox ({how}): {lines[-1] if lines else 'it says nothing'}",
        help=f"run `{name} --version` by hand; files of yours that it needs go into `sandbox: {{read: […]}}`",
        slug="agent-broken",
    )
