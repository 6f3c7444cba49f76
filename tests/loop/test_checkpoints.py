"""Where attempts stand is kept until they have landed, whatever becomes of the process or the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kapso.loop.checkpoints import Checkpoints

STATE = {"number": 7, "candidate": "c", "idea": {"title": "ü \udc80", "details": {"n": [1, None, 0.5]}}}


def test_what_was_kept_last_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.sqlite"
    first = Checkpoints(path)
    for state in (STATE, {**STATE, "produced": {"outputs": []}}, {"number": 8, "candidate": "d"}):
        first.keep(state)
    first.forget(8)
    assert Checkpoints(path).all() == {7: {**STATE, "produced": {"outputs": []}}}  # the first was not closed


def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.sqlite"
    path.write_bytes(b"rubbish" * 1000)
    made = Checkpoints(path)
    made.keep(STATE)
    assert made.all() == {7: STATE}
    assert (tmp_path / "broken-checkpoints.sqlite").read_bytes().startswith(b"rubbish")


def test_a_damaged_state_is_none(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.sqlite"
    made = Checkpoints(path)
    made.keep(STATE)
    made.keep({"number": 8})
    made._connection.execute("UPDATE attempts SET state = ? WHERE number = 7", (b'{"number"',))
    assert made.all() == {8: {"number": 8}}


def test_what_the_machine_refuses_is_not_held_against_the_file(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.sqlite"
    made = Checkpoints(path)
    made.keep(STATE)
    made.close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("DELETE FROM attempts WHERE number = 8")
    with pytest.raises(sqlite3.OperationalError):
        Checkpoints(path, patience_s=0.1)
    other.close()
    assert Checkpoints(path).all() == {7: STATE}
