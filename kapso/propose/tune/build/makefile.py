"""Flags in Makefiles: variables such as CFLAGS, and compilers that recipes call by themselves."""

from __future__ import annotations

import re
from collections import defaultdict

from kapso.propose.tune.build import calls
from kapso.propose.tune.build.flags import FlagList
from kapso.propose.tune.build.variables import Variable, flags_of_variables
from kapso.propose.tune.markers import Marker
from kapso.propose.tune.slots import Slot

_ASSIGNED = re.compile(
    r"^ *(?:(?P<target>[^\s:=#][^:=#\n]*?)[ \t]*:[ \t]*)?(?:(?:export|override)[ \t]+)*"
    r"(?P<name>[\w.-]+)[ \t]*(?:[?+]|::?:?)?=",
    re.MULTILINE,
)
_RECIPE = re.compile(r"^\t(?:[^\n\\]|\\\r?\n|\\.)*", re.MULTILINE)


def find_flags(text: str, markers: list[Marker]) -> list[Slot]:
    """The switches of a Makefile, those of its variables first."""
    marked = {marker.line for marker in markers}
    variables: dict[str, list[Variable]] = defaultdict(list)
    for match in _ASSIGNED.finditer(text):
        flags = _value(text, match.end())
        if text.count("\n", 0, flags.end) + 1 not in marked:
            variables[match["name"]].append(Variable(match["name"], match["target"] or "", flags))
    slots = flags_of_variables(text, variables)
    recipes = [match.span() for match in _RECIPE.finditer(text)]
    return slots + calls.find_flags(text, recipes, has_variables=bool(slots))


def _value(text: str, start: int) -> FlagList:
    """The value that begins at `start`: continued lines belong to it, a comment does not."""
    end = start
    while end < len(text) and text[end] not in "#\n":
        end += 3 if text.startswith("\\\r\n", end) else 2 if text[end] == "\\" else 1
    end = min(end, len(text))
    stripped = start + len(re.sub(r"(\s|\\\r?\n)+$", "", text[start:end]))
    return FlagList(start, end, stripped)
