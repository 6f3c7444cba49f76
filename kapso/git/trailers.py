"""A commit message as subject, body and trailers, and back without loss.

Whatever stands in subject, body or values, git and this module read exactly the trailers that were given:
text that git would take for an end of the message or a further line is escaped with a backslash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from kapso.errors import KapsoError

_LINE_BREAKS_AND_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_ESCAPE = r"[\\nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}"
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_UNNAMED = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}

_ESCAPED = re.compile(rf"\\({_ESCAPE})")
_BACKSLASH = {
    forbidden: re.compile(rf"\\(?={_ESCAPE}|{forbidden})")
    for forbidden in (_CONTROL, _LINE_BREAKS_AND_CONTROL)
}
# `git interpret-trailers` stops reading a message at a line `---` and at the scissors of `git commit -v`.
_END_OF_MESSAGE = re.compile(r"^-(?=--)|(?<=-)-(?= >8 -)", re.MULTILINE)
_TRAILER = re.compile(r"([A-Za-z0-9-]+):(?: (.*))?")


class TrailerError(KapsoError):
    """A commit message that is no attempt's, or names a trailer twice."""


def format_message(subject: str, body: str, trailers: Mapping[str, str]) -> str:
    """The message that `parse_message` and git read back as what was given."""
    if not trailers:
        raise ValueError("a message without trailers would leave its body to be read as such")
    parts = [_one_line(subject), _escape(body, _CONTROL)] if body else [_one_line(subject)]
    parts = [_END_OF_MESSAGE.sub(r"\\x2d", part) for part in parts]
    parts.append("\n".join(f"{key}: {_one_line(value)}".rstrip(" ") for key, value in trailers.items()))
    return "\n\n".join(parts) + "\n"


def parse_message(text: str) -> tuple[str, str, dict[str, str]]:
    """Subject, body and trailers (none if the last paragraph holds anything else). Refuses duplicates."""
    subject, _, rest = text.partition("\n\n")
    body, _, block = rest.rpartition("\n\n")
    lines = [_TRAILER.fullmatch(line) for line in block.rstrip("\n").split("\n")]
    trailers: dict[str, str] = {}
    for line in lines:
        if line is None:
            return unescape(subject.rstrip("\n")), unescape(rest.rstrip("\n")), {}
        if line[1] in trailers:
            raise TrailerError(f"the trailer `{line[1]}` stands twice", slug="duplicate-trailer")
        trailers[line[1]] = unescape(line[2] or "")
    return unescape(subject), unescape(body), trailers


def unescape(text: str) -> str:
    """The text that was escaped; a backslash that begins no escape stands for itself."""
    return _ESCAPED.sub(_character, text) if "\\" in text else text


def _one_line(text: str) -> str:
    escaped = _escape(text, _LINE_BREAKS_AND_CONTROL)
    stripped = escaped.strip(" ")
    if stripped == escaped:
        return escaped
    before = len(escaped) - len(escaped.lstrip(" "))
    after = len(escaped) - before - len(stripped)
    return r"\x20" * before + stripped + r"\x20" * after


def _escape(text: str, forbidden: str) -> str:
    if "\\" in text:
        text = _BACKSLASH[forbidden].sub(r"\\\\", text)
    return re.sub(forbidden, _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _character(match: re.Match[str]) -> str:
    escape = match[1]
    return _UNNAMED.get(escape) or chr(int(escape[1:], 16))
