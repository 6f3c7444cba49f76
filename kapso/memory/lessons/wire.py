"""A lesson's line as text and back: one JSON object, its own facts after what is derived for readers.

What cannot be understood is no line: it may come from anywhere. Floats are finite, counts not negative.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from kapso.memory.lessons.lesson import About, Example, Line, Mark, Record, Sighting, Subject, Tally
from kapso.memory.lessons.marks import mark_order

T = TypeVar("T")

LONGEST_LINE = 1 << 18
"""Bytes; a change of many hunks has a tenth of it."""
LONGEST_WORD = 400
"""Characters of what is named or said in passing: runs, marks, files."""
_MOST_EXAMPLES, _MOST_FILES = 50, 200
_MOST_COUNTED = 10**9
_MOST_WHOLE = 10**300
"""Whatever is larger is no float."""
_LONGEST_NAME = 4096
"""Characters of what a subject is called; none of ours has a tenth of it."""
_DEEPEST = 12
_HEAD = re.compile(rb'\{"lesson": "L\d{8}", "key": "([0-9a-f]{40})", ')
_SPEAKS = ("for", "against")


class _Junk(Exception):
    """It is no line of ours."""


def to_text(line: Line, derived: Mapping[str, Any] | None = None) -> bytes:
    """One line of `lessons.jsonl`, without its end; `derived` stands there for readers alone."""
    subject = line.subject
    facts = {"lesson": subject.id, "key": subject.key, **(derived or {}), **to_json(line)}
    return json.dumps(facts, ensure_ascii=False).encode("utf-8", "backslashreplace")


def to_json(line: Line) -> dict[str, Any]:
    """The line's own facts, the same for equal lines."""
    return {
        "subject": {"about": str(line.subject.about), "told": _sorted(line.subject.told)},
        "sightings": {run: sighting_json(each) for run, each in sorted(line.sightings.items())},
        "marks": [{each.name: getattr(mark, each.name) for each in fields(Mark)} for mark in line.marks],
    }


def sighting_json(sighting: Sighting) -> dict[str, Any]:
    """A sighting without its zeros and other usual values."""
    told = {
        "run": sighting.run,
        "goal": sighting.goal,
        "evaluator": sighting.evaluator,
        "seen": sighting.seen,
        "concerned": _tally_json(sighting.concerned),
        "others": _tally_json(sighting.others),
        "detail": _sorted(sighting.detail),
        "examples": [[each.attempt, each.commit, each.speaks] for each in sighting.examples],
        "record": _record_json(sighting.record),
        "files": list(sighting.files),
        "language": sighting.language,
        "time": sighting.time,
    }
    return {key: value for key, value in told.items() if value not in ({}, [], None, "")}


def key_of(text: bytes) -> str | None:
    """The key that a line of the file begins with, unread; None where it begins with none."""
    head = _HEAD.match(text)
    return head[1].decode() if head else None


def from_text(text: bytes) -> Line | None:
    """The line that stands in `text`; None where nobody can tell what it says."""
    if len(text) > LONGEST_LINE:
        return None
    try:
        told = json.loads(text)
        line = _line(_mapping(told))
    except (_Junk, ValueError, RecursionError):
        return None
    claimed = told.get("key", line.subject.key)
    return line if claimed == line.subject.key else None


def _line(told: Mapping[str, Any]) -> Line:
    subject = _mapping(told.get("subject"))
    about = subject.get("about")
    if about not in list(About):
        raise _Junk("subject")
    sightings = [_sighting(_mapping(each)) for each in _mapping(told.get("sightings")).values()]
    marks = {_mark(_mapping(each)) for each in _list(told.get("marks", []))}
    return Line(
        Subject(About(about), _told(About(about), _json_mapping(subject.get("told")))),
        {each.run: each for each in sorted(sightings, key=lambda each: each.run)},
        tuple(sorted(marks, key=mark_order)),
    )


