"""Where a node can be pointed at: how an address is written in its normal form, and which a node has."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from kapso_knowledge.nodes import Place


def normal(address: str) -> str:
    """One form for what points to the same: `./a/../Caching.md#Bounds of it` → `Caching.md#bounds-of-it`."""
    whole, _, fragment = address.strip().partition("#")
    if "://" in whole:
        parts = urlsplit(whole)
        whole = urlunsplit((parts.scheme, parts.netloc.lower(), parts.path.rstrip("/"), parts.query, ""))
    elif whole and not re.match(r"[a-z]+:", whole):
        whole = posixpath.normpath(whole)
    return f"{whole}#{_slug(fragment)}" if _slug(fragment) else whole


def within(place: Place) -> Iterator[str]:
    """The addresses of a place within its source: its document, and each heading above it."""
    whole = normal(place.path)
    yield whole
    for heading in reversed(place.section):
        if _slug(heading):
            yield f"{whole}#{_slug(heading)}"


def worldwide(source: str, place: Place) -> Iterator[str]:
    """Its addresses from anywhere: those of its source, where the source or the path tells one."""
    base = place.path if "://" in place.path else f"{source.rstrip('/')}/{place.path}".rstrip("/")
    yield from within(Place(path=base, section=place.section))


def _slug(heading: str) -> str:
    return re.sub(r"[\W_]+", "-", heading.lower()).strip("-")
