"""The edits that a reply may ask for, as they were written."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """Lines to look for and what takes their place; `readings` are several where the text leaves a doubt.

    `path` None is not said; `at` is the line number that a diff claims.
    """

    readings: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    label: str = field(compare=False)
    path: str | None = None
    at: int | None = None


@dataclass(frozen=True)
class Whole:
    """A file in full; `is_headed` where its path stands right before it, and nothing else does."""

    lines: tuple[str, ...]
    label: str = field(compare=False)
    path: str | None = None
    is_headed: bool = False
    is_closed: bool = True
    is_new: bool = False


@dataclass(frozen=True)
class Deletion:
    """A file that a diff takes away."""

    path: str
    label: str = field(compare=False)


@dataclass(frozen=True)
class Broken:
    """What was meant as an edit and cannot be read, with what is wrong with it."""

    what: str
    label: str = field(compare=False)


Edit = Change | Whole | Deletion | Broken
