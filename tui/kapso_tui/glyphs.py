"""The signs that screens draw with: Unicode's, or ASCII where a terminal's encoding or font has no others."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Glyphs:
    """One sign each, one cell wide."""

    best: str = "★"
    leader: str = "▲"
    bookmark: str = "⚑"
    demoted: str = "▽"
    passed_over: str = "≈"
    waiting: str = "?"
    flight: str = "▸"
    running: str = "●"
    paused: str = "‖"
    finished: str = "✓"
    interrupted: str = "◌"
    up: str = "▲"
    down: str = "▼"
    open: str = "▾"
    closed: str = "▸"
    branch: str = "├ "
    bar: str = "│ "
    corner: str = "╰ "
    cut: str = "…"
    full: str = "█"
    parts: str = "▏▎▍▌▋▊▉"
    rest: str = "░"
    arrow: str = "→"
    dots: str = "•▴■◆+×○▿"
    """A proposer each."""
    holdout: str = "◇"
    tick: str = "╵"
    across: str = "╌"
    target: str = "═"
    mark: str = "◆"
    differs: str = "≠"
    below: str = "↑"
    """What is said below points up to what it is about."""
    bars: str = "▁▂▃▄▅▆▇█"
    heavy: str = "━┃┏┓┗┛"
    light: str = "─│┌┐└┘"
    """Lines: flat, upright, and the corners at the top and at the bottom, left and right."""
    is_braille: bool = True


ASCII = Glyphs(
    best="*",
    leader="^",
    bookmark="B",
    demoted="v",
    passed_over="~",
    flight=">",
    running="o",
    paused="=",
    finished="+",
    interrupted=".",
    up="^",
    down="v",
    open="-",
    closed="+",
    branch="|-",
    bar="| ",
    corner="`-",
    cut=".",
    full="#",
    parts="",
    rest=".",
    arrow="->",
    dots="otxmcras",
    holdout="H",
    tick="'",
    across="-",
    target="=",
    mark="*",
    differs="!",
    below="^",
    bars="_.-=+*#@",
    heavy="######",
    light="oooooo",
    is_braille=False,
)


@cache
def glyphs() -> Glyphs:
    """What the terminal can show, as far as its encoding and its name tell."""
    if os.environ.get("TERM") == "linux":  # the console's font has neither stars nor braille
        return ASCII
    encoding = getattr(sys.__stderr__, "encoding", None) or "utf-8"
    return Glyphs() if encoding.lower().replace("-", "").startswith("utf") else ASCII
