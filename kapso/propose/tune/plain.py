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
_NAME = re.compile(r"([^\W\d][\w.-]*)[\"']?\s*(?::[^=]*)?[:=]")


def find_literals(text: str, markers: list[Marker], strings: bool) -> Iterator[Found]:
    """Numbers and words (or quoted strings) between the start of each marked line and its marker."""
    for marker in markers:
        start = text.rfind("\n", 0, marker.start) + 1
        line = text[start : marker.start]
        name = _NAME.search(line)
        for match in _LITERAL.finditer(line):
            if (match.lastgroup == "string") == strings:
                names = (name[1],) if name else ()
                yield Found(start + match.start(), start + match.end(), match[0], names, CONFIGURED, False)
