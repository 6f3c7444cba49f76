"""`evaluate`: the scorer's command and where it leaves its metrics, or a Python function that judges."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from kapso.errors import GoalError
from kapso.goal.commands import command_text, read_command
from kapso.goal.item import Item
from kapso.goal.keys import EVALUATE
from kapso.goal.model import Command, Function
from kapso.goal.names import quoted
from kapso.goal.paths import read_path

_EXAMPLE = '{python: "evaluator.py:evaluate", program: program.py}'
_OUT = re.compile(r"\$(?:KAPSO_OUT|\{KAPSO_OUT\})/+(.+)")
_FILE = re.compile(r"[\w+.-]+(?:/[\w+.-]+)*\.py")
"""Nothing that a shell reads as more than a name: what protects the file finds it by its words."""


class Scorer(NamedTuple):
    """The fields of Goal that `evaluate` fills."""

    evaluate: Command
    function: Function | None = None
    program: str | None = None
    result: str | None = None


def read_evaluate(item: Item, timeout_s: float, *, folder: Path, has_run: bool) -> Scorer:
    """A command, or a mapping of it; `timeout_s` is its limit unless it names its own."""
    if not isinstance(item.value, dict):
        return Scorer(Command(command_text(item), timeout_s))
    parts = item.mapping(EVALUATE, example="{command: make test, timeout: 10m}")
    if has_run:
        _refuse_beside_run(parts)
    if "python" in parts:
        return _function(parts, timeout_s, folder)
    if "program" in parts and "command" not in parts:
        help = f"write it like `evaluate: {_EXAMPLE}`"
        raise parts["program"].error(
            "`evaluate.program` needs `evaluate.python` or `evaluate.command`", help=help, slug="missing-key"
        )
    own = {name: part for name, part in parts.items() if name in ("command", "timeout")}
    command = read_command(Item(item.key, own, item.where, item.line), timeout_s)
    program = read_path(parts["program"], folder) if "program" in parts else None
    return Scorer(command, None, program, _result(parts["result"]) if "result" in parts else None)


def _refuse_beside_run(parts: dict[str, Item]) -> None:
    reasons = {
        "result": "the candidate could write that file itself",
        "python": "the function would have to run the program beside its judge",
        "program": "the scorer judges what `run` left in `$KAPSO_OUT` and never sees the program",
    }
    for name, reason in reasons.items():
        if name in parts:
            help = "let the scorer write `$KAPSO_RESULT`, or print its metrics as one JSON object"
            raise parts[name].error(
                f"`evaluate.{name}` cannot be used with `run`: {reason}",
                help=help if name == "result" else f"remove `run`, or {help}",
                slug="conflict",
            )


def _function(parts: dict[str, Item], timeout_s: float, folder: Path) -> Scorer:
    item = parts["python"]
    if both := [name for name in ("command", "result") if name in parts]:
        raise item.error(
            f"`evaluate.python` and {quoted(f'evaluate.{name}' for name in both)} exclude each other",
            help="keep one of the two: the function returns its metrics",
            slug="conflict",
        )
    if "program" not in parts:
        raise item.error(
            "`evaluate.python` needs `evaluate.program`",
            help=f"write it like `evaluate: {_EXAMPLE}`",
            slug="missing-key",
        )
    file, _, name = item.text("a function, such as `evaluator.py:evaluate`").partition(":")
    function = Function(read_path(Item(item.key, file, item.where, item.line), folder), name or "evaluate")
    if not _FILE.fullmatch(function.file) or not function.name.isidentifier():
        raise _no_function(item)
    program = read_path(parts["program"], folder)
    if program == function.file:
        raise parts["program"].error(
            f"`{program}` cannot be both judge and program",
            help="name the file that attempts may change",
            slug="conflict",
        )
    timeout = parts["timeout"].duration() if "timeout" in parts else timeout_s
    return Scorer(Command(f"python {shlex.quote(function.file)}", timeout), function, program)


def _no_function(item: Item) -> GoalError:
    return item.error(
        f"`{item.value}` names no function",
        help="write the file (letters, digits and `_ - + .`) and the function, such as "
        "`evaluator.py:evaluate`",
        slug="bad-name",
    )


def _result(item: Item) -> str:
    """The path below `$KAPSO_OUT`, which is empty at the start: no file of the base can be taken for it."""
    written = item.text("a path")
    found = _OUT.fullmatch(written)
    parts = [part for part in found[1].split("/") if part not in ("", ".")] if found else []
    if not parts or ".." in parts or any(sign in written[1:] for sign in "$*?`"):
        raise item.error(
            f"`evaluate.result` must be a file below `$KAPSO_OUT`, found `{written}`",
            help="let the scorer write it there, such as `$KAPSO_OUT/metrics.json`",
            slug="path-outside",
        )
    return "/".join(parts)
