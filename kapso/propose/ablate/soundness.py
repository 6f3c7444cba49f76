"""Whether files without some pieces still parse: what does not is needed, and no attempt has to show it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from functools import lru_cache
from pathlib import PurePosixPath

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
        return 0 if _compiles(content) else 1
    if suffix == ".json":
        return 0 if _is_json(content) else 1
    from kapso.propose.mutate.languages import language_of  # its package needs numpy: 300 ms

    language = language_of(path)
    name = language.name if language else _OTHERS.get(suffix)
    return 0 if name is None else _errors(content.decode("utf-8", "replace"), name)


def _errors(text: str, language: str) -> int:
    """Errors and missing pieces, which are empty."""
    from ast_grep_py import SgRoot  # 5 ms

    root = SgRoot(text, language).root()
    missing = (node for node in root.find_all(regex="^$") if node.is_leaf())
    return len(root.find_all(kind="ERROR")) + sum(1 for _ in missing)


def _compiles(content: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(content, "<candidate>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True
