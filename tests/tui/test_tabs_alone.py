"""The tabs by themselves: their pictures, and whatever git, logs and models may hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen

from kapso.git.attempts import Pending, commit_pending
from kapso.git.landing import set_pending
from kapso.git.repository import Repository
from kapso_tui.app import KapsoApp
from kapso_tui.watch.attempt import Change
from kapso_tui.watch.run import RunWatch
from kapso_tui.widgets.attempt_tabs import NAMES, AttemptTabs
from kapso_tui.widgets.tabs.page import Page
from tests.tui.driving import check_picture, drive, text, until
from tests.tui.hand_made import BELL, BIDI, ESC, RUN

PANES = {"small": (78, 14), "usual": (64, 30), "wide": (112, 44)}


class Alone(Screen[None]):
    """A screen of nothing but the tabs."""

    def __init__(self, watch: RunWatch) -> None:
        super().__init__()
        self.watched = watch

    def compose(self) -> ComposeResult:
        yield AttemptTabs(self.watched)


class AloneApp(KapsoApp):
    """The dashboard, with what that screen shows."""

    def __init__(self, root: Path) -> None:
        super().__init__(Repository.open(root))
        self.watched = RunWatch(self.repository, RUN)
        self.watched.load()


async def opened(pilot: Pilot[Any], number: int, tab: str) -> AttemptTabs:
    app = pilot.app
    assert isinstance(app, AloneApp)
    if not isinstance(app.screen, Alone):
        await app.push_screen(Alone(app.watched))
    tabs = pilot.app.screen.query_one(AttemptTabs)
    tabs.open(tab)
    tabs.pick(number)
    await until(pilot, lambda: tabs.shown and (tabs.shown.number, tabs.shown.tab) == (number, tab))
    return tabs


def words(page: Page) -> str:
    return "\n".join("".join(piece for piece, _ in row) for row in page.rows)


@pytest.mark.parametrize("size", PANES)
def test_pictures(hand_made_once: Path, size: str) -> None:
    app = AloneApp(hand_made_once)

    async def steps(pilot: Pilot[Any]) -> None:
        for tab in NAMES:
            await opened(pilot, 2, tab)
            check_picture(app, f"tab-{tab}-{size}")

    drive(app, steps, size=PANES[size])


@pytest.mark.slow
def test_nothing_that_was_written_steers_the_terminal_and_what_is_long_is_cut(hand_made_once: Path) -> None:
    app = AloneApp(hand_made_once)

    async def steps(pilot: Pilot[Any]) -> None:
        for width, height in ((64, 30), (20, 5)):
            await pilot.resize_terminal(width, height)
            for tab in NAMES:
                page = (await opened(pilot, 4, tab)).query_one(Page)
                for at in range(0, len(page.rows), 1999):
                    page.scroll_row(at)
                    await pilot.pause()
                    assert not {ESC, BELL, BIDI, "\r"} & set(text(app)), tab
        await pilot.resize_terminal(100, 30)
        page = (await opened(pilot, 4, "idea")).query_one(Page)
        await until(pilot, lambda: "\\x1b[31mred" in words(page))
        await opened(pilot, 5, "diff")
        assert 2_900 < len(page.rows) < 3_100
        page.scroll_end(animate=False)
        await until(pilot, lambda: "`d` shows all of it" in text(app))

    drive(app, steps)


@pytest.mark.slow
def test_the_log_of_an_attempt_under_way_is_followed(made_by_hand: Path) -> None:
    repository = Repository.open(made_by_hand)
    best = RunWatch(repository, RUN)
    best.load()
    parent = best.attempts[2]
    pending = Pending(RUN, 6, "", parent.tree, (parent.commit,), "tune", "once more", "", (), parent.started)
    set_pending(repository, RUN, 6, commit_pending(repository, pending).commit)
    log = made_by_hand / ".git/kapso/runs" / RUN / "attempts/0006/log.txt"
    log.parent.mkdir()
    log.write_text("$ python app.py\n")
    app = AloneApp(made_by_hand)

    async def steps(pilot: Pilot[Any]) -> None:
        tabs = await opened(pilot, 6, "logs")
        assert "in flight" in text(app) and "$ python app.py" in text(app)
        for part in range(3):
            with log.open("a") as file:
                file.write("".join(f"line {part * 50 + at}\n" for at in range(50)))
            await until(pilot, lambda part=part: f"line {part * 50 + 49}" in text(app))  # type: ignore[misc]
        tabs.query_one(Page).scroll_row(3)
        with log.open("a") as file:
            file.write("the last line\n")
        await until(pilot, lambda: len(tabs.query_one(Page).rows) == 152)
        assert "the last line" not in text(app) and "line 4" in text(app)

    drive(app, steps)


def test_an_arrow_key_that_is_held_down_reads_only_where_it_stops(hand_made_once: Path) -> None:
    app = AloneApp(hand_made_once)

    async def steps(pilot: Pilot[Any]) -> None:
        tabs = await opened(pilot, 0, "diff")
        asked: list[int] = []
        read = tabs.reader.change

        def change(number: int, *, to_base: bool) -> Change | None:
            asked.append(number)
            return read(number, to_base=to_base)

        tabs.reader.change = change  # type: ignore[method-assign]
        for number in (1, 2, 3, 4, 5):
            tabs.pick(number)
        await until(pilot, lambda: tabs.shown and tabs.shown.number == 5)
        assert asked == [5] and "#5" in text(app)

    drive(app, steps)


def test_a_commit_that_is_gone_is_told_and_the_rest_is_shown(made_by_hand: Path) -> None:
    app = AloneApp(made_by_hand)
    lost = app.watched.attempts[3].commit
    branch = app.watched.attempts[3].branch
    subprocess.run(["git", "update-ref", "-d", f"refs/heads/{branch}"], cwd=made_by_hand, check=True)
    subprocess.run(["git", "gc", "-q", "--prune=now"], cwd=made_by_hand, check=True)
    done = subprocess.run(["git", "cat-file", "-e", lost], cwd=made_by_hand, capture_output=True)
    assert done.returncode != 0

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, 3, "diff")
        assert "a commit or one of its files is missing" in text(app)
        assert "git fsck" in text(app)
        for tab in ("idea", "metrics", "logs", "lineage"):
            await opened(pilot, 3, tab)
            assert "20.5" in text(app) or tab == "logs", tab

    drive(app, steps)


def test_without_log_and_database_git_is_shown_and_that_is_said_once(made_by_hand: Path) -> None:
    app = AloneApp(made_by_hand)
    state = made_by_hand / ".git/kapso"

    async def steps(pilot: Pilot[Any]) -> None:
        await opened(pilot, 2, "logs")
        assert "python app.py" in text(app)
        (state / "runs" / RUN / "attempts/0001/log.txt").unlink()
        lock = subprocess.Popen(
            [sys.executable, "-c", LOCK, str(state / "kapso.duckdb")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with lock:
            assert lock.stdout is not None and lock.stdin is not None
            lock.stdout.readline()
            await opened(pilot, 1, "logs")
            assert "no log is kept" in text(app)
            await opened(pilot, 1, "idea")
            assert "More looks find more." in text(app)
            told = [each.message for each in app._notifications if "is held by" in each.message]
            assert len(told) == 1
            lock.stdin.close()
        (state / "kapso.duckdb").write_bytes(b"no database" * 1000)
        await opened(pilot, 3, "idea")
        assert "both" in text(app)

    drive(app, steps)


LOCK = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""
