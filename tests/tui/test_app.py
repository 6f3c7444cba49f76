"""The app as a whole: it opens, leads from place to place, and closes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from kapso.git.repository import Repository
from kapso_tui.app import KapsoApp
from kapso_tui.screens.run import RunScreen
from tests.tui.driving import drive, text, until


def test_a_run_is_shown_as_the_log_has_it(finished: Path) -> None:
    run = next((finished / ".git/kapso/runs").iterdir()).name
    app = KapsoApp(Repository.open(finished), run=run)

    async def steps(pilot: Pilot[Any]) -> None:
        screen = app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: len(screen.watch_.attempts) == 13)
        assert run in text(app) and "finished" in text(app)

    drive(app, steps)
