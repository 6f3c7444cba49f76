"""Whether what a reply makes of a file can be a program at all, and stays where the file may change."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from kapso.propose.blocks import evolve_blocks, stays_inside
from kapso.propose.syntax import faults, first_fault

_DOTS = r"(?:\.\.\.|…)"
_WHAT = "existing|unchanged|remain\\w*|rest|same|omitted|as before|previous|original|other|code|keep"
_CODE = "code|logic|implementation|functions?|methods?|class(?:es)?|imports?|lines?|file|body|rest|everything"
_LEFT_OUT = re.compile(
    r"^\s*(?:#|//|/\*|<!--|--|;|%)+\s*(?:"
    rf"{_DOTS}.*\b(?:{_WHAT})\b.*"
    r"|[\[(]?(?:the )?(?:rest|remainder)\b.*\b(?:unchanged|same|code|file|function|class|method|here)\b.*"
    rf"|(?=.*\b(?:{_CODE})\b).*\b(?:unchanged|existing|same|omitted|as before|remains|here)\b.*{_DOTS}\W*"
    rf"|{_DOTS}\W*)$"
    rf"|^\s*\[{_DOTS} \d+ (?:more )?lines? .*{_DOTS}\]$",  # as prompts show it
    re.IGNORECASE,
)
"""A comment that stands for code, as models write it when they are lazy."""
_LONGEST_COMMENT = 300
_MARKER = re.compile(r"^(?:<{5,9} ?(?:SEARCH|ORIGINAL)|>{5,9} ?(?:REPLACE|UPDATED))\b")
_RELIABLE = (".rs", ".go", ".java", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".json")
"""Where a fault that the parser finds is one; that of C and C++ stumbles over macros, and the build tells."""


@dataclass(frozen=True)
class Wrong:
    """What is wrong with an edit: a phrase, and what the model is told."""

    what: str
    feedback: str


def why_unsound(path: str, after: bytes, before: bytes | None) -> Wrong | None:
    """What is wrong with a file as the reply leaves it (`before` None: it is new), if anything is."""
    text = after.decode("utf-8", "surrogateescape")
    was = "" if before is None else before.decode("utf-8", "surrogateescape")
    if before is not None and not stays_inside(before, after):
        return Wrong(
            "was changed outside its EVOLVE-BLOCK",
            f"In `{path}` only what lies between the lines EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may "
            "change, and both lines stay as they are. Put whatever is new (imports too) between them.",
        )
    known = set(was.splitlines())
    for number, line in enumerate(text.splitlines(), 1):
        if line in known:
            continue
        if _MARKER.match(line):
            return Wrong(
                "holds a marker of an edit",
                f"Line {number} of `{path}` would be `{line}`, which is a marker of an edit and no code.",
            )
        if len(line) < _LONGEST_COMMENT and _LEFT_OUT.match(line):
            return Wrong(
                "leaves code out",
                f"Line {number} of `{path}` would be `{line.strip()}`: code was left out there. Write "
                "everything that the file is to hold; nothing is filled in.",
            )
    return _no_program(path, after, before)


def within_blocks(before: bytes, lines: Sequence[str]) -> list[str]:
    """A file in full that may change in blocks alone, as it was around them: where the reply holds but the
    block, left the markers out, or spaced differently what may not change. Anything else stays as the reply
    has it."""
    was = before.decode("utf-8", "surrogateescape").removeprefix("\ufeff").replace("\r\n", "\n")
    text = "\n".join(lines).rstrip("\n") + "\n"
    blocks, given = evolve_blocks(was), evolve_blocks(text)
    if not blocks:
        return list(lines)
    around = _around(was, blocks)
    if given is not None:
        told = list(map(_packed, _around(text, given)))
        is_bare = not any("EVOLVE-BLOCK" not in line for part in told for line in part)
        if len(given) != len(blocks) or not (is_bare or told == list(map(_packed, around))):
            return list(lines)
        inner = [text[start:stop] for start, stop in given]
    elif len(blocks) == 1 and (found := _between(text, *around)) is not None:
        inner = [found]
    elif len(blocks) == 1 and _has_none_of(text, around):
        inner = [text]
    else:
        return list(lines)
    made = "".join(a + b for a, b in zip(around, [*inner, ""], strict=True))
    return made.removesuffix("\n").split("\n")


def _around(text: str, blocks: Sequence[tuple[int, int]]) -> list[str]:
    """What lies before, between and after the blocks."""
    starts, ends = [0, *(stop for _, stop in blocks)], [*(start for start, _ in blocks), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _has_none_of(text: str, around: Sequence[str]) -> bool:
    """Whether a text repeats no line of what lies around the blocks, brackets and the like aside."""
    lines = {
        line for part in around for line in _packed(part) if "EVOLVE-BLOCK" not in line and len(line) > 3
    }
    return bool(lines) and lines.isdisjoint(_packed(text))


def _packed(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _between(text: str, before: str, after: str) -> str | None:
    """What lies between two parts that a text repeats without their markers; None where it does not."""
    head, tail = ([line for line in _packed(part) if "EVOLVE-BLOCK" not in line] for part in (before, after))
    lines = text.removesuffix("\n").split("\n")
    full = [at for at, line in enumerate(lines) if line.strip()]
    if len(full) < len(head) + len(tail) or not (head or tail):
        return None
    given = [lines[at].strip() for at in full]
    if given[: len(head)] != head or given[len(given) - len(tail) :] != tail:
        return None
    start = full[len(head) - 1] + 1 if head else 0
    stop = full[len(full) - len(tail)] if tail else len(lines)
    return "".join(f"{line}\n" for line in lines[start:stop])


def _no_program(path: str, after: bytes, before: bytes | None) -> Wrong | None:
    """The error that a parser finds, where the file was a program before or is new."""
    error = None
    if path.endswith((".py", ".pyi")):
        error = _python_error(path, after)
        if error is not None and before is not None and _python_error(path, before) is not None:
            return None
    elif path.endswith(_RELIABLE) and (faults(path, after) or 0) > (
        0 if before is None else faults(path, before) or 0
    ):
        error = "syntax error", first_fault(path, after) or 1
    if error is None:
        return None
    what, number = error
    lines = after.decode("utf-8", "replace").splitlines()
    first = max(0, number - 4)
    shown = "\n".join(lines[first : number + 2])
    return Wrong(
        "does not parse",
        f"`{path}` does not parse after the edit: {what}, line {number}, "
        f"`{lines[number - 1].strip() if number <= len(lines) else ''}`. "
        f"Lines {first + 1} to {min(len(lines), number + 2)} would be:\n```\n{shown}\n```",
    )


def _python_error(path: str, content: bytes) -> tuple[str, int] | None:
    """What Python says, and the line; None too where the parser takes it: it may be for a newer Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(content, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        if isinstance(error, IndentationError) or faults(path, content) != 0:
            return f"{type(error).__name__}: {error.msg}", error.lineno or 1
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return f"{type(error).__name__}: {error}", 1
    return None
