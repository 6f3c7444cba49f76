"""Lines merge in any order, any number of times; the file tells what was written, and junk is no line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.memory.lessons.ledger import content_of, joined, parse_lines
from kapso.memory.lessons.lesson import About, Line, Mark, Subject
from kapso.memory.lessons.merge import merge_lines, merged
from kapso.memory.lessons.wire import from_text, key_of, to_json, to_text
from tests.memory.lessons.conftest import MEMORIES, line_of, lines_about, sighting_of, subject_of

LINES = lines_about(subject_of())


@settings(max_examples=40, deadline=None)
@given(LINES, LINES, LINES)
def test_merging_is_commutative_associative_and_idempotent(a: Line, b: Line, c: Line) -> None:
    assert merged(a, b) == merged(b, a)
    assert merged(merged(a, b), c) == merged(a, merged(b, c))
    assert merged(a, a) == a
    assert merged(merged(a, b), b) == merged(a, b)


@settings(max_examples=25, deadline=None)
@given(MEMORIES, MEMORIES, MEMORIES)
def test_whole_memories_merge_alike_and_files_joined_in_any_order_are_the_same_bytes(
    a: dict[str, Line], b: dict[str, Line], c: dict[str, Line]
) -> None:
    assert merge_lines(a, b) == merge_lines(b, a)
    assert merge_lines(merge_lines(a, b), c) == merge_lines(a, merge_lines(b, c))
    one = joined(joined(joined({}, a), b), c)
    other = joined(joined(joined(joined({}, c), a), b), a)
    assert content_of(one) == content_of(other)
    assert parse_lines(one.values()) == merge_lines(merge_lines(a, b), c)


@settings(max_examples=40, deadline=None)
@given(LINES)
def test_a_line_is_read_as_it_was_written(line: Line) -> None:
    text = to_text(line, {"statement": "s"})
    assert b"\n" not in text
    assert from_text(text) == line
    assert key_of(text) == line.subject.key


def test_of_one_run_the_sighting_that_saw_more_counts() -> None:
    early, late = sighting_of(total=4, better=3), sighting_of(total=9, better=4)
    assert merged(line_of(late), line_of(early)).sightings == {"demo-1111": late}


def test_marks_are_united_in_order_of_time() -> None:
    pin, retire = Mark("2026-01-02", "pin", "Ada"), Mark("2026-01-01", "retire", "Bob")
    both = merged(line_of(sighting_of(), marks=[pin]), line_of(sighting_of(), marks=[retire, pin]))
    assert both.marks == (retire, pin)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_was_tampered_with_is_a_line_or_none_but_never_an_error(data: st.DataObject) -> None:
    told = json.loads(to_text(line_of(sighting_of(), marks=[Mark("t", "pin", "Ada")])))
    at = told
    while isinstance(at, dict | list) and at:
        place = data.draw(st.sampled_from(sorted(at))) if isinstance(at, dict) else 0
        if not isinstance(at[place], dict | list) or data.draw(st.booleans()):
            at[place] = data.draw(
                st.sampled_from([None, -1, 10**12, True, "x" * 999, [], {}, [[]], "pin", 0.5])
            )
            break
        at = at[place]
    line = from_text(json.dumps(told).encode())
    assert line is None or from_text(to_text(line)) == line


@pytest.mark.parametrize(
    "text",
    [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 5000, b'{"subject": {"about": "x"}}', b"{" + b" " * 300_000],
)
def test_junk_is_no_line(text: bytes) -> None:
    assert from_text(text) is None
    assert from_text(b'{"subject": {"about": "place", "told": {"x": NaN}}, "sightings": {}}') is None


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ("pair", {"first": ["a.py", "f"], "second": ["a.py", "g"]}),
        ("change", {"hunks": [["a.py", "x", "y"]]}),
        ("operator", {"proposer": "tune", "operator": None}),
    ],
)
def test_subjects_need_what_names_them(about: str, told: dict[str, object]) -> None:
    line = line_of(sighting_of(), subject=Subject(About(about), told))
    assert from_text(to_text(line)) == line
    for name in told:
        if told[name] is not None:
            less = {key: value for key, value in told.items() if key != name}
            assert from_text(to_text(line_of(sighting_of(), subject=Subject(About(about), less)))) is None


def test_a_line_that_claims_the_key_of_another_is_none() -> None:
    told = json.loads(to_text(line_of(sighting_of())))
    told["subject"]["told"]["operator"] = "swap"
    assert from_text(json.dumps(told).encode()) is None


def test_equal_lines_tell_the_same_whatever_order_they_were_made_in() -> None:
    a, b = sighting_of(detail={"x": 1, "y": (1, 2)}), sighting_of(detail={"y": [1, 2], "x": 1})
    assert to_json(line_of(a)) == to_json(line_of(b))


@pytest.mark.parametrize(
    ("about", "told", "detail"),
    [
        ("parameter", {"parameter": "a.py:x", "event": "failed", "side": "above"}, {"bound": 10**400}),
        ("parameter", {"parameter": "a.py:x", "side": "above"}, {"bound": 3.0}),
        ("parameter", {"parameter": "a.py:x", "event": "failed", "side": "left"}, {"bound": 3.0}),
        ("parameter", {"parameter": "a.py:x"}, {"alone": [9, 9], "choices": "abc"}),
        ("pair", {"first": ["a.py", {"x": 1}], "second": ["a.py", "f"]}, {}),
        ("stated", {"statement": "x", "where": {"token": ["a"]}, "expects": "failed"}, {}),
        ("error", {"signature": "a." * 20_000, "token": "+x"}, {}),
    ],
)
def test_what_no_rule_could_follow_is_no_line(about: str, told: object, detail: object) -> None:
    seen = {
        "run": "evil-1",
        "goal": "demo",
        "seen": 9,
        "concerned": {"total": 9, "failed": 9},
        "detail": detail,
    }
    line = {"subject": {"about": about, "told": told}, "sightings": {"evil-1": seen}}
    assert from_text(json.dumps(line).encode()) is None
