"""The curves as one SVG: a panel a task, a line a method, its 95 % interval as a band; light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from contest.methods import METHODS
from contest.statistics import Board

COLUMNS = 4
WIDE, HIGH = 250, 150
LEFT, TOP, GAP_X, GAP_Y, HEAD = 34, 26, 40, 48, 44
LEGEND = 720
_LIGHT = ("#1f6fd0", "#8a8984", "#d9622b", "#149a6a", "#b8860b", "#8e44ad")
_DARK = ("#5ea6ff", "#9b9a94", "#ff8a57", "#3ccf97", "#e0b13a", "#c792ea")


def svg(boards: Sequence[Board]) -> str:
    """The whole picture."""
    columns = min(COLUMNS, len(boards))
    rows = -(-len(boards) // columns)
    width = max(LEGEND, LEFT + columns * (WIDE + GAP_X))
    height = HEAD + rows * (HIGH + GAP_Y) + 16
    methods = [name for name in METHODS if any(name in board.standings for board in boards)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="11">',
        f"<style>{_style(methods)}</style>",
        f'<rect width="{width}" height="{height}" class="page"/>',
        *_legend(methods),
    ]
    for number, board in enumerate(boards):
        row, column = divmod(number, columns)
        x, y = LEFT + column * (WIDE + GAP_X), HEAD + TOP + row * (HIGH + GAP_Y)
        parts += [f'<g transform="translate({x} {y})">', *_panel(board, methods), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _style(methods: Sequence[str]) -> str:
    """Colours for both schemes; a method keeps its own whoever else takes part."""
    order = list(METHODS)

    def rules(colours: Sequence[str], page: str, ink: str, faint: str) -> str:
        lines = [f".page{{fill:{page}}}text{{fill:{ink}}}.grid{{stroke:{faint};fill:none}}"]
        for name in methods:
            colour = colours[order.index(name) % len(colours)]
            lines.append(f".{name}{{stroke:{colour};fill:none}}.band-{name}{{fill:{colour};opacity:.13}}")
        return "".join(lines)

    light = rules(_LIGHT, "#ffffff", "#333330", "#dddcd6")
    dark = rules(_DARK, "#16181c", "#d8d8d4", "#3a3d44")
    lines = (
        "polyline{stroke-width:1.4;stroke-linejoin:round}polyline.kapso{stroke-width:2.6}"
        ".title{font-weight:600}"
    )
    return f"{light}{lines}@media (prefers-color-scheme: dark){{{dark}}}"


def _legend(methods: Sequence[str]) -> Iterator[str]:
    x = LEFT
    for name in methods:
        label = METHODS[name].label
        yield f'<polyline class="{name}" points="{x},18 {x + 22},18"/>'
        yield f'<text x="{x + 27}" y="22">{escape(label)}</text>'
        x += 48 + 7 * len(label)
    yield (
        f'<text x="{LEFT}" y="42">share of the way from the unchanged program (0) to the best known (1), '
        "by evaluations; bands are 95 % intervals of the mean</text>"
    )


def _panel(board: Board, methods: Sequence[str]) -> Iterator[str]:
    count = max(standing.curves.shape[1] for standing in board.standings.values())
    yield f'<text class="title" x="0" y="-8">{escape(board.task.name)}</text>'
    for share in (0.0, 0.5, 1.0):
        y = HIGH * (1 - share)
        yield f'<path class="grid" d="M0 {y:g}H{WIDE}"/>'
        yield f'<text x="-6" y="{y + 4:g}" text-anchor="end">{share:g}</text>'
    for at in (0, count // 2, count):
        yield f'<text x="{WIDE * at / count:g}" y="{HIGH + 14}" text-anchor="middle">{at}</text>'
    drawn = [name for name in methods if name in board.standings]
    for name in sorted(drawn, key=lambda name: name == "kapso"):  # ours on top
        curves = np.hstack([np.zeros((len(board.standings[name].worths), 1)), board.standings[name].curves])
        low, mean, high = _band(curves)
        across = np.linspace(0, WIDE, curves.shape[1])
        band = [*zip(across, high, strict=True), *reversed([*zip(across, low, strict=True)])]
        yield f'<polygon class="band-{name}" points="{_points(band)}"/>'
        yield f'<polyline class="{name}" points="{_points([*zip(across, mean, strict=True)])}"/>'


def _band(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(0).integers(0, len(curves), (500, len(curves)))
    low, high = np.quantile(curves[drawn].mean(axis=1), (0.025, 0.975), axis=0)
    return low, curves.mean(axis=0), high


def _points(points: Sequence[tuple[float, float]]) -> str:
    """In the panel's pixels, without those on a level stretch; worse than the start lies on the floor."""
    shown = [(f"{x:.0f}", f"{HIGH * (1 - min(1.0, max(0.0, y))):.1f}") for x, y in points]
    kept = [
        here
        for before, here, after in zip([None, *shown], shown, [*shown[1:], None], strict=False)
        if before is None or after is None or not before[1] == here[1] == after[1]
    ]
    return " ".join(",".join(each) for each in kept)
