"""Which file a reply means: names in headings, fences and diffs, decorated in the ways models know."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection

_WORD = r"(?:the\s+)?(?:new\s+|updated\s+|complete\s+|full\s+|modified\s+)?"
_LABEL = re.compile(rf"^{_WORD}(?:file(?:\s*name|\s*path)?|path|filename|edit(?:ing)?|title)\s*[:=]\s*", re.I)
_ITEM = re.compile(r"^(?:[-*+]\s+|\d+[.)]\s+)")
_COMMENT = re.compile(r"^(?://+|#+|/\*+|<!--|--+|;+|%+|>+)\s*|\s*(?:\*+/|-->)$")
_NOTE = re.compile(r"\s+\((?:new|new file|modified|updated|changed|edited|complete|full)[^()]*\)?$", re.I)
_AROUND = "`*_\"'<>[](){}:,; \t"
_PLAIN = re.compile(r"[\w./@+~-]+")
_LONGEST_LINE = 400
_SUFFIXES = frozenset(
    f".{each}"
    for each in (
        "py pyi c h cc cpp cxx hpp cu rs go java js mjs cjs jsx ts tsx json yaml yml toml ini cfg txt md rst"
        " sh sql csv html css xml jl rb kt swift scala lua r pl php cs hs ml zig f90 asm s cmake tex ipynb"
    ).split()
)
_QUOTED = re.compile(r"`([^`]+)`")
_TOKEN = re.compile(r"[\w.@+~/-]+")


class Paths:
    """The editable files there are, and what a line of a reply says of them."""

    def __init__(self, editable: Collection[str]) -> None:
        self.editable = sorted(editable)
        self._known = set(editable)

    @property
    def only(self) -> str | None:
        """The one editable file, where there is but one."""
        return self.editable[0] if len(self.editable) == 1 else None

    def named(self, line: str) -> str | None:
        """The path that stands alone on a line, decorations left aside; None where it is something else."""
        if len(line) > _LONGEST_LINE:
            return None
        word = _bare(line)
        if not _PLAIN.fullmatch(word):
            return None
        if (known := self._meant(word)) is not None:
            return known
        return posixpath.normpath(word) if self._may_be_new(word) else None

    def mentioned(self, line: str) -> str | None:
        """The one editable file that a sentence mentions by its name."""
        if len(line) > _LONGEST_LINE:
            return None
        found = {known for word in _TOKEN.findall(line) if (known := self._meant(word.rstrip(".")))}
        return found.pop() if len(found) == 1 else None

    def announced(self, line: str) -> str | None:
        """The one new file that a sentence names in backticks (``Create `helper.py`:``)."""
        if len(line) > _LONGEST_LINE:
            return None
        found = {path for word in _QUOTED.findall(line) if (path := self.named(word))}
        return found.pop() if len(found) == 1 and not found & self._known else None

    def in_header(self, header: str) -> str | None:
        """The path in the header of a diff (`a/pack.py`, with a time behind it); None for `/dev/null`."""
        path = header.split("\t", 1)[0].strip().strip('"')
        path = re.sub(r"\s+\d{4}-\d\d-\d\d.*$", "", path)
        if path == "/dev/null":
            return None
        if path in self._known:
            return path
        inside = re.sub(r"^[ab]/", "", path)
        return self._meant(inside) or posixpath.normpath(inside)

    def in_info(self, info: str) -> str | None:
        """The path in what stands behind the fence: `python pack.py`, `python:src/pack.py`, `pack.py`."""
        return next((path for word in re.split(r"[\s:=]+", info) if (path := self.named(word))), None)

    def by_name(self, path: str) -> str | None:
        """The only editable file of that name, whatever its folder."""
        name = posixpath.basename(path)
        found = [each for each in self.editable if posixpath.basename(each) == name]
        return found[0] if len(found) == 1 else None

    def _may_be_new(self, word: str) -> bool:
        """Whether a word looks like the path of a file, and not like `math.sqrt`."""
        suffix = posixpath.splitext(word)[1].lower()
        if "/" in word or posixpath.basename(word).startswith(".git"):
            return bool(suffix) or "/." in f"/{word}"
        return suffix in _SUFFIXES or any(each.endswith(suffix) for each in self.editable if suffix)

    def _meant(self, word: str) -> str | None:
        """The editable file that a path means: itself, or the only one that it is the end of, or that ends
        an absolute path."""
        path = posixpath.normpath(word) if word else ""
        if path in self._known or path in ("", "."):
            return path if path in self._known else None
        ends = [
            each
            for each in self.editable
            if each.endswith(f"/{path}") or (path.startswith("/") and path.endswith(f"/{each}"))
        ]
        return ends[0] if len(ends) == 1 else None


def _bare(line: str) -> str:
    word = line.strip().replace("\\", "/")
    for _ in range(3):
        before = word
        word = _ITEM.sub("", word)
        word = _COMMENT.sub("", word).strip(_AROUND)
        word = _LABEL.sub("", word).strip(_AROUND)
        word = _NOTE.sub("", word).strip(_AROUND)
        if word == before:
            break
    return word
