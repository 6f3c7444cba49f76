"""`agent`: a coding agent by the name of its command line, or any command, and what it may have and cost."""

from __future__ import annotations

from kapso.goal.authors import AgentOptions
from kapso.goal.item import Item
from kapso.goal.keys import AGENT
from kapso.goal.names import suggestion
from kapso.goal.variables import read_variables

AGENTS = ("claude", "codex", "gemini", "aider", "opencode")
"""Command lines whose flags are known."""
EXAMPLE = "agent: {cli: claude, timeout: 10m}"


def read_agent(item: Item | None, place: Item) -> AgentOptions:
    """The name of a known one, or a mapping; `place` is where an `agent` without any stands."""
    if item is None or item.value is None:
        help = f"write `agent: claude`, or one like `{EXAMPLE}` or `agent: {{command: …}}`"
        raise place.error("`agent` names no coding agent", help=help, slug="missing-key")
    if isinstance(item.value, str):
        return AgentOptions(cli=_cli(item))
    parts = item.mapping(AGENT, example=EXAMPLE)
    _check_one_of_two(item, parts)
    chosen = AgentOptions()
    return AgentOptions(
        cli=_cli(parts["cli"]) if "cli" in parts else None,
        command=parts["command"].text("a command") if "command" in parts else None,
        model=parts["model"].text("the name of a model") if "model" in parts else None,
        timeout_s=parts["timeout"].duration() if "timeout" in parts else chosen.timeout_s,
        env=read_variables(parts["env"]) if "env" in parts else (),
        home=tuple(each.text("a path") for each in parts["home"].items("a list of paths"))
        if "home" in parts
        else (),
        max_cost=_max_cost(parts["max_cost"]) if "max_cost" in parts else None,
    )


def _check_one_of_two(item: Item, parts: dict[str, Item]) -> None:
    if "cli" in parts and "command" in parts:
        raise parts["command"].error(
            "`cli` and `command` exclude each other", help="keep one of the two", slug="conflict"
        )
    if "cli" not in parts and "command" not in parts:
        help = f"write it like `{EXAMPLE}`, or give a `command`"
        raise item.error(f"`{item.key}` has no `cli` and no `command`", help=help, slug="missing-key")
    if "model" in parts and "command" in parts:
        raise parts["model"].error(
            "`model` is for a known `cli`", help="name the model in the `command`", slug="conflict"
        )


def _cli(item: Item) -> str:
    name = item.text("the name of a coding agent")
    if name not in AGENTS:
        help = f"{suggestion(name, AGENTS)}; any other is given as `agent: {{command: …}}`"
        raise item.error(f"`{name}` is no coding agent that is known", help=help, slug="unknown-name")
    return name


def _max_cost(item: Item) -> float:
    cost = item.number()
    if cost <= 0:
        raise item.error(f"`{item.key}` must be more than 0, found `{item.written}`", slug="out-of-range")
    return cost
