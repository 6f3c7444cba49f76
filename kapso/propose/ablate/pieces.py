"""A diff cut to pieces that can be left out one by one: hunks, and within a hunk single edits.

A piece is cut in the coordinates of the base, so that any subset of them makes files. What is binary, new or
deleted is one piece.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from kapso.git.hunks import ChangedLines, changed_lines
from kapso.propose.protocol import Files

LONGEST = 4_000
"""Characters that are compared token by token: more, on a line or where lines came or went, stay whole."""
ALIKE = 0.4
"""How much of two lines must be the same for what differs to be edits, and not another line."""

_TOKEN = re.compile(
    r"""
    "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    | \.?\d (?: [eE][+-]?\d | [\w.] )*
    | \w+ | \n | [^\S\n]+ | [-+*/%&|^<>=!~?:]+ | .""",
    re.VERBOSE | re.DOTALL,
)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_ROW = re.compile(r"[^\n]*\n[^\S\n]*|[^\n]+")
"""A line up to where the next one's words begin, as edits that begin amid a line are cut."""
_Cut = tuple[int, int, str]
"""Start and end in the old text, and what stands there in the new one."""


@dataclass(frozen=True)
class Piece:
    """What can be left out: `old`, at `start` in the base's file, became `new`. None: there is no file."""

    id: str
    path: str
    start: int
    old: str | None
    new: str | None

    @property
    def is_file(self) -> bool:
        return self.old is None or self.new is None

    @property
    def change(self) -> tuple[str, int, str | None, str | None]:
        """What makes it the same piece in another diff against the same base."""
        return self.path, self.start, self.old, self.new

    @property
    def shown(self) -> str:
        """What it changed, short enough for a title."""
        if self.is_file or "\0" in f"{self.old}{self.new}":
            return (
                "the missing file" if self.new is None else "the new file" if self.old is None else "the file"
            )
        old, new = (_short(each) for each in (self.old, self.new))
        return f"`{old}` → `{new}`" if old and new else f"the new `{new}`" if new else f"the missing `{old}`"


@dataclass(frozen=True)
class Hunk:
    """Neighbouring changes: lines of the base from `line` on became lines from `new_line` on (from 1).

    `pieces` are numbers in the diff's `pieces`; the counts are 0 where nothing stands, or nothing of lines.
    """

    id: str
    path: str
    line: int
    old_lines: int
    new_line: int
    new_lines: int
    pieces: frozenset[int]

    @property
    def lines(self) -> int:
        """How many lines it changes, as git counts them."""
        return self.old_lines + self.new_lines


@dataclass(frozen=True)
class Diff:
    """All that differs between the base and a subject."""

    hunks: tuple[Hunk, ...]
    pieces: tuple[Piece, ...]

    @property
    def lines(self) -> int:
        """How many lines it changes, as git counts them."""
        return sum(hunk.lines for hunk in self.hunks)

    @property
    def all(self) -> frozenset[int]:
        return frozenset(range(len(self.pieces)))

    def files(self, base: Files, kept: Collection[int]) -> dict[str, bytes | None]:
        """The files that the diff touches as they are with the pieces `kept` alone; None: there is none."""
        made: dict[str, bytes | None] = {}
        for path in dict.fromkeys(piece.path for piece in self.pieces):
            mine = [each for at, each in enumerate(self.pieces) if at in kept and each.path == path]
            made[path] = _apply(base.get(path), mine)
        return made

    def names(self, some: Collection[int]) -> list[str]:
        """The ids of the pieces `some`, whole hunks under one."""
        whole = [hunk for hunk in self.hunks if hunk.pieces <= set(some)]
        covered = frozenset[int]().union(*(hunk.pieces for hunk in whole))
        return [hunk.id for hunk in whole] + [self.pieces[at].id for at in sorted(set(some) - covered)]

    def named(self, names: Iterable[str]) -> frozenset[int] | None:
        """The pieces with these ids; None where one of them is none of this diff."""
        known = {hunk.id: hunk.pieces for hunk in self.hunks}
        known |= {piece.id: frozenset({at}) for at, piece in enumerate(self.pieces)}
        names = list(names)
        if any(name not in known for name in names):
            return None
        return frozenset[int]().union(*(known[name] for name in names))


def cut(base: Files, subject: Files, paths: Collection[str]) -> Diff:
    """The pieces of what `subject` changed in `base`, at the `paths` where the two differ."""
    hunks: list[Hunk] = []
    pieces: list[Piece] = []
    for path in sorted(paths):
        for hunk, cuts in _hunks(path, base.get(path), subject.get(path)):
            first = len(pieces)
            pieces += cuts
            hunks.append(
                Hunk(
                    *(hunk.id, path, hunk.line, hunk.old_lines, hunk.new_line, hunk.new_lines),
                    frozenset(range(first, len(pieces))),
                )
            )
    return Diff(tuple(hunks), tuple(pieces))


