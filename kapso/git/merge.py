"""Three-way merges of single files: line by line, then token by token where lines conflict.

What both sides changed in different ways is left as a `Conflict` for the caller to decide. Differences are
libgit2's, on bytes in memory: no repository is read or written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pygit2

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_TOKEN = re.compile(rb"\d\w*(?:\.\d\w*)?(?:(?<=[eE])[+-]\d+)?|\w+|\n|[^\S\n]+|[^\w\s]")
"""A number is one token: half of `4.7` and half of `2.5` is none that anybody meant."""
_FORCE_TEXT = pygit2.enums.DiffOption.FORCE_TEXT

Lines = tuple[int, int]
"""From which line, counted from 0, up to which, itself not included."""


@dataclass(frozen=True)
class Conflict:
    """What both sides made of one place, and the lines in each side around it."""

    base: bytes
    ours: bytes
    theirs: bytes
    our_lines: Lines
    their_lines: Lines


Piece = bytes | Conflict


class Change(NamedTuple):
    """The lines `old` gave way to the lines `new`."""

    old: Lines
    new: Lines


def merge(base: bytes, ours: bytes, theirs: bytes) -> list[Piece] | None:
    """What both sides made of `base`, piece by piece; None for binary files.

    Two values on neighbouring lines, or on one, are no conflict.
    """
    if b"\0" in base or b"\0" in ours or b"\0" in theirs:
        return None
    pieces: list[Piece] = []
    for piece in _merge([_LINE.findall(each) for each in (base, ours, theirs)], b"".join):
        if not isinstance(piece, Conflict):
            pieces.append(piece)
            continue
        sides = [_TOKEN.findall(each) for each in (piece.base, piece.ours, piece.theirs)]
        for part in _merge(sides, _tokens_as_lines):
            if isinstance(part, Conflict):
                part = Conflict(part.base, part.ours, part.theirs, piece.our_lines, piece.their_lines)
            pieces.append(part)
    return pieces


def conflicts(pieces: Sequence[Piece]) -> list[Conflict]:
    """The places that wait for a decision."""
    return [each for each in pieces if isinstance(each, Conflict)]


def joined(pieces: Sequence[Piece], take: str = "") -> bytes:
    """The merged file. `take` has a letter for each conflict: `o` for ours, the default, `t` for theirs,
    `b` for both, one after the other."""
    letters = iter(take)
    return b"".join(
        each if isinstance(each, bytes) else _decided(each, next(letters, "o")) for each in pieces
    )


def merge_cleanly(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """What both sides made of `base`; None where both changed the same, and for binary files."""
    pieces = merge(base, ours, theirs)
    return None if pieces is None or conflicts(pieces) else joined(pieces)


def changes(old: bytes, new: bytes) -> list[Change]:
    """Which lines differ."""
    patch = pygit2.Patch.create_from(old, new, flag=_FORCE_TEXT, context_lines=0)
    return [
        Change(_lines(hunk.old_start, hunk.old_lines), _lines(hunk.new_start, hunk.new_lines))
        for hunk in patch.hunks
    ]


def _lines(start: int, count: int) -> Lines:
    """Git counts from 1, and names the line before where there is none."""
    return (start, start) if count == 0 else (start - 1, start - 1 + count)


def _decided(conflict: Conflict, letter: str) -> bytes:
    return {"t": conflict.theirs, "b": conflict.ours + conflict.theirs}.get(letter, conflict.ours)


def _merge(sides: Sequence[list[bytes]], spell: Callable[[list[bytes]], bytes]) -> Iterator[Piece]:
    """The three-way merge of lists of units: base, ours and theirs (diff3, Khanna et al. 2007).

    `spell` writes units down, each as a line.
    """
    base, ours, theirs = sides
    spelt = spell(base)
    at, shift_ours, shift_theirs = 0, 0, 0
    clusters = _clusters(changes(spelt, spell(ours)), changes(spelt, spell(theirs)))
    for low, high, ours_grow, theirs_grow in clusters:
        yield b"".join(base[at:low])
        our_lines = (low + shift_ours, high + shift_ours + ours_grow)
        their_lines = (low + shift_theirs, high + shift_theirs + theirs_grow)
        was, mine, their = (
            b"".join(base[low:high]),
            b"".join(ours[slice(*our_lines)]),
            b"".join(theirs[slice(*their_lines)]),
        )
        if was in (mine, their) or mine == their:
            yield their if mine == was else mine
        else:
            yield Conflict(was, mine, their, our_lines, their_lines)
        at, shift_ours, shift_theirs = high, shift_ours + ours_grow, shift_theirs + theirs_grow
    yield b"".join(base[at:])


def _tokens_as_lines(tokens: list[bytes]) -> bytes:
    """One token a line; a line end among them stands as a line of its own, marked."""
    return b"".join(b"\\n\n" if each == b"\n" else each + b"\n" for each in tokens)


def _clusters(ours: list[Change], theirs: list[Change]) -> Iterator[tuple[int, int, int, int]]:
    """The changes of both sides, those that get in each other's way together: first and last unit of the
    base, and by how much each side grew there."""
    waiting = sorted([(each.old, 0, each) for each in ours] + [(each.old, 1, each) for each in theirs])
    cluster: list[int] = []
    for (low, high), side, change in waiting:
        grow = (change.new[1] - change.new[0]) - (high - low)
        if cluster and _collide(cluster[0], cluster[1], low, high):
            cluster[1] = max(cluster[1], high)
        else:
            if cluster:
                yield cluster[0], cluster[1], cluster[2], cluster[3]
            cluster = [low, high, 0, 0]
        cluster[2 + side] += grow
    if cluster:
        yield cluster[0], cluster[1], cluster[2], cluster[3]


def _collide(low: int, high: int, next_low: int, next_high: int) -> bool:
    """Whether two stretches overlap, or two insertions meet."""
    return next_low < high or low == high == next_low == next_high
