"""What is not believed of lessons, and why: what others say, what a model says, what asks for actions.

Sightings of runs that were pulled are foreign until somebody trusts them: a mark `pulled` names the run,
a later `trust` lifts it. Foreign sightings alone are never recalled; where a few attempts of one's own point
the same way they count, never for more than one's own; where these point the other way, for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any

from kapso.memory.lessons.lesson import About, Line, Mark, Record, Sighting, Tally
from kapso.memory.lessons.marks import PULLED, QUARANTINE, RESTORE, RETIRE, TRUST, latest

ENOUGH = 3
"""Attempts of one's own before what others or a model say is believed."""
_OF_FIGURES = {About.PARAMETER, About.EVALUATION}
"""Subjects of which a direction says nothing: once there is enough of one's own, that alone counts."""


def foreign_runs(line: Line) -> frozenset[str]:
    """The runs that others saw, as far as nobody here vouched for the line since they were pulled."""
    if not line.marks:
        return frozenset()
    vouched = latest(line, TRUST)
    return frozenset(
        mark.why
        for mark in line.marks
        if mark.change == PULLED and (vouched is None or mark.time > vouched.time)
    )


def admitted(line: Line) -> Line:
    """The line with those sightings that count."""
    foreign = foreign_runs(line)
    if not foreign:
        return line
    theirs = [each for run, each in line.sightings.items() if run in foreign]
    if not theirs:
        return line
    ours = [each for run, each in line.sightings.items() if run not in foreign]
    own = sum(each.concerned.total for each in ours)
    if own < ENOUGH:
        return line
    is_alike = line.subject.about not in _OF_FIGURES and _direction(ours) == _direction(theirs)
    kept = _bounded(theirs, own) if is_alike else []
    return replace(line, sightings={each.run: each for each in sorted([*ours, *kept], key=lambda s: s.run)})


def why_quarantined(line: Line, statement: str, expects: str | None = None) -> str | None:
    """Why the lesson is not to be recalled; None where nothing speaks against it.

    `expects` is what it predicts, as far as it was not counted: a model's words have to be borne out.
    """
    decided = latest(line, QUARANTINE, RESTORE, TRUST)
    if decided is not None and decided.change == QUARANTINE:
        return decided.why or f"put into quarantine by {decided.by}"
    if decided is None and (why := _why_unsaid(line, statement)) is not None:
        return why
    if decided is not None and decided.change == TRUST:
        return None
    foreign = foreign_runs(line)
    if not foreign and line.subject.about is not About.STATED:
        return None
    ours = [each for run, each in line.sightings.items() if run not in foreign]
    own = sum(each.concerned.total for each in ours)
    if len(ours) < len(line.sightings) and own < ENOUGH:
        origin = latest(line, PULLED)
        return f"pulled from {origin.by if origin else 'elsewhere'}: {_wanting(own)}"
    if line.subject.about is About.STATED and decided is None:
        if own < ENOUGH:
            return f"a model says so: {_wanting(own)}"
        if expects is not None and not _bears_out(ours, expects):
            return f"a model says so, and the {own} attempts that it is about do not bear it out"
    return None


def taken(
    standing: Mapping[str, Line], incoming: Mapping[str, Line], origin: str, time: str
) -> dict[str, Line]:
    """What may be joined with our lines of those that came from `origin`, marked as pulled.

    Of our own runs we know better. That others retired a lesson counts where we saw nothing of it; what they
    pin, trust or restore does not.
    """
    found: dict[str, Line] = {}
    for key, line in incoming.items():
        ours = standing.get(key)
        known = ours.sightings.keys() if ours else frozenset[str]()
        own = known - (foreign_runs(ours) if ours else frozenset())
        sightings = {run: each for run, each in line.sightings.items() if run not in own}
        marks = [Mark(time, PULLED, origin, run) for run in sightings if run not in known]
        if not own:
            decided = (mark for mark in line.marks if mark.change in (RETIRE, QUARANTINE))
            marks += [mark for mark in decided if mark.time <= time]
        if sightings:
            found[key] = Line(line.subject, sightings, tuple(marks))
    return found


def shared(
    lines: Mapping[str, Line], run: str | None = None, without: Collection[str] = ()
) -> dict[str, Line]:
    """The lines as others get them, without whom we trust; of `run` alone where one is named, and nothing of
    those that are to be left out."""
    found: dict[str, Line] = {}
    for key, line in lines.items():
        sightings = {
            name: each for name, each in line.sightings.items() if run in (None, name) and name not in without
        }
        if sightings:
            marks = tuple(mark for mark in line.marks if mark.change not in (PULLED, TRUST))
            found[key] = Line(line.subject, sightings, marks)
    return found


def why_unsafe(text: str, names: Collection[str] = ()) -> str | None:
    """Why such words are never told to a proposer; `names` are files that nobody may be pointed to."""
    if (injected := _injected(text)) is not None:
        return injected
    for pattern, why in _ASKING:
        if found := pattern.search(text):
            return f"{why}: `{_clipped(found[0])}`"
    for name in names:
        if name and name in text and re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text):
            return f"it names `{name}`, which attempts are not to be pointed to"
    return None


