"""Two runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from kapso.errors import UsageError
from kapso.git.repository import Repository
from kapso.memory.history import runs_in_git
from kapso.wording import duration
from kapso_tui.app import KapsoApp
from kapso_tui.screens.compare import CompareScreen
from kapso_tui.screens.run import RunScreen
from kapso_tui.watch.comparison import Side, compare
from kapso_tui.watch.run import RunWatch
from kapso_tui.widgets.curves import two_curves
from tests.tui.driving import SIZES, check_pictures, drive, text, until
from tests.tui.made import LATER


def test_what_differs_between_two_runs(made: Path) -> None:
    found, _ = compare(Repository.open(made), "pack-3f9a", "pack-77b0")
    results = {row.name: (row.a, row.b) for row in found.results}
    assert results["attempts"] == ("40", "7")
    assert results["baseline"] == ("1.5", "1.5")
    assert results["best"] == ("2.2 (attempt 35)", "1.62 (attempt 4)")
    assert results["gain"] == ("+0.7", "+0.12")
    assert results["cost"] == ("$0.16", "-")
    settings = {row.name: (row.a, row.b) for row in found.settings}
    assert settings["search.seed"] == ("1", "2")
    assert settings["propose"] == ('["tune", "mutate"]', '["tune"]')
    assert "name" not in settings and "evaluate.command" not in settings
    assert found.warning is None


def test_scores_of_different_goals_are_not_compared(made: Path) -> None:
    found, _ = compare(Repository.open(made), "pack-3f9a", "sort-c001")
    assert found.warning == "the goals differ: their scores say nothing about each other"
    with pytest.raises(UsageError, match="no run `gone-0000` any more"):
        compare(Repository.open(made), "pack-3f9a", "gone-0000")


@pytest.mark.slow
def test_marked_runs_are_compared_and_opened(made: Path) -> None:
    app = KapsoApp(Repository.open(made), clock=lambda: LATER)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "pack-77b0" in text(app))
        await pilot.press("C")
        await until(pilot, lambda: "mark a run with `m`" in text(app))
        await pilot.press("m")
        await until(pilot, lambda: "◆" in text(app))
        await pilot.press("down", "C")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and "pack-77b0" in text(app))
        await pilot.press("end")
        await until(pilot, lambda: "≠ search.seed" in text(app))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        assert app.last_run == "pack-3f9a"

    drive(app, steps, SIZES["small"])


def test_curves_tell_two_runs_apart_without_colour() -> None:
    a, b = Side("a", ((0, 1.0), (5, 3.0)), 10), Side("b", ((0, 1.0), (6, 2.0)), 8)
    chart = two_curves(a, b, 40, 5).plain.split("\n")
    assert chart[0].startswith("3 ") and chart[0].endswith("━") and "┏" in chart[0]
    assert chart[4].startswith("1 ") and "┛" in chart[4] and "─" in chart[4]
    assert "┌──" in chart[2] and len(chart[2].rstrip()) < len(chart[0])
    assert chart[5].split() == ["0", "10"]


def test_the_comparison_looks_as_it_should(made: Path) -> None:
    app = KapsoApp(Repository.open(made), clock=lambda: LATER)

    async def steps(pilot: Pilot[Any]) -> None:
        app.push_screen(CompareScreen(app.repository, "pack-3f9a", "pack-77b0"))
        await until(pilot, lambda: "━━━ pack-3f9a" in text(app))
        await check_pictures(pilot, "compare")

    drive(app, steps)


def test_the_time_of_a_run_is_what_its_sessions_counted(finished: Path) -> None:
    repository = Repository.open(finished)
    watch = RunWatch(repository, next(iter(runs_in_git(repository))))
    watch.load()
    found, _ = compare(repository, watch.run, watch.run)
    results = {row.name: row.a for row in found.results}
    assert watch.end["elapsed"] > 0 and results["time"] == duration(watch.end["elapsed"])
    assert all(" 1 bests" not in row.a and not row.a.startswith("1 attempts") for row in found.proposers)
