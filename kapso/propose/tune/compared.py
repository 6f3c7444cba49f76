"""Choices that the code itself names: a string setting whose name is compared with other strings.

`MODE = "fast"` beside `if MODE == "exact"` may be either; so may what `in (…)`, `match` and `switch` name,
and what a type does: `mode: "fast" | "exact"`, `Literal["fast", "exact"]`, or a name for one of these.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from kapso.propose.tune.slots import ASLEEP, CONFIGURED, Place, Slot, label_of, make_switch

_WORD = r"""(?P<quote>["'])(?P<word>[\w.+-]+(?: [\w.+-]+)*)(?P=quote)"""
_NAME = r"""\b(?P<name>[^\W\d]\w*)["']?\]?"""
_EQUALS = re.compile(rf"{_NAME}\s*(?:[!=]==?)\s*{_WORD}")
_CALLED = re.compile(rf"(?:\bstrcmp\(\s*)?{_NAME}(?:\.equals\(|,)\s*{_WORD}\s*\)")
_AMONG = re.compile(rf"{_NAME}\s+(?:not\s+)?in\s*[(\[{{](?P<words>[^()\[\]{{}}\n]*)[)\]}}]")
_SWITCH = re.compile(
    rf"\b(?:match|switch)\b[ (&*]*(?:[\w.]+[.\[\"'])?{_NAME}(?:\.as_str\(\))?\)?\s*[:{{]"
    r"(?P<body>(?:\n(?:[ \t]+[^\n]*|[ \t]*|\}))*)"
)
_CASE = re.compile(r"""(?:\bcase\s+|^\s*|\|\s*)(["'])(?P<word>[\w.+ -]+)\1\s*(?=:|=>|\|)""", re.MULTILINE)
_QUOTED = r"""(?:"[\w.+ -]+"|'[\w.+ -]+')"""
_TYPE = re.compile(
    rf"{_NAME}\??\s*[:=]\s*\|?\s*"
    rf"(?P<words>{_QUOTED}(?:\s*\|\s*{_QUOTED})+|(?:\w+\.)?Literal\[[^\]\n]*\])"
)
_OF_TYPE = re.compile(rf"{_NAME}\??\s*:\s*(?P<type>[A-Z]\w*)\b")
_STRING = re.compile(r"""(["'])(?P<word>[\w.+ -]+)\1""")
_MOST = 12


def named_choices(text: str, strings: Iterable[Slot]) -> list[Slot]:
    """The string settings that the text compares, each a switch between what it is compared with."""
    words: dict[str, dict[str, None]] | None = None
    found: list[Slot] = []
    for slot in strings:
        if slot.tier != CONFIGURED or not isinstance(slot.value, str):
            continue
        words = _compared(text) if words is None else words
        compared = words.get(label_of(slot.name).split("#")[0], {})
        options = dict.fromkeys((slot.value, *compared))
        if compared and len(options) <= _MOST:
            # With one word alone it is no choice, unless it had another value before.
            tier = CONFIGURED if len(options) > 1 else ASLEEP
            places = [Place(slot.start + 1, slot.end - 1, {})]
            found.append(make_switch(slot.name, slot.value, options, places, tier))
    return found


def _compared(text: str) -> dict[str, dict[str, None]]:
    """Name → the strings that it is compared with, in order of appearance."""
    words: dict[str, dict[str, None]] = defaultdict(dict)
    for match in _EQUALS.finditer(text):
        words[match["name"]][match["word"]] = None
    for match in _CALLED.finditer(text):
        if match[0].startswith("strcmp") or ".equals" in match[0]:
            words[match["name"]][match["word"]] = None
    for pattern, part, case in (
        (_TYPE, "words", _STRING),
        (_AMONG, "words", _STRING),
        (_SWITCH, "body", _CASE),
    ):
        for match in pattern.finditer(text):
            words[match["name"]].update(dict.fromkeys(each["word"] for each in case.finditer(match[part])))
    for match in _OF_TYPE.finditer(text):
        words[match["name"]].update(words.get(match["type"], {}))
    return words
