"""The list of runs, and the form for a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from kapso.git.repository import Repository
from kapso_tui.app import KapsoApp
from kapso_tui.screens.new_run import NewRunScreen
from tests.tui.driving import drive, text, until


def test_the_empty_list_tells_what_to_do(empty: Path) -> None:
    app = KapsoApp(Repository.open(empty))

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "no runs yet: `n` starts one from a goal.yaml" in text(app))

    drive(app, steps)


def test_a_mistake_in_the_goal_is_shown_at_its_line_until_it_is_mended(empty: Path) -> None:
    goal = empty / "goal.yaml"
    right = goal.read_text()
    goal.write_text(right.replace("evaluate:", "evalute:"))
    app = KapsoApp(Repository.open(empty), goal=goal)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen) and "evalute" in text(app))
        await until(pilot, lambda: "▸   5 evalute:" in text(app) and "↑ unknown key `evalute`" in text(app))
        await pilot.press("ctrl+s")
        await pilot.pause()
        assert isinstance(app.screen, NewRunScreen)  # nothing is started
        goal.write_text(right)
        await until(pilot, lambda: "↑" not in text(app) and "at most 12 attempts" in text(app))
        app.screen.query_one("#time", Input).value = "soon"
        await until(pilot, lambda: "`soon`" in text(app))

    drive(app, steps)
