"""The tabs of an attempt tell what the command line tells of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from kapso.git.repository import Repository
from kapso_tui.app import KapsoApp
from kapso_tui.screens.run import RunScreen
from kapso_tui.widgets.attempt_tabs import AttemptTabs
from kapso_tui.widgets.tabs.page import Page
from tests.tui.conftest import kapso
from tests.tui.driving import drive, until


def the_run(root: Path) -> str:
    return next((root / ".git/kapso/runs").iterdir()).name


def shown(root: Path, run: str, number: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kapso(root, "show", run, str(number), "--json"))
    return found


async def opened(pilot: Pilot[Any], number: int, tab: str) -> AttemptTabs:
    """The tabs of an attempt once `tab` shows it."""
    screen = pilot.app.screen
    assert isinstance(screen, RunScreen)
    await until(pilot, lambda: number in screen.watch_.attempts)
    screen.selected = number
    tabs = screen.query_one(AttemptTabs)
    tabs.open(tab)
    await until(pilot, lambda: tabs.shown and (tabs.shown.number, tabs.shown.tab) == (number, tab))
    return tabs


def page(app: KapsoApp) -> str:
    return "\n".join("".join(piece for piece, _ in row) for row in app.screen.query_one(Page).rows)


def test_each_tab_tells_what_show_tells(finished: Path) -> None:
    run = the_run(finished)
    best = shown(finished, run, "best")
    app = KapsoApp(Repository.open(finished), run=run)

    async def steps(pilot: Pilot[Any]) -> None:
        tabs = await opened(pilot, best["attempt"], "idea")
        told = page(app)
        for fact in (best["title"], best["commit"], best["hypothesis"], "the best", best["sandbox"]):
            assert fact in told, fact
        assert all(f"{name}: {value}" in told for name, value in best["parameters"].items())
        assert "confirmed" in told and "\\x1b" not in told
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: tabs.shown and tabs.shown.tab == "diff")
        lines = [line for line in best["diff"]["patch"].splitlines() if line[:1] in "+-"][2:]
        assert lines and all(f" {line}" in page(app) for line in lines)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: tabs.shown and tabs.shown.tab == "metrics")
        assert f"{best['score']:.7g}" in page(app) and "better" in page(app)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: tabs.shown and tabs.shown.tab == "logs")
        assert all(stage["command"] in page(app) for stage in best["stages"])
        assert "[exit 0 after" in page(app) and f'{{"score": {best["score"]:.7g}' in page(app)

    drive(app, steps)


def test_the_diff_is_against_the_base_on_demand_and_side_by_side_where_there_is_room(finished: Path) -> None:
    run = the_run(finished)
    best = shown(finished, run, "best")
    app = KapsoApp(Repository.open(finished), run=run)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, best["attempt"], "diff")
        assert f"against attempt {best['parents'][0]}" in page(app)
        await pilot.press("B")
        await until(pilot, lambda: "against the base" in page(app))
        old, new = '-{"x": 1.0, "y": 5.0}', "+" + (git_file(finished, best["commit"]))
        beside = [line for line in page(app).splitlines() if old in line and "│" in line and new in line]
        assert beside, page(app)
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: "│" not in page(app))
        assert any(line.rstrip().endswith(old) for line in page(app).splitlines())

    drive(app, steps, size=(200, 60))


def git_file(root: Path, commit: str) -> str:
    done = subprocess.run(["git", "show", f"{commit}:params.json"], cwd=root, capture_output=True, text=True)
    return done.stdout.strip()
