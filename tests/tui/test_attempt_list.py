"""The list of attempts: what it says, how it is ordered, filtered, folded, and what stays as others land."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from kapso.git.repository import Repository
from kapso_tui.actions.bookmarks import Bookmarks
from kapso_tui.app import KapsoApp
from kapso_tui.glyphs import ASCII, Glyphs
from kapso_tui.screens.run import RunScreen
from kapso_tui.widgets.attempt_list import AttemptList
from kapso_tui.widgets.attempt_rows import Row, fit, short_number
from kapso_tui.widgets.rows import Rows
from tests.tui.climb import RUN, Made
from tests.tui.driving import SIZES, drive, text, until

Steps = Callable[[Pilot[Any], RunScreen], Any]


def drive_run(root: Path, steps: Steps, size: tuple[int, int] = SIZES["usual"]) -> None:
    """Open the run's screen, wait until it shows all of it, and use it."""
    app = KapsoApp(Repository.open(root), run=RUN)

    async def go(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.selected is not None)
        assert isinstance(app.screen, RunScreen)
        await steps(pilot, app.screen)

    drive(app, go, size)


def lines(screen: RunScreen) -> list[str]:
    """The lines of the list as they are seen."""
    rows = screen.query_one(Rows)
    return [rows.render_line(y).text.rstrip() for y in range(min(rows.size.height, len(rows.rows) + 1))]


def order(screen: RunScreen) -> list[int]:
    return [row.number for row in screen.query_one(Rows).rows]


def titled(screen: RunScreen) -> str:
    return str(screen.query_one(AttemptList).border_title)


