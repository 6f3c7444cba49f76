"""What lessons say is the whole of what they were counted from, and two of them never say the same."""

from __future__ import annotations

from kapso.memory.lessons.judge import judge
from kapso.memory.lessons.lesson import About, Subject, Tally
from kapso.wording import size
from tests.memory.lessons.conftest import line_of, sighting_of

_BEFORE = "import os\n\nWINDOW = 3\nDECAY = 0.95\nBLOCK = 64\n"


def statement(*hunks: tuple[str, str, str]) -> str:
    subject = Subject(About.CHANGE, {"hunks": [list(each) for each in hunks]})
    seen = sighting_of("goal-0001", concerned=Tally(total=2, better=2), others=Tally(total=4, better=4))
    return judge(line_of(seen, subject=subject)).statement


def test_every_line_that_a_change_replaces_is_told() -> None:
    one, other = (f"import os\n\nWINDOW = 1\nDECAY = {decay}\nBLOCK = 64\n" for decay in (0.3, 0.342))
    said = statement(("a.py", _BEFORE, one))
    assert said == (
        "Replacing `WINDOW = 3` by `WINDOW = 1`, `DECAY = 0.95` by `DECAY = 0.3` in `a.py` "
        "made the program better in 2 of 2 cases (34% to 100%)"
    )
    assert statement(("a.py", _BEFORE, other)) != said


def test_what_a_change_adds_and_takes_out_is_told_and_the_rest_is_counted() -> None:
    added = ("a.py", "x = 1\ny = 2\n", "x = 1\nz = 3\ny = 2\n")
    gone = ("b.py", "x = 1\n\n\ny = 2\nz = 3\n", "x = 1\nz = 3\n")
    joined = ("b.py", "for x in xs:\n    n += x\n", "n = sum(xs)\n")
    said = statement(added, gone, joined, ("b.py", "i = 1\n", "i = 2\n"), ("b.py", "j = 1\n", "j = 2\n"))
    assert said.startswith(
        "Adding `z = 3`, taking out `y = 2`, replacing `for x in xs: n += x` by `n = sum(xs)` "
        "in `a.py`, `b.py` and 2 other changes with it made"
    )


def test_the_same_line_in_two_places_is_told_apart() -> None:
    first, second = (statement(("a.py", f"{above}\n", f"{above}\nbreak\n")) for above in ("x = 1", "y = 2"))
    assert first.startswith("Adding `break` after `x = 1` in `a.py` made")
    assert second.startswith("Adding `break` after `y = 2` in `a.py` made")


def test_memory_is_told_in_the_same_units_as_elsewhere() -> None:
    subject = Subject(About.EVALUATION, {"goal": "demo", "what": "memory"})
    seen = sighting_of(total=9, detail={"low": 16e6, "median": 17e6, "high": 18.2e6})
    said = judge(line_of(seen, subject=subject)).statement
    assert said == f"The program of `demo` uses {size(17_000_000)} (16.0 MB to 18.2 MB in 9 attempts)"


def test_what_names_its_files_is_held_to_them() -> None:
    change = Subject(About.CHANGE, {"hunks": [["src/a.py", "x = 1\n", "x = 2\n"]]})
    setting = Subject(About.PARAMETER, {"parameter": "conf.yaml:cache.size"})
    scopes = [judge(line_of(sighting_of(), subject=each)).scope for each in (change, setting)]
    assert [(each.files, each.language) for each in scopes] == [
        (("src/a.py",), "python"),
        (("conf.yaml",), None),
    ]
