"""Passages too long for a node, cut where it hurts least: between items, lines or sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kapso_knowledge.reading.document import Passage

_ITEM = re.compile(r"(?:[-*+•]|\d+[.)])\s")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def split(passages: Sequence[Passage], largest: int) -> Iterator[Passage]:
    """The same passages, those of more than `largest` words in pieces, with the lines of each piece."""
    for passage in passages:
        if len(passage.text.split()) <= largest and len(passage.text) <= largest * 12:
            yield passage
        else:
            yield from _pieces(passage, largest)


def _pieces(passage: Passage, largest: int) -> Iterator[Passage]:
    lines = passage.text.split("\n")
    span = passage.place.lines
    is_exact = span is not None and span[1] - span[0] + 1 == len(lines)
    if len(lines) == 1 or max(len(line.split()) for line in lines) > largest:
        for text in _by_sentence(passage.text, largest):
            yield replace(passage, text=text, links=_within(passage.links, text))
        return
    first = 0
    for end in _cuts(lines, largest, passage.form):
        place = passage.place
        if is_exact and span:
            place = replace(place, lines=(span[0] + first, span[0] + end - 1))
        text = "\n".join(lines[first:end])
        yield replace(passage, text=text, place=place, links=_within(passage.links, text))
        first = end


def _within(links: Sequence[str], text: str) -> tuple[str, ...]:
    """The links that are written out in a piece; of the others nobody knows which piece they are in."""
    return tuple(link for link in links if link in text)


def _cuts(lines: list[str], largest: int, form: str) -> Iterator[int]:
    """The lines before which to cut, and the end."""
    words = good = 0
    first = 0
    for number, line in enumerate(lines):
        size = len(line.split()) + len(line) // 200
        if number > first and words + size > largest * 3 // 4:
            cut = good if good > first else number
            yield cut
            first, words = cut, sum(len(each.split()) for each in lines[cut:number])
            good = first
        words += size
        if _is_good(line, form):
            good = number
    yield len(lines)


def _is_good(line: str, form: str) -> bool:
    """Whether a piece may begin at this line: an item, a statement that is not indented, a paragraph."""
    if form in ("list", "steps"):
        return bool(_ITEM.match(line))
    return not line.strip() or (form == "code" and line[:1].strip() not in ("", ")", "]", "}"))


def _by_sentence(text: str, largest: int) -> Iterator[str]:
    """For text without line ends: whole sentences, or where there are none, words."""
    piece: list[str] = []
    count = 0
    for sentence in _SENTENCE.split(text):
        words = sentence.split(" ")
        for start in range(0, len(words), largest):
            part = words[start : start + largest]
            if piece and count + len(part) > largest * 3 // 4:
                yield " ".join(piece)
                piece, count = [], 0
            piece += part
            count += len(part)
    if piece:
        yield " ".join(piece)
