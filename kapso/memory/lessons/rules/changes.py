"""Changes that earned: the hunks of a run's best, each with as much context as finds it again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kapso.attempt import Attempt
from kapso.git.hunks import changed_lines
from kapso.memory.features import Features
from kapso.memory.lessons.lesson import About, Line, Subject, Tally
from kapso.memory.lessons.rules.background import Background
from kapso.memory.lessons.rules.base import Contrast, Found, Seen, Spoke

if TYPE_CHECKING:
    from kapso.propose.ablate.dissection import Part

_CONTEXT = 2
_MOST_CONTEXT = 8
_LONGEST = 4_000
"""Characters of one side of a hunk."""
_MOST_HUNKS = 24

Hunk = tuple[str, str, str]
"""Path, lines before and lines after, as a `Subject` has them."""


class Changes:
    """Counts attempts that carried a known change out: their operator is the lesson's id."""

    def __init__(self) -> None:
        self._contrast = Contrast()
        self._known: dict[str, Subject] = {}

    def know(self, line: Line) -> None:
        self._known[line.subject.id] = line.subject

    def subjects(self, features: Features) -> Iterable[Subject]:
        if features.operator in self._known:
            yield self._known[features.operator]

    def observe(self, seen: Seen, background: Background) -> Iterable[Found]:
        for subject in self.subjects(seen.features):
            yield self._contrast.add(subject, seen, background)


def hunks_of(
    before: Mapping[str, bytes],
    after: Mapping[str, bytes],
    *,
    alone: bool = False,
) -> dict[tuple[str, int], Hunk] | None:
    """The hunks between two versions, by path and line (from 1).

    None where they are not the whole difference: a file is new, gone, no text, or too much changed. What is
    to stand `alone` has the base's lines around it, whatever becomes of these.
    """
    found: dict[tuple[str, int], Hunk] = {}
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        if old is None or new is None or b"\0" in old + new:
            return None
        for line, hunk in _of_file(path, old, new, alone):
            if max(len(hunk[1]), len(hunk[2])) > _LONGEST or len(found) == _MOST_HUNKS:
                return None
            found[path, line] = hunk
    return found


def _of_file(path: str, old: bytes, new: bytes, alone: bool) -> Iterable[tuple[int, Hunk]]:
    text = old.decode("utf-8", "replace")
    old_lines, new_lines = text.splitlines(True), new.decode("utf-8", "replace").splitlines(True)
    hunks = list(changed_lines(old, new))
    ends = [0, *(each.old_at + each.old for each in hunks)]
    starts = [*(each.old_at for each in hunks), len(old_lines)]
    if alone:
        ends, starts = [0] * len(ends), [len(old_lines)] * len(starts)
    for at, hunk in enumerate(hunks):
        first, last = hunk.old_at, hunk.old_at + hunk.old
        for context in range(_CONTEXT, _MOST_CONTEXT + 1):
            low, high = max(ends[at], first - context), min(starts[at + 1], last + context)
            before = "".join(old_lines[low:high])
            if before and text.count(before) == 1:
                break
        middle = new_lines[hunk.new_at : hunk.new_at + hunk.new]
        after = "".join([*old_lines[low:first], *middle, *old_lines[last:high]])
        yield hunk.old_at + 1, (path, before, after)


def earned(
    best: Attempt, before: Mapping[str, bytes], after: Mapping[str, bytes], parts: Sequence[Part]
) -> Iterable[Found]:
    """The whole change of a confirmed best, and by itself each part that earns, unless it merely gives
    parameters other values, of which other lessons tell.

    Idle parts stay: where an attempt showed that they can go, that attempt is the best that is told of.
    """
    hunks = hunks_of(before, after)
    if not hunks:
        return
    yield _found(best, list(hunks.values()), 1.0)
    gains = {(each.path, each.line): each.gain or 0.0 for each in parts if str(each.effect) == "earns"}
    whole = sum(gains.values())
    single = hunks_of(before, after, alone=True) or {}
    for place, gain in gains.items():
        if len(hunks) > 1 and place in single and not _is_of_values(single[place]):
            yield _found(best, [single[place]], gain / whole if whole > 0 else 1.0)


def _is_of_values(hunk: Hunk) -> bool:
    """Whether its lines are the same but for numbers, strings and truth values."""
    _, before, after = hunk
    return _VALUE.sub("", before) == _VALUE.sub("", after)


_VALUE = re.compile(
    r"""(?<![\w.])[-+]?\d[\w.]*(?:[eE][-+]?\d+)?|"[^"\n]*"|'[^'\n]*'|\b(?:true|false)\b""", re.IGNORECASE
)


def _found(best: Attempt, hunks: Sequence[Hunk], gain: float) -> Found:
    gain = round(min(1.0, max(0.0, gain)), 6)
    return Found(
        Subject(About.CHANGE, {"hunks": [list(each) for each in hunks]}),
        Tally(total=1, better=1, scored=1, gain=gain, square=gain * gain),
        Tally(),
        (Spoke(best.number, best.commit, "better"),),
    )
