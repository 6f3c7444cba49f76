"""From bytes to passages: one module a format, by libraries that are made for it; `read` picks among them."""

from __future__ import annotations

from importlib import import_module

from kapso_knowledge.reading.document import Document, Passage, Unreadable
from kapso_knowledge.reading.formats import Format, format_of
from kapso_knowledge.sources.protocol import Raw

__all__ = ["Document", "Passage", "Unreadable", "read"]

_LARGEST: dict[Format, int] = {"pdf": 64_000_000, "notebook": 32_000_000}
_LARGEST_TEXT = 8_000_000
"""Bytes: more is data, or an attack; the largest single page among the documentations tried has 3 MB."""


def read(raw: Raw) -> Document:
    """The document, by the reader of its format; Unreadable, with the reason, where there is none.

    A document may have no passages: an index, or a module that is empty.
    """
    form = format_of(raw.name, raw.media, raw.content)
    if form is None:
        raise Unreadable("neither text, HTML, PDF nor a notebook")
    check_size(form, len(raw.content))
    if form != "code" and not raw.content.strip():
        raise Unreadable("empty")
    reader = import_module(f"kapso_knowledge.reading.{form}")
    try:
        document: Document = reader.read(raw, title=raw.name or raw.url or "untitled")
    except Unreadable:
        raise
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error
    except Exception as error:  # parsers meet what their authors never saw: it must not end the walk
        raise Unreadable(f"its {form} cannot be parsed ({type(error).__name__})") from error
    return document


def check_size(form: Format | None, size: int) -> None:
    """Raise Unreadable for more bytes than a document of this format may have."""
    largest = _LARGEST.get(form, _LARGEST_TEXT) if form else _LARGEST_TEXT
    if size > largest:
        raise Unreadable(f"{size / 1e6:.0f} MB are more than the {largest // 1_000_000} MB that are read")
