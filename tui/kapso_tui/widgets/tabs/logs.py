"""What the commands of an attempt did: a table of them, then the end of what they printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kapso.wording import duration, printable, size
from kapso_tui.glyphs import glyphs
from kapso_tui.widgets.tabs.rows import EMPTY, Row, chopped, heading, safe, wrapped

if TYPE_CHECKING:
    from kapso.memory.episode import Stage
    from kapso_tui.watch.attempt import Log

MOST_LINES = 4_000
_WIDEST = 2_000


def log_rows(stages: Sequence[Stage], log: Log | None, width: int, *, is_live: bool) -> list[Row]:
    """The commands, and the end of their log."""
    rows = list(_stages(stages, width))
    if log is None:
        told = "nothing was printed yet" if is_live else "no log is kept: `kapso gc` or a hand removed it"
        return [*rows, *([EMPTY] if rows else []), *wrapped(told, width, "dim")]
    if rows:
        rows += heading("log")
    lines = safe(log.text.rstrip("\n"))
    if log.left_out or len(lines) > MOST_LINES:
        left_out = f", without the first {size(log.left_out)}" if log.left_out else ""
        rows += wrapped(f"the end of it{left_out}: `L` opens all of it", width, "dim")
    for line in lines[-MOST_LINES:]:
        cut = line if len(line) <= _WIDEST else f"{line[:_WIDEST]}{glyphs().cut} ({len(line):,} characters)"
        rows += chopped(((cut, _style(line)),), width) if cut else [EMPTY]
    return rows


def _stages(stages: Sequence[Stage], width: int) -> Iterator[Row]:
    """Two rows a command: how it ended and what it took, then the command."""
    for each in stages:
        ended = each.stopped_by or ("-" if each.exit_code is None else f"exit {each.exit_code}")
        is_bad = bool(each.stopped_by) or each.exit_code not in (0, None)
        memory = "" if each.rss_bytes is None else f"  {size(each.rss_bytes)}"
        took = f"  {duration(each.seconds):>6}  {duration(each.cpu_seconds)} cpu{memory}"
        mark = "!" if is_bad else " "
        yield (
            (f"{printable(each.name):<9} ", "strong"),
            (f"{mark} {printable(ended):<8}", "worse" if is_bad else ""),
            (took, "dim"),
        )
        yield from wrapped(f"  {printable(each.command)}", width)


def _style(line: str) -> str:
    """The lines that Kapso writes around what commands print."""
    if line.startswith("$ "):
        return "strong"
    return "dim" if line.startswith("[") and line.endswith("]") else ""
