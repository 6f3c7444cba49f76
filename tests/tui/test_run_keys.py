"""The keys of the run's screen: what each does to the run, to git and to the files of the user."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

from kapso.git.repository import Repository
from kapso.loop.hints import Hints
from kapso.memory.live import live_status
from kapso_tui.actions.bookmarks import Bookmarks
from kapso_tui.app import KapsoApp
from kapso_tui.screens.apply import ApplyDialog
from kapso_tui.screens.dialogs import Ask
from kapso_tui.screens.run import RunScreen
from kapso_tui.watch.run import RunWatch
from kapso_tui.widgets.attempt_tabs import AttemptTabs
from tests.tui.background import running
from tests.tui.driving import drive, text, until
from tests.tui.hand_made import RUN
from tests.tui.test_attempt_tabs import opened, page, shown, the_run


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def slow(root: Path) -> None:
    """Let each evaluation take a moment, so that the run goes on while it is looked at."""
    scorer = root / "score.sh"
    scorer.write_text("sleep 0.2\n" + scorer.read_text())
    git(root, "commit", "-qam", "slower")


def watch(app: KapsoApp) -> RunWatch:
    """What the screen knows of its run."""
    screen = next(each for each in app.screen_stack if isinstance(each, RunScreen))
    return screen.watch_


def toasts(app: KapsoApp) -> str:
    return "\n".join(each.message for each in app._notifications)


@pytest.mark.slow
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
            await until(pilot, lambda: watch(app).status == "finished")

        drive(app, steps)


@pytest.mark.slow
def test_a_run_that_is_killed_is_told_of_and_goes_on_in_a_process_of_its_own(empty: Path) -> None:
    slow(empty)
    with running(empty, "--attempts", "500") as (run, process):
        app = KapsoApp(Repository.open(empty), run=run)
        lock = empty / ".git/kapso/runs" / run / "lock"

        async def steps(pilot: Pilot[Any]) -> None:
            await opened(pilot, 0, "logs")
            process.send_signal(signal.SIGKILL)
            process.wait()
            await until(pilot, lambda: "was interrupted; nothing is lost: p goes on" in toasts(app))
            before = max(watch(app).attempts)
            await pilot.press("p")
            await until(pilot, lambda: "in a process of its own" in toasts(app))
            await until(
                pilot, lambda: max(watch(app).attempts) > before + 1 and watch(app).status == "running"
            )
            assert int(lock.read_text()) != process.pid
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, Ask))
            await pilot.press("y")
            await until(pilot, lambda: watch(app).status == "finished")

        try:
            drive(app, steps)
        finally:
            if live_status(empty / ".git/kapso", run) is not None:
                os.kill(int(lock.read_text()), signal.SIGKILL)


@pytest.mark.slow
def test_what_waits_for_a_human_is_approved_or_rejected_with_a_reason(empty: Path) -> None:
    goal = empty / "goal.yaml"
    goal.write_text(goal.read_text() + "approve: true\nsearch: {parallel: 2}\n")
    git(empty, "commit", "-qam", "ask me")
    with running(empty) as (run, _):
        app = KapsoApp(Repository.open(empty), run=run)

        async def steps(pilot: Pilot[Any]) -> None:
            await opened(pilot, 0, "idea")
            assert "Approve" not in text(app)
            await until(pilot, lambda: len([f for f in watch(app).flights.values() if f.is_waiting]) > 1)
            first, second = sorted(watch(app).flights)[:2]
            used, tabs = watch(app).elapsed_s, app.screen.query_one(AttemptTabs)
            await pilot.press("a")
            await until(pilot, lambda: f"attempt {first} waits: look at it" in toasts(app))
            assert app.screen.selected == first  # type: ignore[attr-defined]
            assert watch(app).flights[first].is_waiting and watch(app).elapsed_s == used
            tabs.open("diff")
            await until(pilot, lambda: '-{"x": 1.0, "y": 5.0}' in page(app))
            await until(pilot, lambda: "Approve" in text(app) and "waits for approval" in text(app))
            await pilot.press("a")
            await until(pilot, lambda: first in watch(app).attempts)
            assert watch(app).attempts[first].is_scored
            app.screen.selected = second  # type: ignore[attr-defined]
            await pilot.press("r")
            await until(pilot, lambda: isinstance(app.focused, Input))
            await pilot.press(*"too bold", "enter")
            await until(pilot, lambda: second in watch(app).attempts)
            assert watch(app).attempts[second].outcome == "rejected"
            assert watch(app).attempts[second].reason == "too bold"

        drive(app, steps)


@pytest.mark.slow
def test_a_revision_of_ones_own_is_evaluated_by_the_run_or_by_a_new_process(empty: Path) -> None:
    slow(empty)
    for name, x in (("mine", 2.5), ("theirs", 2.75)):
        git(empty, "switch", "-qc", name, "main")
        (empty / "params.json").write_text(f'{{"x": {x}, "y": 5.0}}\n')
        git(empty, "commit", "-qam", f"x is {x}")
    git(empty, "switch", "-q", "main")
    with running(empty, "--attempts", "500") as (run, process):
        app = KapsoApp(Repository.open(empty), run=run)

        def by_hand() -> list[str]:
            return [each.title for each in watch(app).attempts.values() if each.proposer == "human"]

        async def ask(pilot: Pilot[Any], revision: str) -> None:
            await pilot.press("t")
            await until(pilot, lambda: isinstance(app.focused, Input))
            await pilot.press(*revision, "enter")

        async def steps(pilot: Pilot[Any]) -> None:
            await opened(pilot, 0, "idea")
            await ask(pilot, "mine")
            await until(pilot, lambda: by_hand() == ["x is 2.5"])
            process.send_signal(signal.SIGKILL)
            process.wait()
            await until(pilot, lambda: watch(app).status == "interrupted")
            await ask(pilot, "theirs")
            await until(pilot, lambda: by_hand() == ["x is 2.5", "x is 2.75"], 40)
            await ask(pilot, "mine")
            await until(pilot, lambda: "that was tried already" in toasts(app))
            await ask(pilot, "nothing-here")
            await until(pilot, lambda: "`nothing-here` names no commit" in toasts(app))

        drive(app, steps)


@pytest.mark.slow
def test_small_keys(finished: Path) -> None:
    """Names to copy, marks, the report, a patch, the way along the lineage."""
    run = the_run(finished)
    best = shown(finished, run, "best")
    number, parent = best["attempt"], best["parents"][0]
    folder = finished / ".git/kapso/runs" / run
    app = KapsoApp(Repository.open(finished), run=run)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, number, "idea")
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == best["branch"] and best["branch"] in toasts(app))
        await pilot.press("Y")
        await until(pilot, lambda: app.clipboard.startswith("git diff"))
        shown_by_git = git(finished, *app.clipboard.split()[1:])
        assert shown_by_git.splitlines()[-2:] == best["diff"]["patch"].splitlines()[-2:]
        await pilot.press("b")
        await until(pilot, lambda: watch(app).bookmarks == {number} == Bookmarks(folder).all())
        await pilot.press("b")
        await until(pilot, lambda: not watch(app).bookmarks and not Bookmarks(folder).all())
        await pilot.press("w")
        await until(pilot, lambda: str(folder / "report.html") in toasts(app))
        assert run in (folder / "report.html").read_text()
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, ApplyDialog))
        await pilot.press("p")
        await until(pilot, lambda: "git apply" in toasts(app))
        git(finished, "apply", "--check", str(folder / f"{number:04d}.patch"))
        await opened(pilot, number, "diff")
        assert "│" not in page(app)
        await pilot.press("z")
        await until(pilot, lambda: "│" in page(app))
        await pilot.press("z")
        await until(pilot, lambda: "│" not in page(app))
        tabs = await opened(pilot, number, "lineage")
        tabs.query_one(OptionList).focus()
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.screen.selected == parent)  # type: ignore[attr-defined]

    drive(app, steps)


@pytest.mark.slow
def test_a_hint_is_kept_and_apply_makes_the_branch_that_it_shows_and_nothing_else(made_by_hand: Path) -> None:
    before = git(made_by_hand, "status", "--porcelain"), git(made_by_hand, "rev-parse", "HEAD")
    branch = f"kapso-apply/{RUN}-0002"
    repository = Repository.open(made_by_hand)
    app = KapsoApp(repository, run=RUN)

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, 2, "idea")
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("enter")
        await until(pilot, lambda: "the hint is empty" in text(app))
        app.screen.query_one(Input).value = "look everywhere"
        await pilot.press("enter")
        await until(pilot, lambda: "nobody works on the run" in toasts(app))
        assert [each.text for each in Hints(repository, RUN).all()] == ["look everywhere"]
        await pilot.press("A")
        await until(
            pilot, lambda: isinstance(app.screen, ApplyDialog) and "-    for step in range" in text(app)
        )
        assert branch in text(app)
        await pilot.press("escape")
        assert git(made_by_hand, "branch", "--list", "kapso-apply/*") == ""
        await pilot.press("A")
        await until(pilot, lambda: isinstance(app.screen, ApplyDialog))
        await pilot.press("enter")
        await until(pilot, lambda: f"git merge {branch}" in toasts(app))
        await opened(pilot, 0, "idea")
        await pilot.press("A")
        await until(pilot, lambda: "has the same files as the base" in toasts(app))

    drive(app, steps)
    assert git(made_by_hand, "rev-parse", f"{branch}^{{tree}}") == git(
        made_by_hand, "rev-parse", f"kapso/{RUN}/best^{{tree}}"
    )
    assert (git(made_by_hand, "status", "--porcelain"), git(made_by_hand, "rev-parse", "HEAD")) == before


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
