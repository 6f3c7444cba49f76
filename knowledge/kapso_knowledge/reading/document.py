"""What every reader makes of its format: a document of passages in reading order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kapso_knowledge.nodes import Place


class Unreadable(Exception):
    """The document cannot be read: why, in a phrase (`encrypted`, `not a PDF`)."""


@dataclass(frozen=True)
class Passage:
    """A paragraph, a list, a table or a block of code, under the headings of its `place`.

    `links` are the addresses that it points to, as written: URLs, or relative to its document.
    """

    text: str
    place: Place
    form: Literal["prose", "list", "steps", "table", "code"] = "prose"
    language: str | None = None
    links: tuple[str, ...] = ()


@dataclass(frozen=True)
class Document:
    """`front` is the front matter, where the format has one (a playbook's title, kind, applies_to …)."""

    title: str
    passages: tuple[Passage, ...]
    front: Mapping[str, Any] = field(default_factory=dict)
