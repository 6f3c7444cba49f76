"""The best diff as HTML: files, hunks and lines with numbers, highlighted in the file's language.

The program's text is hostile: control and direction characters are shown as escapes, everything else is
escaped by Pygments or here. What is too long to read is cut, and said.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

from kapso.wording import printable, printable_lines

if TYPE_CHECKING:
    from pygments.lexer import Lexer

    from kapso.propose.ablate.dissection import Part

MOST_LINES = 3_000
_WIDEST = 1_000
_MOST_HIGHLIGHTED = 8_000
_WIDEST_HIGHLIGHTED = 300
"""Characters of one hunk's side, and of a line in it: on longer ones, some lexers take many seconds."""
_PATIENCE_S = 2.0
"""Of this thread, however busy the machine, for highlighting a whole diff; what is left then stays plain."""

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")


@dataclass(frozen=True)
class Line:
    """`sign` is `+`, `-`, a space, or `\\` for git's own remark; `at` is its number in the newer file."""

    sign: str
    at: int
    text: str
    html: str = ""
    parts: tuple[Part, ...] = ()
    """What begins here of which it is known what it earns."""


@dataclass
class Hunk:
    """A stretch of a file; `old_at` is the number of its first line in the older file."""

    title: str
    lines: list[Line] = field(default_factory=list)
    old_at: int = 1


@dataclass
class FileDiff:
    """What changed in one file; `notes` are git's lines about renames, modes and binary content."""

    path: str
    notes: list[str] = field(default_factory=list)
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def added(self) -> int:
        return sum(line.sign == "+" for hunk in self.hunks for line in hunk.lines)

    @property
    def removed(self) -> int:
        return sum(line.sign == "-" for hunk in self.hunks for line in hunk.lines)


def read_diff(text: str, most_lines: int = MOST_LINES) -> tuple[list[FileDiff], bool]:
    """The files of a diff as git prints it, highlighted, and whether lines were cut."""
    files, is_cut = parse_diff(text, most_lines)
    deadline = time.thread_time() + _PATIENCE_S
    for file in files:
        lexer = _lexer(file.path)
        for hunk in file.hunks:
            hunk.lines = _highlighted(hunk.lines, lexer if time.thread_time() < deadline else None)
    return files, is_cut


def parse_diff(text: str, most_lines: int = MOST_LINES) -> tuple[list[FileDiff], bool]:
    """The files of a diff as git prints it, not highlighted, and whether lines were cut."""
    lines = text.split("\n")
    return list(_files(iter(lines[:most_lines]))), len(lines) > most_lines


def mark_parts(files: Sequence[FileDiff], parts: Iterable[Part]) -> None:
    """Put each part to the first of its lines that the diff shows."""
    by_path = {file.path: file for file in files}
    for part in parts:
        file = by_path.get(printable(part.path))
        for hunk in file.hunks if file else ():
            at = next((at for at, line in enumerate(hunk.lines) if _belongs(line, part)), None)
            if at is not None:
                hunk.lines[at] = replace(hunk.lines[at], parts=(*hunk.lines[at].parts, part))
                break


def _belongs(line: Line, part: Part) -> bool:
    """Whether a changed line is one of the part's: what was removed stands where the new lines begin."""
    last = part.new_line + max(part.new_lines - 1, 0)
    return line.sign in "+-" and part.new_line <= line.at <= last


def _files(lines: Iterator[str]) -> Iterator[FileDiff]:
    file: FileDiff | None = None
    for line in lines:
        if line.startswith("diff --git "):
            if file is not None:
                yield file
            file = FileDiff(_named(line.removeprefix("diff --git ")))
        elif file is None:
            continue
        elif match := _HUNK.match(line):
            old, new = int(match[2] or 1), int(match[4] or 1)
            hunk = Hunk(printable(match[5])[:_WIDEST], old_at=int(match[1]))
            file.hunks.append(hunk)
            hunk.lines += _hunk_lines(lines, old, new, int(match[3]))
        elif line.startswith("+++ ") and not line.endswith("/dev/null"):
            file.path = _path(line[4:], "b/")
        elif line.startswith("--- ") and not line.endswith("/dev/null"):
            file.path = _path(line[4:], "a/")
        elif line and not line.startswith(("index ", "+++ ", "--- ", "\\")):
            file.notes.append(printable(line)[:_WIDEST])
    if file is not None:
        yield file


def _hunk_lines(lines: Iterator[str], old: int, new: int, at: int) -> Iterator[Line]:
    """Counts as the hunk's header says, so that no line of a program passes for one of git's."""
    while old > 0 or new > 0:
        line = next(lines, None)
        if line is None:
            return
        sign, text = line[:1] or " ", line[1:].removesuffix("\r")
        cut = text if len(text) <= _WIDEST else f"{text[:_WIDEST]}…"
        yield Line(sign, at, printable_lines(cut))
        old -= sign in " -"
        new -= sign in " +"
        at += sign in " +"


def _named(both: str) -> str:
    """The path in `a/PATH b/PATH`, which may have spaces; where the two differ, other lines name it."""
    old, new = both[: len(both) // 2], both[len(both) // 2 + 1 :]
    is_same = old.replace("a/", "b/", 1) == new
    return _path(new if is_same else both.rpartition(" ")[2], "b/")


def _path(quoted: str, prefix: str) -> str:
    """A path as git prints it: with a prefix, a tab behind odd names, quoted with octal escapes."""
    text = quoted.rstrip("\t")
    if len(text) > 1 and text[0] == text[-1] == '"':
        with suppress(UnicodeDecodeError):
            raw = text[1:-1].encode("latin-1", "replace").decode("unicode_escape")
            text = raw.encode("latin-1", "replace").decode("utf-8", "replace")
    return printable(text.removeprefix(prefix))


def _lexer(path: str) -> Lexer | None:
    from pygments.lexers import get_lexer_for_filename  # 60 ms
    from pygments.util import ClassNotFound

    try:
        return get_lexer_for_filename(path, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _highlighted(lines: Sequence[Line], lexer: Lexer | None) -> list[Line]:
    """Old and new side are read apart, each as the text that it is."""
    new = iter(_markup([line.text for line in lines if line.sign in " +"], lexer))
    old = iter(_markup([line.text for line in lines if line.sign in " -"], lexer))
    done = []
    for line in lines:
        html = escape(line.text)
        if line.sign in " +":
            html = next(new)
        if line.sign in " -":
            html = next(old) if line.sign == "-" else (next(old), html)[1]
        done.append(Line(line.sign, line.at, line.text, html))
    return done


def _markup(texts: Sequence[str], lexer: Lexer | None) -> list[str]:
    """One piece of HTML a line, every tag closed within it."""
    plain = [escape(text) for text in texts]
    is_long = (
        sum(map(len, texts)) > _MOST_HIGHLIGHTED or max(map(len, texts), default=0) > _WIDEST_HIGHLIGHTED
    )
    if lexer is None or is_long:
        return plain
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    marked = highlight("\n".join(texts), lexer, HtmlFormatter(nowrap=True, classprefix="t-")).split("\n")
    if len(marked) == len(texts) + 1 and not marked[-1]:
        marked.pop()
    return marked if len(marked) == len(texts) else plain
