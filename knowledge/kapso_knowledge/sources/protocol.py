"""The seam between where knowledge comes from and what is made of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Raw:
    """One document as it came: `path` as in Place, `media` its type where the source tells one
    (`text/html; charset=…`), else None; `revision` its ETag, blob id or the like, by which it is known again;
    `url` where people find it."""

    path: str
    content: bytes
    revision: str
    media: str | None = None
    time: datetime | None = None
    url: str | None = None

    @property
    def name(self) -> str:
        """The name of its file, by which its format is known where `media` tells none."""
        where = self.path or self.url or ""
        return PurePosixPath(urlsplit(where).path if "://" in where else where).name


@dataclass(frozen=True)
class Same:
    """A document that is as it was when `known` was written."""

    path: str


@dataclass(frozen=True)
class Unread:
    """A document that could not be had or read, and why, in a phrase. What the library has of it stays."""

    path: str
    reason: str


class Source(Protocol):
    """Something to learn from.

    `name` is its canonical name: what hits cite and what `--forget` takes. `trusted` says that it is the
    user's own. Making one touches no network; what is wrong with its name is a SourceError then.
    """

    name: str
    trusted: bool

    @property
    @abstractmethod
    def revision(self) -> str:
        """The revision of the whole (a commit; "" where there is none), known once `documents` was walked."""

    def documents(self, known: Mapping[str, str]) -> Iterator[Raw | Same | Unread]:
        """All documents, in a fixed order, one in memory at a time. `known` are the paths and revisions of
        the time before. What is not named any more is gone from the source.

        Raises SourceError when the source as a whole cannot be had.
        """
