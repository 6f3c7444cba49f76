"""The body of an answer, read and unpacked within limits: no more than asked for is ever held."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import httpx

from kapso_knowledge.net.outcome import Unfetched


def read(response: httpx.Response, max_bytes: int) -> bytes:
    """The whole body, unpacked. Raises Unfetched for what is too large, packed strangely, or cut off."""
    length = response.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise Unfetched(f"{_size(int(length))}, more than {_size(max_bytes)}")
    raw = _bounded(response.iter_raw(), max_bytes)
    packing = response.headers.get("content-encoding", "").strip().lower()
    if packing in ("", "identity"):
        return b"".join(raw)
    if packing in ("gzip", "x-gzip"):
        return b"".join(unpack(raw, max_bytes))
    raise Unfetched(f"packed as `{packing}`, which was not asked for")


def _bounded(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > max_bytes:
            raise Unfetched(f"more than {_size(max_bytes)}")
        yield chunk


def unpack(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """What gzip packed, at most `max_bytes` of it, without ever making more (a gzip bomb grows 1,000 times).

    Raises Unfetched for what is larger, damaged or cut off.
    """
    member, room, is_begun = zlib.decompressobj(wbits=31), max_bytes, False
    try:
        for chunk in chunks:
            while chunk:
                if member.eof:  # another member follows the first
                    member, is_begun = zlib.decompressobj(wbits=31), False
                data = member.decompress(chunk, room + 1)
                is_begun = True
                room -= len(data)
                if room < 0:
                    raise Unfetched(f"more than {_size(max_bytes)} once unpacked")
                yield data
                chunk = member.unused_data
    except zlib.error as error:
        raise Unfetched("damaged: it cannot be unpacked") from error
    if is_begun and not member.eof:
        raise Unfetched("cut off: it ends within what is packed")


def _size(count: int) -> str:
    return f"{count / 1e6:.3g} MB" if count >= 1e5 else f"{count} bytes"
