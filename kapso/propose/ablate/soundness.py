"""Whether files without some pieces still parse: what does not is needed, and no attempt has to show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath

from kapso.propose.syntax import compiles, count_faults

_OTHERS = {".java": "java", ".yaml": "yaml", ".yml": "yaml"}
LARGEST = 2_000_000
"""Bytes; beyond, the evaluation tells."""


def is_sound(made: Mapping[str, bytes | None], was: Mapping[str, bytes | None]) -> bool:
    """Whether each file in `made` parses no worse than it `was`."""
    return all(
        content is None or content == was.get(path) or _faults(path, content) <= _faults(path, was.get(path))
        for path, content in made.items()
    )


@lru_cache(maxsize=256)
def _faults(path: str, content: bytes | None) -> int:
    """How many errors a parser finds; none in what has no parser here."""
    if content is None or len(content) > LARGEST:
        return 0
    suffix = PurePosixPath(path).suffix.lower()
    if suffix == ".py":
        return 0 if compiles(content) else 1
    if suffix == ".json":
        return 0 if _is_json(content) else 1
    from kapso.propose.mutate.languages import language_of  # its package needs numpy: 300 ms

    language = language_of(path)
    name = language.name if language else _OTHERS.get(suffix)
    return 0 if name is None else count_faults(content.decode("utf-8", "replace"), name)


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True
