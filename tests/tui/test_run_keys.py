"""The keys of the run's screen: what each does to the run, to git and to the files of the user."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from kapso.git.repository import Repository
from kapso.loop.hints import Hints
from kapso_tui.app import KapsoApp
from kapso_tui.screens.apply import ApplyDialog
from kapso_tui.screens.dialogs import Ask
from tests.tui.background import running
from tests.tui.driving import drive, text, until
from tests.tui.test_attempt_tabs import opened, shown, the_run


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def slow(root: Path) -> None:
    """Let each evaluation take a moment, so that the run goes on while it is looked at."""
    scorer = root / "score.sh"
    scorer.write_text("sleep 0.2\n" + scorer.read_text())
    git(root, "commit", "-qam", "slower")


def toasts(app: KapsoApp) -> str:
    return "\n".join(each.message for each in app._notifications)


def test_a_run_is_held_let_go_and_stopped(empty: Path) -> None:
    slow(empty)
    with running(empty, "--attempts", "500") as (run, process):
        app = KapsoApp(Repository.open(empty), run=run)
        control = empty / ".git/kapso/runs" / run / "control.json"

        async def steps(pilot: Pilot[Any]) -> None:
            await opened(pilot, 0, "idea")
            await pilot.press("p")
            await until(pilot, lambda: json.loads(control.read_text())["state"] == "paused")
            await until(pilot, lambda: "holds once" in toasts(app) and "paused" in text(app))
            await pilot.press("p")
            await until(pilot, lambda: json.loads(control.read_text())["state"] == "running")
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press("n")
            await until(pilot, lambda: not isinstance(app.screen, Ask))
            assert json.loads(control.read_text())["state"] == "running"
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press("y")
            await until(pilot, lambda: process.poll() is not None)
            await until(pilot, lambda: app.screen.watch_.status == "finished")  # type: ignore[attr-defined]

        drive(app, steps)


def test_a_hint_is_kept_and_it_is_said_why_nobody_hears_it(finished: Path) -> None:
    run = the_run(finished)
    repository = Repository.open(finished)
    app = KapsoApp(repository, run=run)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, 1, "idea")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("enter")
        await until(pilot, lambda: "the hint is empty" in text(app))
        app.screen.query_one(Input).value = "keep x near 3"
        await pilot.press("enter")
        await until(pilot, lambda: "only `llm` and `agent` read hints" in toasts(app))
        assert [each.text for each in Hints(repository, run).all()] == ["keep x near 3"]

    drive(app, steps)


def test_apply_shows_the_diff_and_makes_the_branch_and_nothing_else(finished: Path) -> None:
    run = the_run(finished)
    best = shown(finished, run, "best")
    before = git(finished, "status", "--porcelain"), git(finished, "rev-parse", "HEAD")
    branch = f"kapso-apply/{run}-{best['attempt']:04d}"
    app = KapsoApp(Repository.open(finished), run=run)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, best["attempt"], "idea")
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, ApplyDialog) and '-{"x": 1.0' in text(app))
        assert branch in text(app)
        await pilot.press("escape")
        assert git(finished, "branch", "--list", "kapso-apply/*") == ""
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, ApplyDialog))
        await pilot.press("enter")
        await until(pilot, lambda: f"git merge {branch}" in toasts(app))

    drive(app, steps)
    assert git(finished, "rev-parse", f"{branch}^{{tree}}") == best["tree"]
    assert (git(finished, "status", "--porcelain"), git(finished, "rev-parse", "HEAD")) == before


def test_apply_changes_the_working_tree_only_when_told_twice_and_only_a_clean_one(finished: Path) -> None:
    run = the_run(finished)
    best = shown(finished, run, "best")
    app = KapsoApp(Repository.open(finished), run=run)
    params = finished / "params.json"
    start = params.read_text()

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, best["attempt"], "idea")
        for answer in ("n", "y"):
            await pilot.press("A")
            await until(pilot, lambda: isinstance(app.screen, ApplyDialog))
            await pilot.press("w")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            assert params.read_text() == start
            await pilot.press(answer)
        await until(pilot, lambda: "is in the working tree, staged: 1 file" in toasts(app))
        assert git(finished, "diff", "--cached", "--name-only") == "params.json"
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, ApplyDialog))
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, Ask))
        await pilot.press("y")
        await until(pilot, lambda: "is not clean" in toasts(app) and "git stash -u" in toasts(app))

    drive(app, steps)
    assert git(finished, "write-tree") == best["tree"]


def test_what_has_the_files_of_the_base_cannot_be_applied(finished: Path) -> None:
    app = KapsoApp(Repository.open(finished), run=the_run(finished))

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, 0, "idea")
        await pilot.press("A")
        await until(pilot, lambda: "has the same files as the base" in toasts(app))

    drive(app, steps)
