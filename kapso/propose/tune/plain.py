"""Literals of any other text file: only on lines that a marker names, found by their spelling alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kapso.propose.tune.found import Found
from kapso.propose.tune.markers import Marker
from kapso.propose.tune.slots import CONFIGURED

_LITERAL = re.compile(
    r"""(?P<string>"[^"\\\n]*"|'[^'\\\n]*')
      | (?<![\w.])(?P<word>true|false|True|False)(?![\w.])
      | (?P<number>(?:(?<=[=:(,\[])|(?<=[=:(,\[]\s))-\s*[\d.][\w.']*(?:(?<=[eE])[+-]\d+)?
                 | (?<![\w.])(?:\d|\.\d)[\w.']*(?:(?<=[eE])[+-]\d+)?)""",
    re.VERBOSE,
)
_BARE = re.compile(r"[:=][ \t]*(?P<string>(?:[^\W\d]|-[A-Za-z])[\w .,=+-]*[\w+]|[^\W\d])[ \t]*$")
_NAME = re.compile(r"([^\W\d][\w.-]*)[\"']?\s*(?::[^=]*)?[:=]")


def find_literals(text: str, markers: list[Marker], strings: bool) -> Iterator[Found]:
    """Numbers and words (or strings) between the start of each marked line and its marker.

    Without quotes, what follows the `=` to the end is a string, as INI files and Makefiles have it.
    """
    for marker in markers:
        start = text.rfind("\n", 0, marker.start) + 1
        line = text[start : marker.start]
        name = _NAME.search(line)
        names = (name[1],) if name else ()
        found = [m for m in _LITERAL.finditer(line) if (m.lastgroup == "string") == strings]
        bare = _BARE.search(line) if strings and not found else None
        spans = [bare.span("string")] if bare else [match.span() for match in found]
        for first, last in spans:
            yield Found(start + first, start + last, line[first:last], names, CONFIGURED)
