"""Why a command did not succeed, in one line that a stranger understands."""

from __future__ import annotations

import re
from typing import NamedTuple

from kapso.evaluate.sandbox import CommandResult
from kapso.goal import Command, format_duration

_UNSAFE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~])?|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Colours and other escape sequences as a whole; then what a terminal obeys and UTF-8 cannot hold."""
_LINE = 300
_TAIL = 4_000


class Failure(NamedTuple):
    """How a stage failed: the outcome, the reason in one line, and the end of what it said."""

    outcome: str
    reason: str
    said: str = ""


def failure_of(name: str, command: Command, result: CommandResult, *, is_told: bool = True) -> Failure:
    """Why the stage `name` did not succeed (`timed-out` or `crashed`); without its own words in the reason
    where these are not to be told."""
    said = clean((result.stderr or result.stdout).decode("utf-8", "replace")).strip()[-_TAIL:]
    outcome = "timed-out" if result.stopped_by == "timeout" else "crashed"
    return Failure(outcome, _reason(name, command, result, is_told=is_told), said)


def _reason(name: str, command: Command, result: CommandResult, *, is_told: bool) -> str:
    match result.stopped_by:
        case "timeout":
            return f"`{name}` took longer than its limit of {format_duration(command.timeout_s)}"
        case "memory":
            return f"`{name}` used more memory than it may (`sandbox.memory`)"
        case "processes":
            return f"`{name}` started more processes than it may (`sandbox.processes`)"
        case "disk":
            return f"`{name}` wrote more to the disk than it may"
    said = last_line(result.stderr) or last_line(result.stdout)
    ended = f"`{name}` ended with exit code {result.exit_code}"
    return f"{ended}: {said}" if said and is_told else ended


def last_line(output: bytes) -> str:
    """The last line that says something, cut to a readable length."""
    lines = [line.strip() for line in clean(output.decode("utf-8", "replace")).splitlines() if line.strip()]
    return lines[-1][:_LINE] if lines else ""


def clean(text: str) -> str:
    """Text of a candidate's choice, safe to store and to print: no control characters, no half surrogates."""
    return _UNSAFE.sub("", text)
