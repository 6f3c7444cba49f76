"""The dashboard survives its own slips, and tells of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from kapso.git.repository import Repository
from kapso_tui.app import KapsoApp
from kapso_tui.screens.help import HelpScreen
from kapso_tui.screens.runs import RunsScreen
from tests.tui.driving import drive, text, until


def fail(*_: Any) -> None:
    raise RuntimeError("a slip of ours")


def in_an_action(app: KapsoApp) -> None:
    def action() -> None:
        raise RuntimeError("in an action")

    app.screen.action_slip = action  # type: ignore[attr-defined]
    app.call_later(app.run_action, "slip", app.screen)


def in_a_timer(app: KapsoApp) -> None:
    def tick() -> None:
        raise RuntimeError("in a timer")

    app.screen.set_timer(0.01, tick)


def in_the_app(app: KapsoApp) -> None:
    def call() -> None:
        raise RuntimeError("in the app")

    app.call_later(call)


def in_a_worker(app: KapsoApp) -> None:
    def work() -> None:
        raise RuntimeError("in a worker")

    app.screen.run_worker(work, thread=True)


def on_a_look(app: KapsoApp) -> None:
    def look() -> list[str]:
        raise RuntimeError("on a look")

    assert isinstance(app.screen, RunsScreen)
    app.screen.watch_.look = look  # type: ignore[method-assign]
    app.screen.look()


SLIPS: list[Callable[[KapsoApp], None]] = [in_an_action, in_a_timer, in_the_app, in_a_worker, on_a_look]


def test_unexpected_errors_are_told_and_survived(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    app = KapsoApp(Repository.open(empty))

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "no runs yet" in text(app))
        for slip in SLIPS:
            slip(app)
            await until(pilot, partial(is_told, app, slip.__name__.replace("_", " ")))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))  # keys still work

    drive(app, steps, may_fail=True)
    log = (tmp_path / "state/kapso/errors.log").read_text()
    assert "Traceback" in log and "on a look" in log
    assert app.return_code is None


def is_told(app: KapsoApp, said: str) -> bool:
    """Whether a toast says so."""
    return any(f"failed unexpectedly: RuntimeError: {said}" in each.message for each in app._notifications)


def test_with_debug_the_traceback_ends_it(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAPSO_DEBUG", "1")
    app = KapsoApp(Repository.open(empty))

    async def steps(pilot: Pilot[Any]) -> None:
        in_the_app(app)
        await until(pilot, lambda: not app.is_running)

    with pytest.raises(RuntimeError, match="in the app"):
        drive(app, steps)


def test_a_flood_of_errors_ends_it(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    app = KapsoApp(Repository.open(empty))

    async def steps(pilot: Pilot[Any]) -> None:
        app.screen.set_interval(0.001, fail)
        await until(pilot, lambda: not app.is_running)

    with pytest.raises(RuntimeError, match="a slip of ours"):
        drive(app, steps, may_fail=True)
