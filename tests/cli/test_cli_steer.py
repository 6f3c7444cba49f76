"""`kapso steer`: a hint is kept in the run's folder and in git, and `kapso show` tells of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kapso.loop.hints import Hints

Kapso = Callable[..., Any]


def test_a_hint_is_kept_and_shown(kapso: Kapso, packing: Any) -> None:
    said = kapso("steer", "packing", "Try hexagons.")
    assert (said.code, said.out) == (0, "packing-3f9a: every later prompt carries the hint\n")
    told = json.loads(kapso("steer", "Forget the \x1b[31mhexagons.", "--json").out)
    assert told == {"run": "packing-3f9a", "time": told["time"], "text": "Forget the \x1b[31mhexagons."}
    file = packing.repository.state_dir / "runs" / "packing-3f9a" / "hints.jsonl"
    assert [json.loads(line)["text"] for line in file.read_text().splitlines()][0] == "Try hexagons."

    shown = kapso("show").out
    assert "hints to the run" in shown
    assert "Try hexagons. (later than this attempt)" in shown
    assert "\x1b[31mhexagons" not in shown
    hints = json.loads(kapso("show", "1", "--json").out)["hints"]
    assert hints[1] == {"time": told["time"], "text": told["text"]}


def test_hints_outlive_the_state_folder(kapso: Kapso, packing: Any) -> None:
    kapso("steer", "packing", "One.")
    shutil.rmtree(packing.repository.state_dir)
    assert [hint.text for hint in Hints(packing.repository, packing.run).all()] == ["One."]
    kapso("steer", "packing", "Two.")
    shutil.rmtree(packing.repository.state_dir)
    assert [each["text"] for each in json.loads(kapso("show", "--json").out)["hints"]] == ["One.", "Two."]


def test_a_live_run_sees_a_hint_at_once(kapso: Kapso, packing: Any) -> None:
    hints = Hints(packing.repository, packing.run)
    assert hints.all() == ()
    kapso("steer", "packing", "Now.")
    assert [hint.text for hint in hints.all()] == ["Now."]


def test_hints_at_the_same_time_are_all_kept(packing: Any) -> None:
    def give(number: int) -> None:
        Hints(packing.repository, packing.run).add(f"hint {number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(give, range(8)))
    shutil.rmtree(packing.repository.state_dir)
    assert len(Hints(packing.repository, packing.run).all()) == 8


def test_half_a_line_spoils_nothing(packing: Any) -> None:
    hints = Hints(packing.repository, packing.run)
    hints.add("One.")
    file = packing.repository.state_dir / "runs" / packing.run / "hints.jsonl"
    file.write_bytes(file.read_bytes() + b'{"time": "2026')
    hints.add("Two.")
    assert [hint.text for hint in Hints(packing.repository, packing.run).all()] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no hint is given"),
        (["packing", "  "], "the hint is empty"),
        (["packing", "x" * 4001], "4000 are the most"),
        (["packing", "go", "faster"], "the hint in quotes"),
        (["pakcing", "go faster"], "did you mean `packing`?"),
    ],
)
def test_what_is_no_hint_is_refused(kapso: Kapso, packing: Any, arguments: list[str], words: str) -> None:
    said = kapso("steer", *arguments)
    assert said.code == 2 and words in said.err
    assert Hints(packing.repository, packing.run).all() == ()
