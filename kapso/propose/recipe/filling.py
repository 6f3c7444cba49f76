"""A fix filled in: metavariables give way to what they matched, lines keep their place below the first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kapso.propose.mutate.edit import Replacement, apply

Place = tuple[int, int] | str
"""Where the text of a metavariable stands, or the text itself."""
Bound = Mapping[str, Place]

METAVARIABLE = re.compile(r"\$\$\$([A-Z_][A-Z0-9_]*)|\$([A-Z_][A-Z0-9_]*)")


class Unfit(Exception):
    """The fix cannot be filled in here."""


def filled(template: str, bound: Bound, text: str, indent: str, nested: Sequence[Replacement] = ()) -> str:
    """The template with every metavariable replaced, `nested` edits made in what they matched.

    Lines after the first are indented by `indent`. What takes up several lines moves as a whole when it gets
    another indentation. Raises Unfit for a metavariable that matched nothing, or text that cannot be moved.
    """
    lines = []
    for number, line in enumerate(template.split("\n")):
        begin = indent if number else ""
        made, at = begin, 0
        for variable in METAVARIABLE.finditer(line):
            made += line[at : variable.start()]
            column = (
                len(indent) + len(line[: variable.start()]) if not line[: variable.start()].strip() else None
            )
            made += _value(variable[1] or variable[2], bound, text, column, nested)
            at = variable.end()
        lines.append((made + line[at:]).rstrip() if line.strip() else "")
    return "\n".join(lines)


def _value(name: str, bound: Bound, text: str, column: int | None, nested: Sequence[Replacement]) -> str:
    if name not in bound:
        raise Unfit(name)
    place = bound[name]
    if isinstance(place, str):
        return place
    start, end = place
    inside = [(low - start, high - start, new) for low, high, new in nested if start <= low and high <= end]
    value = apply(text[start:end], inside)
    if column is None or "\n" not in value:
        return value
    was = start - (text.rfind("\n", 0, start) + 1)
    return shifted(value, column - was)


def shifted(value: str, by: int) -> str:
    """Lines after the first moved to the right, or to the left where `by` is below 0."""
    if by == 0:
        return value
    if '"""' in value or "'''" in value or "`" in value:
        raise Unfit("a text of several lines would change")
    first, *rest = value.split("\n")
    moved = []
    for line in rest:
        space = len(line) - len(line.lstrip())
        if line.strip() and space + by < 0 or "\t" in line[:space]:
            raise Unfit("it is indented less than its first line, or by tabs")
        moved.append(" " * (space + by) + line.lstrip() if line.strip() else "")
    return "\n".join([first, *moved])