def test_a_line_says_how_an_attempt_ended(climbed: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        shown = lines(screen)
        assert shown[0].split() == ["#▼", "RESULT", "SCORE", "+/-", "PROPOSER", "TIME", "TITLE"]
        assert shown[1].split() == ["12", "★", "better", "14.5", "+0.5", "tune", "1.50s", "step", "12"]
        assert shown[2].split() == ["11", "worse", "12.75", "−0.25", "mutate", "1.50s", "step", "11"]
        assert shown[6].split()[:4] == ["7", "▲", "better", "14"]
        assert "crashed" in shown[11] and "(`evaluate` ended with exit" in shown[11]
        assert shown[13].split() == ["0", "baseline", "10", "1.50s", "baseline"]
        assert screen.selected == 12, "the best, as nobody works on it"

    drive_run(climbed, steps, SIZES["wide"])


def test_any_column_sorts_either_way(climbed: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        await pilot.press("O")
        assert order(screen) == list(range(13))
        await pilot.press("o", "o")
        assert order(screen)[:3] == [12, 7, 9] and order(screen)[-2:] == [10, 2], "unknown comes last"
        assert "by score" in titled(screen)
        assert screen.query_one(Rows).current == Row(12), "what is picked stays picked"
        await pilot.press("O")
        assert order(screen)[:2] == [10, 3] and order(screen)[-1] == 2
        proposer = lines(screen)[0].index("PROPOSER")
        await pilot.click(Rows, offset=(proposer + 1, 0))
        assert [screen.watch_.attempts[n].proposer for n in order(screen)][:2] == ["baseline", "combine"]
        await pilot.click(Rows, offset=(proposer + 1, 0))
        assert screen.watch_.attempts[order(screen)[0]].proposer == "tune"

    drive_run(climbed, steps, SIZES["wide"])


@pytest.mark.slow
def test_a_filter_asks_of_columns_and_of_words(climbed: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        async def ask(words: str) -> list[int]:
            await pilot.press("slash", *words.replace(":", "\0").split("\0")[0])
            for part in words.split(":")[1:]:
                await pilot.press("colon", *part)
            return order(screen)

        assert await ask("outcome:crashed") == [2]
        assert "1 of 13" in titled(screen)
        await pilot.press("enter", "down")
        assert order(screen) == [2], "the filter holds when its line is left"
        await pilot.press("escape")
        assert len(order(screen)) == 13 and isinstance(pilot.app.screen, RunScreen)
        assert await ask("proposer:llm verdict:worse") == [9, 5]
        await pilot.press("escape")
        assert await ask("nameerror") == [2]
        await pilot.press("escape")
        assert await ask("nothing like it") == []
        assert "nothing fits" in text(pilot.app)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, RunScreen))

    drive_run(climbed, steps)


@pytest.mark.slow
def test_the_tree_folds_what_led_nowhere(climbed: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        await pilot.press("v")
        shown = lines(screen)[1:]
        tree = ["0", "▸ 2", "1", "├ 5", "│ ╰ 8", "4", "╰ 6", "7", "╰ 10", "├ 9", "│ ╰ 11", "12"]
        assert all(line.startswith(start) for line, start in zip(shown, tree, strict=True)), shown
        assert "2 led nowhere: 1 worse, 1 crashed" in shown[1]
        assert screen.query_one(Rows).current == Row(12), "the pick is where it was"
        await pilot.press("home", "down", "enter")
        opened = lines(screen)[1:]
        assert "╰ 2" in opened[2] and "╰ 3" in opened[3] and len(opened) == len(shown) + 2
        await pilot.press("left")
        assert lines(screen)[1:] == shown
        await pilot.press("g", "3", "enter")
        await until(pilot, lambda: screen.selected == 3)
        assert "▾ 2 led nowhere" in lines(screen)[2], "going to a folded attempt opens its fold"
        await pilot.press("slash", *"11", "enter")
        assert order(screen) == [0, 1, 4, 7, 9, 11], "what fits, and what it came from"
        await pilot.press("escape", "v")
        assert len(order(screen)) == 13

    drive_run(climbed, steps)


def test_the_keys_move_and_jump(climbed: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        for keys, number in (
            (["down"], 11),
            (["j", "j"], 9),
            (["up"], 10),
            (["end"], 0),
            (["k"], 1),
            (["home"], 12),
            (["pagedown"], 12 - (screen.query_one(Rows).page - 1)),
            (["pageup"], 12),
            (["g", "7", "enter"], 7),
        ):
            await pilot.press(*keys)
            await until(pilot, lambda number=number: screen.selected == max(number, 0))  # type: ignore[misc]
        await pilot.click(Rows, offset=(4, 1))
        await until(
            pilot,
            lambda: (
                screen.selected == screen.query_one(Rows).rows[screen.query_one(Rows).scroll_offset.y].number
            ),
        )

    drive_run(climbed, steps, SIZES["small"])


@pytest.mark.slow
def test_what_is_picked_and_seen_stays_as_others_land(climbing: Made) -> None:
    for at in range(40):
        climbing.land("tune", at, 10.0 + at)

    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        rows = screen.query_one(Rows)
        await until(pilot, lambda: screen.watch_.status == "running")
        await pilot.press("g", *"20", "enter", "down", "down")
        await until(pilot, lambda: screen.selected == 18)
        at = rows.cursor - rows.scroll_offset.y
        before = lines(screen)[1:6]
        flight = climbing.propose("llm", 3, "in the air")
        climbing.land("mutate", 40, 60.0)
        await until(pilot, lambda: len(screen.watch_.attempts) == 42 and len(rows.rows) == 43)
        assert rows.current == Row(18) and rows.cursor - rows.scroll_offset.y == at
        assert lines(screen)[1:6] == before, "nothing has moved under the eyes"
        await pilot.press("home")
        await until(pilot, lambda: screen.selected == flight)
        assert "running" in lines(screen)[1] and "in the air" in lines(screen)[1]
        await pilot.press("f")
        await until(pilot, lambda: screen.selected == 42 or screen.selected == max(screen.watch_.attempts))
        climbing.land("mutate", 40, 61.0)
        await until(pilot, lambda: screen.selected == max(screen.watch_.attempts) == 43)
        assert "following" in titled(screen)
        await pilot.press("down")
        assert "following" not in titled(screen)

    with climbing.working():
        drive_run(climbing.repository.root, steps)


def test_what_waits_for_the_user_comes_first(climbing: Made) -> None:
    climbing.land("tune", 0, 11.0)

    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        first = climbing.propose("llm", 1, "shall this run?", is_waiting=True)
        climbing.propose("tune", 1, "this one runs")
        await until(pilot, lambda: len(screen.watch_.flights) == 2 and len(order(screen)) == 4)
        assert order(screen)[:2] == [first, first + 1]
        assert lines(screen)[1].split()[:3] == [str(first), "?", "waits"]
        await until(pilot, lambda: f"? {first} llm shall this run?: a approves, r rejects" in text(pilot.app))

    with climbing.working():
        drive_run(climbing.repository.root, steps, SIZES["wide"])


def test_a_lead_that_did_not_hold_is_marked(climbing: Made) -> None:
    climbing.land("tune", 0, 12.0)
    climbing.land("tune", 0, 11.0)
    climbing.end(demoted=[1], best=2, confirmed=None)

    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        assert lines(screen)[2].split()[:3] == ["1", "▽", "demoted"]
        assert lines(screen)[1].split()[:3] == ["2", "★", "better"]
        Bookmarks(screen.watch_.folder.path).toggle(1)
        await until(pilot, lambda: lines(screen)[2].split()[1] == "▽⚑")

    drive_run(climbing.repository.root, steps)


def test_an_empty_run_says_what_it_waits_for(climbing: Made) -> None:
    app = KapsoApp(Repository.open(climbing.repository.root), run="nothing-1234")

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: "git knows of no such run" in text(app))
        assert "no attempt has landed yet" in text(app)

    drive(app, steps)


@pytest.mark.slow
def test_it_stays_up_in_a_terminal_of_no_size(climbed: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        for size in ((20, 5), (1, 1), (80, 24), (20, 5)):
            await pilot.resize_terminal(*size)
            await pilot.press("v", "o", "down", "c", "tab", "c")
            await pilot.pause()
        assert RUN in text(pilot.app)

    drive_run(climbed, steps, (20, 5))


def test_text_is_cut_by_cells_and_numbers_by_digits() -> None:
    signs = Glyphs()
    for line in ("並列 searches", "plain", "ein Wörtchen zu viel"):
        for width in (0, 1, 2, 5, 8, 30):
            assert cell_len(fit(line, width, signs)) == width
    assert fit("abcdef", 4, ASCII) == "abc."
    assert fit("並列", 6, signs, is_right=True) == "  並列"
    assert short_number(-0.00012345678, 9) == "-0.000123"
    assert short_number(1.2345678e-30, 9) == "1.235e-30"
    assert short_number(None, 9) == "-"


@pytest.mark.slow
def test_the_screen_outlives_the_repository(climbed: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: RunScreen) -> None:
        (screen.watch_.folder.path / "events.jsonl").unlink()
        await until(pilot, lambda: "journal of climb-0000 is gone" in toasts(pilot))
        shutil.rmtree(climbed)
        await until(pilot, lambda: f"the folder `{climbed}` is gone" in toasts(pilot))
        said = len(pilot.app._notifications)
        await pilot.press("v", "home", "down", "enter")
        await pilot.pause(1.2)
        assert "led nowhere" in text(pilot.app) and len(pilot.app._notifications) == said, "it is said once"

    drive_run(climbed, steps, SIZES["small"])


def toasts(pilot: Pilot[Any]) -> str:
    return "\n".join(each.message for each in pilot.app._notifications)
