"""Jupyter notebooks: their cells in order, as Markdown; what cells printed is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from kapso_knowledge.reading.decode import decode
from kapso_knowledge.reading.document import Document, Unreadable
from kapso_knowledge.reading.markdown import passages_of
from kapso_knowledge.sources.protocol import Raw

_MOST_CELLS = 5_000


def read(raw: Raw, title: str) -> Document:
    """`title` is the document's until a heading says better; places have no lines, as JSON's tell nothing."""
    try:
        book = json.loads(decode(raw.content, raw.media))
    except ValueError as error:
        raise Unreadable("not a notebook: no JSON") from error
    cells = _cells(book)
    if len(cells) > _MOST_CELLS:
        raise Unreadable(f"more than {_MOST_CELLS} cells")
    text = "\n\n".join(_written(cells, _language(book)))
    passages = tuple(
        replace(passage, place=replace(passage.place, lines=None)) for passage in passages_of(text, raw.path)
    )
    first = next((passage.place.section[0] for passage in passages if passage.place.section), None)
    return Document(first or title, passages)


def _cells(book: Any) -> list[dict[str, Any]]:
    """The cells of versions 3 and 4."""
    if not isinstance(book, dict):
        raise Unreadable("not a notebook: no cells")
    cells = book.get("cells")
    if cells is None and isinstance(book.get("worksheets"), list):
        cells = [
            cell for sheet in book["worksheets"] if isinstance(sheet, dict) for cell in sheet.get("cells", [])
        ]
    if not isinstance(cells, list):
        raise Unreadable("not a notebook: no cells")
    return [cell for cell in cells if isinstance(cell, dict)]


def _language(book: dict[str, Any]) -> str:
    metadata = book.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    for key in ("language_info", "kernelspec"):
        about = metadata.get(key)
        told = (
            about.get("name" if key == "language_info" else "language") if isinstance(about, dict) else None
        )
        if isinstance(told, str):
            return told.lower()
    return "python"


def _written(cells: list[dict[str, Any]], language: str) -> Iterator[str]:
    for cell in cells:
        source = cell.get("source", cell.get("input", ""))
        text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        if not text.strip():
            continue
        kind = cell.get("cell_type")
        if kind == "code":
            fence = "```"
            while fence in text:
                fence += "`"
            yield f"{fence}{language}\n{text}\n{fence}"
        elif kind == "heading":
            yield f"{'#' * min(int(cell.get('level') or 1), 6)} {text}"
        elif kind == "markdown":
            yield text
