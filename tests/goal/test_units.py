"""Durations and sizes: what is read, what is refused, and that what is written reads back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.errors import UsageError
from kapso.goal import format_duration, parse_duration, parse_size
from kapso.goal.units import LONGEST_S, exact_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1.5h", 5400),
        ("500ms", 0.5),
        ("1h30m", 5400),
        (" 1h 30m ", 5400),
        ("10 m", 600),
        (".5s", 0.5),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "ten minutes",
        "10",
        "-5s",
        "5d",
        "0s",
        "0h0m",
        "1e3s",
        "1..5s",
        "5S",
        "99999999h",
        "٣s",
        "nan s",
        "1:30",
    ],
)
def test_what_is_no_duration_is_refused_with_the_allowed_forms(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    assert "`90s`, `10m`, `2h`" in (caught.value.help or "")


def test_a_bare_number_gets_the_unit_suggested() -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration("60")
    assert "did you mean `60s`?" in (caught.value.help or "")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MB", 512 * 10**6),
        ("4GB", 4 * 10**9),
        ("512MiB", 512 * 2**20),
        ("1.5gb", 1_500_000_000),
        ("1 TB", 10**12),
        ("7B", 7),
        ("64KB", 64_000),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "512", "4G", "0MB", "-1GB", "0.1B", "4XB", "1e9GB", "99999999TB"])
def test_what_is_no_size_is_refused_with_the_allowed_forms(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_size(text)
    assert "`512MB`, `4GB`" in (caught.value.help or "")


@settings(deadline=None)
@given(st.floats(min_value=1e-9, max_value=LONGEST_S))
def test_an_exact_duration_reads_back_as_the_same_number(seconds: float) -> None:
    assert parse_duration(exact_duration(seconds)) == seconds


@settings(deadline=None)
@given(st.floats(min_value=0.00051, max_value=LONGEST_S - 1))
def test_a_duration_for_people_is_near_and_reads_back(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=0.06, abs=0.0006)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.35, "350ms"),
        (0.99999, "1s"),
        (1.5, "1.5s"),
        (9.97, "10s"),
        (59.7, "1m"),
        (600, "10m"),
        (3725, "1h2m5s"),
        (7200, "2h"),
    ],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=2**63 - 1))
def test_bytes_read_back(size: int) -> None:
    assert parse_size(f"{size}B") == size


@settings(deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_a_duration_and_a_size_or_a_usage_error(text: str) -> None:
    for parse in (parse_duration, parse_size):
        try:
            assert parse(text) > 0
        except UsageError as error:
            assert error.help
