"""An edit: what it replaces, why it may stand, and how it is carried out.

Every byte outside the replaced spans survives, since nothing but them is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kapso.propose.mutate.tree import Source
from kapso.propose.protocol import Workspace
from kapso.propose.syntax import compiles, count_faults

Replacement = tuple[int, int, str]
"""Start and end in characters, and the new text."""


@dataclass(frozen=True)
class Edit:
    """Replacements of one file in order of place; `what` is for people, `weight` says how promising it is.

    `is_plain`: it mends a plain slip, which is looked for before anything else. Of a step along a term
    that an expression may grow by, `theme` names the term, and `step` is the number before it.
    """

    what: str
    spans: tuple[Replacement, ...]
    weight: float = 1.0
    is_plain: bool = False
    theme: str = ""
    step: float = 0.0

    @property
    def start(self) -> int:
        return self.spans[0][0]


def edit(what: str, *spans: Replacement, weight: float = 1.0, is_plain: bool = False) -> Edit:
    """An edit of these replacements, in any order."""
    return Edit(what, tuple(sorted(spans)), weight, is_plain)


def apply(text: str, spans: Sequence[Replacement]) -> str:
    """The text with the replacements made."""
    pieces, at = [], 0
    for start, end, new in spans:
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


def carry_out(details: Mapping[str, Any], workspace: Workspace) -> None:
    """Make the replacements that an idea holds (`path`, and `replace`: start, old text, new text); nothing
    where the file does not hold the old texts."""
    path, told = details["path"], details["replace"]
    text = workspace[path].decode("utf-8")
    if all(text[start : start + len(old)] == old for start, old, _ in told):
        spans = [(start, start + len(old), new) for start, old, new in told]
        workspace[path] = apply(text, spans).encode("utf-8")


def is_sound(source: Source, spans: Sequence[Replacement]) -> bool:
    """Whether the result parses no worse than the file does, and, in Python, compiles.

    Only the top-level items that are touched are looked at: the others stay as they are.
    """
    if any(low[1] > high[0] for low, high in zip(spans, spans[1:], strict=False)):
        return False
    low, high = source.item(spans[0][0], spans[-1][1])
    before = source.text[low:high]
    after = apply(before, [(start - low, end - low, new) for start, end, new in spans])
    language = source.language
    if not after.strip():
        return True
    if count_faults(after, language.name) > count_faults(before, language.name):
        return False
    return not language.is_python or compiles(after) or not compiles(before)
