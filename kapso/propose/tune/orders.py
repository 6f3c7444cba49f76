"""Orders: a list on one line, marked `kapso: order`, whose parts may stand in any order.

Up to four parts take every order; of more, up to eight, one part at a time moves to another place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations

from kapso.propose.tune.markers import Marker, Problem
from kapso.propose.tune.slots import CONFIGURED, Domain, Place, Slot, make_switch

_ALL_ORDERS, _MOST = 4, 8
_NAMED = re.compile(r"([^\W\d][\w.-]*)[\"']?\s*(?::[^=\[]*)?[:=]*\s*$")
_PARTNERS = {"[": "]", "(": ")", "{": "}"}


def find_orders(path: str, text: str, markers: Iterable[Marker]) -> tuple[list[Slot], list[Problem]]:
    """A switch for each list that a marker calls an order."""
    slots: list[Slot] = []
    problems: list[Problem] = []
    seen: Counter[str] = Counter()
    for marker in markers:
        if not marker.is_order:
            continue
        start = text.rfind("\n", 0, marker.start) + 1
        parts = _parts(text, start, marker.start)
        if parts is None:
            problem = f"the marker's line holds no list of 2 to {_MOST} parts to put in order"
            problems.append(Problem(marker.start, marker.line, problem))
            continue
        first, last = parts[0][0], parts[-1][1]
        named = _NAMED.search(text[start:first].rstrip().rstrip("[({"))
        name = f"{path}:{named[1] if named else 'top'}.order"
        seen[name] += 1
        slots.append(_slot(text, name if seen[name] == 1 else f"{name}#{seen[name]}", parts, first, last))
    return slots, problems


def _slot(text: str, name: str, parts: list[tuple[int, int]], first: int, last: int) -> Slot:
    words = [text[a:b] for a, b in parts]
    between = [text[a[1] : b[0]] for a, b in zip(parts, parts[1:], strict=False)]

    def written(order: Iterable[int]) -> str:
        return "".join(w + gap for w, gap in zip((words[i] for i in order), [*between, ""], strict=True))

    options = [written(order) for order in _orders(len(parts))]
    switch = make_switch(name, text[first:last], options, [Place(first, last, {})], CONFIGURED)
    return replace(switch, domain=Domain(choices=tuple(options)))


def _orders(count: int) -> list[tuple[int, ...]]:
    if count <= _ALL_ORDERS:
        return list(permutations(range(count)))
    moved: dict[tuple[int, ...], None] = {tuple(range(count)): None}
    for part in range(count):
        rest = [i for i in range(count) if i != part]
        moved.update(dict.fromkeys((*rest[:at], part, *rest[at:]) for at in range(count)))
    return list(moved)


def _parts(text: str, start: int, end: int) -> list[tuple[int, int]] | None:
    """Where the parts of the outermost bracketed list of the line stand, without blanks; None without one."""
    for opening in (i for i in range(start, end) if text[i] in _PARTNERS):
        found = _split(text, opening, end)
        if found is not None and 2 <= len(found) <= _MOST:
            return found
    return None


def _split(text: str, opening: int, end: int) -> list[tuple[int, int]] | None:
    closers, quote, begin = [_PARTNERS[text[opening]]], "", opening + 1
    parts: list[tuple[int, int]] = []
    for at in range(opening + 1, end):
        sign = text[at]
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "\"'`":
            quote = sign
        elif sign in _PARTNERS:
            closers.append(_PARTNERS[sign])
        elif sign == closers[-1]:
            closers.pop()
        if not closers or (sign == "," and len(closers) == 1 and not quote):
            part = text[begin:at]
            left = begin + len(part) - len(part.lstrip())
            if part.strip():
                parts.append((left, left + len(part.strip())))
            begin = at + 1
        if not closers:
            return parts
    return None
