"""An attempt's diff, hunk by hunk: where each stands, what kinds of syntax it touched and which names.

Two commits are compared once; whoever asks again, in whatever thread, gets the same.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from kapso.git.hunks import ChangedLines, changed_lines
from kapso.memory.episode import diff_size
from kapso.memory.outline import OUTSIDE, Outline, outline, replaced, syntax_of, windows
from kapso.propose.mutate.languages import Language, language_of
from kapso.propose.mutate.tree import LONGEST_LINE

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from kapso.git.repository import Repository
    from kapso.git.trees import Entry
    from kapso.memory.episode import Episode

K = TypeVar("K")
V = TypeVar("V")

LARGEST_BYTES = 400_000
"""Of a larger file, nothing is looked at but that it changed."""
MOST_HUNKS = 200
MOST_NAMES = 40
MOST_TEXT = 1_000
"""Characters of each side of a hunk that are kept; git has all of it."""
_KEPT, _KEPT_TEXTS = 256, 16
_WORD = re.compile(r"[^\W\d]\w{1,59}")
_PART_OF_A_WORD = re.compile(r"[\w.]")


@dataclass(frozen=True)
class Hunk:
    """Lines of one file that gave way to others; lines count from 1, or are where they would stand.

    `regions` are the functions that it lies in, "" outside of any; `kinds` kinds of syntax; `names` what it
    brought in (`+name`) and took out (`-name`); `before` and `after` the lines, as far as they are kept.
    """

    path: str
    regions: tuple[str, ...]
    old_line: int
    new_line: int
    removed: int
    added: int
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    before: str = ""
    after: str = ""


class Diffs:
    """The differences between commits of one repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._lock = threading.Lock()
        self._hunks: OrderedDict[tuple[str, str], tuple[Hunk, ...]] = OrderedDict()
        self._outlines: OrderedDict[tuple[str, str], Outline] = OrderedDict()
        self._texts: OrderedDict[str, _Text] = OrderedDict()

    def files(self, a: str, b: str) -> Mapping[str, tuple[bytes, bytes]]:
        """The files that differ, as they were and as they are; one that is not there, or is too large to
        look at, is empty."""
        changes = self._repository.changed_paths(a, b)
        with self._lock:
            return {
                path: (self._read(old).data, self._read(new).data) for path, (old, new) in changes.items()
            }

    def hunks(self, a: str, b: str) -> tuple[Hunk, ...]:
        """What `b` changed of `a`, in order of path and place."""
        with self._lock:
            found = self._hunks.pop((a, b), None)
            if found is None:
                found = tuple(islice(self._compare(a, b), MOST_HUNKS))
            _keep(self._hunks, (a, b), found, _KEPT)
            return found

    def _compare(self, a: str, b: str) -> Iterator[Hunk]:
        for path, (old, new) in sorted(self._repository.changed_paths(a, b).items()):
            before, after = self._read(old), self._read(new)
            changes = _changes(before.data, after.data)
            language = language_of(path)
            if not changes:  # a mode, or what is no text or too large
                yield Hunk(path, (OUTSIDE,), 1, 1, 0, 0)
            elif language is None or not (before.is_code and after.is_code):
                yield from (_plain(path, each, before, after) for each in changes)
            else:
                yield from self._in_code(path, (old, new), changes, (before, after), language)

    def _in_code(
        self,
        path: str,
        entries: tuple[Entry | None, Entry | None],
        changes: list[ChangedLines],
        texts: tuple[_Text, _Text],
        language: Language,
    ) -> Iterator[Hunk]:
        known = self._outline(entries[0], texts[0], language)
        parts = []
        for window in windows(known, changes):
            sides = _Side(texts[0], window.old, language), _Side(texts[1], window.new, language)
            after = outline(sides[1].root, language, window.new[0])
            parts.append((window, after))
            for each in window.changes:
                yield _hunk(path, each, (known, after), sides)
        if entries[1] is not None:
            _keep(self._outlines, (entries[1].oid, language.name), replaced(known, parts), _KEPT)

    def _outline(self, entry: Entry | None, text: _Text, language: Language) -> Outline:
        if entry is None:
            return Outline((), ())
        key = (entry.oid, language.name)
        found = self._outlines.pop(key, None)
        if found is None:
            found = outline(_parse(text.data.decode(), language), language)
        _keep(self._outlines, key, found, _KEPT)
        return found

    def _read(self, entry: Entry | None) -> _Text:
        if entry is None:
            return _Text(b"")
        found = self._texts.pop(entry.oid, None)
        if found is None:
            data = self._repository.objects.read(entry.oid)
            found = _Text(data if len(data) <= LARGEST_BYTES else b"")
        _keep(self._texts, entry.oid, found, _KEPT_TEXTS)
        return found


def with_diff(episode: Episode, parent: str, repository: Repository, diffs: Diffs) -> Episode:
    """The episode with what its attempt changed of the commit `parent`."""
    commit = episode.attempt.commit
    return replace(episode, diff=diff_size(repository, parent, commit), hunks=diffs.hunks(parent, commit))


