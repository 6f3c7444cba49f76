"""What scorers say: one source counts, and nothing is made up."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kapso.evaluate.readings import Reading, read_object, read_scorer, why_invalid
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


OUT = "results/metrics.json"


def read_named(folder: Path, metrics: object, verdict: object = None) -> Reading:
    """What a scorer said that left these files (JSON, or text as it is) where `result` looks for them."""
    (folder / "results").mkdir(exist_ok=True)
    for path, content in ((OUT, metrics), ("results/correct.json", verdict)):
        if content is not None:
            (folder / path).write_text(content if isinstance(content, str) else json.dumps(content))
    return read_scorer(SCORE, b'{"score": 1}', None, (folder, OUT))


def test_a_named_file_comes_before_all_other_sources(tmp_path: Path) -> None:
    assert read_named(tmp_path, {"score": 2}).metrics == {"score": 2.0}
    (tmp_path / "result.json").write_text('{"score": 3}')
    assert read_scorer(SCORE, b"", tmp_path, (tmp_path, OUT)).metrics == {"score": 2.0}


def test_a_named_file_that_is_missing_or_broken_is_not_replaced(tmp_path: Path) -> None:
    missing = read_scorer(SCORE, b'{"score": 1}', None, (tmp_path, OUT))
    assert missing == Reading(fault="the scorer wrote no `$KAPSO_OUT/results/metrics.json`")
    assert "holds no JSON object" in (read_named(tmp_path, "[1]").fault or "")
    assert "is larger than" in (read_named(tmp_path, " " * 1_000_001).fault or "")


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_no_link_leads_out_of_the_output(tmp_path: Path, linked: str) -> None:
    read_named(tmp_path, {"score": 9})
    out = tmp_path / "out"
    out.mkdir()
    if linked == "folder":
        (out / "results").symlink_to(tmp_path / "results")
    else:
        (out / "results").mkdir()
        (out / OUT).symlink_to(tmp_path / OUT)
    reading = read_scorer(SCORE, b"", None, (out, OUT))
    assert not reading.metrics and "cannot be read" in (reading.fault or "")


def test_shinkas_verdict_beside_the_metrics_counts(tmp_path: Path) -> None:
    metrics = {"score": 0.0}
    assert read_named(tmp_path, metrics, {"correct": True, "error": None}).metrics == metrics
    wrong = read_named(tmp_path, metrics, {"correct": False, "error": "circles\x1b[2J overlap"})
    reason = why_invalid(SCORE, (), wrong.metrics, {}, wrong)
    assert reason == (
        "the metric `score` is missing: `correct.json` says that the program is not correct: circles overlap"
    )
    assert not read_named(tmp_path, metrics, {"correct": False}).metrics
    assert read_named(tmp_path, metrics, {"correct": 17}).metrics == metrics
    (tmp_path / "results/correct.json").unlink()
    (tmp_path / "results/correct.json").symlink_to("/etc/hostname")
    assert "`correct.json` cannot be read" in (read_named(tmp_path, metrics).fault or "")


def test_nested_numbers_are_named_after_their_place(tmp_path: Path) -> None:
    given = {
        "combined_score": 2.5,
        "public": {"n": 26, "text": "centers", "ok": True, "deep": {"x": 1}},
        "private": {"sum": 3, "secret": "k4"},
        "text_feedback": "try harder",
        "all_validation_errors": ["overlap", "outside"],
        "text": ["a", 1],
    }
    reading = read_named(tmp_path, given)
    numbers = {"combined_score": 2.5, "public.n": 26.0, "public.deep.x": 1.0, "private.sum": 3.0}
    assert reading.metrics == numbers
    shown = "public.text: centers\ntry harder\nall_validation_errors: overlap\noutside"
    assert reading.feedback == shown
    assert {"public", "private", "public.ok", "private.secret", "text"} <= reading.faults.keys()


def test_a_name_that_is_given_twice_counts_for_nothing(tmp_path: Path) -> None:
    reading = read_named(tmp_path, {"a.score": 1, "a": {"score": 2}, "score": 3})
    assert reading.metrics == {"score": 3.0} and reading.faults["a.score"] == "is given twice"


def test_deep_and_wide_objects_are_bounded() -> None:
    deep: dict[str, object] = {"x": 1}
    for _ in range(20):
        deep = {"x": deep}
    assert read_object(deep).metrics == {}
    assert "more than 1000" in (read_object({"a": {str(i): i for i in range(2000)}}).fault or "")
