"""Text to terms for BM25: words, and identifiers both whole and in parts, all in one plain form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:[_.'\-+#]*[^\W_]+|\+\+|#)*", re.UNICODE)
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_LONGEST = 64
"""A longer word is a hash or base64: nobody looks for it."""

STOP = frozenset(
    "a about all also an and any are as at be been being but by can could did do does doing for from get had "
    "has have having how i if in into is it its just may me might more most my no not of off on one only or "
    "other our out over own same shall should so some such t s than that the their them then there these "
    "they this those through to too up us use used using very was we were what when where which while who "
    "whom why will with would you your".split()
)


def plain(text: str) -> str:
    """The text as UTF-8 can hold it: a lone surrogate becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def terms(text: str) -> Iterator[str]:
    """The terms of a text in order: `np.lru_cache` gives itself, `np`, `lru_cache`, `lru`, `cache`."""
    for found in _WORD.finditer(text):
        yield from _of(found[0])


@lru_cache(maxsize=100_000)
def _of(word: str) -> tuple[str, ...]:
    if len(word) > _LONGEST:
        return ()
    whole = word.lower().strip("'")
    pieces = [whole]
    dotted = re.split(r"[.'\-]", word)
    if len(dotted) > 1:
        pieces += [piece.lower() for piece in dotted if "_" in piece]
    parts = [part.lower() for part in _PARTS.findall(word)]
    if len(parts) > 1:
        pieces += parts
    plain = (stem(piece) for piece in pieces if piece not in STOP)
    return tuple(dict.fromkeys(piece for piece in plain if piece))


def stem(word: str) -> str:
    """The word without its commonest English endings, for plain words only."""
    if len(word) < 4 or not word.isalpha():
        return word
    if len(word) == 4:
        return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    for endings, least in ((_DERIVED, 4), (_INFLECTED, 3)):
        for ending, instead in endings:
            if word.endswith(ending) and len(word) - len(ending) >= least:
                word = word[: -len(ending)] + instead
                break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Each ending with what takes its place."""
    return tuple((ending, instead) for ending, _, instead in (pair.partition(">") for pair in text.split()))


_DERIVED = _pairs(
    "izations>ize ization>ize isation>ize ations>at ation>at ators>at ator>at ating>at ate>at nesses ness "
    "ments ment ities ity ables able ibility ible ions ion ively ive ically ally ical ics ic ers er ors or ly"
)
_INFLECTED = _pairs("ings ing sses>ss ies>y ied>y ss>ss us>us is>is ed es>e s")
