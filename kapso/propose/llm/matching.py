"""Where a searched text stands in a file: the strictest reading that finds it, and only if it finds it once.

Never by likeness: the nearest lines are for the message to the model, not for an edit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

_TYPOGRAPHY = str.maketrans(
    {**dict.fromkeys("‘’‚′", "'"), **dict.fromkeys("“”„″", '"'), **dict.fromkeys("‐‑‒–—−", "-"), " ": " "}
)
_NUMBERED = re.compile(r"^\s*\d+(?:\s?[|:│→\t]\s?|\t)")
_WORD = re.compile(r"\w+")
_LEAST_LIKENESS = 0.4
_MOST_COMPARED = 30
_LONGEST_COMPARED = 600
"""Places that are compared to find the nearest lines, and of how many characters: some 2 ms each."""
_MOST_SHOWN = 30


@dataclass(frozen=True)
class Place:
    """Lines `start` to `stop` of a file, and what takes their place."""

    start: int
    stop: int
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Nearest:
    """The lines of a file that are most like those searched for, and the first that differs."""

    start: int
    lines: tuple[str, ...]
    asked: str
    has: str


def places(file: Sequence[str], search: Sequence[str], replace: Sequence[str]) -> list[Place]:
    """Where `search` stands in `file`, by the strictest reading that finds it at all: as it is, without
    trailing space and fine typography, then indented differently; in each, without line numbers and without
    blank lines around it."""
    variants = list(_variants(list(search), list(replace)))
    for key in (_exactly, _folded, _stripped):
        keys = _keys(tuple(file), key)
        for asked, given in variants:
            found = _find(keys, [key(line) for line in asked])
            made = [_place(file, start, asked, given, key) for start in found]
            if any(made):
                return [each for each in made if each is not None]
    return []


def without_numbers(lines: Sequence[str]) -> list[str]:
    """The lines without the line numbers that stand before all of them."""
    numbered = [line for line in lines if line.strip()]
    if not numbered or not all(_NUMBERED.match(line) for line in numbered):
        return list(lines)
    return [_NUMBERED.sub("", line) for line in lines]


def nearest(file: Sequence[str], search: Sequence[str]) -> Nearest | None:
    """The part of `file` most like `search`; None where nothing is like it."""
    asked = [line.strip() for line in _trimmed(list(search))[0]]
    keys = [line.strip() for line in file]
    best, found = 0.0, 0
    for start in _likely_starts(keys, asked):
        ratio = _likeness(asked, keys[start : start + len(asked)])
        if ratio > best:
            best, found = ratio, start
    if best < _LEAST_LIKENESS:
        return None
    window = keys[found : found + len(asked)]
    at = next((i for i, (a, b) in enumerate(zip(asked, window, strict=False)) if a != b), 0)
    shown = tuple(file[found : found + min(len(asked), _MOST_SHOWN)])
    return Nearest(found, shown, asked[at], window[at] if at < len(window) else "")


def _likely_starts(keys: list[str], asked: list[str]) -> list[int]:
    """Where most lines are the same; where none is, around the lines most like the longest."""
    if not asked or not keys:
        return []
    places: dict[str, list[int]] = {}
    for i, line in enumerate(asked):
        if line:
            places.setdefault(line, []).append(i)
    last = max(0, len(keys) - len(asked))
    votes: Counter[int] = Counter()
    for at, line in enumerate(keys):
        votes.update(min(max(0, at - i), last) for i in places.get(line, ())[:_MOST_COMPARED])
    if votes:
        return [start for start, _ in votes.most_common(_MOST_COMPARED)]
    longest = max(range(len(asked)), key=lambda i: len(asked[i]))
    words = set(_WORD.findall(asked[longest][:_LONGEST_COMPARED]))
    shared = [(len(words & set(_WORD.findall(line[:_LONGEST_COMPARED]))), at) for at, line in enumerate(keys)]
    likely = sorted(shared, key=lambda each: -each[0])[:_MOST_COMPARED]
    return [min(max(0, at - longest), last) for _, at in likely]


def _likeness(asked: list[str], window: list[str]) -> float:
    """From 0 to 1, by what both begin with: comparing takes the product of their lengths."""
    a, b = ("\n".join(lines)[:_LONGEST_COMPARED] for lines in (asked, window))
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def _variants(search: list[str], replace: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    yield search, replace
    plain, given = without_numbers(search), replace
    if plain != search:
        given = without_numbers(replace)
        yield plain, given
    trimmed, (before, after) = _trimmed(plain)
    if trimmed and (before or after):
        yield trimmed, _without_edges(given, before, after)


def _trimmed(lines: list[str]) -> tuple[list[str], tuple[int, int]]:
    """The lines without blank ones around them, and how many those were."""
    full = [at for at, line in enumerate(lines) if line.strip()]
    if not full:
        return [], (len(lines), 0)
    return lines[full[0] : full[-1] + 1], (full[0], len(lines) - full[-1] - 1)


def _without_edges(lines: list[str], before: int, after: int) -> list[str]:
    """The lines without as many blank ones around them, as far as there are."""
    start, stop = 0, len(lines)
    while start < stop and start < before and not lines[start].strip():
        start += 1
    while stop > start and len(lines) - stop < after and not lines[stop - 1].strip():
        stop -= 1
    return lines[start:stop]


def _exactly(line: str) -> str:
    return line


def _folded(line: str) -> str:
    return line.translate(_TYPOGRAPHY).rstrip()


def _stripped(line: str) -> str:
    return _folded(line).strip()


@lru_cache(maxsize=6)
def _keys(file: tuple[str, ...], key: Callable[[str], str]) -> list[str]:
    """Many changes are looked for in one file."""
    return [key(line) for line in file]


def _find(keys: list[str], asked: list[str]) -> list[int]:
    """Where `asked` begins in `keys`, without overlaps being left out."""
    if not asked:
        return []
    size = len(asked)
    return [
        start
        for start in range(len(keys) - size + 1)
        if keys[start] == asked[0] and keys[start : start + size] == asked
    ]


def _place(
    file: Sequence[str], start: int, asked: list[str], given: list[str], key: Callable[[str], str]
) -> Place | None:
    """What becomes of the lines found there; None where their indentation does not tell that of the new."""
    found = list(file[start : start + len(asked)])
    lines: list[str] | None = given
    if key is _stripped:
        lines = _reindented(asked, found, given)
    if lines is None:
        return None
    if key is not _exactly:
        lines = _kept(asked, found, given, lines)
    return Place(start, start + len(asked), tuple(lines))


def _kept(asked: list[str], found: list[str], given: list[str], lines: list[str]) -> list[str]:
    """The new lines, with the file's own where the reply merely repeated them."""
    kept = list(lines)
    for a, b, size in SequenceMatcher(None, asked, given, autojunk=False).get_matching_blocks():
        kept[b : b + size] = found[a : a + size]
    return kept


def _reindented(asked: list[str], found: list[str], given: list[str]) -> list[str] | None:
    """The new lines, indented as the file is: by one step more or less, or level by level."""
    levels: dict[str, str] = {}
    for wanted, has in zip(asked, found, strict=True):
        if wanted.strip() and levels.setdefault(_indent(wanted), _indent(has)) != _indent(has):
            return None
    shifts = {_shift(wanted, has) for wanted, has in levels.items()}
    if len(shifts) == 1 and (shift := shifts.pop()) is not None:
        less, more = shift
        if all(line.startswith(less) for line in given if line.strip()):
            return [more + line[len(less) :] if line.strip() else line for line in given]
    if any(line.strip() and _indent(line) not in levels for line in given):
        return None
    return [levels[_indent(line)] + line.lstrip() if line.strip() else line for line in given]


def _shift(wanted: str, has: str) -> tuple[str, str] | None:
    """What to take away in front and what to put there."""
    if has.endswith(wanted):
        return "", has[: len(has) - len(wanted)]
    return (wanted[: len(wanted) - len(has)], "") if wanted.endswith(has) else None


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
