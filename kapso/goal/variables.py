"""Names of variables of the user's environment; their values never stand in a goal."""

from __future__ import annotations

import re

from kapso.goal.item import Item

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_OWN_VARIABLES = ("HOME", "TMPDIR")


def read_variables(item: Item) -> tuple[str, ...]:
    """A list of names, none of which Kapso sets itself."""
    if isinstance(item.value, dict):
        raise item.expected(
            "a list of names", help="name the variables only: the values come from your environment"
        )
    return tuple(_variable(each, item.key) for each in item.items("a list of names of variables"))


def _variable(item: Item, key: str) -> str:
    name = item.text("the name of a variable")
    if not _VARIABLE.fullmatch(name):
        help = "name the variable only: its value comes from your environment"
        raise item.error(f"`{name}` is no name of a variable", help=help, slug="bad-name")
    if name in _OWN_VARIABLES or name.startswith("KAPSO_"):
        raise item.error(f"`{name}` is set by Kapso itself", help=f"remove it from `{key}`", slug="conflict")
    return name
