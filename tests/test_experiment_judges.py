"""The judges of `word-count`, `garden` and `cache-policy`: what is right scores, the rest has a reason."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kapso.goal import load_goal

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


def judge(folder: Path, *command: str) -> dict[str, Any]:
    """What the judge prints about the files in `out`."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={"KAPSO_OUT": str(folder / "out"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    """`bench(name, {path: text})`: a folder with an experiment's judge and such files beside it."""

    def make(name: str, files: dict[str, str]) -> Path:
        for script in (EXPERIMENTS / name).glob("score.*"):
            shutil.copy(script, tmp_path)
        (tmp_path / "out").mkdir()
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text)
        return tmp_path

    return make


@pytest.mark.parametrize("name", ["word-count", "garden", "cache-policy"])
def test_a_goal_loads_judges_apart_and_has_a_holdout(name: str) -> None:
    goal = load_goal(EXPERIMENTS / name / "goal.yaml")
    assert goal.name == name
    assert goal.is_judged_apart and goal.holdout is not None
    assert goal.budget.attempts and goal.budget.time_s
    assert (EXPERIMENTS / name / "README.md").is_file()


ANSWER = {"answers/text.json": '[["the", 3], ["cat", 1]]'}


@pytest.mark.parametrize(
    ("counts", "correct", "feedback"),
    [
        ("3 the\n1 cat\n", 1, ""),
        ("3 the\n", 0, "1 lines instead of 2"),
        ("3 the\n2 cat\n", 0, "line 2 is `2 cat`"),
        ("1 cat\n3 the\n", 0, "line 1 is `1 cat`"),
        ("3 the\n1 cat\n1 dog\n", 0, "3 lines instead of 2"),
    ],
)
def test_counts_are_right_or_not(bench: Any, counts: str, correct: int, feedback: str) -> None:
    folder = bench("word-count", {**ANSWER, "out/text.txt": counts})
    assert judge(folder, sys.executable, "score.py", "text") == {"correct": correct, "feedback": feedback}


def test_no_counts_are_not_right(bench: Any) -> None:
    said = judge(bench("word-count", ANSWER), sys.executable, "score.py", "text")
    assert said["correct"] == 0 and "cannot be read" in said["feedback"]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler is installed")
def test_the_first_version_counts_right(tmp_path: Path) -> None:
    for name in ("words.c", "Makefile"):
        shutil.copy(EXPERIMENTS / "word-count" / name, tmp_path)
    subprocess.run(["make", "-s", "words"], cwd=tmp_path, check=True)
    (tmp_path / "text").write_text("The cat; the CAT?\nA dog's\n" + "x" * 3)
    done = subprocess.run(["./words", "text", "4"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "2 cat\n2 the\n1 a\n1 dog\n"


CASE = "2 2\n1 3\n1 3\n5 -1\n-1 2\n1 2 3 4\n4 3 2 1\n"
"""Two by two beds, two plants: quotas, what they think of each other, what each yields bed by bed."""


@pytest.mark.parametrize(
    ("plan", "total"),
    [
        ("1 1\n0 0\n", 4 + 3 + 3 + 4 + 2 + 5 - 1 - 1),
        ("0 1 0 1", 1 + 3 + 3 + 1 - 1 - 1 + 5 + 2),
    ],
)
def test_a_garden_is_worth_its_beds_and_neighbours(bench: Any, plan: str, total: int) -> None:
    folder = bench("garden", {"cases/open-0.txt": CASE, "out/open-0.txt": plan})
    assert judge(folder, sys.executable, "score.py")["total"] == total


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("0 0 0 0", "plant 0 has 4 beds, not 1 to 3"),
        ("0 0 0 1 1", "5 beds instead of 4"),
        ("0 0 0 2", "a plant that there is not"),
        ("0 0 0 -1", "a plant that there is not"),
        ("0 0 0 x", "invalid literal"),
        (None, "No such file"),
    ],
)
def test_a_garden_against_the_rules_has_no_value(bench: Any, plan: str | None, reason: str) -> None:
    files = {"cases/open-0.txt": CASE} | ({"out/open-0.txt": plan} if plan is not None else {})
    said = judge(bench("garden", files), sys.executable, "score.py")
    assert set(said) == {"feedback"} and reason in said["feedback"]


@needs_node
@pytest.mark.parametrize(
    ("evictions", "said"),
    [
        ("-\n-\n1\n", {"hit_rate": 40.0, "feedback": "open-a 40.00"}),
        ("-\n-\n2\n1\n", {"hit_rate": 20.0, "feedback": "open-a 20.00"}),
    ],
)
def test_hits_are_counted_by_replaying(bench: Any, evictions: str, said: dict[str, Any]) -> None:
    folder = bench("cache-policy", {"traces/open-a.txt": "2\n1\n2\n1\n3\n2\n", "out/open-a.txt": evictions})
    assert judge(folder, "node", "score.js") == said


@needs_node
@pytest.mark.parametrize(
    ("evictions", "reason"),
    [
        ("-\n-\n-\n", "miss 3 leaves more than 2 objects"),
        ("-\n-\n7\n", "miss 3 evicts `7`, which is not in the cache"),
        ("-\n", "miss 2 evicts `"),
        (None, "no such file"),
    ],
)
def test_evictions_that_cannot_be_have_no_hit_rate(bench: Any, evictions: str | None, reason: str) -> None:
    files = {"traces/open-a.txt": "2\n1\n2\n1\n3\n2\n"}
    files |= {"out/open-a.txt": evictions} if evictions is not None else {}
    said = judge(bench("cache-policy", files), "node", "score.js")
    assert set(said) == {"feedback"} and reason in said["feedback"]
