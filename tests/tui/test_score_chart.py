"""The score chart: legible without colour, true to the scores, and never flattened by an outlier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from kapso.git.repository import Repository
from kapso.report.facts import Facts
from kapso_tui.glyphs import ASCII, Glyphs
from kapso_tui.screens.run import RunScreen
from kapso_tui.watch.run import RunWatch
from kapso_tui.widgets.plot import Piece, plot
from kapso_tui.widgets.score_chart import ScoreChart
from tests.tui.climb import RUN
from tests.tui.driving import SIZES, text, until
from tests.tui.test_attempt_list import drive_run


@pytest.fixture
def facts(climbed: Path) -> Facts:
    watch = RunWatch(Repository.open(climbed), RUN)
    watch.load()
    assert watch.facts is not None
    return watch.facts


def drawn(lines: list[list[Piece]]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def tones(lines: list[list[Piece]], sign: str) -> set[str]:
    """The tones that a sign has in the chart itself."""
    return {tone for line in lines[:-2] for text, tone in line[1:] if sign in text}


def test_proposers_differ_by_sign_and_by_tone(facts: Facts) -> None:
    lines = plot(facts, "attempts", 80, 12, Glyphs(), target=20.0)
    chart, legend = drawn(lines)[:-2], drawn(lines)[-1]
    assert "╵ 1 unscored" in drawn(plot(facts, "attempts", 120, 12, Glyphs(), target=20.0))[-1]
    for sign, name in (("•", "tune"), ("▴", "mutate"), ("×", "llm"), ("◆", "combine")):
        assert f"{sign} {name}" in legend
        assert any(sign in line for line in chart), f"no {name} in\n" + "\n".join(chart)
    assert tones(lines, "×") == {"proposer-5"}
    assert sum(line.count("★") for line in chart) == 1 and tones(lines, "◇") == {"holdout"}
    assert "◇ hold-out" in legend and "1 off the scale" in legend
    assert chart[-1].count("╵") == 1, "the crash is a tick below the scores"


def test_the_scale_is_the_scores_without_the_outlier(facts: Facts) -> None:
    lines = drawn(plot(facts, "attempts", 80, 14, Glyphs(), target=20.0))
    labels = [float(line.split()[0]) for line in lines[:-3] if line[:4].strip()]
    assert labels == sorted(labels, reverse=True) and min(labels) > 5 and max(labels) < 21
    best = next(at for at, line in enumerate(lines) if "★" in line)
    baseline = next(at for at, line in enumerate(lines) if "╌╌" in line)
    assert best < baseline, "higher is better"
    assert "0" in lines[-2] and lines[-2].endswith("attempt")
    turned = replace(facts, run=replace(facts.run, maximize=False))
    assert "lower is better" in drawn(plot(turned, "attempts", 200, 12, Glyphs()))[-1]


def test_the_best_so_far_is_a_line_that_never_falls(facts: Facts) -> None:
    lines = plot(facts, "attempts", 100, 20, Glyphs())
    heights: dict[int, int] = {}
    for row, line in enumerate(lines[:-3]):
        column = 0
        for piece, tone in line[1:]:
            for _ in piece:
                if tone in ("line", "best") or tone.startswith("leader"):
                    heights[column] = min(row, heights.get(column, row))
                column += 1
    columns = sorted(heights)
    assert columns == list(range(columns[0], columns[-1] + 1)), "without a gap"
    assert all(heights[a] >= heights[b] for a, b in zip(columns, columns[1:], strict=False))


def test_it_goes_by_time_and_into_any_size(facts: Facts) -> None:
    assert drawn(plot(facts, "time", 90, 10, Glyphs()))[-2].rstrip().endswith("time")
    assert "s" in drawn(plot(facts, "time", 90, 10, Glyphs()))[-2]
    for width in (1, 24, 30, 79, 300):
        for height in (1, 4, 5, 9, 40):
            lines = plot(facts, "attempts", width, height, Glyphs(), target=1e300)
            assert len(lines) <= height
            assert all(cell_len(line) <= max(width, 24) for line in drawn(lines)), (width, height)


def test_without_unicode_it_is_ascii(facts: Facts) -> None:
    lines = drawn(plot(facts, "attempts", 120, 12, ASCII, target=20.0))
    assert all(line.isascii() for line in lines)
    assert "o tune" in lines[-1] and any("*" in line for line in lines[:-2]) and "__" in "".join(lines)


def test_it_is_on_the_screen_where_there_is_room_and_a_key_away(climbed: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        chart = screen.query_one(ScoreChart)
        await until(pilot, lambda: "attempt" in drawn(chart.lines or [[("", "")]])[-2:][0])
        assert "best so far" in text(pilot.app)
        await pilot.press("c")
        await until(pilot, lambda: drawn(chart.lines)[-2].endswith("time"))
        await pilot.press("c")
        await until(pilot, lambda: "best so far" not in text(pilot.app))
        await pilot.press("c")
        await until(pilot, lambda: drawn(chart.lines)[-2].endswith("attempt"))
        await pilot.resize_terminal(*SIZES["small"])
        await pilot.press("c", "c")
        await until(pilot, lambda: "best so far" not in text(pilot.app))
        await pilot.press("c")
        await until(pilot, lambda: "best so far" in text(pilot.app))

    drive_run(climbed, steps)


def test_a_run_without_a_score_has_no_chart(facts: Facts) -> None:
    none = replace(facts, attempts=tuple(replace(each, score=None) for each in facts.attempts))
    assert drawn(plot(none, "attempts", 80, 10, Glyphs())) == ["no score yet"]
