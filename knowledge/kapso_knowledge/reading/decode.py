"""From bytes to text, whatever the encoding; what is not text at all is Unreadable."""

from __future__ import annotations

import codecs
import re

from kapso_knowledge.reading.document import Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 65_536  # bytes: guessing reads them some hundred times
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")


def decode(content: bytes, media: str | None = None) -> str:
    """The text: by its byte order mark, the charset its sender told, as UTF-8, or by what it looks like."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _clean(content[len(mark) :].decode(name, "replace"))
    for name in (_charset(media), "utf-8"):
        try:
            return _clean(content.decode(name))
        except (UnicodeDecodeError, LookupError):
            continue
    return _clean(content.decode(_guess(content), "replace"))


def _charset(media: str | None) -> str:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", media or "", re.IGNORECASE)
    name = found[1] if found else "utf-8"
    try:  # `charset=base64` and the like are codecs too, but not of text
        return name if codecs.lookup(name)._is_text_encoding else "utf-8"
    except LookupError:
        return "utf-8"


def _guess(content: bytes) -> str:
    from charset_normalizer import from_bytes  # 60 ms

    best = from_bytes(content[:_SAMPLE]).best()
    return best.encoding if best else "cp1252"


def _clean(text: str) -> str:
    """Lines end in \\n; a text that is full of control characters was none."""
    start = text[:_SAMPLE]
    if len(_CONTROLS.findall(start)) > len(start) // 50:
        raise Unreadable("binary, not text")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", text).replace("\ufeff", "")
