"""A Python function that judges, as `evaluate.python` names it, and the program that it is given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from kapso.goal.item import Item
from kapso.goal.model import Command, Function
from kapso.goal.paths import read_path

EXAMPLE = '{python: "evaluator.py:evaluate", program: program.py}'
_FILE = re.compile(r"[\w+.-]+(?:/[\w+.-]+)*\.py")
"""Nothing that a shell reads as more than a name: what protects the file finds it by its words."""


def read_function(item: Item, program: Item | None, folder: Path) -> tuple[Function, str]:
    """The function (`evaluate` where no name is given) and the program that it judges."""
    if program is None:
        raise item.error(
            f"`{item.key}` needs `evaluate.program`",
            help=f"write it like `evaluate: {EXAMPLE}`",
            slug="missing-key",
        )
    file, _, name = item.text("a function, such as `evaluator.py:evaluate`").partition(":")
    function = Function(read_path(Item(item.key, file, item.where, item.line), folder), name or "evaluate")
    if not _FILE.fullmatch(function.file) or not function.name.isidentifier():
        raise item.error(
            f"`{item.value}` names no function",
            help="write the file (letters, digits and `_ - + .`) and the function, such as "
            "`evaluator.py:evaluate`",
            slug="bad-name",
        )
    path = read_path(program, folder)
    if path == function.file:
        raise program.error(
            f"`{path}` cannot be both judge and program",
            help="name the file that attempts may change",
            slug="conflict",
        )
    return function, path


def command_of(function: Function, timeout_s: float) -> Command:
    """What stands for the call of a function where commands are read: it names the function's file."""
    return Command(f"python {shlex.quote(function.file)}", timeout_s)
