"""What every screen shares: help, the palette, themes, and a terminal that is small, plain or hostile."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from kapso.git.repository import Repository
from kapso_tui.app import KapsoApp, chosen_theme
from kapso_tui.screens.compare import CompareScreen
from kapso_tui.screens.help import HelpScreen
from kapso_tui.screens.new_run import NewRunScreen
from kapso_tui.screens.raise_budget import RaiseBudget
from kapso_tui.screens.run import RunScreen
from kapso_tui.screens.runs import RunsScreen
from kapso_tui.widgets.calm_footer import CalmFooter
from tests.tui.driving import SIZES, check_pictures, drive, text, until
from tests.tui.made import LATER

TINY = (20, 5), (1, 1), SIZES["small"]
GARBAGE = "\x00\x07\x1b[31m\x9b2J\u202e\ud7ff ﷽ 並列\n\t[bold]x[/nope]" * 30


def open_app(root: Path, **options: Any) -> KapsoApp:
    return KapsoApp(Repository.open(root), clock=lambda: LATER, **options)


def toasts(app: KapsoApp) -> str:
    return "\n".join(each.message for each in app._notifications)


def test_the_list_of_runs_looks_as_it_should(made: Path) -> None:
    app = open_app(made)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "pack-3f9a" in text(app))
        await check_pictures(pilot, "runs")

    drive(app, steps)


def test_the_form_looks_as_it_should(empty: Path) -> None:
    goal = empty / "goal.yaml"
    goal.write_text(goal.read_text().replace("budget: {attempts: 12}", "budget: {attemts: 12}"))
    app = open_app(empty, goal=goal)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "↑ unknown key `attemts` in `budget`" in text(app))
        await check_pictures(pilot, "new-run")

    drive(app, steps)


def test_help_tells_the_keys_of_the_place(made: Path) -> None:
    app = open_app(made)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "pack-3f9a" in text(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await check_pictures(pilot, "help")
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen))

    drive(app, steps)


@pytest.mark.slow
def test_the_palette_reaches_keys_places_runs_and_themes(made: Path) -> None:
    app = open_app(made)

    async def call(pilot: Pilot[Any], name: str) -> None:
        await pilot.press("ctrl+p")
        await pilot.press(*name)
        await until(pilot, lambda: name.lower() in text(app).lower())
        await pilot.press("enter")

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "pack-3f9a" in text(app))
        await call(pilot, "light")
        await until(pilot, lambda: app.theme == "textual-light")
        await call(pilot, "mark")
        await until(pilot, lambda: "◆" in text(app))
        await call(pilot, "sort")
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.last_run == "sort-c001")

    drive(app, steps, SIZES["small"])


@pytest.mark.slow
def test_the_filter_narrows_the_list(made: Path) -> None:
    app = open_app(made)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "sort-c001" in text(app))
        await pilot.press("slash", *"circles", "space", *"finished")
        await until(pilot, lambda: "sort-c001" not in text(app) and "pack-77b0" not in text(app))
        assert "pack-3f9a" in text(app)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.last_run == "pack-3f9a")
        await pilot.press("escape", "escape")
        await until(pilot, lambda: "sort-c001" in text(app))
        await pilot.press("slash", *"nope")
        await until(pilot, lambda: "no run fits `nope`: escape shows all" in text(app))

    drive(app, steps, SIZES["small"])


def test_without_colour_all_is_grey(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = open_app(made)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "◌ interrupted" in text(app) and "✓ finished" in text(app))
        for strip in app.screen._compositor.render_strips():
            for filter in app._filters:
                strip = strip.apply_filter(filter, app.screen.background_colors[1])
            for segment in strip:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    assert colour is None or colour.triplet is None or len(set(colour.triplet)) == 1

    drive(app, steps)


@pytest.mark.parametrize(
    ("settings", "theme"),
    [
        ({}, "textual-dark"),
        ({"COLORFGBG": "0;15"}, "textual-light"),
        ({"COLORFGBG": "15;0"}, "textual-dark"),
        ({"COLORFGBG": "0;15", "KAPSO_THEME": "dark"}, "textual-dark"),
        ({"KAPSO_THEME": "light"}, "textual-light"),
        ({"KAPSO_THEME": "nord"}, "nord"),
        ({"KAPSO_THEME": "nonsense"}, "textual-dark"),
    ],
)
def test_themes(settings: dict[str, str], theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLORFGBG", raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert chosen_theme() == theme


@pytest.mark.slow
def test_garbage_and_a_tiny_terminal_harm_no_screen(made: Path) -> None:
    app = open_app(made)

    async def paste(pilot: Pilot[Any], *sizes: tuple[int, int]) -> None:
        app.post_message(events.Paste(GARBAGE))
        await pilot.pause()
        assert not set("\x00\x07\x1b\x9b\u202e") & set(text(app))
        for size in sizes:
            await pilot.resize_terminal(*size)
            await pilot.pause()

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "sort-c001" in text(app))
        await paste(pilot, *TINY)
        await pilot.press("slash")
        await paste(pilot, *TINY)
        await pilot.press("escape")
        app.push_screen(CompareScreen(app.repository, "pack-3f9a", "pack-77b0"))
        await paste(pilot, *TINY)
        await pilot.press("escape", "home", "u")
        await pilot.press("escape", "n")
        await until(pilot, lambda: isinstance(app.screen, NewRunScreen))
        for field in app.screen.query(Input):
            field.focus()
            await paste(pilot)
        await paste(pilot, *TINY)
        await pilot.press("ctrl+s")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and "sort-c001" in text(app))
        await pilot.press("down", "u")
        await until(pilot, lambda: isinstance(app.screen, RaiseBudget))
        await paste(pilot, *TINY)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await until(pilot, lambda: toasts(app))

    drive(app, steps, SIZES["small"])


@pytest.mark.slow
def test_a_log_that_is_locked_corrupt_or_gone_is_said(made: Path) -> None:
    app = open_app(made)
    state = made / ".git/kapso"

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "sort-c001" in text(app))
        with duckdb.connect(str(state / "kapso.duckdb")):
            app.screen.watch_._places = None  # type: ignore[attr-defined]
            await until(pilot, lambda: "kapso.duckdb" in toasts(app) or "held by" in toasts(app))
        (state / "kapso.duckdb").write_bytes(b"no database at all" * 1000)
        app.screen.watch_._places = None  # type: ignore[attr-defined]
        await until(pilot, lambda: "moved to `kapso.duckdb.set-aside` and rebuilt from git" in toasts(app))
        assert "sort-c001" in text(app)
        shutil.rmtree(state)
        app.screen.watch_._places = None  # type: ignore[attr-defined]
        await pilot.pause(1.2)
        assert "sort-c001" in text(app)

    drive(app, steps, SIZES["small"])


@pytest.mark.slow
def test_refs_or_the_repository_that_vanish_are_said(made: Path) -> None:
    app = open_app(made)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "sort-c001" in text(app))
        with Repository.open(made) as repository, repository.refs.transaction() as moves:
            for pattern in ("refs/heads/kapso/sort-c001/", "refs/kapso/sort-c001/"):
                for name in repository.refs.list(pattern):
                    moves.delete(name)
        await until(pilot, lambda: "sort-c001" not in text(app) and "pack-3f9a" in text(app))
        os.rename(made, made.with_name("moved"))
        await until(pilot, lambda: toasts(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))

    drive(app, steps, SIZES["small"])


def test_the_keys_are_painted_anew_only_when_they_differ(made: Path) -> None:
    app = KapsoApp(Repository.open(made))

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "New run" in text(app))
        footer = app.screen.query_one(CalmFooter)
        keys = list(footer.children)
        app.screen.refresh_bindings()
        await pilot.pause(0.1)
        assert list(footer.children) == keys
        await pilot.press("/")
        await until(pilot, lambda: list(footer.children) != keys)

    drive(app, steps)
