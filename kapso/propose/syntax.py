"""What program a file is: equal for files that differ in format and comments alone, where a parser can tell.

The form of a file is its tokens, as its syntax tree has them, with the line ends and the indentation that
mean something in its language. Whatever leaves a doubt stands for itself, byte by byte: a file that does not
parse, that is large, that looks at its own source, or whose language is not known here.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ast_grep_py import Config, Rule, SgNode


class _Lines(Enum):
    """What a line end means: nothing beside directives, the end of a statement, or that and a block."""

    DIRECTIVES = "directives"
    STATEMENTS = "statements"
    INDENTED = "indented"


_SUFFIXES = {
    **dict.fromkeys("cc cpp cxx cu h hh hpp hxx cuh inl".split(), "cpp"),
    **dict.fromkeys("js mjs cjs jsx".split(), "javascript"),
    **dict.fromkeys("ts mts cts".split(), "typescript"),
    **{"c": "c", "go": "go", "rs": "rust", "py": "python", "tsx": "tsx", "java": "java", "json": "json"},
}
_LINES = {
    **dict.fromkeys(("c", "cpp", "rust", "java"), _Lines.DIRECTIVES),
    **dict.fromkeys(("go", "javascript", "typescript", "tsx"), _Lines.STATEMENTS),
    "python": _Lines.INDENTED,
}
"""The languages whose format is known; of the others, every byte counts."""
LARGEST = 200_000
"""Bytes; parsing takes 0.1 ms a thousand."""
LONGEST_LINE = 5_000
"""Characters; a longer line was made by a machine, and may be nested so deeply that a walk takes seconds."""

_WHOLE: Mapping[str, tuple[str, ...]] = {
    "python": ("comment", "string"),
    "c": ("comment", "string_literal", "char_literal", "system_lib_string"),
    "cpp": ("comment", "string_literal", "raw_string_literal", "char_literal", "system_lib_string"),
    "rust": ("line_comment", "block_comment", "string_literal", "raw_string_literal", "char_literal"),
    "go": ("comment", "raw_string_literal", "interpreted_string_literal", "rune_literal"),
    "java": ("line_comment", "block_comment", "string_literal", "character_literal"),
    "javascript": ("comment", "string", "template_string", "regex", "jsx_text"),
    "typescript": ("comment", "string", "template_string", "regex"),
    "tsx": ("comment", "string", "template_string", "regex", "jsx_text"),
}
"""Kinds of nodes that are not taken apart: comments, and where space is no format."""
_TELLING = re.compile(
    r"\#!|(?:\#+|//+|/\*+)\s*(?:[@+:$<!]|[\w.-]+\s*[:=]|line\s+\d|export\s)"
    r"|.*?(?:kapso|EVOLVE-BLOCK|-\*-|pragma|no(?:qa|lint)|fall.?through|eslint|pylint|webpack|__PURE__)",
    re.IGNORECASE | re.DOTALL,
)
"""Comments that some tool may read, with room to spare: they are kept."""
_LOOKS_AT_ITSELF = (
    "__LINE__", "__COUNTER__", "line!", "column!", "include_str!", "source_location", "getsource", "lineno",
    "currentframe", "linecache", "open(__file__", "runtime.Caller", ".stack", 'import "C"', "__doc__",
)  # fmt: skip
"""Words of programs to which their own lines or comments matter."""
_COMMENTS = frozenset(("comment", "line_comment", "block_comment"))
_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")
_GOES_ON = frozenset((",", ";", "(", "[", "{"))
"""After these, a line end ends no statement."""


def identity(files: Mapping[str, str]) -> str:
    """The identity of a program, from the form of each file, or of each that is not as in the base."""
    return _digest("\n".join(f"{path}\0{form}" for path, form in sorted(files.items())))


def form(path: str, content: bytes) -> str:
    """The digest of a file's normal form."""
    language = _language(path)
    if language not in _LINES or (text := _text(content)) is None:
        return _digest_bytes(content)
    if any(word in text for word in _LOOKS_AT_ITSELF):
        return _digest_bytes(content)
    root = _parse(text, language)
    if root.find(kind="ERROR") is not None:
        return _digest_bytes(content)
    return _digest(f"{language}\n" + "\x1f".join(_tokens(text, root, language)))


