"""Runs are processes of their own: started and resumed from the dashboard, which may come and go."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from kapso.git.repository import Repository
from kapso_tui.actions.processes import Launch, Options, read_error, resume_run, start_run
from kapso_tui.app import KapsoApp
from kapso_tui.screens.new_run import NewRunScreen
from kapso_tui.screens.raise_budget import RaiseBudget
from kapso_tui.screens.run import RunScreen
from kapso_tui.screens.runs import RunsScreen
from tests.tui.conftest import GOAL, PARAMS, SCORE, kapso
from tests.tui.driving import drive, text, until

SLOW = GOAL.replace("run: cp", "run: sleep 0.2 && cp").replace("attempts: 12", "attempts: 200")
Make = Callable[..., Path]


def runs(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kapso(root, "ls", "--json").splitlines()]


def ended(launch: Launch, seconds: float = 60) -> int:
    return launch.process.wait(seconds)


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_a_run_goes_on_when_the_dashboard_is_closed_and_two_dashboards_see_it(make_repository: Make) -> None:
    root = make_repository({"goal.yaml": SLOW, "params.json": PARAMS, "score.sh": SCORE})
    first, second = KapsoApp(Repository.open(root)), KapsoApp(Repository.open(root))

    async def start(pilot: Pilot[Any]) -> None:
        await pilot.press("n")
        await until(pilot, lambda: "at most 200 attempts" in text(first))
        first.screen.query_one("#attempts", Input).value = "2000"
        await until(pilot, lambda: "at most 2000 attempts" in text(first))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(first.screen, RunScreen))

        async def watch(other: Pilot[Any]) -> None:
            await until(other, lambda: "● running" in text(second))
            await other.press("q")

        async with second.run_test() as other:
            await watch(other)
        await pilot.press("q")

    drive(first, start)
    run = first.last_run
    assert run is not None
    landed = runs(root)[0]["attempts"]
    wait_for(lambda: runs(root)[0]["attempts"] > landed + 1)
    kapso(root, "stop")
    wait_for(lambda: runs(root)[0]["status"] == "finished")
    assert [each["run"] for each in runs(root)] == [run]
    assert "attempts in" in (root / f".git/kapso/runs/{run}/output.txt").read_text()


@pytest.mark.slow
def test_a_run_of_another_terminal_appears_and_is_paused_and_stopped(make_repository: Make) -> None:
    root = make_repository({"goal.yaml": SLOW, "params.json": PARAMS, "score.sh": SCORE})
    repository = Repository.open(root)
    app = KapsoApp(repository)

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "no runs yet" in text(app))
        launch = start_run(repository, root / "goal.yaml", Options())
        await until(pilot, lambda: "● running" in text(app))
        assert isinstance(app.screen, RunsScreen)
        await until(pilot, lambda: app.screen.watch_.runs[0].summary.attempts >= 2)  # type: ignore[attr-defined]
        await pilot.press("p")
        await until(pilot, lambda: "‖ paused" in text(app))
        await pilot.press("p")
        await until(pilot, lambda: "● running" in text(app))
        await pilot.press("x", "y")
        await until(pilot, lambda: "✓ finished" in text(app) and "it was told to stop" in text(app))
        assert ended(launch) in (0, 3)
        await pilot.press("x")
        await until(pilot, lambda: "is not running" in text(app))

    drive(app, steps)


@pytest.mark.slow
def test_a_finished_run_is_asked_for_a_larger_budget(finished: Path) -> None:
    app = KapsoApp(Repository.open(finished))

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "✓ finished" in text(app))
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, RaiseBudget))
        assert "the budget of attempts is used up" in text(app)
        app.screen.query_one("#attempts", Input).value = "14"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen))
        await until(pilot, lambda: app.screen.watch_.runs[0].summary.attempts == 14)  # type: ignore[attr-defined]
        await until(pilot, lambda: "✓ finished" in text(app))

    drive(app, steps)


def test_what_only_the_run_finds_out_is_shown_at_its_line(make_repository: Make) -> None:
    goal = GOAL.replace("edit: [params.json]", "edit: [parms.json]")
    root = make_repository({"goal.yaml": goal, "params.json": PARAMS, "score.sh": SCORE})
    app = KapsoApp(Repository.open(root), goal=root / "goal.yaml")

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "at most 12 attempts" in text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "▸   3 edit: [parms.json]" in text(app))
        assert "↑ `edit: [parms.json]` matches no file" in text(app)

    drive(app, steps)
    assert list((root / ".git/kapso/started").iterdir()) == []


@pytest.mark.slow
def test_why_a_run_cannot_begin_is_told(make_repository: Make) -> None:
    goal = GOAL.replace("evaluate: sh score.sh", "evaluate: sh missing.sh")
    root = make_repository({"goal.yaml": goal, "params.json": PARAMS, "score.sh": SCORE})
    app = KapsoApp(Repository.open(root), goal=root / "goal.yaml")

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "at most 12 attempts" in text(app))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "the unchanged program cannot be scored" in text(app))
        assert isinstance(app.screen, NewRunScreen)  # where it can be mended and tried again
        assert "missing.sh" in text(app)

    drive(app, steps)
    assert runs(root) == []


def test_what_a_process_printed_becomes_an_error_again(finished: Path) -> None:
    repository = Repository.open(finished)
    run = next((finished / ".git/kapso/runs").iterdir()).name
    launch = resume_run(repository, run, Options())
    assert ended(launch) == 2
    error = launch.error()
    assert error is not None and error.slug == "finished"
    assert error.message == f"run `{run}` has finished: its budget of attempts is used up"
    assert error.help is not None and "--attempts N" in error.help


def test_errors_are_read_as_they_are_printed() -> None:
    said = ["kapso: sandbox: bubblewrap", "error[bad]: no `x`", "  --> goal.yaml:3", "help: add", "  one"]
    error = read_error(said, 2)
    assert (error.slug, error.message, error.where) == ("bad", "no `x`", "goal.yaml:3")
    assert error.help == "add\n  one"
    assert read_error(["Killed"], -9).message == "the run's process was ended by signal 9"
    assert read_error([], 1).message == "the run's process ended with exit code 1"


def test_options_as_the_command_line_takes_them() -> None:
    options = Options(attempts=" 5 ", time="10m", propose="tune,mutate", dirty=True)
    assert options.arguments() == ["--attempts=5", "--time=10m", "--propose=tune,mutate", "--dirty"]
    assert Options().arguments() == []
