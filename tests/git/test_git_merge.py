"""Three-way merges of files: both sides' changes, token by token where lines conflict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.git.merge import changes, conflicts, joined, merge, merge_cleanly

BASE = b"x = 1\r\ny = 2\nname = '\\n'\nlast"


def merge_file(base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """The merge in which ours stands."""
    pieces = merge(base, ours, theirs)
    return None if pieces is None else joined(pieces)


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        (BASE.replace(b"1", b"5"), BASE, BASE.replace(b"1", b"5")),
        (BASE.replace(b"1", b"5"), BASE.replace(b"last", b"end"), BASE.replace(b"1", b"5")[:-4] + b"end"),
        # Neighbouring lines, and one line
        (BASE.replace(b"1", b"5"), BASE.replace(b"2", b"7"), BASE.replace(b"1", b"5").replace(b"2", b"7")),
        (BASE.replace(b"x", b"z"), BASE.replace(b"1", b"7"), BASE.replace(b"x", b"z").replace(b"1", b"7")),
        # The same place: ours stands
        (BASE.replace(b"1", b"5"), BASE.replace(b"1", b"7"), BASE.replace(b"1", b"5")),
        (BASE.replace(b"1", b"5"), b"\0" * 9, None),
    ],
)
def test_both_sides_changes_are_kept(ours: bytes, theirs: bytes, merged: bytes | None) -> None:
    assert merge_file(BASE, ours, theirs) == merged


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        (b"x = 4.0;", b"x = 4.7;", b"x = 2.5;"),
        (b"x = 4.0;", b"x = 4.5;", b"x = 2.5;"),
        (b"x = 1e-3;", b"x = 2e-3;", b"x = 1e-5;"),
        (b"x = 1_000u32;", b"x = 1_500u32;", b"x = 2_000u32;"),
    ],
)
def test_a_number_is_never_put_together_from_halves(base: bytes, ours: bytes, theirs: bytes) -> None:
    pieces = merge(base, ours, theirs)
    assert pieces is not None
    assert (joined(pieces, "o"), joined(pieces, "t")) == (ours, theirs)


def test_the_ends_of_a_range_are_two_numbers() -> None:
    assert merge_cleanly(b"for i in 1..5 {", b"for i in 0..5 {", b"for i in 1..9 {") == b"for i in 0..9 {"


def test_a_clean_merge_leaves_no_change_out() -> None:
    ours = BASE.replace(b"1", b"5")
    assert merge_cleanly(BASE, ours, BASE.replace(b"2", b"7")) == ours.replace(b"2", b"7")
    assert merge_cleanly(BASE, ours, BASE.replace(b"1", b"7")) is None
    assert merge_cleanly(BASE, ours, b"\0" * 9) is None


TEXT = st.lists(st.sampled_from([b"a", b"b = 1", b"\\n", b"\xff\r", b"  c(", b""]), max_size=6).map(
    b"\n".join
)


@settings(max_examples=25, deadline=None)
@given(TEXT, TEXT)
def test_a_side_that_changed_nothing_gives_way(base: bytes, changed: bytes) -> None:
    assert merge_file(base, changed, base) == changed
    assert merge_file(base, base, changed) == changed
    assert merge_file(base, changed, changed) == changed


def test_a_conflict_is_decided_place_by_place() -> None:
    base = b"a = 1\nkeep\nb = 2\n"
    pieces = merge(base, b"a = 3\nkeep\nb = 4\n", b"new\na = 5\nkeep\nb = 6\n")
    assert pieces is not None
    found = conflicts(pieces)
    assert [(each.base, each.ours, each.theirs) for each in found] == [(b"1", b"3", b"5"), (b"2", b"4", b"6")]
    assert [(each.our_lines, each.their_lines) for each in found] == [((0, 1), (0, 2)), ((2, 3), (3, 4))]
    assert joined(pieces, "ot") == b"new\na = 3\nkeep\nb = 6\n"
    assert joined(pieces, "t") == b"new\na = 5\nkeep\nb = 4\n"


def test_what_both_insert_at_one_place_can_stand_side_by_side() -> None:
    pieces = merge(b"a\nz\n", b"a\none\nz\n", b"a\ntwo\nz\n")
    assert pieces is not None
    assert [joined(pieces, letter) for letter in "otb"] == [
        b"a\none\nz\n",
        b"a\ntwo\nz\n",
        b"a\none\ntwo\nz\n",
    ]


def test_an_insertion_beside_a_changed_line_is_no_conflict() -> None:
    base = b"a\nb\nc\n"
    assert merge_cleanly(base, b"a\nB\nc\n", b"a\nb\nnew\nc\n") == b"a\nB\nnew\nc\n"
    assert merge_cleanly(base, b"a\nnew\nb\nc\n", b"a\nB\nc\n") == b"a\nnew\nB\nc\n"


@settings(max_examples=50, deadline=None)
@given(TEXT, TEXT)
def test_changes_tell_the_lines_that_differ(old: bytes, new: bytes) -> None:
    at, made = 0, []
    was = [each + b"\n" for each in old.split(b"\n")]
    now = [each + b"\n" for each in new.split(b"\n")]
    for change in changes(b"".join(was), b"".join(now)):
        made += was[at : change.old[0]] + now[slice(*change.new)]
        at = change.old[1]
    assert made + was[at:] == now
