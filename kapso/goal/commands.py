"""The commands of the goal: a string, or a mapping that gives one command its own time limit."""

from __future__ import annotations

from kapso.goal.item import Item
from kapso.goal.keys import COMMAND
from kapso.goal.model import Command

_EXAMPLE = "{command: make test, timeout: 10m}"


def read_command(item: Item, timeout_s: float) -> Command:
    """A command; `timeout_s` is its limit unless it names its own."""
    if not isinstance(item.value, dict):
        return Command(command_text(item), timeout_s)
    return _from_parts(item, item.mapping(COMMAND, example=_EXAMPLE), timeout_s)


def read_commands(item: Item, timeout_s: float) -> tuple[Command, ...]:
    """One command or a list of them."""
    return tuple(read_command(each, timeout_s) for each in item.items("a command or a list of commands"))


def command_text(item: Item) -> str:
    """Text for `/bin/sh -c`."""
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
    return Command(command_text(parts["command"]), own.duration() if own else timeout_s)
