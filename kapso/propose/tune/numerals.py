"""How numbers are spelt in source text: reading a numeral, and writing another value in the same spelling.

`write_number(value, like)` is exact: what it writes, `read_number` reads back as the same value.
Suffixes of types (`10UL`, `1.5f`, `10u64`, `1e3_f32`, `10n`) and separators (`1_000`, `1'000`) stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_NUMERAL = re.compile(
    r"""(?P<sign>[+-]?\s*)
    (?:
        (?P<base>0[xXbBoO])(?P<digits>[0-9a-fA-F_']+)(?P<base_suffix>{whole_suffix})
      | (?P<whole>0|[1-9](?:[0-9_']*[0-9])?)(?P<whole_suffix>{whole_suffix})
      | (?P<mantissa>(?:[0-9][0-9_']*)?\.[0-9_']*|[0-9](?:[0-9_']*[0-9])?(?=[eE]|_?f(?:32|64)$))
        (?:(?P<e>[eE])(?P<exponent_sign>[+-]?)(?P<exponent>[0-9]+))?
        (?P<float_suffix>[fFlL]?|_?f(?:32|64))
    )$""".replace("{whole_suffix}", r"[uUlLzZ]*|n|_?[iu](?:8|16|32|64|128|size)"),
    re.VERBOSE,
)
_BASES = {"x": (16, "x"), "o": (8, "o"), "b": (2, "b")}


@dataclass(frozen=True)
class Numeral:
    """A numeral taken apart; `value` is an int exactly when the spelling is a whole number."""

    value: int | float
    parts: dict[str, str]

    @property
    def is_based(self) -> bool:
        """Hexadecimal, octal or binary: more likely a mask than a quantity."""
        return bool(self.parts["base"])

    @property
    def is_unsigned(self) -> bool:
        """Whether a minus sign before it would be wrong or at least odd."""
        return self.is_based or "u" in self.parts["whole_suffix"].lower()

    @property
    def largest(self) -> int | None:
        """The largest value that a suffix such as `u8` or `i16` allows, where that is small."""
        match = re.search(r"([iu])(8|16)$", self.parts["whole_suffix"] or self.parts["base_suffix"])
        return 2 ** (int(match[2]) - (match[1] == "i")) - 1 if match else None


def read_number(text: str) -> Numeral | None:
    """The numeral that `text` spells, or None (`010`, `1j`, hexadecimal floats and words among others)."""
    match = _NUMERAL.match(text)
    if match is None:
        return None
    parts = {name: part or "" for name, part in match.groupdict().items()}
    sign = -1 if parts["sign"].startswith("-") else 1
    try:
        return Numeral(sign * _magnitude(parts), parts)
    except (ValueError, OverflowError):
        return None


def _magnitude(parts: dict[str, str]) -> int | float:
    if parts["base"]:
        return int(_bare(parts["digits"]), _BASES[parts["base"][1].lower()][0])
    if parts["whole"]:
        return int(_bare(parts["whole"]))
    exponent = f"e{parts['exponent_sign']}{parts['exponent']}" if parts["e"] else ""
    return float(_bare(parts["mantissa"]) + exponent)


def _bare(digits: str) -> str:
    return digits.replace("_", "").replace("'", "")


def write_number(value: float, like: str) -> str:
    """`value` in the spelling of `like`: base, separators, exponent, suffix and sign survive."""
    numeral = read_number(like)
    if numeral is None:
        return repr(value)
    parts = numeral.parts
    sign = _sign(value, parts["sign"])
    if isinstance(numeral.value, int) and isinstance(value, int):
        return sign + _whole(abs(value), parts)
    return sign + _real(abs(float(value)), parts) + parts["float_suffix"]


def _sign(value: float, sign: str) -> str:
    if value < 0:
        return sign if sign.startswith("-") else "-"
    return sign if sign.startswith("+") else ""


def _whole(value: int, parts: dict[str, str]) -> str:
    if parts["base"]:
        width = len(parts["digits"]) if parts["digits"].startswith("0") else 0
        spec = _BASES[parts["base"][1].lower()][1]
        upper = spec == "x" and any(c in "ABCDEF" for c in parts["digits"])
        digits = format(value, spec).zfill(width)
        return parts["base"] + (digits.upper() if upper else digits) + parts["base_suffix"]
    separator = next((c for c in "_'" if c in parts["whole"]), "")
    digits = f"{value:,}".replace(",", separator) if separator else str(value)
    return digits + parts["whole_suffix"]


def _real(value: float, parts: dict[str, str]) -> str:
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    magnitude = len(digits) - 1 + exponent if value else 0
    if not parts["e"] and -7 <= magnitude < 15:
        text = format(Decimal(repr(value)), "f")
        return text if "." in text else text + ".0"
    # A dot in the mantissa, as YAML 1.1 reads `1e-05` as a string.
    mantissa = str(digits[0]) + "." + ("".join(map(str, digits[1:])) or "0")
    if parts["e"] and "." not in parts["mantissa"] and mantissa.endswith(".0"):
        mantissa = mantissa[:-2]
    e, width = parts["e"] or "e", len(parts["exponent"]) or 2
    plus = "+" if parts["exponent_sign"] == "+" else ""
    return f"{mantissa}{e}{'-' if magnitude < 0 else plus}{abs(magnitude):0{width}d}"
