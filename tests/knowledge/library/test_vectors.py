"""The vectors are a projection: whatever becomes of them, the next search has them again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kapso_knowledge.library.embed import WordLlama
from kapso_knowledge.library.library import Library
from kapso_knowledge.library.lock import locked
from tests.knowledge.library.shelf import DOCS, learnt, node


def meant(library: Library) -> set[str]:
    """What is found by meaning alone."""
    hits = library.search("vectorised mathematics over matrices")
    return {hit.node.title for hit in hits if "meaning" in hit.why}


ALL = {"Caching", "Bounds", "Broadcasting"}


def _no_index(vectors: Path) -> None:
    for folder in [path for path in vectors.iterdir() if path.is_dir()]:
        shutil.rmtree(folder)


def _broken_index(vectors: Path) -> None:
    for path in vectors.glob("*/*"):
        path.write_bytes(b"x" * 50)


@pytest.mark.parametrize(
    "harm",
    [
        lambda vectors: shutil.rmtree(vectors),
        lambda vectors: vectors.with_suffix(".json").unlink(),
        lambda vectors: vectors.with_suffix(".json").write_text("[]"),
        lambda vectors: (vectors / "chroma.sqlite3").write_bytes(b"garbage" * 4000),
        _no_index,
        _broken_index,
    ],
)
def test_made_again_when_missing_or_broken(tmp_path: Path, harm: Callable[[Path], object]) -> None:
    library = Library.open(tmp_path)
    library.put(DOCS)
    assert meant(library) == ALL
    harm(tmp_path / "vectors")
    assert meant(Library.open(tmp_path)) == ALL


@pytest.mark.parametrize("name", ["vectors.json", "vectors.new"])
def test_without_them_where_their_state_cannot_be_written(tmp_path: Path, name: str) -> None:
    library = Library.open(tmp_path)
    library.put(DOCS)
    (tmp_path / "vectors.json").unlink()
    (tmp_path / name).mkdir()
    again = Library.open(tmp_path)
    assert again.search("caching") and not meant(again)
    again.put(learnt([node("lazy.md", ["Laziness"], "What is not computed takes no time.")]))
    assert [hit.node.title for hit in again.search("computed")] == ["Laziness"]
    (tmp_path / name).rmdir()
    assert "Laziness" in {hit.node.title for hit in again.search("computed") if "meaning" in hit.why}


def test_the_first_that_is_learnt_stays_where_vectors_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "vectors.json").mkdir()
    library = Library.open(tmp_path)
    assert library.put(DOCS).added == 3
    assert library.search("caching")


@pytest.mark.slow
def test_a_search_does_not_wait_long_for_who_holds_them(tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    library.put(DOCS)
    library.search("caching")  # whatever is imported first
    with locked(tmp_path):
        begun = time.monotonic()
        assert library.search("caching") and not meant(library)
        assert time.monotonic() - begun < 15  # two searches; it was 60
    assert meant(library) == ALL


class Counting:
    """The real embedder, counted, under a name of one's own."""

    dimensions = 256

    def __init__(self, name: str) -> None:
        self.name = name
        self.embedded: list[str] = []
        self._real = WordLlama()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += texts
        return self._real.embed(texts)


def test_only_what_changed_is_embedded(tmp_path: Path) -> None:
    embedder = Counting("one")
    library = Library.open(tmp_path, embedder)
    library.put(DOCS)
    assert len(embedder.embedded) == 3
    new = node("more.md", ["More"], "Profile before you optimise.", source="more")
    library.put(learnt([new], source="more"))
    library.put(DOCS)
    library.forget("docs")
    assert len(embedder.embedded) == 4
    assert meant(library) == {"More"}
    assert len(embedder.embedded) == 5  # the query


def test_made_anew_for_another_embedder(tmp_path: Path) -> None:
    Library.open(tmp_path, Counting("one")).put(DOCS)
    other = Counting("another")
    assert meant(Library.open(tmp_path, other)) == ALL
    assert len(other.embedded) == 4
    assert meant(Library.open(tmp_path, other)) == ALL
    assert len(other.embedded) == 5


def test_brought_up_to_date_when_behind(tmp_path: Path) -> None:
    """As after a crash between the two writes: the nodes are those of now, the vectors of before."""
    library = Library.open(tmp_path)
    library.put(DOCS)
    shutil.copytree(tmp_path / "vectors", tmp_path / "old")
    state = (tmp_path / "vectors.json").read_text()
    library.put(learnt([node("more.md", ["More"], "Matrices multiply.", source="more")], source="more"))
    shutil.rmtree(tmp_path / "vectors")
    (tmp_path / "old").rename(tmp_path / "vectors")
    (tmp_path / "vectors.json").write_text(state)
    assert meant(Library.open(tmp_path)) == {*ALL, "More"}


def test_rebuilt_on_demand(tmp_path: Path) -> None:
    embedder = Counting("one")
    library = Library.open(tmp_path, embedder)
    library.put(DOCS)
    library.rebuild()
    assert len(embedder.embedded) == 6
    assert meant(library) == ALL
