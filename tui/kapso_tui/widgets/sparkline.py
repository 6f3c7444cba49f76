"""A run in a few cells: its status, how its best came about, and its name cut where that tells the least."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from kapso.attempt import BASELINE
from kapso_tui.glyphs import glyphs

STYLES = {"running": "green", "paused": "yellow", "interrupted": "red"}


def status_text(status: str) -> str:
    """The sign of a status and its word."""
    return f"{getattr(glyphs(), status, ' ')} {status}"


def sparkline(steps: Sequence[tuple[int, float]], attempts: int, width: int) -> str:
    """The best so far over the attempts, a character for each of `width` parts of them."""
    if not steps:
        return ""
    bars = glyphs().bars
    last = max(attempts, steps[-1][0], 1)
    scores = [score for _, score in steps]
    low, high = min(scores), max(scores)
    text = ""
    for part in range(width):
        until = round(last * part / max(width - 1, 1))
        best = [score for number, score in steps if number <= max(until, BASELINE)]
        level = _share(best[-1] if best else scores[0], low, high)
        text += bars[min(round(level * (len(bars) - 1)), len(bars) - 1)]
    return text


def _share(value: float, low: float, high: float) -> float:
    """Where it lies between them, 0 to 1; 0 where they are the same or too far apart to tell."""
    spread = high - low
    return (value - low) / spread if 0 < spread < float("inf") else 0.0


def shorten(text: str, cells: int) -> str:
    """`text` in at most so many cells, the middle left out: how it starts and ends tells the most."""
    if cell_len(text) <= cells:
        return text
    if cells < 3:
        return set_cell_size(text, max(cells, 0))
    tail = text[-((cells - 1) // 2) :]
    while cell_len(tail) > (cells - 1) // 2:
        tail = tail[1:]
    return set_cell_size(text, cells - 1 - cell_len(tail)).rstrip() + glyphs().cut + tail
