"""A file as lines without their ends, which come back as they were: untouched lines keep every byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kapso.propose.llm.matching import Place

_BOM = "\ufeff"


@dataclass(frozen=True)
class Text:
    """`ends` has the end of each line, "" for a last line without one; `newline` is what most have."""

    lines: tuple[str, ...]
    ends: tuple[str, ...]
    newline: str = "\n"
    mark: str = ""

    @classmethod
    def of(cls, content: bytes) -> Text:
        """The text of a file; bytes that are no UTF-8 survive."""
        text = content.decode("utf-8", "surrogateescape")
        mark = _BOM if text.startswith(_BOM) else ""
        pieces = text.removeprefix(_BOM).split("\n")
        last = pieces.pop()
        lines = [piece.removesuffix("\r") for piece in pieces]
        ends = ["\r\n" if piece.endswith("\r") else "\n" for piece in pieces]
        common = Counter(ends).most_common(1)
        if last:
            lines.append(last)
            ends.append("")
        return cls(tuple(lines), tuple(ends), common[0][0] if common else "\n", mark)

    def encoded(self) -> bytes:
        """The bytes of the file."""
        text = "".join(line + end for line, end in zip(self.lines, self.ends, strict=True))
        return (self.mark + text).encode("utf-8", "surrogateescape")

    def with_places(self, places: Iterable[Place]) -> Text:
        """The text with these places filled anew; they do not overlap."""
        lines, ends = list(self.lines), list(self.ends)
        for place in sorted(places, key=lambda each: -each.start):
            old = ends[place.start : place.stop]
            # A line that takes the place of another has its end; more of them have the usual one.
            new = [old[i] or self.newline if i < len(old) else self.newline for i in range(len(place.lines))]
            if old and not old[-1] and new:
                new[-1] = ""
            lines[place.start : place.stop] = place.lines
            ends[place.start : place.stop] = new
        return Text(tuple(lines), tuple(ends), self.newline, self.mark)

    def anew(self, lines: Sequence[str]) -> Text:
        """Other lines in the manner of this file: its line ends, and one end of line at the end."""
        kept = list(lines)
        while kept and not kept[-1].strip():
            kept.pop()
        ends = [self.newline] * len(kept)
        if kept and self.ends and not self.ends[-1]:
            ends[-1] = ""
        return Text(tuple(kept), tuple(ends), self.newline, self.mark)
