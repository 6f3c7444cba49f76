"""The experiments' programs and judges, run as a goal runs them: processes, `$KAPSO_OUT`, JSON on stdout."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.goal import load_goal

ROOT = Path(__file__).parents[1]
EXPERIMENTS = ROOT / "experiments"
PACKING = EXPERIMENTS / "circle-packing"

Circle = list[float]
SMALL: list[Circle] = [[0.1 + 0.15 * (n % 6), 0.1 + 0.15 * (n // 6), 0.05] for n in range(26)]


def call(folder: Path, out: Path, *arguments: str, python: str = sys.executable) -> str:
    done = subprocess.run(
        [python, *arguments],
        cwd=folder,
        env={"KAPSO_OUT": str(out), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def judge(out: Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(call(PACKING, out, "evaluate.py"))
    return answer


def with_circle(number: int, circle: object) -> str:
    return json.dumps([*SMALL[:number], circle, *SMALL[number + 1 :]])


@pytest.mark.parametrize("name", ["circle-packing", "digits"])
def test_a_goal_loads_and_judges_apart(name: str) -> None:
    goal = load_goal(EXPERIMENTS / name / "goal.yaml")
    assert goal.name == name
    assert goal.is_judged_apart
    assert goal.budget.attempts and goal.budget.time_s


def test_the_packing_is_valid_and_leaves_room_for_improvement(tmp_path: Path) -> None:
    call(PACKING, tmp_path, "pack.py")
    assert 2.2 < judge(tmp_path)["score"] < 2.5


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        call(PACKING, tmp_path / name, "pack.py")
    assert (tmp_path / "one/circles.json").read_bytes() == (tmp_path / "two/circles.json").read_bytes()


def test_the_score_is_the_sum_of_the_radii(tmp_path: Path) -> None:
    (tmp_path / "circles.json").write_text(json.dumps(SMALL))
    assert math.isclose(judge(tmp_path)["score"], 26 * 0.05)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (with_circle(9, [0.55, 0.25, 0.12]), "circles 3 and 9 overlap by 0.02"),
        (with_circle(3, SMALL[4]), "circles 3 and 4 overlap by 0.1"),
        (with_circle(0, [0.04, 0.1, 0.05]), "circle 0 leaves the square by 0.01"),
        (with_circle(0, [0.5, 7.0, 0.0]), "circle 0 leaves the square"),
        (with_circle(0, [0.5, 0.5, -1.0]), "negative radius"),
        (with_circle(0, [0.1, 0.1, math.nan]), "not finite"),
        (with_circle(0, [0.1, 0.1, math.inf]), "not finite"),
        (with_circle(0, [0.1, 0.1, True]), "three numbers"),
        (with_circle(0, [0.1, 0.1, "0.05"]), "three numbers"),
        (with_circle(0, [0.1, 0.1]), "three numbers"),
        (with_circle(0, {"x": 0.1}), "three numbers"),
        (with_circle(0, [0.1, 0.1, 10**400]), "too large"),
        (json.dumps(SMALL[:25]), "list of 26"),
        (json.dumps([*SMALL, [0.9, 0.9, 0.05]]), "list of 26"),
        ('{"score": 99}', "list of 26"),
        ("[" * 50_000, "not JSON"),
        ("", "not JSON"),
        ("9" * 5_000, "not JSON"),
        (json.dumps(SMALL) + " " * 100_000, "larger than"),
    ],
)
def test_a_bad_packing_has_no_score_but_a_reason(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "circles.json").write_text(text)
    answer = judge(tmp_path)
    assert "score" not in answer
    assert reason in answer["feedback"]


def test_a_missing_file_and_bytes_that_are_no_text_have_no_score(tmp_path: Path) -> None:
    assert judge(tmp_path) == {"feedback": "circles.json cannot be read: No such file or directory"}
    (tmp_path / "circles.json").write_bytes(b"\xff\xfe[1]")
    assert "not JSON" in judge(tmp_path)["feedback"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=40,
)


@settings(max_examples=15, deadline=None)
@given(circle=JSON)
def test_no_output_makes_the_judge_crash_or_score_more_than_fits(
    tmp_path_factory: pytest.TempPathFactory, circle: object
) -> None:
    out = tmp_path_factory.mktemp("out")
    (out / "circles.json").write_text(with_circle(5, circle))
    assert judge(out).get("score", 0.0) < 2.7


@pytest.mark.slow
def test_digits_is_prepared_and_trains_without_the_answers_in_reach(tmp_path: Path) -> None:
    folder, out = tmp_path / "experiments/digits", tmp_path / "out"
    shutil.copytree(EXPERIMENTS / "digits", folder, ignore=shutil.ignore_patterns(".venv", "data", "answers"))
    shutil.copytree(ROOT / "bootstrap", tmp_path / "bootstrap")
    out.mkdir()
    subprocess.run([sys.executable, "prepare.py"], cwd=folder, check=True)
    python = str(folder / ".venv/bin/python")
    load = "from sklearn.datasets import load_digits; load_digits()"
    assert subprocess.run([python, "-c", load], capture_output=True).returncode != 0
    (folder / "answers").rename(tmp_path / "answers")
    call(folder, out, "train.py", python=python)
    (tmp_path / "answers").rename(folder / "answers")
    trained = json.loads(call(folder, out, "score.py"))
    held_out = json.loads(call(folder, out, "score.py", "--split", "holdout"))
    assert 0.3 < trained["log_loss"] < 0.8 and 0.85 < trained["accuracy"] < 0.95
    assert abs(trained["log_loss"] - held_out["log_loss"]) < 0.1


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("", "holds 0 rows"),
        (",".join(["0.1"] * 9), "9 probabilities"),
        (",".join(["nan"] * 10), "sum to one"),
        (",".join(["0.2"] * 10), "sum to one"),
        (",".join(["2", "-1", *["0"] * 8]), "sum to one"),
        (",".join(["x"] * 10), "no number"),
        ("0" * 2_000_001, "larger than"),
    ],
)
def test_bad_predictions_have_no_score_but_a_reason(tmp_path: Path, rows: str, reason: str) -> None:
    folder = tmp_path / "digits"
    (folder / "data").mkdir(parents=True)
    shutil.copy(EXPERIMENTS / "digits/score.py", folder)
    (folder / "data/train.csv").write_text("0,0,7\n")
    (tmp_path / "train.csv").write_text(rows)
    answer = json.loads(call(folder, tmp_path, "score.py"))
    assert set(answer) == {"feedback"}
    assert reason in answer["feedback"]


def test_sure_and_right_predictions_lose_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    (folder / "answers").mkdir(parents=True)
    shutil.copy(EXPERIMENTS / "digits/score.py", folder)
    (folder / "answers/holdout.csv").write_text("7\n0\n")
    sure = ["1" if n == 7 else "0" for n in range(10)]
    (tmp_path / "holdout.csv").write_text(",".join(sure) + "\n" + ",".join(["0.1"] * 10))
    answer = json.loads(call(folder, tmp_path, "score.py", "--split", "holdout"))
    assert math.isclose(answer["log_loss"], -math.log(0.1) / 2)
    assert answer["accuracy"] == 1.0
