"""The guide names every key, and its pictures are there and small."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textual.binding import Binding

from kapso_tui.app import KapsoApp
from kapso_tui.screens.lessons import LessonsScreen
from kapso_tui.screens.library import LibraryScreen
from kapso_tui.screens.run import RunScreen
from kapso_tui.screens.runs import RunsScreen

TUI = Path(__file__).parents[2] / "tui"
PLACES: dict[str, type[Any]] = {
    "everywhere": KapsoApp,
    "### Runs": RunsScreen,
    "### A run": RunScreen,
    "### Lessons": LessonsScreen,
    "### Library": LibraryScreen,
}
NAMES = {"slash": "/", "question_mark": "?", "left_square_bracket": "[", "right_square_bracket": "]"}


def keys_of(place: type[Any]) -> Iterator[str]:
    """The keys that a screen of ours adds."""
    for part in place.__mro__:
        if not part.__module__.startswith("kapso_tui"):
            continue
        for each in vars(part).get("BINDINGS", ()):
            assert isinstance(each, Binding)
            yield from (NAMES.get(key, key) for key in each.key.split(","))


def test_the_guide_names_every_key_where_it_counts() -> None:
    guide = (TUI / "README.md").read_text()
    general = guide[guide.index("| everywhere") : guide.index("### Runs")]
    for start, place in PLACES.items():
        part = guide[guide.index(start) :].partition("\n### ")[0] + general
        told = set(re.findall(r"`([^`]+)`", part))
        assert not set(keys_of(place)) - told, start


def test_every_picture_is_there_and_small_and_shown() -> None:
    guide = (TUI / "README.md").read_text()
    shown = set(re.findall(r"\]\((pictures/[^)]+)\)", guide))
    assert shown == {f"pictures/{path.name}" for path in (TUI / "pictures").glob("*.png")}
    for name in shown:
        content = (TUI / name).read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) < 150_000, name
