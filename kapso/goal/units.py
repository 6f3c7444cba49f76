"""Durations and sizes as people write them: `90s`, `10m`, `2h`; `512MB`, `4GB`. A unit is never guessed."""

from __future__ import annotations

import re
from decimal import Decimal

from kapso.errors import UsageError

DURATIONS = "`90s`, `10m`, `2h`, `500ms`, `1.5h` or `1h30m`"
SIZES = "`512MB`, `4GB`, `1.5GB` or `512MiB`"
LONGEST_S = 10_000 * 3600.0
"""More than a year; beyond some centuries, the waiting functions of the platform overflow."""

_SECONDS = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600)}
_BYTES = {
    "B": 1,
    **{f"{letter}B": 1000**power for power, letter in enumerate("KMGT", start=1)},
    **{f"{letter}iB": 1024**power for power, letter in enumerate("KMGT", start=1)},
}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
_PART = re.compile(rf"({_NUMBER})\s*(ms|s|m|h)", re.ASCII)
_DURATION = re.compile(rf"(?:(?:{_NUMBER})\s*(?:ms|s|m|h)\s*)+", re.ASCII)
_SIZE = re.compile(rf"({_NUMBER})\s*([A-Za-z]+)", re.ASCII)
_BARE_NUMBER = re.compile(_NUMBER, re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `10m`, `1h30m`; UsageError when it is no duration, zero, or over 10,000 hours."""
    stripped = text.strip()
    if not _DURATION.fullmatch(stripped):
        raise _not_understood("a duration", stripped, DURATIONS, suffix="s")
    seconds = float(sum(Decimal(number) * _SECONDS[unit] for number, unit in _PART.findall(stripped)))
    if not 0 < seconds <= LONGEST_S:
        problem = "must be longer than 0" if seconds == 0 else "must be at most `10000h`"
        raise UsageError(
            f"the duration `{stripped}` {problem}", help=f"write it as {DURATIONS}", slug="not-a-duration"
        )
    return seconds


def parse_size(text: str) -> int:
    """Bytes of `512MB` (powers of 1000) or `512MiB` (of 1024); UsageError when it is no size or zero."""
    stripped = text.strip()
    match = _SIZE.fullmatch(stripped)
    units = {unit.lower(): factor for unit, factor in _BYTES.items()}
    if match is None or match[2].lower() not in units:
        raise _not_understood("a size", stripped, SIZES, suffix="MB")
    size = int(Decimal(match[1]) * units[match[2].lower()])
    if not 0 < size < 2**63:
        problem = "must be at least one byte" if size == 0 else "is larger than any memory"
        raise UsageError(f"the size `{stripped}` {problem}", help=f"write it as {SIZES}", slug="not-a-size")
    return size


def format_duration(seconds: float) -> str:
    """The nearest short form for people, which `parse_duration` reads: `350ms`, `1.5s`, `10m`, `1h30m`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms" if seconds * 1000 > 0.5 else "0s"
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    hours, rest = divmod(round(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{amount}{unit}" for amount, unit in parts if amount)


def exact_duration(seconds: float) -> str:
    """Seconds without any rounding, so that reading it gives the same number."""
    return f"{Decimal(repr(seconds)):f}s"


def _not_understood(kind: str, text: str, allowed: str, *, suffix: str) -> UsageError:
    help = f"write it as {allowed}"
    if _BARE_NUMBER.fullmatch(text):
        help = f"it needs a unit; did you mean `{text}{suffix}`? Allowed are {allowed}"
    return UsageError(
        f"`{text}` is not {kind}", help=help, slug=kind.replace("a ", "not-a-").replace(" ", "-")
    )
