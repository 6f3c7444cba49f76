"""Drives the dashboard through Textual's pilot as a user would; compares its pictures with known ones."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

SNAPSHOTS = Path(__file__).parent / "snapshots"
IS_UPDATE = os.environ.get("KAPSO_SNAPSHOTS") == "update"
"""Read before the tests leave the user's environment out."""
SIZES = {"small": (80, 24), "usual": (120, 40), "wide": (200, 60)}


def drive(
    app: App[Any],
    steps: Callable[[Pilot[Any]], Awaitable[None]],
    size: tuple[int, int] = SIZES["usual"],
    *,
    may_fail: bool = False,
) -> None:
    """Run `app` without a terminal and let `steps` use it; unexpected errors, which it survives, are none."""

    async def go() -> None:
        async with app.run_test(size=size, notifications=True) as pilot:
            await steps(pilot)

    asyncio.run(go())
    for defect in () if may_fail else getattr(app, "defects", ()):
        raise defect


async def until(pilot: Pilot[Any], condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Let the app go on until `condition` holds; AssertionError where it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never held; the screen shows:\n{text(pilot.app)}"
        await pilot.pause(0.02)
    await pilot.pause()


def text(app: App[Any]) -> str:
    """What the screen shows, line by line, without styles."""
    lines = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)


async def check_pictures(pilot: Pilot[Any], name: str) -> None:
    """The screen looks as in `snapshots/NAME-SIZE.svg` at each size, resized from one to the next."""
    for field in pilot.app.screen.query(Input):
        field.cursor_blink = False
    for size, (width, height) in SIZES.items():
        await pilot.resize_terminal(width, height)
        await pilot.pause()
        check_picture(pilot.app, f"{name}-{size}")


def check_picture(app: App[Any], name: str) -> None:
    """The screen looks as in `snapshots/NAME.svg`; `KAPSO_SNAPSHOTS=update` makes it anew.

    Ids that differ from picture to picture are left out of the comparison.
    """
    picture = re.sub(r"terminal-\d+", "terminal", app.export_screenshot())
    file = SNAPSHOTS / f"{name}.svg"
    if IS_UPDATE:
        file.write_text(picture)
    assert file.exists(), f"there is no {file}: make it with KAPSO_SNAPSHOTS=update, and look at it"
    assert picture == file.read_text(), f"not as in {file}; the screen shows:\n{text(app)}"
