"""What counts as the same word."""

from __future__ import annotations

import pytest

from kapso_knowledge.library.words import stem, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("np.lru_cache", ["np.lru_cache", "lru_cache", "np", "lru", "cach"]),
        ("HTTPServer", ["httpserv", "http", "serv"]),
        ("getUserName()", ["getusernam", "user", "name"]),
        ("How do I use the C++ vector?", ["c++", "vect"]),
        ("numpy.float64", ["numpy.float64", "numpy", "float", "64"]),
        ("x" * 100, []),
    ],
)
def test_words_and_identifiers_in_parts(text: str, expected: list[str]) -> None:
    assert set(expected) <= set(terms(text))


@pytest.mark.parametrize(
    "alike",
    [
        ("caches", "cache", "caching", "cached"),
        ("parallelization", "parallelizations"),
        ("running", "runs", "run"),
        ("copies", "copy", "copied"),
        ("indexes", "index", "indexing"),
        ("classes", "class"),
        ("splitting", "split", "splits"),
        ("prediction", "predict", "predictive"),
        ("automatic", "automatically"),
    ],
)
def test_endings_do_not_matter(alike: tuple[str, ...]) -> None:
    assert len({stem(word) for word in alike}) == 1, {word: stem(word) for word in alike}


@pytest.mark.parametrize("word", ["is", "gas", "class", "axis", "status", "numpy", "1e-5", "red"])
def test_what_looks_like_an_ending_and_is_none(word: str) -> None:
    assert stem(word) in (word, word.rstrip("e"))
