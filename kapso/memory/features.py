"""What an attempt changed, in the words that lessons are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Features:
    """Of one attempt against its first parent; known once its candidate is made, but for `signature`.

    `places` are pairs of path and region (the enclosing function, "" outside of any); `moved` maps each
    parameter that differs from the parent's to old and new value; `tokens` are names that the change
    brought in or took out (`+name`, `-name`); `kinds` syntactic kinds of what changed (`call`, `loop`,
    `import`); `signature` is the normalised error that ended it.
    """

    proposer: str
    operator: str | None = None
    places: tuple[tuple[str, str], ...] = ()
    moved: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    tokens: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    signature: str | None = None
