"""Literals of TOML: every number and boolean that is a value is a setting, named by its path of keys.

The standard library says whether a file is TOML at all, but not where its values stand; what reads
them here therefore only ever sees text that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from kapso.propose.tune.found import DATA_AT, Found, is_setting
from kapso.propose.tune.slots import ASLEEP, CONFIGURED, NEVER

_BLANK = re.compile(r"(?:[\s,]+|#[^\n]*)*")
_KEY = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|[\w-]+')
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_SCALAR = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\''
    r"|\d{4}-\d\d-\d\d(?:[ Tt]\d\d:[^\s,\]}#]*)?|[^\s,\[\]{}#]+",
    re.DOTALL,
)
_COMMENT = re.compile(r"#[^\n]*")

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A scalar: its keys from the outermost table inwards, and how many scalars its array holds."""

    keys: Keys
    start: int
    end: int
    siblings: int = 1


@dataclass
class Document:
    """The scalars, the headers of tables (and where each ends), and the comments of a TOML text."""

    entries: list[Entry] = field(default_factory=list)
    headers: dict[Keys, int] = field(default_factory=dict)
    comments: list[tuple[int, int]] = field(default_factory=list)


def read_document(text: str) -> Document | None:
    """What stands where, or None when `text` is no TOML."""
    import tomllib

    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    return _Scanner(text).scan()


def find_literals(text: str, document: Document) -> Iterator[Found]:
    """Every scalar that is a value; long arrays are data."""
    for entry in document.entries:
        tier = CONFIGURED if all(map(is_setting, entry.keys)) and entry.siblings <= DATA_AT else NEVER
        yield _found(text, entry, tier)


def strings(text: str, document: Document) -> Iterator[Found]:
    """The same, for the strings among them, which only a marker makes a choice."""
    for entry in document.entries:
        if text[entry.start] in "\"'":
            yield _found(text, entry, ASLEEP)


def _found(text: str, entry: Entry, tier: int) -> Found:
    names = tuple(re.sub(r"[^\w-]+", "_", key)[:40] for key in entry.keys)
    return Found(entry.start, entry.end, text[entry.start : entry.end], names, tier, signed=True)


class _Scanner:
    """One pass over a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._document = Document()

    def scan(self) -> Document:
        table: Keys = ()
        while self._skip():
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._document

    def _skip(self) -> bool:
        """Go on to what is neither space, comma nor comment; False at the end."""
        match = _BLANK.match(self._text, self._at)
        assert match is not None
        for comment in _COMMENT.finditer(self._text, self._at, match.end()):
            self._document.comments.append(comment.span())
        self._at = match.end()
        return self._at < len(self._text)

    def _header(self) -> Keys:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        keys = self._keys()
        self._at = self._text.index("]" * brackets, self._at) + brackets
        self._document.headers[keys] = self._at
        return keys

    def _keys(self) -> Keys:
        keys: list[str] = []
        while True:
            while self._text[self._at] in " \t":
                self._at += 1
            keys.append(self._take(_KEY).strip("\"'"))
            if not self._has(_DOT):
                return tuple(keys)

    def _pair(self, table: Keys) -> None:
        keys = (*table, *self._keys())
        self._take(_EQUALS)
        self._value(keys)

    def _value(self, keys: Keys, siblings: int = 1) -> None:
        opening = self._text[self._at]
        if opening in "[{":
            self._at += 1
            self._inside(keys, opening == "{")
            return
        start = self._at
        self._take(_SCALAR)
        self._document.entries.append(Entry(keys, start, self._at, siblings))

    def _inside(self, keys: Keys, is_table: bool) -> None:
        first = len(self._document.entries)
        while self._skip() and self._text[self._at] not in "]}":
            if is_table:
                self._pair(keys)
            else:
                self._value(keys)
        self._at += 1
        if not is_table:
            inside = self._document.entries[first:]
            self._document.entries[first:] = [
                Entry(e.keys, e.start, e.end, max(len(inside), e.siblings)) for e in inside
            ]

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        assert match is not None, f"not TOML at {self._at}"
        self._at = match.end()
        return match[0]

    def _has(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match is not None
