"""Makes the pictures of the dashboard in this folder, from real runs of two experiments.

    uv run --with resvg-py --with pillow python tui/pictures/make.py [NAME]...

Seeds are fixed; ids, ages and times differ from one making to the next. The font is DejaVu Sans Mono.
"""

from __future__ import annotations

import asyncio
import html
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
HEIGHT, ASCENT = 24.4, 18.5
"""Of a line in Textual's pictures, and of what is above its base."""
RUNS = (
    ("circle-packing", "--attempts=70", "--seed=3"),
    ("cache-policy", "--attempts=25", "--seed=1"),
    ("circle-packing", "--attempts=40", "--seed=8", "--propose=tune,mutate"),
)
LOADS = ("search", "node", "sources", "preview")
"""What is waited for."""
Steps = Callable[[Pilot[Any]], Awaitable[None]]


@dataclass(frozen=True)
class Picture:
    """What is pressed before it is taken, in a terminal of which size, in which theme."""

    name: str
    steps: Steps
    size: tuple[int, int] = (120, 36)
    theme: str = "textual-dark"


def keys(*pressed: str) -> Steps:
    """Press these, with time to read after each."""

    async def steps(pilot: Pilot[Any]) -> None:
        for key in pressed:
            await pilot.press(key)
            await at_rest(pilot)

    return steps


async def at_rest(pilot: Pilot[Any]) -> None:
    """Wait until everything is read and nothing changes any more."""
    before, calm = "", 0
    while calm < 3:
        await pilot.pause(0.7)
        lines = pilot.app.screen._compositor.render_strips()
        now = "\n".join("".join(segment.text for segment in strip) for strip in lines)
        is_read = now == before and not re.search(r"reading|opening the library", now)
        is_read = is_read and all(each.is_finished for each in pilot.app.workers if each.group in LOADS)
        before, calm = now, calm + 1 if is_read else 0


async def searched(pilot: Pilot[Any]) -> None:
    await keys("4")(pilot)
    pilot.app.screen.query_one("#find", Input).value = "vectorise a loop over rows"
    await at_rest(pilot)
    await keys("enter", "down")(pilot)


PICTURES = (
    Picture("runs", keys()),
    Picture("run", keys("down", "enter")),
    Picture("run-light", keys("down", "down", "enter"), theme="textual-light"),
    Picture("run-80x24", keys("down", "enter"), size=(80, 24)),
    Picture("run-diff", keys("down", "down", "enter", "right_square_bracket"), size=(160, 44)),
    Picture("new-run", keys("n")),
    Picture("compare", keys("m", "down", "down", "m", "C")),
    Picture("lessons", keys("3", *["down"] * 6)),
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
            await at_rest(pilot)
            await picture.steps(pilot)
            return app.export_screenshot(title="kapso")

    return asyncio.run(go())


def draw(svg: str) -> bytes:
    """An SVG of Textual's as a small PNG."""
    resvg, image = importlib.import_module("resvg_py"), importlib.import_module("PIL.Image")
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL).replace("Fira Code", FONT)
    svg = _TEXT.sub(_dotted, svg)
    fonts = [str(FONTS / f"DejaVuSansMono{style}.ttf") for style in ("", "-Bold", "-Oblique")]
    drawn = resvg.svg_to_bytes(svg_string=svg, font_files=fonts, monospace_family=FONT, font_family=FONT)
    small = image.open(io.BytesIO(drawn)).convert("RGB").quantize(COLOURS)
    written = io.BytesIO()
    small.save(written, "PNG", optimize=True)
    return written.getvalue()


_TEXT = re.compile(r'<text class="(\S+?)" x="(\S+?)" y="(\S+?)" textLength="(\S+?)"[^>]*>([^<]*)</text>')
_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""The column and row of each dot of a Braille character, in the order of its bits."""


def _dotted(text: re.Match[str]) -> str:
    """The text with its Braille, which the font has none of, as dots."""
    style, x, y, length, written = text.groups()
    characters = list(html.unescape(written))
    if not any(0x2800 <= ord(each) <= 0x28FF for each in characters):
        return text[0]
    width, dots = float(length) / len(characters), []
    for at, each in enumerate(characters):
        bits = ord(each) - 0x2800
        if not 0 <= bits <= 0xFF:
            continue
        characters[at] = "\u00a0"
        for bit, (column, row) in enumerate(_DOTS):
            if bits >> bit & 1:
                across = float(x) + width * (at + 0.25 + 0.5 * column)
                down = float(y) + HEIGHT * (row + 0.5) / 4 - ASCENT
                dots.append(f'<circle class="{style}" cx="{across:.1f}" cy="{down:.1f}" r="1.6"/>')
    rest = html.escape("".join(characters)).replace("\u00a0", "&#160;")
    return text[0].replace(f">{written}<", f">{rest}<") + "".join(dots)


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