@lru_cache(maxsize=16)
def _hunks(path: str, old: bytes | None, new: bytes | None) -> tuple[tuple[Hunk, list[Piece]], ...]:
    """Remembered, as every attempt asks for the subject's: hundreds of edits on one line take a second."""
    return tuple(_cut_file(path, old, new))


def _cut_file(path: str, old: bytes | None, new: bytes | None) -> Iterator[tuple[Hunk, list[Piece]]]:
    if old == new:
        return
    if old is None or new is None or b"\0" in old or b"\0" in new:
        name = f"{path}:{_digest(repr((old, new)))}"
        piece = Piece(name, path, 0, *(None if each is None else _text(each) for each in (old, new)))
        is_binary = b"\0" in (old or b"") + (new or b"")
        lines = (0 if is_binary or each is None else len(_lines(_text(each))) for each in (old, new))
        counts = dict(zip(("old_lines", "new_lines"), lines, strict=True))
        yield Hunk(name, path, 1, new_line=1, pieces=frozenset(), **counts), [piece]
        return
    before, after = _lines(_text(old)), _lines(_text(new))
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    for at in changed_lines(old, new):
        yield _hunk(path, at, before, after, starts[at.old_at])


def _hunk(
    path: str, at: ChangedLines, before: list[str], after: list[str], start: int
) -> tuple[Hunk, list[Piece]]:
    old = "".join(before[at.old_at : at.old_at + at.old])
    new = "".join(after[at.new_at : at.new_at + at.new])
    name = f"{path}:{at.old_at + 1}:{_digest(f'{old}{chr(0)}{new}')}"
    cuts = _cuts(old, new)
    pieces = [
        Piece(f"{name}.{nth}" if len(cuts) > 1 else name, path, start + low, old[low:high], text)
        for nth, (low, high, text) in enumerate(cuts)
    ]
    return Hunk(name, path, at.old_at + 1, at.old, at.new_at + 1, at.new, frozenset()), pieces


def _cuts(old: str, new: str) -> list[_Cut]:
    """The single edits of a hunk."""
    whole = [(0, len(old), new)]
    before, after = _lines(old), _lines(new)
    if not before:
        return [(0, 0, line) for line in _with_blanks(after)]
    if not after:
        return list(_each_removed(_with_blanks(before)))
    if len(before) != len(after):
        return _edits(old, new) or whole
    found: list[_Cut] = []
    at = 0
    for mine, theirs in zip(before, after, strict=True):
        if mine != theirs:
            edits = _edits(mine, theirs) or [(0, len(mine), theirs)]
            found += [(at + low, at + high, text) for low, high, text in edits]
        at += len(mine)
    return found


def _edits(old: str, new: str) -> list[_Cut]:
    """What differs token by token; nothing where the two are too long, or have too little in common."""
    if max(len(old), len(new)) > LONGEST:
        return []
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < ALIKE:
        return []
    starts = [0]
    for token in before:
        starts.append(starts[-1] + len(token))
    cuts: list[_Cut] = []
    for tag, low, high, first, last in matcher.get_opcodes():
        text = "".join(after[first:last])
        if tag == "insert":
            cuts += [(starts[low], starts[low], line) for line in _rows(text)]
        elif tag == "delete":
            cuts += _each_removed(_rows("".join(before[low:high])), starts[low])
        elif tag == "replace":
            cuts.append((starts[low], starts[high], text))
    return cuts


def _rows(text: str) -> list[str]:
    return _with_blanks(_ROW.findall(text))


def _with_blanks(lines: list[str]) -> list[str]:
    """The lines, empty ones joined to the next: nobody wants to know what they earn."""
    joined, waiting = [], ""
    for line in lines:
        waiting += line
        if line.strip():
            joined.append(waiting)
            waiting = ""
    if waiting and joined:
        joined[-1] += waiting
        waiting = ""
    return joined or [waiting]


def _each_removed(lines: list[str], at: int = 0) -> Iterator[_Cut]:
    for line in lines:
        yield at, at + len(line), ""
        at += len(line)


def _apply(content: bytes | None, pieces: list[Piece]) -> bytes | None:
    """A file of the base with these pieces in place, which come in order."""
    if not pieces:
        return content
    if pieces[0].is_file or content is None:
        new = pieces[0].new
        return None if new is None else _bytes(new)
    text, made, at = _text(content), [], 0
    for piece in pieces:
        made += [text[at : piece.start], piece.new or ""]
        at = piece.start + len(piece.old or "")
    return _bytes("".join([*made, text[at:]]))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _lines(text: str) -> list[str]:
    return _LINE.findall(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _short(text: str | None, most: int = 24) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
