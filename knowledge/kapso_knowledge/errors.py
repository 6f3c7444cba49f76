"""What can go wrong here, each with what failed, why, and what to do.

KnowledgeError             something is broken
├── SourceError            a source cannot be had, or is named wrongly: a mistake of the caller's
└── LibraryError           the library cannot be opened, read or written

One document that cannot be read is data (`Unread`), never one of these.
"""

from __future__ import annotations


class KnowledgeError(Exception):
    """What failed (`message`, values in backticks, no full stop) and the remedy (`help`)."""

    def __init__(self, message: str, *, help: str | None = None, slug: str = "knowledge") -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.slug = slug


class SourceError(KnowledgeError):
    """The source as a whole cannot be had; the library is as it was."""


class LibraryError(KnowledgeError):
    """The library cannot be opened, read or written."""
