"""Markers: comments by which users say what may be tuned."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kapso.propose.tune.conditions import read_condition
from kapso.propose.tune.numerals import read_number
from kapso.propose.tune.slots import Domain, Value, read_value

_MARKER = re.compile(r"(?:\#|(?<!:)//|/\*|;)\s*kapso:(?P<spec>.*?)(?:\*/.*)?$", re.MULTILINE)
_IF = re.compile(r"(?P<spec>.*\S)\s+if\s+(?P<condition>\S.*)$")
_RANGE = re.compile(r"(?P<low>[^\s.]\S*?|\.\d\S*?)\s*\.\.\s*(?P<high>\S+)(?P<words>(?:\s+\w+)*)$")


@dataclass(frozen=True)
class Marker:
    """One marker: `domain` None means `fixed`. `start` is where its comment begins in the text."""

    start: int
    line: int
    domain: Domain | None
    is_order: bool = False


@dataclass(frozen=True)
class Problem:
    """A marker that cannot be understood or cannot be obeyed; `line` counts from 1."""

    start: int
    line: int
    message: str


def find_markers(text: str) -> tuple[list[Marker], list[Problem]]:
    """Every marker of `text`, wherever it stands; the caller knows what is a comment."""
    markers: list[Marker] = []
    problems: list[Problem] = []
    for match in _MARKER.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        spec = match["spec"].strip()
        if spec == "order":
            markers.append(Marker(match.start(), line, Domain(), is_order=True))
            continue
        domain = None if spec == "fixed" else read_domain(spec)
        if isinstance(domain, str):
            problems.append(Problem(match.start(), line, domain))
        else:
            markers.append(Marker(match.start(), line, domain))
    return markers, problems


def read_domain(spec: str) -> Domain | str:
    """What `0.1..10 log`, `[a, b]` or `a|b if FAST` allows, or a sentence that says why it cannot be read."""
    if (limited := _IF.match(spec)) is not None:
        condition, domain = read_condition(limited["condition"]), read_domain(limited["spec"])
        if condition is None:
            return f"`kapso: {spec}`: a condition is `if NAME`, `if not NAME` or `if NAME == VALUE`"
        return domain if isinstance(domain, str) else replace(domain, when=condition)
    if spec.startswith("[") or "|" in spec:
        return _read_choices(spec)
    match = _RANGE.match(spec)
    low = read_number(match["low"]) if match else None
    high = read_number(match["high"]) if match else None
    words = match["words"].split() if match else []
    if low is None or high is None or not set(words) <= {"log", "int"}:
        return f"`kapso: {spec}` is no range, no list of choices and not `fixed`"
    if not low.value < high.value:
        return f"`kapso: {spec}`: the range is empty"
    if "log" in words and low.value <= 0:
        return f"`kapso: {spec}`: a log range must start above 0"
    return Domain(float(low.value), float(high.value), log="log" in words, whole="int" in words)


def _read_choices(spec: str) -> Domain | str:
    if spec.startswith("[") and not spec.endswith("]"):
        return f"`kapso: {spec}`: the list of choices has no end"
    listed = spec[1:-1].split(",") if spec.startswith("[") else spec.split("|")
    words = [word.strip() for word in listed]
    if len(words) < 2 or "" in words:
        return f"`kapso: {spec}`: two choices or more are needed"
    choices: list[Value] = []
    for word in words:
        value = read_value(word)
        choices.append(word if value is None else value)
    if any(isinstance(choice, str) and re.search(r"[\"'\\\n]", choice) for choice in choices):
        return f"`kapso: {spec}`: a choice cannot hold quotes or backslashes"
    return Domain(choices=tuple(dict.fromkeys(choices)))
