"""Numerals: every spelling reads right, and another value keeps the spelling."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapso.propose.tune.numerals import read_number, write_number

SPELLINGS = [
    "3",
    "-3",
    "- 3",
    "1_000",
    "1'000",
    "0x1F",
    "0xffu",
    "0b101",
    "0o17",
    "10UL",
    "+4",
    "0",
    "10u64",
    "1_0_i8",
    "5n",
]
REAL_SPELLINGS = [
    "0.5",
    ".5",
    "2.",
    "-0.25",
    "1e-3",
    "1E+03",
    "1.5e10",
    "1.0f",
    "2e5F",
    "1_000.5",
    "+1.5",
    "1.5f32",
    "2e-3_f64",
    "5f64",
]


@pytest.mark.parametrize(
    ("text", "value"),
    [("0x1F", 31), ("1_000", 1000), ("1'000", 1000), ("10UL", 10), ("- 5", -5), ("0b11", 3), ("0o17", 15)]
    + [("10u64", 10), ("0xff_u8", 255), ("1_000usize", 1000), ("10n", 10), ("0b11n", 3)]
    + [("1.5f32", 1.5), ("5f64", 5.0), ("1e3_f32", 1000.0), ("1_000.5_f64", 1000.5)]
    + [("1e-3", 0.001), ("1.0f", 1.0), (".5", 0.5), ("2.", 2.0), ("-1.5E+2", -150.0)],
)
def test_reads(text: str, value: float) -> None:
    numeral = read_number(text)
    assert numeral is not None
    assert numeral.value == value
    assert isinstance(numeral.value, int) == isinstance(value, int)


@pytest.mark.parametrize(
    "text", ["010", "1j", "0x1p3", "1.2.3", "abc", "", "1e", ".", "true", "1:30", "-", "1f", "5i", "1u7"]
)
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
        (12345, "1_000_u32", "12_345_u32"),
        (7, "10n", "7n"),
        (0.25, "1.5f32", "0.25f32"),
        (0.25, "5_f64", "0.25_f64"),
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
