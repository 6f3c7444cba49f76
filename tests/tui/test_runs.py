"""The list of runs, and the form for a new one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from kapso.git.repository import Repository
from kapso_tui.app import KapsoApp
from kapso_tui.screens.new_run import NewRunScreen
from kapso_tui.screens.run import RunScreen
from kapso_tui.screens.runs import RunsScreen
from tests.tui.driving import drive, text, until


def test_the_empty_list_tells_what_to_do(empty: Path) -> None:
    app = KapsoApp(Repository.open(empty))

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "no runs yet: `n` starts one from a goal.yaml" in text(app))

    drive(app, steps)


def test_a_run_is_listed_and_opened(finished: Path) -> None:
    run = next((finished / ".git/kapso/runs").iterdir()).name
    app = KapsoApp(Repository.open(finished))

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: run in text(app))
        assert "✓ finished" in text(app) and "12" in text(app)
        print(text(app))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))

    drive(app, steps)


def test_a_new_run_starts_from_the_form_and_opens(empty: Path) -> None:
    app = KapsoApp(Repository.open(empty))

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.press("n")
        await until(pilot, lambda: "objective: Bring x" in text(app))
        print(text(app))
        app.screen.query_one("#attempts", Input).value = "2"
        await until(pilot, lambda: "at most 2 attempts" in text(app))
        print(text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))

    drive(app, steps)


def test_a_mistake_in_the_goal_is_shown_at_its_line(empty: Path) -> None:
    goal = empty / "goal.yaml"
    goal.write_text(goal.read_text().replace("evaluate:", "evalute:"))
    app = KapsoApp(Repository.open(empty), goal=goal)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen) and "evalute" in text(app))
        await until(pilot, lambda: "↑" in text(app))
        print(text(app))

    drive(app, steps)
