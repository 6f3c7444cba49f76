"""`evaluate`: the scorer's command and where it leaves its metrics, or a Python function that judges."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from kapso.goal.commands import command_text, read_command
from kapso.goal.function import EXAMPLE, command_of, read_function
from kapso.goal.item import Item
from kapso.goal.keys import EVALUATE
from kapso.goal.model import Command, EvaluationStage, Function
from kapso.goal.names import quoted
from kapso.goal.paths import read_path
from kapso.goal.stages import Shared, read_stages

_OUT = re.compile(r"\$(?:KAPSO_OUT|\{KAPSO_OUT\})/+(.+)")


class Scorer(NamedTuple):
    """The fields of Goal that `evaluate` fills."""

    evaluate: Command
    function: Function | None = None
    program: str | None = None
    result: str | None = None
    stages: tuple[EvaluationStage, ...] = ()


def read_evaluate(item: Item, timeout_s: float, *, folder: Path, run: Item | None) -> Scorer:
    """A command, or a mapping; `timeout_s` is its limit unless it names its own, `run` the goal's `run`."""
    if not isinstance(item.value, dict):
        return Scorer(Command(command_text(item), timeout_s))
    parts = item.mapping(EVALUATE, example="{command: make test, timeout: 10m}")
    if run is not None:
        _refuse_beside_run(parts)
    if "stages" in parts:
        return _staged(parts, timeout_s, folder, run)
    if "python" in parts:
        return _function(parts, timeout_s, folder)
    if "program" in parts and "command" not in parts:
        help = f"write it like `evaluate: {EXAMPLE}`"
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


def _staged(parts: dict[str, Item], timeout_s: float, folder: Path, run: Item | None) -> Scorer:
    item = parts["stages"]
    if both := [name for name in ("command", "python") if name in parts]:
        raise item.error(
            f"`evaluate.stages` and {quoted(f'evaluate.{name}' for name in both)} exclude each other",
            help="the last stage is the full evaluation: move it there",
            slug="conflict",
        )
    limit_s = parts["timeout"].duration() if "timeout" in parts else timeout_s
    shared = Shared(limit_s, folder, run, parts.get("program"))
    stages = read_stages(item, shared)
    program = read_path(parts["program"], folder) if "program" in parts else None
    result = _result(parts["result"]) if "result" in parts else None
    return Scorer(stages[-1].command, stages[-1].function, program, result, stages)


def _function(parts: dict[str, Item], timeout_s: float, folder: Path) -> Scorer:
    item = parts["python"]
    if both := [name for name in ("command", "result") if name in parts]:
        raise item.error(
            f"`evaluate.python` and {quoted(f'evaluate.{name}' for name in both)} exclude each other",
            help="keep one of the two: the function returns its metrics",
            slug="conflict",
        )
    function, program = read_function(item, parts.get("program"), folder)
    timeout = parts["timeout"].duration() if "timeout" in parts else timeout_s
    return Scorer(command_of(function, timeout), function, program)


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
