"""PDF: its pages' text, under the headings that its outline names or its lines are numbered as.

To be run apart (`apart.py`): a PDF can be made to cost any amount of time and memory.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from kapso_knowledge.nodes import Place
from kapso_knowledge.reading.document import Document, Passage, Unreadable
from kapso_knowledge.sources.protocol import Raw

_MOST_PAGES = 2_000
_PARAGRAPH = 150
"""Words: its paragraphs are lost with their empty lines, so sentences are put together up to here."""
_NUMBERED = re.compile(r"(?:(?:[1-9]\d?|[A-H])(?:\.\d{1,2}){0,3}\.?)\s+[A-Z][^.!?;=]{2,70}")
_NAMED = re.compile(
    r"(?:abstract|introduction|related work|background|preliminaries|methods?|methodology|experiments?|"
    r"evaluation|results|discussion|conclusions?|limitations|acknowledge?ments?|references|bibliography|appendix.{0,60})",
    re.IGNORECASE,
)
_ENDS = re.compile(r"references|bibliography", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"')\]]+|arXiv:\s?\d{4}\.\d{4,5}", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z(\[“\"])")


def read(raw: Raw, title: str) -> Document:
    """`title` is the document's when its metadata have none that is one."""
    from pypdf import PdfReader  # 200 ms
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells of each slip that it mends
    try:
        reader = PdfReader(io.BytesIO(raw.content), strict=False)
        _unlock(reader)
        count = len(reader.pages)
        if count > _MOST_PAGES:
            raise Unreadable(f"{count} pages are more than the {_MOST_PAGES} that are read")
        pages = [_page_text(reader, number) for number in range(count)]
        outline = _outline(reader)
        named = _metadata_title(reader)
    except (PyPdfError, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError) as error:
        raise Unreadable(f"a broken PDF ({type(error).__name__})") from error
    if not any(page.strip() for page in pages):
        raise Unreadable("no text in it, only pictures")
    passages = tuple(_passages(raw.path, pages, outline))
    return Document(named or _first_line(pages) or title, passages)


def _unlock(reader: Any) -> None:
    """Open what is encrypted with an empty password, as every viewer does."""
    if not reader.is_encrypted:
        return
    from pypdf.errors import DependencyError

    try:
        opened = reader.decrypt("")
    except (DependencyError, NotImplementedError) as error:
        raise Unreadable("encrypted") from error
    if not opened:
        raise Unreadable("encrypted: it needs a password")


def _page_text(reader: Any, number: int) -> str:
    """The page's text; a page that is broken is empty, the others are read."""
    from pypdf.errors import PyPdfError

    try:
        return str(reader.pages[number].extract_text() or "").encode("utf-8", "replace").decode()
    except (
        PyPdfError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        ZeroDivisionError,
    ):
        return ""


def _outline(reader: Any) -> frozenset[str]:
    """The titles of the outline, as they are compared with lines."""
    found: set[str] = set()

    def walk(items: Any, depth: int) -> None:
        for item in items:
            if isinstance(item, list):
                if depth < 10:
                    walk(item, depth + 1)
            elif getattr(item, "title", None):
                found.add(_key(str(item.title)))

    try:
        walk(reader.outline, 0)
    except Exception:  # an outline is a courtesy, and often broken
        return frozenset()
    return frozenset(key for key in found if len(key) > 2)


def _key(line: str) -> str:
    return re.sub(r"[\W_\d]+", "", line).lower()


def _metadata_title(reader: Any) -> str | None:
    try:
        title = " ".join(str((reader.metadata and reader.metadata.title) or "").split())
    except Exception:  # as with the outline
        return None
    is_file = re.search(
        r"\.(?:dvi|docx?|tex|pdf|indd|ps)\b|^untitled|^microsoft word|^arxiv:|^\W*$", title, re.I
    )
    return title[:200] if title and not is_file and " " in title else None


def _first_line(pages: list[str]) -> str | None:
    lines = (" ".join(line.split()) for line in pages[0].split("\n"))
    return next(
        (line[:200] for line in lines if len(line) > 8 and not line.lower().startswith("arxiv:")), None
    )


def _passages(path: str, pages: list[str], outline: frozenset[str]) -> Iterator[Passage]:
    repeated = _repeated(pages)
    section: tuple[str, ...] = ()
    has_ended = False
    for number, page in enumerate(pages, 1):
        lines: list[str] = []
        for line in page.split("\n"):
            line = " ".join(line.split())
            if not line or _frame(line) in repeated or re.fullmatch(r"[\d\s.|ivx-]{1,8}", line):
                continue
            heading = _heading(line, section, outline)
            if heading is None:
                lines.append(line)
                continue
            if not has_ended:
                yield from _paragraphs(path, number, section, lines)
            lines, section = [], heading
            has_ended = bool(_ENDS.fullmatch(_bare(section[-1])))
        if not has_ended:
            yield from _paragraphs(path, number, section, lines)


def _repeated(pages: list[str]) -> frozenset[str]:
    """Lines that stand at the edge of many pages: headers and footers."""
    count: Counter[str] = Counter()
    for page in pages:
        lines = [line for line in page.split("\n") if line.strip()]
        count.update({_frame(line) for line in (*lines[:2], *lines[-2:])})
    most = max(3, len(pages) * 0.3)
    return frozenset(line for line, times in count.items() if times >= most)


def _frame(line: str) -> str:
    return re.sub(r"[\d\s]+", "", line)


def _bare(heading: str) -> str:
    return re.sub(r"^[\dA-H.]+\s+", "", heading).strip()


def _heading(line: str, section: tuple[str, ...], outline: frozenset[str]) -> tuple[str, ...] | None:
    """The headings from this line on, if it is one: a numbered one stands under that of the number before."""
    if len(line) > 90 or len(line) < 3:
        return None
    if not (
        _key(line) in outline or _NAMED.fullmatch(_bare(line)) or (not outline and _NUMBERED.fullmatch(line))
    ):
        return None
    number = re.match(r"((?:\d+|[A-H])(?:\.\d+)*)\.?\s", line)
    level = number[1].count(".") if number else 0
    return (*section[:level], line)


def _paragraphs(path: str, page: int, section: tuple[str, ...], lines: list[str]) -> Iterator[Passage]:
    text = re.sub(r"(\w)-\n(?=[a-z])", r"\1", "\n".join(lines)).replace("\n", " ")
    piece: list[str] = []
    words = 0
    for sentence in _SENTENCE.split(text):
        piece.append(sentence)
        words += len(sentence.split())
        if words >= _PARAGRAPH:
            yield _passage(path, page, section, piece)
            piece, words = [], 0
    if words:
        yield _passage(path, page, section, piece)


def _passage(path: str, page: int, section: tuple[str, ...], piece: list[str]) -> Passage:
    text = " ".join(piece)
    links = (
        re.sub(r"(?i)^arxiv:\s?", "https://arxiv.org/abs/", link).rstrip(".,;")
        for link in _LINK.findall(text)
    )
    return Passage(text, Place(path, page=page, section=section), links=tuple(dict.fromkeys(links)))
