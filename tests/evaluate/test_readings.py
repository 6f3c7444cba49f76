"""What scorers say: one source counts, and nothing is made up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapso.evaluate.readings import Reading, read_scorer, why_invalid
from kapso.goal import Constraint, Metric

SCORE = (Metric("score"),)


def test_last_line_that_is_an_object_counts() -> None:
    reading = read_scorer(SCORE, b'{"score": 1}\nnoise\n{"score": 2, "feedback": "ok"}\n[3]\n', None)
    assert reading.metrics == {"score": 2.0}
    assert reading.feedback == "ok"


def test_result_file_comes_before_stdout(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text('{"score": 5}')
    assert read_scorer(SCORE, b'{"score": 1}', tmp_path).metrics == {"score": 5.0}


def test_a_broken_result_file_is_not_replaced_by_stdout(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("{")
    reading = read_scorer(SCORE, b'{"score": 1}', tmp_path)
    assert reading.metrics == {} and reading.fault


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_result_that_is_no_regular_file(tmp_path: Path, kind: str) -> None:
    result = tmp_path / "result.json"
    if kind == "link":
        result.symlink_to("/etc/hostname")
    elif kind == "pipe":
        os.mkfifo(result)
    else:
        result.mkdir()
    assert read_scorer(SCORE, b'{"score": 1}', tmp_path).fault


def test_regexes_alone_count_where_one_is_declared() -> None:
    metrics = (Metric("score"), Metric("size", "minimize", regex=r"bytes: (\d+)"))
    reading = read_scorer(metrics, b'bytes: 12\nbytes: 34\n{"score": 1}', None)
    assert reading.metrics == {"size": 34.0}
    assert "regex" in reading.faults["score"]


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (b"", "no line that is a JSON object"),
        (b'{"score": NaN}', "not finite"),
        (b'{"score": Infinity}', "not finite"),
        (b'{"score": 1e999}', "not finite"),
        (b'{"score": ' + b"9" * 400 + b"}", "not finite"),
        (b'{"score": true}', "`true`, not a number"),
        (b'{"score": null}', "`null`, not a number"),
        (b'{"score": "3"}', "is text"),
        (b'{"other": 1}', "`other`"),
        (b'{"a": ' + b"[" * 100_000, "no line"),
    ],
)
def test_what_is_no_number_makes_invalid(printed: bytes, reason: str) -> None:
    reading = read_scorer(SCORE, printed, None)
    said = why_invalid(SCORE, (), reading.metrics, {}, reading)
    assert said is not None and reason in said


def test_bounds_and_constraints() -> None:
    metric = Metric("score", low=0.0, high=1.0)
    fine = Reading({"score": 0.5})
    assert why_invalid((metric,), (), {"score": 0.5}, {}, fine) is None
    assert "bounds" in str(why_invalid((metric,), (), {"score": 1.5}, {}, fine))
    constraint = Constraint("score >= 0.9 * baseline", "score", ">=", 0.9, times_baseline=True)
    assert why_invalid((metric,), (constraint,), {"score": 0.5}, {"score": 0.5}, fine) is None
    assert "does not hold" in str(why_invalid((metric,), (constraint,), {"score": 0.4}, {"score": 0.5}, fine))
    unknown = Constraint("speed > 1", "speed", ">", 1.0)
    assert "no `speed`" in str(why_invalid((metric,), (unknown,), {"score": 0.5}, {}, fine))


@given(st.binary(max_size=200))
def test_no_output_is_fatal(printed: bytes) -> None:
    reading = read_scorer((Metric("score"), Metric("size", regex=r"(\S+)")), printed, None)
    assert all(isinstance(value, float) for value in reading.metrics.values())
