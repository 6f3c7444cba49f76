"""`kapso show` and `kapso best`: all about one attempt, safely printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kapso.attempt import Outcome
from kapso.memory import Episode, Episodes, Stage

Kapso = Callable[..., Any]


@pytest.fixture
def log_file(packing: Any) -> Path:
    """The best attempt's log: 100 lines, the last of which tries to steer the terminal."""
    folder = packing.repository.state_dir / "runs" / "packing-3f9a" / "attempts" / "0002"
    folder.mkdir(parents=True)
    file: Path = folder / "log.txt"
    file.write_text("".join(f"line {n}\n" for n in range(99)) + "\033]0;owned\007end\n")
    return file


def test_the_story_of_the_best(kapso: Kapso, packing: Any, log_file: Path) -> None:
    stages = (
        Stage("run", "./pack --out x", 0, 1.25, 1.0, 2_500_000),
        Stage("evaluate", "e.py", None, stopped_by="time"),
    )
    log = Episodes(packing.repository.state_dir / "kapso.duckdb")
    log.record([Episode(packing.attempts[2], stages=stages)])
    out = kapso("show").out
    for expected in (
        "attempt 2 of packing-3f9a: RADIUS: 1 → 2\n",
        "outcome   scored, better, the best\n",
        "score     2.5 (baseline 2)\n",
        "  fills the square.\n",
        "  run.seconds  1.25       1.5\n",
        "  RADIUS: 2\n",
        "  12 circles touch\n",
        "hold-out (never shown to proposers)\n  score: 2.25\n",
        "  run       exit 0  1.25s  1.00s  2.5 MB  ./pack --out x\n",
        "  evaluate  time        -      -       -  e.py\n",
        "diff against attempt 0, 3 files, +2 -1\n",
        "+RADIUS = 2\n",
        "  line 98\n",
    ):
        assert expected in out
    assert "line 10\n" not in out and "\033" not in out and r"\x1b]0;owned\x07end" in out


def test_full_cuts_nothing(kapso: Kapso, packing: Any, log_file: Path) -> None:
    packing.land({"long.txt": b"".join(b"line %d\n" % n for n in range(500))}, 1.0)
    assert "  line 0\n" in kapso("show", "2", "--full").out
    assert "+line 499\n" in kapso("show", "6", "--full").out
    cut = kapso("show", "6").out
    assert "+line 499\n" not in cut and "more lines: --full shows them" in cut


def test_as_json(kapso: Kapso, packing: Any, log_file: Path) -> None:
    told = json.loads(kapso("show", "packing", "2", "--json").out)
    best = json.loads(kapso("best", "--json").out)
    assert told | best == told, "all that `best` tells, `show` tells too"
    assert told["holdout"] == {"score": 2.25}
    assert told["lineage"] == [2, 0]
    assert told["diff"]["files"] == 3 and "+RADIUS = 2" in told["diff"]["patch"]
    assert told["log"].endswith("end\n")
    baseline = json.loads(kapso("show", "baseline", "--json").out)
    assert baseline.keys() == told.keys() and baseline["diff"].keys() == told["diff"].keys()
    assert (baseline["attempt"], baseline["holdout"], baseline["log"]) == (0, None, None)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["1"], ["outcome   crashed\n", "reason\n  exit 1: `ZeroDivisionError`\n"]),
        (["4"], ["same (its lead did not hold)", "      4 + 3          2.75  try 4\n      2 "]),
        (["packing", "baseline"], ["baseline of packing-3f9a: baseline\n"]),
        (["packing-3f", "5"], ["outcome   cut\n", "metrics\n               this  parent 2 (best)\n"]),
    ],
)
def test_other_attempts(kapso: Kapso, packing: Any, arguments: list[str], expected: list[str]) -> None:
    done = kapso("show", *arguments)
    assert (done.code, done.err) == (0, "")
    for text in expected:
        assert text in done.out


def test_titles_cannot_steer_the_terminal(kapso: Kapso, start: Callable[..., Any]) -> None:
    run = start("packing-3f9a")
    run.land({}, None, outcome=Outcome.INVALID, title="a\033[2Jb", reason="c\033[2Jd", feedback="e\033[2Jf")
    for command in (["ls", "packing"], ["show", "0"]):
        assert "\033" not in kapso(*command).out


def test_metrics_that_are_no_json_numbers_are_null(kapso: Kapso, start: Callable[..., Any]) -> None:
    run = start("packing-3f9a")
    run.land({}, 1.0, duration_s=float("inf"), metrics={"score": 1.0, "odd": float("nan")})
    told = json.loads(kapso("show", "0", "--json").out)
    assert told["duration"] is None and told["metrics"] == {"score": 1.0}


def test_best(kapso: Kapso, packing: Any) -> None:
    done = kapso("best", "packing")
    assert done.code == 0
    assert done.out.startswith("attempt 2 of packing-3f9a: RADIUS: 1 → 2\nscore   2.5 (baseline 2)\n")
    assert "branch  kapso/packing-3f9a/0002-radius-1-2\n" in done.out
