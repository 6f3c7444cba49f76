"""EVOLVE-BLOCK markers: where a file has any, only what lies between them may change.

A block begins after the line with a start marker and ends before the next line with an end marker,
whatever stands in between: blocks do not nest. One that never ends reaches to the end of the file. A
file with end markers alone has no block, so nothing in it may change.
"""

from __future__ import annotations

import re

_MARKER = re.compile(r"EVOLVE-BLOCK-(START|END)")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def evolve_blocks(text: str) -> list[tuple[int, int]] | None:
    """Start and end of each block, or None where the text has no marker at all."""
    found: list[tuple[int, int]] = []
    start: int | None = None
    seen = False
    for line in _LINE.finditer(text):
        markers = _MARKER.findall(line[0])
        seen = seen or bool(markers)
        if "END" in markers and start is not None:
            found.append((start, line.start()))
            start = None
        if markers and markers[-1] == "START" and start is None:
            start = line.end()
    if start is not None:
        found.append((start, len(text)))
    return found if seen else None


def stays_inside(before: bytes, after: bytes | None) -> bool:
    """Whether a change of a file (None: its removal) leaves all that lies outside its blocks as it was."""
    was = _outside(before)
    return was is None or (after is not None and was == _outside(after))


def kept_inside(before: bytes, after: bytes) -> bytes | None:
    """`after` with all outside its blocks as it was `before`; None where these are not the same blocks."""
    outside, text = _outside(before), after.decode("latin-1")
    blocks = evolve_blocks(text)
    if outside is None or blocks is None or len(blocks) != len(outside) - 1:
        return None
    inside = [*(text[start:end] for start, end in blocks), ""]
    pieces = (piece for pair in zip(outside, inside, strict=True) for piece in pair)
    mended = "".join(pieces).encode("latin-1")
    return mended if stays_inside(before, mended) else None


def _outside(content: bytes) -> list[str] | None:
    """What lies between the blocks, piece by piece; None where there is no marker."""
    text = content.decode("latin-1")  # a character a byte, whatever the encoding
    found = evolve_blocks(text)
    if found is None:
        return None
    starts, ends = [0, *(end for _, end in found)], [*(start for start, _ in found), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]
