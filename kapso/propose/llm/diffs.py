"""Unified diffs as models write them: their counts are not relied on, and headers may be missing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kapso.propose.llm.asked import Broken, Change, Deletion, Edit, Whole
from kapso.propose.llm.paths import Paths

_HUNK = re.compile(r"^@@(?:\s*-(\d+)(?:,\d+)?\s+\+\d+(?:,\d+)?)?")
_ABOUT = re.compile(
    r"^(?:diff --git |index [0-9a-f]|new file mode|deleted file mode|old mode|new mode|similarity index"
    r"|rename (?:from|to)|Binary files )"
)
_PATCHED = re.compile(r"^\*\*\* (Update|Add|Delete) File: (.+?)\s*$")
_GIT = re.compile(r'^diff --git "?(a/.+?)"? "?(b/.+?)"?$')


def with_headers(lines: Sequence[str]) -> list[str]:
    """Patches as models of OpenAI write them (`*** Update File: pack.py`), with the headers of a diff."""
    made: list[str] = []
    is_inside = False
    for number, line in enumerate(lines):
        before = lines[number - 1].strip() if number else ""
        if line.strip() == "*** Begin Patch" and (not before or before.startswith(("```", "~~~"))):
            is_inside = True
        elif is_inside and line.strip() == "*** End Patch":
            is_inside = False
        elif is_inside and (file := _PATCHED.match(line)) is not None:
            old, new = f"a/{file[2]}", f"b/{file[2]}"
            made.append(f"--- {'/dev/null' if file[1] == 'Add' else old}")
            made.append(f"+++ {'/dev/null' if file[1] == 'Delete' else new}")
            made += ["@@"] if file[1] == "Add" else []
        elif not (is_inside and line.strip() == "*** End of File"):
            made.append(line)
    return made


def starts_diff(lines: Sequence[str], at: int) -> bool:
    """Whether a diff with its headers begins at this line, or a hunk."""
    line = lines[at] if at < len(lines) else ""
    following = lines[at + 1] if at + 1 < len(lines) else ""
    is_header = line.startswith("--- ") and following.startswith("+++ ")
    return is_header or line.startswith("diff --git ") or re.match(r"@@(?: |$)", line) is not None


def ends_diff(lines: Sequence[str], start: int) -> int:
    """Where a diff without a fence ends: before the first line that cannot be part of it."""
    at = start
    while at < len(lines) and (not lines[at].strip() or lines[at][0] in " +-@\\" or _ABOUT.match(lines[at])):
        at += 1
    return at


def read_diff(lines: Sequence[str], paths: Paths, heading: str | None, before: int) -> list[Edit]:
    """The edits of a diff, one for each hunk. `heading` names the file where the diff does not; so many edits
    as `before` come ahead of these."""
    return _Diff(paths, heading, before).read(lines)


class _Diff:
    """Goes through the lines of a diff once. `_hunk` is the one that is open, `_at` where it claims to be."""

    def __init__(self, paths: Paths, heading: str | None, before: int) -> None:
        self._paths = paths
        self._heading = heading
        self._before = before
        self._edits: list[Edit] = []
        self._path, self._is_new, self._is_gone = heading, False, False
        self._hunk: list[str] | None = None
        self._at: int | None = None

    def read(self, lines: Sequence[str]) -> list[Edit]:
        for number, line in enumerate(lines):
            before, after = lines[number - 1] if number else "", "".join(lines[number + 1 : number + 2])
            if line.startswith("--- ") and after.startswith("+++ "):
                self._end_file()
                self._begin_file(self._paths.in_header(line[4:]), self._paths.in_header(after[4:]))
            elif line.startswith("+++ ") and before.startswith("--- "):
                continue
            elif (git := _GIT.match(line)) is not None:
                self._end_file()
                self._begin_file(*(self._paths.in_header(path) for path in (git[1], git[2])))
            elif (claimed := _HUNK.match(line)) is not None:
                self._end_hunk()
                self._hunk, self._at = [], int(claimed[1]) if claimed[1] else None
            elif self._hunk is not None or not (_ABOUT.match(line) or not line.strip()):
                self._take(line)
            elif line.startswith("rename from "):
                self._edits.append(
                    Broken("renames a file: send the new file, and a diff that deletes the old", "diff")
                )
        self._end_file()
        return self._edits

    def _begin_file(self, old: str | None, new: str | None) -> None:
        self._path, self._is_new, self._is_gone = new or old or self._heading, old is None, new is None

    def _take(self, line: str) -> None:
        if line[:1] != "\\":  # `\ No newline at end of file`
            self._hunk = self._hunk or []
            self._hunk.append(line)

    def _end_hunk(self) -> None:
        if self._hunk is not None and not self._is_gone:
            edit = _edit(self._hunk, self._label("hunk"), self._path, self._at, self._is_new)
            self._edits += [] if edit is None else [edit]
        self._hunk = self._at = None

    def _end_file(self) -> None:
        self._end_hunk()
        if self._is_gone and self._path is not None:
            self._edits.append(Deletion(self._path, self._label("deletion")))
        self._is_gone = False

    def _label(self, what: str) -> str:
        return f"{what} {self._before + len(self._edits) + 1}"


def _edit(lines: list[str], label: str, path: str | None, at: int | None, is_new: bool) -> Edit | None:
    """One hunk; None where it changes nothing."""
    if not any(line[:1] in ("+", "-") for line in lines):
        return None
    if is_new:
        return Whole(tuple(line[1:] for line in lines if line[:1] == "+"), label, path, True, is_new=True)
    readings = [_sides(lines, 1)]
    if any(line[:1] not in ("+", "-") and line.strip() for line in lines):
        readings.append(_sides(lines, 0))  # the space before what stays was left out
    return Change(tuple(readings), label, path, at)


def _sides(lines: list[str], space: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is searched for and what replaces it; `space` is what stands before a line that stays."""
    old, new = [], []
    for line in lines:
        sign, rest = line[:1], line[1:]
        if sign not in ("+", "-"):
            rest = line[space:] if sign == " " else line
        if sign != "+":
            old.append(rest)
        if sign != "-":
            new.append(rest)
    return tuple(old), tuple(new)