def faults(path: str, content: bytes) -> int | None:
    """How many errors the parser of its language finds in a file; None where there is no parser for it."""
    language = _language(path)
    if language is None or (text := _text(content)) is None:
        return None
    return count_faults(text, language)


def first_fault(path: str, content: bytes) -> int | None:
    """The number of the first line at which the parser finds an error; None where it finds none."""
    language = _language(path)
    if language is None or (text := _text(content)) is None:
        return None
    root = _parse(text, language)
    found = [*root.find_all(kind="ERROR"), *(each for each in root.find_all(regex="^$") if each.is_leaf())]
    return min((each.range().start.line + 1 for each in found), default=None)


def count_faults(text: str, language: str) -> int:
    """How many errors the parser finds; missing pieces and empty blocks of Python are among them."""
    root = _parse(text, language)
    missing = sum(each.is_leaf() for each in root.find_all(regex="^$"))
    return len(root.find_all(kind="ERROR")) + missing


def compiles(code: str | bytes) -> bool:
    """Whether Python takes it, which asks for more than its parser does."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, "<candidate>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def _tokens(text: str, root: SgNode, language: str) -> Iterator[str]:
    """The tokens, with `\\n` where a statement ends with the line, `\\x01` and `\\x02` where blocks begin
    and end by indentation, and whatever the tree does not account for."""
    lines, before = _LINES[language], ""
    indents, depth, end, gap, is_directive = [0], 0, 0, "", False
    for start, stop, token, is_comment in _leaves(text, root, language):
        gap += text[end:start]
        end = stop
        if is_comment and not _TELLING.match(token):
            gap += "\n" * ("\n" in token)
            continue
        if gap.strip():
            yield gap.strip()
        elif "\n" in gap and before:
            if lines is _Lines.INDENTED:
                if not depth:
                    yield from _indentation(text, start, indents)
            elif lines is _Lines.STATEMENTS:
                if before not in _GOES_ON and token not in _CLOSED:
                    yield "\n"
            elif is_directive or token[:1] == "#":
                yield "\n"
                is_directive = False
        gap = ""
        depth += (token in _OPEN) - (token in _CLOSED)
        is_directive = (is_directive or token[:1] == "#") and token[-1:] != "\n"
        before = token
        yield token.strip() if is_comment else token


def _indentation(text: str, start: int, indents: list[int]) -> Iterator[str]:
    """The end of a line, and the blocks that begin and end there."""
    yield "\n"
    width = len(text[text.rfind("\n", 0, start) + 1 : start].expandtabs(8))
    while width < indents[-1]:
        indents.pop()
        yield "\x02"
    if width > indents[-1]:
        indents.append(width)
        yield "\x01"


def _leaves(text: str, root: SgNode, language: str) -> Iterator[tuple[int, int, str, bool]]:
    """Start, end and text of each node that is not taken apart, and whether it is a comment."""
    rules: list[Rule] = [{"kind": kind} for kind in _WHOLE[language]]
    config: Config = {"rule": {"any": [*rules, {"not": {"has": {"regex": ""}}}]}}
    end = 0
    for node in root.find_all(config):
        span = node.range()
        start, stop = span.start.index, span.end.index
        if start < end or start == stop:
            continue
        end = stop
        token = text[start:stop]
        yield start, stop, token, token[0] in "#/" and node.kind() in _COMMENTS


def _language(path: str) -> str | None:
    return _SUFFIXES.get(PurePosixPath(path).suffix.lower().removeprefix("."))


def _text(content: bytes) -> str | None:
    """The text, if it is one that somebody may have written."""
    if len(content) > LARGEST:
        return None
    try:
        text = content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None
    return None if max(map(len, text.split("\n"))) > LONGEST_LINE else text


def _parse(text: str, language: str) -> SgNode:
    from ast_grep_py import SgRoot  # 5 ms

    return SgRoot(text, language).root()


def _digest(text: str) -> str:
    return _digest_bytes(text.encode("utf-8", "surrogateescape"))


def _digest_bytes(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=12).hexdigest()
