"""Signs that mean the same without colour, in ASCII where the terminal has no such characters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

from rich.cells import cell_len, set_cell_size

from kapso.attempt import BASELINE

STATUS = {"running": "●", "paused": "‖", "finished": "✓", "interrupted": "✗"}
"""Of a run; the word stands beside it."""
STYLES = {"running": "green", "paused": "yellow", "finished": "", "interrupted": "red"}
BARS, PLAIN_BARS = "▁▂▃▄▅▆▇█", "_.-=+*#@"


@cache
def is_plain() -> bool:
    """Whether the terminal shows ASCII alone, as far as Python knows."""
    encoding = (getattr(sys.__stdout__, "encoding", None) or "utf-8").lower()
    return "utf" not in encoding and "1801" not in encoding


def status_text(status: str) -> str:
    """The sign of a status and its word."""
    return status if is_plain() else f"{STATUS.get(status, ' ')} {status}"


def sparkline(steps: Sequence[tuple[int, float]], attempts: int, width: int) -> str:
    """The best so far over the attempts, a character for each of `width` parts of them."""
    if not steps:
        return ""
    bars = PLAIN_BARS if is_plain() else BARS
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
    mark = "~" if is_plain() else "…"
    return set_cell_size(text, cells - 1 - cell_len(tail)).rstrip() + mark + tail
