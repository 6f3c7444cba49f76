"""From bytes to passages: one module a format, by libraries that are made for it."""

from kapso_knowledge.reading.document import Document, Passage, Unreadable

__all__ = ["Document", "Passage", "Unreadable"]