def _flags(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_INJECTED = (
    (_flags(r"\b[a-z][a-z0-9+.-]{0,20}://\S*|\bwww\.\S+"), "it holds an address"),
    (
        _flags(
            r"(?<![\w/-])(?:sudo|curl|wget|chmod|chown|scp|ssh|rm|nc|eval|bash|sh|pip3?|npm|apt(?:-get)?|git)"
            r"\s+(?:-[a-z-]+\b|install\b|push\b|clone\b|[~/.]\S*/)"
            r"|\|\s*(?:ba|z|da)?sh\b"
        ),
        "it holds a shell command",
    ),
    (
        _flags(
            r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:instruction|prompt|rule|above|"
            r"previous|constraint|check|guard|sandbox)s?\b"
            r"|\byou (?:must|should|are|have to|need to|can now)\b|\bsystem prompt\b"
            r"|\bas an? (?:ai|assistant)\b"
        ),
        "it gives orders",
    ),
    (re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069]"), "it hides characters"),
)  # fmt: skip
"""Nowhere, not even as the name of a function or in an error."""
_ASKING = (
    (re.compile(r"\$\(|&&|>\s*/(?:dev|etc|tmp)\b"), "it holds a shell command"),
    (
        _flags(
            r"\b(?:download|upload|install|execute|exfiltrate|send|email|fetch|print|read|write|open|delete|edit|"
            r"modify|overwrite|replace|patch|change|disable|hard-?code|monkey-?patch|special-?case)\b.{0,40}\b(?:"
            r"scorer|scoring|evaluator|evaluation (?:script|code)|judge|test suite|tests?|hold-?out|"
            r"goal\.yaml|secrets?|credentials?|tokens?|passwords?|keys?|environment variables?|score file|"
            r"metrics? file|expected (?:output|answer)s?|answers?)\b"
        ),
        "it asks for something that no attempt may do",
    ),
    (
        _flags(r"\b(?:scorer|evaluator|evaluate\.\w+|scor(?:e|ing)\.(?:py|js|sh|c|rb)|goal\.yaml|hold-?out)\b|KAPSO_\w+"),
        "it is about the judge",
    ),
)  # fmt: skip
"""Of words in a sentence; programs have functions called `read_keys`."""
_LONGEST_NAME = 300
_QUOTED = re.compile(r"`[^`]*`")


def _why_unsaid(line: Line, statement: str) -> str | None:
    """Why a lesson's words are kept from proposers. What changed is code, and shown as such."""
    subject = line.subject
    if subject.about is About.STATED:
        return why_unsafe("\n".join([statement, *_strings(subject.told)]))
    if len(statement.splitlines()) > 1:
        return "a name in it has several lines"
    if subject.about is About.CHANGE:
        return _injected(_QUOTED.sub("", statement))
    for text in [statement, *_strings(subject.told)]:
        if len(text) > _LONGEST_NAME and text != statement:
            return f"it has a name of {len(text)} characters"
        if (injected := _injected(text)) is not None:
            return injected
    return None


@lru_cache(2**12)  # lessons are judged again after every attempt
def _injected(text: str) -> str | None:
    for pattern, why in _INJECTED:
        if found := pattern.search(text):
            return f"{why}: `{_clipped(found[0])}`"
    return None


def _clipped(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return [text for each in inner for text in _strings(each)]


def _wanting(own: int) -> str:
    return f"{own} of the {ENOUGH} attempts of one's own that it takes to believe it"


def _net(tallies: Iterable[Tally]) -> float:
    """How many more became better than became worse or failed, as a share; 0 without any."""
    found = list(tallies)
    total = sum(each.total for each in found)
    return sum(each.better - each.worse - each.failed for each in found) / total if total else 0.0


def _direction(sightings: Iterable[Sighting]) -> int:
    found = list(sightings)
    effect = _net(each.concerned for each in found) - _net(each.others for each in found)
    return (effect > 0) - (effect < 0)


def _bears_out(sightings: Iterable[Sighting], expects: str) -> bool:
    """Whether what is expected is more frequent among the attempts concerned than among the others."""
    found = list(sightings)

    def share(tallies: Iterable[Tally]) -> float:
        counted = list(tallies)
        total = sum(each.total for each in counted)
        return sum(getattr(each, expects, 0) for each in counted) / total if total else 0.0

    return share(each.concerned for each in found) > share(each.others for each in found)


def _bounded(theirs: list[Sighting], own: int) -> list[Sighting]:
    """Foreign sightings that together count for no more than `own` attempts; what their predictions scored
    and what recalling was worth elsewhere counts for nothing."""
    share = min(1.0, own / max(1, sum(each.concerned.total for each in theirs)))
    return [
        replace(
            each,
            concerned=_scaled(each.concerned, share),
            others=_scaled(each.others, share),
            record=Record(),
        )
        for each in theirs
    ]


def _scaled(tally: Tally, share: float) -> Tally:
    told = {each.name: getattr(tally, each.name) for each in fields(Tally)}
    return Tally(**{name: type(value)(value * share) for name, value in told.items()})
