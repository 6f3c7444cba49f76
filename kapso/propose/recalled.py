"""What memory and libraries bring to an attempt, and which of it a prompt told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Excerpt:
    """A hit of a library: its text, the source and place that it cites, and the node's `id`."""

    source: str
    text: str
    id: str = ""


@dataclass(frozen=True)
class Recalled:
    """Lessons, each a sentence, and hits; the most useful first, as a prompt leaves out what does not fit."""

    lessons: Sequence[str] = ()
    knowledge: Sequence[Excerpt] = ()


NOTHING = Recalled()
