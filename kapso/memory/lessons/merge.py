"""Lines of two clones become one, in any order and any number of times: a join, never a conflict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain

from kapso.memory.lessons.lesson import Line, Sighting
from kapso.memory.lessons.marks import mark_order
from kapso.memory.lessons.wire import sighting_json


def merged(a: Line, b: Line) -> Line:
    """What both say of one subject: of each run the sighting that saw more, and every mark once."""
    assert a.subject.key == b.subject.key, "lines of two subjects"
    sightings: dict[str, Sighting] = {}
    for each in chain(a.sightings.values(), b.sightings.values()):
        standing = sightings.get(each.run)
        sightings[each.run] = each if standing is None else _later(standing, each)
    return Line(
        a.subject,
        dict(sorted(sightings.items())),
        tuple(sorted({*a.marks, *b.marks}, key=mark_order)),
    )


def merge_lines(a: Mapping[str, Line], b: Mapping[str, Line]) -> dict[str, Line]:
    """The lines of both by key."""
    found = dict(a)
    for key, line in b.items():
        found[key] = merged(found[key], line) if key in found else line
    return dict(sorted(found.items()))


def _later(a: Sighting, b: Sighting) -> Sighting:
    """A run's later sighting; of two as late, that are not the same, always the same one."""
    if a is b or a == b:
        return a
    return max(a, b, key=lambda each: (each.seen, each.concerned.total, _text(each)))


def _text(sighting: Sighting) -> str:
    return json.dumps(sighting_json(sighting), sort_keys=True)
