"""The library: found as one types, opened, followed along edges; sources read and forgotten."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from kapso.git.repository import Repository
from kapso.recall.learning import surroundings
from kapso.recall.shelves import of_repository, of_user
from kapso_knowledge.learning import learn
from kapso_knowledge.sources.catalogue import parse
from kapso_tui.app import KapsoApp
from kapso_tui.screens.learn import Learn
from kapso_tui.screens.library import LibraryScreen
from kapso_tui.watch.asked import asked
from kapso_tui.watch.library import marks
from kapso_tui.widgets.hit_list import HitList
from kapso_tui.widgets.node_view import NodeView
from kapso_tui.widgets.source_table import SourceTable
from tests.tui.driving import SIZES, check_picture, drive, text, until

GUIDE = """\
# Packing circles

Circles that touch are dense: place the largest first, then let the others slide into the gaps.

## Requirements

Packing needs Python >= 3.11 and 2 GB of memory; see [the solver](solver.md).

## Tips

Avoid random restarts when packing: a jiggle of the worst circle is faster and should be tried first.

```python
def jiggle(circle, step):
    return circle + step
```
"""
SOLVER = """\
# The solver

Why it converges: the sum of radii is a linear program once the centres are fixed, because distances are.
"""
FILES = {"docs/guide.md": GUIDE, "docs/solver.md": SOLVER, "a.py": "x = 1\n"}
LEARNT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
Steps = Callable[[Pilot[Any], LibraryScreen], Awaitable[None]]


@pytest.fixture
def root(make_repository: Callable[..., Path]) -> Path:
    """A repository whose library holds its docs."""
    root = make_repository(FILES)
    with Repository.open(root) as repository:
        source = parse("docs", surroundings(repository, root))
        learn(source, of_repository(repository), now=LEARNT)
    return root


def look(root: Path, steps: Steps, size: tuple[int, int] = SIZES["usual"]) -> None:
    """Go to the library, wait until it is open, and do the steps."""
    app = KapsoApp(Repository.open(root))

    async def go(pilot: Pilot[Any]) -> None:
        await pilot.press("4")
        await until(pilot, lambda: isinstance(app.screen, LibraryScreen))
        screen = app.screen
        assert isinstance(screen, LibraryScreen)
        await until(pilot, lambda: screen.sources)
        await steps(pilot, screen)

    drive(app, go, size)


async def ask(
    pilot: Pilot[Any], screen: LibraryScreen, question: str, titles: list[str] | None = None
) -> None:
    """Ask, and wait until these are the first hits."""
    screen.query_one("#find", Input).value = question
    hits = screen.query_one(HitList)

    def found() -> list[str]:
        return [str(option.prompt).splitlines()[0].split("  ")[0] for option in hits.options]

    await until(pilot, lambda: found()[: len(titles or [])] == titles if titles else found())


@pytest.mark.slow
def test_hits_and_the_node_look_as_they_should(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LibraryScreen) -> None:
        await ask(pilot, screen, "jiggle circles source:docs", ["Tips"])
        await pilot.press("enter")
        await until(pilot, lambda: "    return circle + step" in text(pilot.app))
        for name, size in SIZES.items():
            await pilot.resize_terminal(*size)
            await pilot.pause()
            check_picture(pilot.app, f"library-{name}")
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        assert screen.opened

    look(root, steps)


def test_typing_finds_with_place_and_reason_and_pairs_narrow(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LibraryScreen) -> None:
        await pilot.press(*"packing")
        await until(pilot, lambda: "docs/guide.md, lines 11-16, § Packing circles > Tips" in text(pilot.app))
        assert "words: packing" in text(pilot.app)
        await ask(pilot, screen, "packing kind:envir", ["Packing circles: Requirements"])
        await ask(pilot, screen, "packing language:py source:docs", ["Tips"])
        screen.query_one("#find", Input).value = "packing kind:wish"
        await until(pilot, lambda: "there is no kind `wish` → one of workflow" in text(pilot.app))
        screen.query_one("#find", Input).value = "packing source:nowhere"
        await until(pilot, lambda: "nothing was learnt of `nowhere` → there is: `docs`" in text(pilot.app))
        screen.query_one("#find", Input).value = "xyzzy source:docs kind:wor"
        await until(pilot, lambda: "nothing matches" in text(pilot.app))

    look(root, steps)


@pytest.mark.slow
def test_the_newest_question_wins(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LibraryScreen) -> None:
        find = screen.query_one("#find", Input)
        for question in ("solver source:docs", "packing kind:environment source:docs"):
            find.value = question
            screen.search()  # without waiting for the pause between two keys
        titles = screen.query_one(HitList)
        await until(pilot, lambda: titles.option_count)
        await pilot.pause(0.3)
        assert "Requirements" in str(titles.get_option_at_index(0).prompt)

    look(root, steps)


@pytest.mark.slow
def test_edges_are_followed_and_backspace_leads_back(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LibraryScreen) -> None:
        def title() -> str:
            return screen.opened.node.title if screen.opened else ""

        await ask(pilot, screen, "requirements memory source:docs", ["Packing circles: Requirements"])
        await pilot.press("enter", "enter")
        await until(pilot, lambda: title() == "Packing circles: Requirements")
        assert isinstance(pilot.app.focused, NodeView)
        await pilot.press("tab")
        links = screen.query_one("#links", OptionList)
        assert links.has_focus
        prompts = [str(option.prompt) for option in links.options]
        links.highlighted = next(at for at, each in enumerate(prompts) if "The solver" in each)
        await pilot.press("enter")
        await until(pilot, lambda: title() == "The solver")
        assert "cited by" in str(links.get_option_at_index(0).prompt)
        await pilot.press("backspace")
        await until(pilot, lambda: title() == "Packing circles: Requirements")
        assert screen.check_action("back_in_nodes", ()) is False

    look(root, steps)


@pytest.mark.slow
def test_a_source_is_read_with_its_failures_named_and_forgotten_when_one_is_sure(
    make_repository: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository(FILES)
    (root / "docs/broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    monkeypatch.chdir(root)

    async def steps(pilot: Pilot[Any], screen: LibraryScreen) -> None:
        table = screen.query_one(SourceTable)
        assert "nothing was learnt yet: down, then i reads a source" in text(pilot.app)
        await pilot.press("down", "i")
        await until(pilot, lambda: isinstance(pilot.app.screen, Learn))
        await pilot.press(*"docs", "enter")
        await until(pilot, lambda: "not read: broken.pdf" in text(pilot.app))
        await until(pilot, lambda: table.picked is not None and table.picked.known.source == "docs")
        assert "docs: 2 documents" in text(pilot.app)
        await pilot.press("D")
        await until(pilot, lambda: "Forget docs" in text(pilot.app))
        await pilot.press("n", "D", "y")
        await until(pilot, lambda: "docs: forgotten" in text(pilot.app))
        await until(pilot, lambda: table.picked is not None and table.picked.is_shipped)
        assert screen.check_action("forget", ()) is None, "what is shipped stays"

    look(root, steps)


def test_a_source_that_cannot_be_had_is_told_with_the_remedy(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LibraryScreen) -> None:
        await pilot.press("escape", "i")
        await until(pilot, lambda: isinstance(pilot.app.screen, Learn))
        await pilot.press(*"nowhere", "enter")
        await until(pilot, lambda: "`nowhere`" in text(pilot.app) and "→" in text(pilot.app))
        await until(pilot, lambda: "1 source" in str(screen.query_one("#standing", Static).content))

    look(root, steps)


@pytest.mark.slow
def test_it_paints_at_once_while_another_process_holds_the_library(root: Path) -> None:
    app = KapsoApp(Repository.open(root))
    held = (root / ".git/kapso/library/lock").open("w")
    fcntl.flock(held, fcntl.LOCK_EX)

    async def steps(pilot: Pilot[Any]) -> None:
        begun = time.process_time()
        await pilot.press("4")
        await until(pilot, lambda: "opening the library" in text(app) or "1 source" in text(app))
        assert time.process_time() - begun < 2
        await pilot.press(*"solver")
        assert app.screen.query_one("#find", Input).value == "solver", "keys are taken meanwhile"
        await until(pilot, lambda: "The solver" in text(app))

    with held:
        drive(app, steps)


def test_a_broken_library_is_told_and_the_others_are_searched(root: Path) -> None:
    broken = of_user().folder
    broken.mkdir(parents=True)
    (broken / "library.duckdb").write_text("this is no library")

    async def steps(pilot: Pilot[Any], screen: LibraryScreen) -> None:
        await until(pilot, lambda: "library.duckdb` failed" in text(pilot.app) and "→" in text(pilot.app))
        screen.query_one("#find", Input).value = "x" * 100_000
        await ask(pilot, screen, "solver source:docs", ["The solver"])

    try:
        look(root, steps)
    finally:
        shutil.rmtree(broken)


def test_leaving_and_the_keys_of_the_search_line(root: Path) -> None:
    async def steps(pilot: Pilot[Any], screen: LibraryScreen) -> None:
        assert screen.check_action("learn", ()) is False, "letters are for the search line"
        await ask(pilot, screen, "solver")
        await pilot.press("escape")
        assert isinstance(pilot.app.focused, HitList) and screen.check_action("learn", ()) is True
        await pilot.press("escape")
        assert screen.query_one("#find", Input).value == ""
        await until(pilot, lambda: screen.query_one(SourceTable).display)
        await pilot.press("escape", "escape")
        await until(pilot, lambda: pilot.app.screen is not screen)

    look(root, steps)


def test_what_is_typed_is_words_and_pairs() -> None:
    question = asked("cache kind:heuristic https://a.b kind: kind:fact x:y", ("kind", "source"))
    assert question.words == "cache https://a.b x:y"
    assert question.of("kind") == ("heuristic", "fact") and question.of("source") == ()


def test_words_are_marked_in_any_form() -> None:
    said = "Loops over cached rows; caching pays, a lathe does not"
    found = [said[first:end] for first, end in marks(said, "cache loop")]
    assert found == ["Loops", "cached", "caching"]
