"""What asking for an address ends in: its content, or why it could not be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Fetched:
    """`url` is where it was found, after all redirects; `revision` its ETag, else a hash of its content;
    `robots` are the directives of `X-Robots-Tag` (`noindex`, …), in lower case."""

    url: str
    content: bytes
    media: str | None
    revision: str
    modified: datetime | None = None
    robots: frozenset[str] = frozenset()


class Unfetched(Exception):
    """The address could not be had: why, in a phrase. `status` is the last answer's, if there was one;
    `is_down` says that it is the server's trouble, and other addresses there may fare no better."""

    def __init__(self, reason: str, status: int | None = None, *, is_down: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.is_down = is_down

    @property
    def is_gone(self) -> bool:
        """Whether the server says that there is nothing there (any more)."""
        return self.status in (404, 410)
