"""The nearest name to a misspelt one, and how a list of names reads in a message."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


def nearest(word: str, names: Collection[str]) -> str:
    """The name most like `word`; the case of letters, `-` and `_` are no difference. `names` is not empty."""
    folded = {_fold(name): name for name in names}
    [match] = difflib.get_close_matches(_fold(word), folded, n=1, cutoff=0)
    return folded[match]


def is_near(word: str, name: str) -> bool:
    """Whether `name` is near enough to be what was meant."""
    return difflib.SequenceMatcher(None, _fold(word), _fold(name)).ratio() >= 0.6


def quoted(names: Iterable[str]) -> str:
    """`a`, `b` and `c`."""
    *most, last = [f"`{name}`" for name in names]
    return f"{', '.join(most)} and {last}" if most else last


def suggestion(word: str, names: Collection[str], *, allowed: str = "allowed are") -> str:
    """The help for a name that is not known: the nearest one, then all of them."""
    near = nearest(word, names)
    start = f"did you mean `{near}`?" if is_near(word, near) else f"the nearest is `{near}`;"
    rest = allowed[0].upper() + allowed[1:] if start.endswith("?") else allowed
    return f"{start} {rest} {quoted(names)}"


def _fold(word: str) -> str:
    return word.lower().replace("-", "_")
