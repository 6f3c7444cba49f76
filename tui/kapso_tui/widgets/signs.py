"""The signs of attempts, trees and charts: Unicode's, or ASCII where the terminal has no others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from kapso_tui.widgets.glyphs import is_plain


@dataclass(frozen=True)
class Signs:
    """One sign each, one cell wide."""

    best: str = "★"
    leader: str = "▲"
    bookmark: str = "⚑"
    demoted: str = "▽"
    passed_over: str = "≈"
    waiting: str = "?"
    flight: str = "▸"
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


ASCII = Signs(
    best="*",
    leader="^",
    bookmark="B",
    demoted="v",
    passed_over="~",
    flight=">",
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
def terminal_signs() -> Signs:
    """What the terminal can show."""
    return ASCII if is_plain() else Signs()
