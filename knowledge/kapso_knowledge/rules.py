"""From passages to nodes and edges, offline: of a size to read at once, with kinds and links by rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from kapso_knowledge.kinds import kind_of
from kapso_knowledge.links import edges_of
from kapso_knowledge.nodes import Edge, Node, Place, node_id, text_hash
from kapso_knowledge.reading.document import Document, Passage
from kapso_knowledge.reading.formats import language_of
from kapso_knowledge.splitting import split

FULL = 250
"""Words at which a node is full; one long passage may take it to LARGEST."""
LARGEST = 400
_GENERIC = frozenset(
    "example examples usage use parameters returns notes note see also overview introduction summary details"
    " description reference references options arguments remarks attributes methods properties background"
    " syntax code installation install requirements general basics faq api what why how".split()
)


@dataclass(frozen=True)
class Origin:
    """What all nodes of one document share."""

    source: str
    path: str
    revision: str
    learnt: datetime
    trusted: bool = False
    url: str | None = None
    name: str = ""

    @property
    def is_code(self) -> bool:
        """Whether the document is a file of code, and not words about it."""
        return language_of(self.name) is not None


def nodes_of(document: Document, origin: Origin) -> tuple[list[Node], list[Edge]]:
    """The document's nodes in reading order, and what they say of each other and of others."""
    found = list(_groups(document.passages))
    groups = [group for group in found if _says_something(group)] or found
    nodes: list[Node] = []
    count: dict[tuple[str, ...], int] = {}
    for group in groups:
        section = group[0].place.section
        ordinal = count[section] = count.get(section, -1) + 1
        nodes.append(_node(document, origin, group, ordinal))
    return nodes, edges_of(nodes, groups, name=origin.name, url=origin.url)


def _groups(passages: Sequence[Passage]) -> Iterator[list[Passage]]:
    """Passages that make one node: under the same headings, as many as fill it; code stays with its prose."""
    group: list[Passage] = []
    words = 0
    for passage in split(passages, LARGEST):
        size = len(passage.text.split())
        if group and not _belongs(passage, group[-1], words, size):
            yield group
            group, words = [], 0
        group.append(passage)
        words += size
    if group:
        yield group


def _says_something(group: list[Passage]) -> bool:
    """Whether it is more than a label or a date."""
    return any(passage.form == "code" for passage in group) or (
        sum(len(passage.text.split()) for passage in group) > 3 or any(len(p.text) > 40 for p in group)
    )


def _belongs(passage: Passage, before: Passage, words: int, size: int) -> bool:
    if passage.place.section != before.place.section or passage.place.path != before.place.path:
        return False
    if words + size > LARGEST:
        return False
    explained = passage.form == "code" and before.form != "code"
    introduced = before.text.rstrip().endswith(":")
    return words + size <= FULL or explained or introduced


def _node(document: Document, origin: Origin, group: list[Passage], ordinal: int) -> Node:
    section = group[0].place.section
    text = "\n\n".join(_written(passage, fenced=not origin.is_code) for passage in group)
    return Node(
        id=node_id(origin.source, origin.path, section, ordinal),
        kind=kind_of(document, group, origin.name),
        title=_title(document, section, origin.is_code and group[0].form == "code"),
        text=text,
        source=origin.source,
        place=_place(origin.path, group),
        revision=origin.revision,
        learnt=origin.learnt,
        hash=text_hash(text),
        language=_language(group),
        trust=origin.trusted,
    )


def _written(passage: Passage, *, fenced: bool) -> str:
    """The passage as it is shown: code among prose keeps its fence."""
    if passage.form != "code" or not fenced:
        return passage.text
    fence = "```"
    while fence in passage.text:
        fence += "`"
    return f"{fence}{passage.language or ''}\n{passage.text}\n{fence}"


def _place(path: str, group: list[Passage]) -> Place:
    spans = [passage.place.lines for passage in group if passage.place.lines]
    lines = (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None
    place = group[0].place
    return Place(path, lines, place.page, place.section)


def _title(document: Document, section: tuple[str, ...], is_code: bool) -> str:
    """The innermost heading; what says little alone, with the one above it."""
    if not section:
        return document.title
    if is_code:
        return ".".join(section) + f" ({document.title})"
    last = section[-1]
    above = section[-2] if len(section) > 1 else document.title
    is_generic = last.lower() in _GENERIC or len(last) < 4
    return f"{above}: {last}" if is_generic and above != last else last


def _language(group: list[Passage]) -> str | None:
    """The language of most of the code; a recipe is prose in a language, too."""
    sizes: dict[str, int] = {}
    for passage in group:
        if passage.language:
            sizes[passage.language] = sizes.get(passage.language, 0) + len(passage.text)
    return max(sizes, key=lambda name: sizes[name], default=None)
