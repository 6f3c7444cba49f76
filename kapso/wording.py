"""Numbers, durations, sizes and foreign text as people read them: in a terminal, a report, a commit."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` on one line, control characters escaped: titles and logs are what a candidate wrote."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def printable_lines(text: str) -> str:
    """Like `printable`, line by line; tabs stay."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def number(value: float | None) -> str:
    """Seven significant digits, whole numbers whole, `-` for unknown."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) < 1e15 and value == round(value) else f"{value:.7g}"


def signed(gain: float) -> str:
    """`+0.031`, `−2`: a gain in units of the score, four significant digits."""
    text = number(float(f"{abs(gain):.4g}"))
    return f"+{text}" if gain >= 0 else f"\N{MINUS SIGN}{text}"


def percent(before: float | None, after: float | None) -> str:
    """` (+31.2 %)`: how much more that is; nothing where that cannot be told."""
    if not before or after is None:
        return ""
    return f" ({100 * (after - before) / abs(before):+.1f} %)"


def duration(seconds: float | None) -> str:
    """`0.31s`, `12s`, `4m07s`, `2h05m`; `-` for unknown."""
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.2f}s" if seconds < 10 else f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"


def age(seconds: float | None) -> str:
    """`12s`, `4m`, `3h`, `5d`: how long ago, roughly; `-` for unknown."""
    if seconds is None:
        return "-"
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{max(int(seconds), 0)}s"


def dollars(cost: float | None) -> str:
    """`$1.25`, `$0.0031`; `-` for unknown."""
    if cost is None:
        return "-"
    return f"${cost:.2f}" if cost >= 1 or cost == 0 else f"${cost:.2g}"


def size(count: int) -> str:
    """`512 B`, `1.4 MB`: powers of 1000."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def plural(count: int, noun: str) -> str:
    """`1 file`, `3 files`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
