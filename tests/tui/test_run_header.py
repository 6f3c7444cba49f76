"""The run at a glance: the words and numbers of the command line, what is in flight, how it ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from textual.pilot import Pilot

from kapso.git.repository import Repository
from kapso_tui.glyphs import ASCII, Glyphs
from kapso_tui.screens.run import RunScreen
from kapso_tui.watch.run import RunWatch
from kapso_tui.widgets.glance import bar, clock, cut, glance, rate
from tests.tui.climb import RUN, Made
from tests.tui.driving import SIZES, check_picture, text, until
from tests.tui.test_attempt_list import drive_run


def told(watch: RunWatch, height: int = 12, width: int = 200) -> list[str]:
    return [
        "".join(text for text, _ in cut(line, width, Glyphs()))
        for line in glance(watch, width, height, Glyphs())
    ]


def loaded(root: Path, run: str = RUN) -> RunWatch:
    watch = RunWatch(Repository.open(root), run)
    watch.load()
    return watch


def test_a_run_that_goes_on(climbing: Made) -> None:
    climbing.land("llm", 0, 12.5)
    with climbing.working():
        number = climbing.propose("tune", 1, "x: 1 → 2")
        waits = climbing.propose("llm", 1, "a bold step", is_waiting=True)
        watch = RunWatch(climbing.repository, RUN)
        watch.load()
        climbing.land("tune", 1, 12.0)
        watch.poll()
        lines = told(watch)
        assert lines[0] == f"{RUN}  ● running"
        assert lines[1] == "Climb as high as can be."
        assert lines[2] == "score 10 → 12.5 (+25.0 %)  #1"
        assert lines[3] == "▌░░░░░░░░░ 2 of 40 attempts"
        assert lines[4].endswith("s of 10m00s") and lines[5] == "█▎░░░░░░░░ $0.25 of $2.00"
        assert "left" in lines[6]
        assert f"▸ {number} tune x: 1 → 2" in lines[7:9]
        assert lines[-1].endswith(f"attempt {waits + 1}: worse")
        climbing.folder.joinpath("control.json").write_text('{"state": "stopping"}')
        assert told(watch)[0] == f"{RUN}  ● running, stopping"
        climbing.folder.joinpath("control.json").write_text('{"state": "paused"}')
        watch.poll()
        assert told(watch)[0] == f"{RUN}  ‖ paused"
    watch.poll()
    assert told(watch)[0] == f"{RUN}  ◌ interrupted"
    assert any("pending, goes on with `resume`" in line for line in told(watch))


def test_it_says_how_a_run_ended(climbing: Made) -> None:
    climbing.land("tune", 0, 9.0)
    climbing.end(best=0, confirmed=None)
    watch = loaded(climbing.repository.root)
    assert told(watch)[2] == "score 10: nothing better yet"
    assert told(watch)[-1] == "ended: the budget of attempts is used up"
    assert "█" in told(watch)[4] and "1m02s of 10m00s" in told(watch)[4]


def test_little_room_is_used_for_what_matters(climbed: Path) -> None:
    watch = loaded(climbed)
    assert told(watch, 1) == [f"{RUN}  ✓ finished  score 10 → 14.4 (+44.0 %)  #12, confirmed"]
    three = told(watch, 3)
    assert (
        len(three) == 3
        and three[1].startswith("12 of 40 attempts · ")
        and "1m02s of 10m00s · $0.5 of $2.00" in three[1]
    )
    assert three[2].startswith("ended: the budget of attempts is used up; better by 4.4 in 5 fresh pairs")
    assert [cell_len(line) for line in told(watch, 3, 12)] == [12, 12, 12]


def test_bars_clocks_and_rates(climbed: Path) -> None:
    assert bar(0.5, 10, Glyphs()) == "█████░░░░░" and bar(7.0, 4, Glyphs()) == "████"
    assert bar(0.55, 10, Glyphs()) == "█████▌░░░░" and bar(None, 3, Glyphs()) == "░░░"
    assert bar(0.55, 10, ASCII) == "######...." and bar(-1.0, 3, ASCII) == "..."
    assert clock(7.2) == "7s" and clock(59.9) == "1m00s"
    watch = loaded(climbed)
    end = max(each.finished for each in watch.attempts.values())
    assert rate(watch, end) == 12, "one every five seconds"
    assert rate(watch, end + timedelta(hours=1)) == 0
    assert rate(watch, datetime.now(UTC)) == 0


def test_the_screen_looks_as_it_should(climbed: Path) -> None:
    for name, size in SIZES.items():

        async def steps(pilot: Pilot[Any], screen: RunScreen, name: str = name) -> None:
            await until(pilot, lambda: "commit" in text(pilot.app) or name == "small")
            await until(pilot, lambda: "best so far" in text(pilot.app) or name == "small")
            check_picture(pilot.app, f"run-{name}")

        drive_run(climbed, steps, size)
