"""The commands of the goal: a string, or a mapping that gives one command its own time limit."""

from __future__ import annotations

from kapso.errors import GoalError, NotAvailableYet
from kapso.goal.item import Item
from kapso.goal.keys import COMMAND, EVALUATE
from kapso.goal.model import Command

_EXAMPLE = "{command: make test, timeout: 10m}"


def read_command(item: Item, timeout_s: float) -> Command:
    """A command; `timeout_s` is its limit unless it names its own."""
    if not isinstance(item.value, dict):
        return Command(_command_text(item), timeout_s)
    return _from_parts(item, item.mapping(COMMAND, example=_EXAMPLE), timeout_s)


def read_commands(item: Item, timeout_s: float) -> tuple[Command, ...]:
    """One command or a list of them."""
    return tuple(read_command(each, timeout_s) for each in item.items("a command or a list of commands"))


def read_evaluate(item: Item, timeout_s: float, *, has_run: bool) -> Command:
    """The scorer; `result`, `python` and `program` are checked, then said to come later."""
    if not isinstance(item.value, dict):
        return Command(_command_text(item), timeout_s)
    parts = item.mapping(EVALUATE, example=_EXAMPLE)
    if "python" in parts or "program" in parts:
        raise _python_scorer(parts)
    command = _from_parts(item, parts, timeout_s)
    if "result" in parts:
        raise _result_file(parts["result"], has_run=has_run)
    return command


def _command_text(item: Item) -> str:
    if not isinstance(item.value, str):
        help = f"put it in quotes: `'{item.written}'`" if item.written else f"write a string, or `{_EXAMPLE}`"
        raise item.expected("a command", help=help)
    return item.text()


def _from_parts(item: Item, parts: dict[str, Item], timeout_s: float) -> Command:
    if "command" not in parts:
        raise item.error(
            f"`{item.key}` has no `command`", help=f"write it like `{_EXAMPLE}`", slug="missing-key"
        )
    own = parts.get("timeout")
    return Command(_command_text(parts["command"]), own.duration() if own else timeout_s)


def _python_scorer(parts: dict[str, Item]) -> GoalError | NotAvailableYet:
    first = parts.get("python") or parts["program"]
    if both := {"command", "result"} & parts.keys():
        other = min(both)
        return first.error(
            f"`{first.key}` and `evaluate.{other}` exclude each other",
            help="keep one of the two",
            slug="conflict",
        )
    for needed in ("python", "program"):
        if needed not in parts:
            help = 'write it like `evaluate: {python: "evaluator.py:evaluate", program: program.py}`'
            return first.error(f"`{first.key}` needs `evaluate.{needed}`", help=help, slug="missing-key")
        parts[needed].text()
    return NotAvailableYet(
        "`evaluate: {python: …, program: …}`",
        where=first.where,
        help="write a scorer that prints its metrics as one JSON object: `evaluate: python evaluate.py`",
    )


def _result_file(item: Item, *, has_run: bool) -> GoalError | NotAvailableYet:
    item.text()
    if has_run:
        return item.error(
            "`evaluate.result` cannot be used with `run`: the candidate could write that file itself",
            help="let the scorer write `$KAPSO_RESULT`, or print its metrics as one JSON object",
            slug="conflict",
        )
    return NotAvailableYet(
        "`evaluate: {result: …}`",
        where=item.where,
        help="let the scorer write its metrics to `$KAPSO_RESULT`, or print them as one JSON object",
    )
