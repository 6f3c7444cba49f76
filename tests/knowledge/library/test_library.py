"""The library on a real disk: DuckDB and Chroma, nothing replaced."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library import Change, Filter
from kapso_knowledge.library.library import EVERYTHING, Library
from kapso_knowledge.nodes import Edge, text_hash
from tests.knowledge.library.shelf import ARRAYS, BOUNDS, CACHING, DOCS, EDGES, WHEN, learnt, node


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.open(tmp_path / "library")


def titles(library: Library, query: str, filter: Filter = EVERYTHING) -> list[str]:
    return [hit.node.title for hit in library.search(query, filter=filter)]


def test_empty_library_knows_nothing_and_makes_no_file(library: Library) -> None:
    assert library.known() == []
    assert library.documents("docs") == {}
    assert library.node(BOUNDS.id) is None
    assert library.edges(BOUNDS.id) == []
    assert library.search("cache") == []
    assert library.forget("docs") == 0
    assert not library.folder.exists()


def test_what_was_put_is_there_when_opened_again(library: Library) -> None:
    assert library.put(DOCS) == Change(added=3)
    again = Library.open(library.folder)
    assert again.node(ARRAYS.id) == ARRAYS
    assert again.documents("docs") == {"caching.md": "1", "numpy.md": "1"}
    [known] = again.known()
    assert (known.source, known.revision, known.trusted, known.nodes) == ("docs", "r1", True, 3)
    assert known.documents == again.documents("docs")


def test_learning_twice_adds_nothing_and_keeps_the_time(library: Library) -> None:
    library.put(DOCS)
    stamp = (library.folder / "vectors.json").read_text()
    later = [dataclasses.replace(node, learnt=WHEN.replace(year=2027), revision="r2") for node in DOCS.nodes]
    assert library.put(dataclasses.replace(DOCS, nodes=later, revision="r2")) == Change(same=3)
    assert (library.folder / "vectors.json").read_text() == stamp
    found = library.node(BOUNDS.id)
    assert found and (found.learnt, found.revision) == (WHEN, "r2")
    assert len(library.edges(CACHING.id)) == 1


def test_a_changed_source_replaces_its_own_and_keeps_what_others_say(library: Library) -> None:
    library.put(DOCS)
    other = node("notes.md", ["Notes"], "Unbounded caches leak memory.", source="notes")
    says = Edge(other.id, "refines", BOUNDS.id, "notes")
    library.put(learnt([other], [says], source="notes"))

    text = "A bounded cache evicts what was least recently used."
    changed = dataclasses.replace(BOUNDS, text=text, hash=text_hash(text))
    new = node("caching.md", ["Caching", "Keys"], "Keys must be hashable.")
    change = library.put(learnt([changed, new], kept=["numpy.md"], documents={"caching.md": "2"}))

    assert change == Change(added=1, changed=1, same=1, removed=1)
    assert library.node(CACHING.id) is None
    assert library.documents("docs") == {"caching.md": "2", "numpy.md": "1"}
    assert "evicts" in (library.node(BOUNDS.id) or CACHING).text
    assert says in library.edges(BOUNDS.id)
    assert Edge(ARRAYS.id, "cites", BOUNDS.id, "docs") in library.edges(BOUNDS.id)
    assert not any(edge.relation == "part-of" for edge in library.edges(BOUNDS.id))
    assert titles(library, "evicts least recently used")[0] == "Bounds"
    assert "Caching" not in titles(library, "pure function")


def test_forgetting_removes_a_source_and_what_it_says(library: Library) -> None:
    library.put(DOCS)
    other = node("notes.md", ["Notes"], "Unbounded caches leak memory.", source="notes")
    library.put(learnt([other], [Edge(other.id, "cites", BOUNDS.id, "notes")], source="notes"))
    assert library.forget("docs") == 3
    assert [known.source for known in library.known()] == ["notes"]
    assert library.edges(other.id) == []
    assert titles(library, "bounded cache") == ["Notes"]
    assert library.forget("docs") == 0
    library.put(DOCS)  # what the others said of it counts again
    assert library.edges(other.id) == [Edge(other.id, "cites", BOUNDS.id, "notes")]


def test_an_address_counts_from_the_moment_that_a_node_stands_there(library: Library) -> None:
    page = node("", [], "See the guide.", source="https://example.org/a")
    edges = [
        Edge(page.id, "cites", "https://example.org/guide/#lru-cache", "https://example.org/a"),
        Edge(page.id, "cites", "https://EXAMPLE.org/guide", "https://example.org/a"),
    ]
    library.put(learnt([page], edges, source="https://example.org/a"))
    assert library.edges(page.id) == []
    start = node("", [], "The guide.", source="https://example.org/guide")
    part = node("", ["Lru cache"], "How it evicts.", source="https://example.org/guide", line=5)
    library.put(learnt([start, part], source="https://example.org/guide"))
    assert {edge.target for edge in library.edges(page.id)} == {start.id, part.id}
    assert [edge.origin for edge in library.edges(part.id)] == [page.id]


class Failing:
    """An endpoint that is down."""

    name = "endpoint"
    dimensions = 4

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise LibraryError("the endpoint `http://127.0.0.1:9` does not answer", slug="embedder")


def test_a_put_that_fails_leaves_all_as_it_was(library: Library) -> None:
    library.put(DOCS)
    before = (library.folder / "library.duckdb").read_bytes()
    text = "changed"
    broken = dataclasses.replace(BOUNDS, text=text, hash=text_hash(text))
    with pytest.raises(LibraryError, match="does not answer"):
        Library.open(library.folder, Failing()).put(learnt([broken]))
    unstorable = dataclasses.replace(broken, kind=None)  # type: ignore[arg-type]
    with pytest.raises(LibraryError):
        library.put(learnt([ARRAYS, unstorable], EDGES))
    assert (library.folder / "library.duckdb").read_bytes() == before
    assert library.node(BOUNDS.id) == BOUNDS
    assert titles(library, "lru_cache maxsize")[0] == "Bounds"


def test_without_its_embedder_a_search_goes_by_words(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    library.put(DOCS)
    first, *_ = Library.open(library.folder, Failing()).search("lru_cache")
    assert first.node == BOUNDS
    assert "does not answer" in caplog.text
    assert "searched by words alone" in caplog.text


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (Filter(kinds=("principle",)), ["Broadcasting"]),
        (Filter(languages=("python",)), ["Broadcasting"]),
        (Filter(languages=("python", "rust"), kinds=("heuristic",)), []),
        (Filter(sources=("notes",)), ["Notes"]),
    ],
)
def test_filters_hold_for_all_ways_to_be_found(library: Library, filter: Filter, expected: list[str]) -> None:
    library.put(DOCS)
    other = node("notes.md", ["Notes"], "Unbounded caches leak memory.", source="notes")
    library.put(learnt([other], [Edge(other.id, "cites", BOUNDS.id, "notes")], source="notes"))
    assert titles(library, "arrays, loops, caches and bounds", filter) == expected


def test_text_that_no_database_likes(library: Library) -> None:
    odd = node(
        "odd.md", ["O'Hara; DROP TABLE nodes --"], "lone \ud800 surrogate, nul \x00, 'quotes' {braces}"
    )
    library.put(learnt([odd], source="docs"))
    found = library.node(odd.id)
    assert found and found.text == "lone ? surrogate, nul \x00, 'quotes' {braces}"
    assert titles(library, "'; DROP TABLE nodes; -- \ud800 \x00") == ["O'Hara; DROP TABLE nodes --"]
    assert library.search(" \n") == []


def test_an_unreadable_file_is_named_with_the_remedy(library: Library) -> None:
    library.folder.mkdir()
    (library.folder / "library.duckdb").write_bytes(b"not a database" * 500)
    with pytest.raises(LibraryError, match=r"library\.duckdb") as caught:
        library.known()
    assert "learn its sources again" in (caught.value.help or "")


def test_a_library_of_another_version_is_refused(library: Library) -> None:
    import duckdb

    library.put(DOCS)
    with duckdb.connect(str(library.folder / "library.duckdb")) as connection:
        connection.execute("UPDATE library SET version = 99")
    with pytest.raises(LibraryError, match="version 99"):
        library.known()
