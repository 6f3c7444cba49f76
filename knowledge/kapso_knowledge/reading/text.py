"""Plain text: paragraphs between empty lines; headings only where a line is underlined or stands out."""

from __future__ import annotations

import re

from kapso_knowledge.nodes import Place
from kapso_knowledge.reading.decode import decode
from kapso_knowledge.reading.document import Document, Passage
from kapso_knowledge.sources.protocol import Raw

_RULE = re.compile(r"([=\-~^*#+])\1{2,}\s*")
_URL = re.compile(r"https?://[^\s<>\"'`\])}]+")
_STEP = re.compile(r"\s*\d+[.)]\s+\S")
_ITEM = re.compile(r"\s*[-*•+]\s+\S")


def read(raw: Raw, title: str) -> Document:
    """`title` is the document's until a heading of its own says better."""
    lines = decode(raw.content, raw.media).split("\n")
    passages: list[Passage] = []
    heading: tuple[str, ...] = ()
    for first, block in _blocks(lines):
        if len(block) >= 2 and _is_underlined(block):
            heading, first, block = (block[0].strip(),), first + 2, block[2:]
        if block:
            passages.append(_passage(raw.path, first, block, heading))
    first_heading = next((passage.place.section[0] for passage in passages if passage.place.section), None)
    return Document(first_heading or title, tuple(passages))


def _blocks(lines: list[str]) -> list[tuple[int, list[str]]]:
    """The paragraphs, each with the number of its first line (from 1)."""
    blocks: list[tuple[int, list[str]]] = []
    current: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            current.append(line)
        elif current:
            blocks.append((number - len(current), current))
            current = []
    return blocks


def _is_underlined(block: list[str]) -> bool:
    title, rule = block[0].strip(), block[1].strip()
    return bool(_RULE.fullmatch(rule)) and len(rule) >= min(len(title), 4) and 0 < len(title) < 100


def _passage(path: str, first: int, block: list[str], section: tuple[str, ...]) -> Passage:
    text = "\n".join(block)
    form = "prose"
    if sum(bool(_STEP.match(line)) for line in block) >= 2:
        form = "steps"
    elif _ITEM.match(block[0]):
        form = "list"
    place = Place(path, (first, first + len(block) - 1), section=section)
    links = tuple(dict.fromkeys(url.rstrip(".,;:") for url in _URL.findall(text)))
    return Passage(text, place, form, links=links)  # type: ignore[arg-type]