class _Text:
    """A version of a file."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @cached_property
    def lines(self) -> list[str]:
        return self.data.decode("utf-8", "replace").split("\n")

    @cached_property
    def is_code(self) -> bool:
        """Whether it may have been written by somebody."""
        try:
            self.data.decode("utf-8")
        except UnicodeDecodeError:
            return False
        return max(map(len, self.lines)) <= LONGEST_LINE


class _Side:
    """The lines of a window in one version of a file."""

    def __init__(self, text: _Text, window: tuple[int, int], language: Language) -> None:
        self._at = window[0]
        self._lines = text.lines[window[0] : window[1]]
        self._text = "\n".join(self._lines) + "\n"
        self.root = _parse(self._text, language)

    def span(self, start: int, count: int) -> tuple[int, int]:
        """The characters from the line `start` of the file on, that many lines."""
        skipped = sum(len(each) + 1 for each in self._lines[: start - self._at])
        lines = self._lines[start - self._at :][:count]
        return skipped, skipped + sum(len(each) + 1 for each in lines)

    def text(self, span: tuple[int, int]) -> str:
        return self._text[span[0] : span[1]]

    def syntax(self, span: tuple[int, int]) -> tuple[set[str], set[str]]:
        """What stands there, words that it begins or ends in the midst of taken whole."""
        start, end = span
        if not self._text[start:end].strip():
            return set(), set()
        while start and _PART_OF_A_WORD.match(self._text[start]) and _is_word(self._text[start - 1]):
            start -= 1
        while end < len(self._text) and _is_word(self._text[end - 1]) and _is_word(self._text[end]):
            end += 1
        while self._text[start].isspace():
            start += 1
        while self._text[end - 1].isspace():
            end -= 1
        return syntax_of(self.root, start, end)


def _hunk(
    path: str, change: ChangedLines, outlines: tuple[Outline, Outline], sides: tuple[_Side, _Side]
) -> Hunk:
    spans = sides[0].span(change.old_at, change.old), sides[1].span(change.new_at, change.new)
    before, after = (side.text(span) for side, span in zip(sides, spans, strict=True))
    regions = outlines[0].regions(change.old_at, change.old_at + change.old) if change.old else []
    if change.new:
        regions += outlines[1].regions(change.new_at, change.new_at + change.new)
    low, high = _differing(before, after)
    kinds, gone = sides[0].syntax((spans[0][0] + low, spans[0][1] - high))
    more, come = sides[1].syntax((spans[1][0] + low, spans[1][1] - high))
    return _made(path, change, tuple(dict.fromkeys(regions)), kinds | more, (gone, come), (before, after))


def _plain(path: str, change: ChangedLines, before: _Text, after: _Text) -> Hunk:
    """A hunk of a file whose language is not known here."""
    old = "".join(f"{each}\n" for each in before.lines[change.old_at :][: change.old])
    new = "".join(f"{each}\n" for each in after.lines[change.new_at :][: change.new])
    names = set(_WORD.findall(old)), set(_WORD.findall(new))
    return _made(path, change, (), set(), names, (old, new))


def _changes(before: bytes, after: bytes) -> list[ChangedLines]:
    """What differs; lines that both begin and end with are skipped first, which a large file is most of."""
    low = _shared(before, after)
    start = before.rfind(b"\n", 0, low) + 1
    high = _shared(before[start:][::-1], after[start:][::-1])
    end = before.find(b"\n", len(before) - high) + 1 or len(before)
    skipped = before.count(b"\n", 0, start)
    return [
        each._replace(old_at=each.old_at + skipped, new_at=each.new_at + skipped)
        for each in changed_lines(before[start:end], after[start : len(after) - (len(before) - end)])
    ]


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes they begin with alike: halving, as comparing slices costs next to nothing."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _made(
    path: str,
    change: ChangedLines,
    regions: tuple[str, ...],
    kinds: set[str],
    names: tuple[set[str], set[str]],
    texts: tuple[str, str],
) -> Hunk:
    gone, come = names
    told = [*(f"+{each}" for each in sorted(come - gone)), *(f"-{each}" for each in sorted(gone - come))]
    return Hunk(
        path=path,
        regions=regions or (OUTSIDE,),
        old_line=change.old_at + 1,
        new_line=change.new_at + 1,
        removed=change.old,
        added=change.new,
        kinds=tuple(sorted(kinds)),
        names=tuple(told[:MOST_NAMES]),
        before=texts[0][:MOST_TEXT],
        after=texts[1][:MOST_TEXT],
    )


def _differing(before: str, after: str) -> tuple[int, int]:
    """How many characters the two share at their beginning, and at their end."""
    if not before or not after:
        return 0, 0
    most = min(len(before), len(after))
    low = next((at for at in range(most) if before[at] != after[at]), most)
    high = next((at for at in range(most - low) if before[-1 - at] != after[-1 - at]), most - low)
    return low, high


def _parse(text: str, language: Language) -> SgNode:
    from ast_grep_py import SgRoot  # 5 ms

    return SgRoot(text, language.name).root()


def _is_word(character: str) -> bool:
    return _PART_OF_A_WORD.match(character) is not None


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    while len(kept) > most:
        kept.popitem(last=False)
