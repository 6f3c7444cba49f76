"""A commit of a repository's history: what its message says, and each file's changes as code."""

from __future__ import annotations

import re

from kapso_knowledge.nodes import Place
from kapso_knowledge.reading.decode import decode
from kapso_knowledge.reading.document import Document, Passage
from kapso_knowledge.reading.formats import language_of
from kapso_knowledge.sources.protocol import Raw

MEDIA = "text/x-commit"
_FILE = re.compile(r"^diff --git .*\n", re.MULTILINE)
_NEW = re.compile(r"^\+\+\+ (?:b/)?(.*)$", re.MULTILINE)
_TRAILER = re.compile(
    r"^(?:[A-Z][\w-]+-by|Change-Id|Cc|Closes|Refs?|PR-URL): .*$", re.MULTILINE | re.IGNORECASE
)


def read(raw: Raw, title: str) -> Document:
    """What works is a heuristic; the diff follows its message. Places have no lines: the text is made up."""
    message, *changes = _FILE.split(decode(raw.content))
    subject, _, body = message.strip().partition("\n")
    place = Place(raw.path, section=(subject,))
    paragraphs = [subject, *re.split(r"\n\s*\n", _TRAILER.sub("", body))]
    said = [Passage(text.strip(), place) for text in paragraphs if text.strip()]
    done = [Passage(_without_head(text), place, "code", _language(text)) for text in changes if text.strip()]
    return Document(subject or title, (*said, *done), {"kind": "heuristic"})


def _language(change: str) -> str | None:
    found = _NEW.search(change)
    return language_of(found[1]) if found else None


def _without_head(change: str) -> str:
    lines = change.rstrip().split("\n")
    return "\n".join(
        line for line in lines if not line.startswith(("index ", "--- ", "new file", "similarity "))
    )
