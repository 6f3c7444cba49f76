"""Flags in shell scripts: variables such as CFLAGS, and compilers that are called by name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from kapso.propose.tune.build import calls
from kapso.propose.tune.build.flags import FlagList
from kapso.propose.tune.build.variables import Variable, flags_of_variables
from kapso.propose.tune.markers import Marker
from kapso.propose.tune.slots import Slot

_ASSIGNED = re.compile(
    r"""^[ \t]*(?:(?:export|local|readonly|declare)[ \t]+(?:-\w+[ \t]+)*)?(?P<name>\w+)\+?=
    (?:"(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>[^']*)' | \((?P<array>[^()#]*)\)
      | (?P<bare>[^\s"'();&|]+))""",
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
_COMMAND = re.compile(r"^(?![ \t]*\#)(?:[^\n\\]|\\\r?\n|\\.)+", re.MULTILINE)


def find_flags(text: str, markers: list[Marker]) -> list[Slot]:
    """The switches of a script, those of its variables first."""
    variables: dict[str, list[Variable]] = defaultdict(list)
    marked = {marker.line for marker in markers}
    for name, flags in _assignments(text):
        if text.count("\n", 0, flags.end) + 1 not in marked:
            variables[name].append(Variable(name, "", flags))
    slots = flags_of_variables(text, variables)
    commands = [match.span() for match in _COMMAND.finditer(text)]
    return slots + calls.find_flags(text, commands, has_variables=bool(slots))


def _assignments(text: str) -> Iterator[tuple[str, FlagList]]:
    for match in _ASSIGNED.finditer(text):
        part = next(name for name in ("double", "single", "array", "bare") if match[name] is not None)
        start, end = match.span(part)
        anchor = start + len(match[part].rstrip())
        yield match["name"], FlagList(start, end, anchor, can_grow=part != "bare")