def _told(about: About, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a subject tells, if it names what it is about, names are texts, and hunks three of them each."""
    if not all(told.get(name) for name in _NEEDED.get(about, ())):
        raise _Junk("subject")
    for name in _NAMES & told.keys():
        if not isinstance(told[name], str | None) or len(told[name] or "") > _LONGEST_NAME:
            raise _Junk(name)
    for name in ("first", "second") if about is About.PAIR else ():
        match told[name]:
            case [str(), str()]:
                continue
        raise _Junk(name)
    if about is About.PARAMETER and told.get("side") is not None:
        if told["side"] not in _SIDES or told.get("event") not in _HARMS:
            raise _Junk("side")
    if about is About.STATED:
        for where in _mapping(told.get("where", {})).values():
            _text(where)
    for hunk in _list(told.get("hunks", [])):
        if not isinstance(hunk, list) or len(hunk) != 3 or not all(isinstance(each, str) for each in hunk):
            raise _Junk("hunks")
    return told


_SIDES, _HARMS = ("above", "below", "at"), ("failed", "worse")
_NEEDED = {
    About.OPERATOR: ("proposer",),
    About.PLACE: ("path",),
    About.PARAMETER: ("parameter",),
    About.CHANGE: ("hunks",),
    About.PAIR: ("first", "second"),
    About.ERROR: ("signature",),
    About.EVALUATION: ("goal", "what"),
    About.STATED: ("statement",),
}
_NAMES = {
    "proposer", "operator", "path", "region", "parameter", "signature", "token", "goal",
    "what", "statement", "event", "side", "expects",
}  # fmt: skip


def _sighting(told: Mapping[str, Any]) -> Sighting:
    return Sighting(
        run=_word(told, "run"),
        goal=_word(told, "goal"),
        evaluator=_word(told, "evaluator", ""),
        seen=_count(told.get("seen")),
        concerned=_tally(told.get("concerned", {})),
        others=_tally(told.get("others", {})),
        detail=_detail(told.get("detail", {})),
        examples=tuple(_example(each) for each in _list(told.get("examples", []))[:_MOST_EXAMPLES]),
        record=_record(_mapping(told.get("record", {}))),
        files=tuple(_text(each) for each in _list(told.get("files", []))[:_MOST_FILES]),
        language=_word(told, "language", "") or None,
        time=_word(told, "time", ""),
    )


def _detail(told: Any) -> Mapping[str, Any]:
    """What a rule found; choices are a list."""
    found = _json_mapping(told)
    _list(found.get("choices", []))
    return found


def _example(told: Any) -> Example:
    match _list(told):
        case [attempt, str(commit), speaks] if speaks in _SPEAKS and re.fullmatch(r"[0-9a-f]{0,64}", commit):
            return Example(_count(attempt), commit, speaks)
    raise _Junk("example")


def _mark(told: Mapping[str, Any]) -> Mark:
    return Mark(
        *(_word(told, name, "" if name == "why" else None) for name in ("time", "change", "by", "why"))
    )


def _record(told: Mapping[str, Any]) -> Record:
    return Record(**{name: read(told[name]) for name, read in _RECORD.items() if name in told})


def _tally(told: Any) -> Tally:
    counts = _mapping(told)
    if not counts:
        return _NONE
    numbers = {name: _count(counts.get(name, 0)) for name in _COUNTS}
    if numbers["total"] < max(numbers.values()):
        raise _Junk("tally")
    return Tally(**numbers, gain=_figure(counts.get("gain", 0.0)), square=_figure(counts.get("square", 0.0)))


_COUNTS = ("total", "better", "same", "worse", "failed", "scored")


def _tally_json(tally: Tally) -> dict[str, Any]:
    return {each.name: value for each in fields(Tally) if (value := getattr(tally, each.name))}


def _record_json(record: Record) -> dict[str, Any]:
    found = {each.name: getattr(record, each.name) for each in fields(Record)}
    told = {name: _tally_json(each) if isinstance(each, Tally) else each for name, each in found.items()}
    return {name: each for name, each in told.items() if each}


def _mapping(value: Any) -> Mapping[str, Any]:
    return _typed(value, dict)


def _list(value: Any) -> list[Any]:
    return _typed(value, list)


def _typed(value: Any, kind: Callable[..., T]) -> T:
    if not isinstance(value, kind):  # type: ignore[arg-type]
        raise _Junk(f"{value!r:.40}")
    return value  # type: ignore[no-any-return]


def _word(told: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = told.get(name, default)
    return _text("" if value is None and default is not None else value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_WORD:
        raise _Junk("text")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_COUNTED:
        raise _Junk("count")
    return value


def _figure(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise _Junk("figure")
    return float(value)


def _json_mapping(value: Any) -> Mapping[str, Any]:
    """JSON of any shape without numbers that are not finite, or too large to be."""
    _check_json(_mapping(value), 0)
    found: Mapping[str, Any] = _sorted(value)
    return found


def _check_json(value: Any, depth: int) -> None:
    if depth > _DEEPEST or (isinstance(value, float) and not math.isfinite(value)):
        raise _Junk("json")
    if isinstance(value, int) and abs(value) > _MOST_WHOLE:
        raise _Junk("number")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_json(inner, depth + 1)


def _sorted(value: Any) -> Any:
    """The same JSON with keys in order and lists for tuples, so that equal things read alike."""
    if isinstance(value, Mapping):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_sorted(each) for each in value]
    return value


_NONE = Tally()
_READERS: Mapping[str, Callable[[Any], Any]] = {"int": _count, "float": _figure, "Tally": _tally}
_RECORD = {each.name: _READERS[str(each.type)] for each in fields(Record)}
"""How what stands in a record is read, by name."""
