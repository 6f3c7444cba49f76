"""Three-way merges of files: both sides' changes, token by token where lines conflict."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kapso.git.merge import merge_cleanly, merge_file

BASE = b"x = 1\r\ny = 2\nname = '\\n'\nlast"


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
