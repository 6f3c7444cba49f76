"""Numerals: every spelling reads right, and another value keeps the spelling."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapso.propose.tune.numerals import read_number, write_number

SPELLINGS = ["3", "-3", "- 3", "1_000", "1'000", "0x1F", "0xffu", "0b101", "0o17", "10UL", "+4", "0"]
REAL_SPELLINGS = ["0.5", ".5", "2.", "-0.25", "1e-3", "1E+03", "1.5e10", "1.0f", "2e5F", "1_000.5", "+1.5"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("0x1F", 31), ("1_000", 1000), ("1'000", 1000), ("10UL", 10), ("- 5", -5), ("0b11", 3), ("0o17", 15)]
    + [("1e-3", 0.001), ("1.0f", 1.0), (".5", 0.5), ("2.", 2.0), ("-1.5E+2", -150.0)],
)
def test_reads(text: str, value: float) -> None:
    numeral = read_number(text)
    assert numeral is not None
    assert numeral.value == value
    assert isinstance(numeral.value, int) == isinstance(value, int)


@pytest.mark.parametrize("text", ["010", "1j", "0x1p3", "1.2.3", "abc", "", "1e", ".", "true", "1:30", "-"])
def test_refuses(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize(
    ("value", "like", "text"),
    [
        (0.0025, "1e-3", "2.5e-3"),
        (0.003, "1e-3", "3e-3"),
        (0.003, "1.0E-03", "3.0E-03"),
        (250.0, "1e+2", "2.5e+2"),
        (2.0, "0.5", "2.0"),
        (0.00004, "0.5", "0.00004"),
        (1e-9, "0.5", "1.0e-09"),
        (2.25, "1.0f", "2.25f"),
        (12, "10UL", "12UL"),
        (255, "0x1F", "0xFF"),
        (255, "0xffu", "0xffu"),
        (5, "0x00ff", "0x0005"),
        (12345, "1_000", "12_345"),
        (999, "1'000", "999"),
        (-4, "- 3", "- 4"),
        (4, "-3", "4"),
        (-4, "3", "-4"),
        (3.5, "3", "3.5"),
    ],
)
def test_writes_in_the_same_spelling(value: float, like: str, text: str) -> None:
    assert write_number(value, like) == text


@given(st.integers(-(2**40), 2**40), st.sampled_from(SPELLINGS))
def test_whole_numbers_come_back(value: int, like: str) -> None:
    numeral = read_number(write_number(value, like))
    assert numeral is not None
    assert numeral.value == value
    assert isinstance(numeral.value, int)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(REAL_SPELLINGS))
def test_reals_come_back(value: float, like: str) -> None:
    numeral = read_number(write_number(value, like))
    assert numeral is not None
    assert numeral.value == value
    assert isinstance(numeral.value, float)
    assert math.isfinite(numeral.value)
