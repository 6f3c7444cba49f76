"""Makes the pictures of the dashboard in this folder, from real runs of two experiments.

    uv run --with resvg-py --with pillow python tui/pictures/make.py [NAME]...

Seeds are fixed; ids, ages and times differ from one making to the next. The font is DejaVu Sans Mono.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from kapso.git.repository import Repository
from kapso_tui.app import KapsoApp

HERE = Path(__file__).parent
TOP = HERE.parents[1]
FONTS = Path("/usr/share/fonts/truetype/dejavu")
FONT = "DejaVu Sans Mono"
COLOURS = 96
RUNS = (
    ("circle-packing", "--attempts=70", "--seed=3"),
    ("cache-policy", "--attempts=40", "--seed=1"),
    ("circle-packing", "--attempts=50", "--seed=8", "--propose=tune,mutate"),
)
Steps = Callable[[Pilot[Any]], Awaitable[None]]


@dataclass(frozen=True)
class Picture:
    """What is pressed before it is taken, in a terminal of which size, in which theme."""

    name: str
    steps: Steps
    size: tuple[int, int] = (120, 36)
    theme: str = "textual-dark"


def keys(*pressed: str, seconds: float = 2.5) -> Steps:
    """Press these, with time to read after each."""

    async def steps(pilot: Pilot[Any]) -> None:
        for key in pressed:
            await pilot.press(key)
            await pilot.pause(seconds)

    return steps


async def searched(pilot: Pilot[Any]) -> None:
    await keys("4")(pilot)
    pilot.app.screen.query_one("#find", Input).value = "vectorise a loop over rows"
    await pilot.pause(3)
    await keys("enter", "down")(pilot)


PICTURES = (
    Picture("runs", keys()),
    Picture("run", keys("down", "enter")),
    Picture("run-light", keys("down", "down", "enter"), theme="textual-light"),
    Picture("run-80x24", keys("down", "enter"), size=(80, 24)),
    Picture("run-diff", keys("down", "down", "enter", "right_square_bracket"), size=(160, 44)),
    Picture("new-run", keys("n")),
    Picture("compare", keys("m", "down", "down", "m", "C")),
    Picture("lessons", keys("3", "down", "down")),
    Picture("library", searched),
    Picture("help", keys("down", "enter", "question_mark")),
)


def example(root: Path) -> None:
    """A repository with two experiments, their runs, and a library."""
    for name in dict.fromkeys(each[0] for each in RUNS):
        shutil.copytree(TOP / "experiments" / name, root / name)
    shutil.copy(TOP / "experiments" / "README.md", root)
    _call(root, "git", "init", "-q", "-b", "main")
    _call(root, "git", "add", "-A")
    _call(root, "git", "commit", "-qm", "Two programs to improve")
    for goal, *options in RUNS:
        _call(root, sys.executable, "-m", "kapso", "run", goal, *options, codes=(0, 3))
    _call(root, sys.executable, "-m", "kapso", "learn", "README.md", "circle-packing")


def _call(root: Path, *command: str, codes: Sequence[int] = (0,)) -> None:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode not in codes:
        sys.exit(f"{' '.join(command)}: {done.stderr}")


def take(root: Path, picture: Picture) -> str:
    """The picture as SVG."""
    app = KapsoApp(Repository.open(root))

    async def go() -> str:
        async with app.run_test(size=picture.size, notifications=True) as pilot:
            app.theme = picture.theme
            await pilot.pause(2.5)
            await picture.steps(pilot)
            return app.export_screenshot(title="kapso")

    return asyncio.run(go())


def draw(svg: str) -> bytes:
    """An SVG of Textual's as a small PNG."""
    resvg, image = importlib.import_module("resvg_py"), importlib.import_module("PIL.Image")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", FONT)
    fonts = [str(FONTS / f"DejaVuSansMono{style}.ttf") for style in ("", "-Bold", "-Oblique")]
    drawn = resvg.svg_to_bytes(svg_string=svg, font_files=fonts, monospace_family=FONT, font_family=FONT)
    small = image.open(io.BytesIO(drawn)).convert("RGB").quantize(COLOURS)
    written = io.BytesIO()
    small.save(written, "PNG", optimize=True)
    return written.getvalue()


def main(names: Sequence[str]) -> None:
    """Make the pictures of these names, by default all."""
    with tempfile.TemporaryDirectory() as scratch:
        home, root = Path(scratch) / "home", Path(scratch) / "programs"
        for folder in (home, root):
            folder.mkdir()
        (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
        for name in [name for name in os.environ if name.startswith(("GIT_", "KAPSO_", "XDG_"))]:
            del os.environ[name]
        os.environ.update(HOME=str(home), KAPSO_THEME="dark")
        example(root)
        os.chdir(root)
        for picture in PICTURES:
            if not names or picture.name in names:
                png = draw(take(root, picture))
                (HERE / f"{picture.name}.png").write_bytes(png)
                print(f"{picture.name}.png: {len(png) // 1000} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
