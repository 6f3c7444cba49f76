"""What a query finds, in which order, and what it says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kapso_knowledge.library.library import Library
from kapso_knowledge.library.search import snippet
from kapso_knowledge.library.words import terms
from kapso_knowledge.nodes import Edge
from tests.knowledge.library.shelf import BOUNDS, DOCS, learnt, node


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library.open(tmp_path)
    library.put(DOCS)
    return library


def test_a_hit_cites_its_place_and_says_why(library: Library) -> None:
    first, *_ = library.search("What is the maxsize of an lru_cache?")
    assert first.node == BOUNDS
    assert first.node.place.within() == "lines 9-11, § Caching > Bounds"
    assert first.why[0] == "words: maxsize, lru_cache"
    assert "meaning" in first.why
    assert "maxsize" in first.snippet


def test_identifiers_are_found_by_their_parts(library: Library) -> None:
    assert library.search("lru cache")[0].node == BOUNDS
    assert library.search("functools")[0].node == BOUNDS


def test_words_in_a_title_count_more(tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    titled = node("a.md", ["Profiling"], "Measure before you change anything.")
    beside = node("b.md", ["Weather"], "It rains, and profiling of clouds is hard. Measure rain.")
    library.put(learnt([beside, titled]))
    assert library.search("profiling")[0].node == titled


def test_scores_fall_and_the_limit_holds(library: Library) -> None:
    hits = library.search("cache arrays function", limit=2)
    assert len(hits) == 2
    assert hits[0].score >= hits[1].score > 0
    assert library.search("cache", limit=0) == []


def test_the_same_query_gives_the_same_answer(library: Library) -> None:
    query = "results of a function on arrays"
    assert library.search(query) == Library.open(library.folder).search(query)


def test_an_edge_leads_to_what_neither_words_nor_meaning_find(tmp_path: Path) -> None:
    """What the query needs shares no word with it and is joined to the best hit."""
    library = Library.open(tmp_path)
    best = node("a.md", ["Simulated annealing"], "Simulated annealing accepts a worse tour at times.")
    needed = node("b.md", ["Zq"], "import zq")
    others = [node(f"{n}.md", [f"Journey {n}"], f"Of journeys by train, part {n}.") for n in range(150)]
    edge = Edge(needed.id, "implements", best.id, "docs")
    query = "simulated annealing worse tour"
    library.put(learnt([best, needed, *others]))
    assert needed not in [hit.node for hit in library.search(query, limit=2)]
    library.put(learnt([best, needed, *others], [edge]))
    [found] = [hit for hit in library.search(query, limit=2) if hit.node == needed]
    assert f"implements {best.id}" in found.why


def test_pages_of_changes_come_after_those_that_explain(tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    text = "The cache of results is bounded."
    told = node("docs/release-notes.md", ["Version 2"], text)
    explained = node("docs/caching.md", ["Version 2"], text)
    library.put(learnt([told, explained]))
    assert [hit.node for hit in library.search("bounded cache")] == [explained, told]


def test_pages_for_those_who_work_on_the_project_come_after_those_for_its_users(tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    text = "The cache of results is bounded."
    inside = node("docs/developer/caching.md", ["Caching"], text)
    used = node("docs/user/caching.md", ["Caching"], text)
    library.put(learnt([inside, used]))
    assert [hit.node for hit in library.search("bounded cache")] == [used, inside]


def test_the_second_hit_of_a_section_makes_room_for_another_section(tmp_path: Path) -> None:
    library = Library.open(tmp_path)
    first = node("a.md", ["Caching"], "The cache is bounded, and a bounded cache forgets.")
    second = replace(first, id="second", text="A bounded cache is a small cache.")
    other = node(
        "b.md", ["Memory"], "Where memory is short, a bounded cache may help a little at some times."
    )
    library.put(learnt([first, second, other]))
    found = [hit.node for hit in library.search("bounded cache")]
    assert found[1] == other and {found[0], found[2]} == {first, second}


class Reader:
    """Finds each text alike to the query in so far as it speaks of speed."""

    name = "speed"
    dimensions = 1

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[text.count("speed") + 1] for text in texts], dtype=np.float32)


def test_a_reader_has_its_say_on_the_best_hits(tmp_path: Path) -> None:
    aside = node("a.md", ["Cars"], "A car, a fast car, to drive.")
    meant = node("b.md", ["Engines"], "To drive at greater speed, tune the engine of a car.")
    Library.open(tmp_path).put(learnt([aside, meant]))
    assert Library.open(tmp_path).search("drive a fast car")[0].node == aside
    [again] = Library.open(tmp_path, reader=Reader()).search("drive a fast car", limit=1)
    assert again.node == meant and again.why[-1] == "read again by speed"


def test_a_snippet_is_the_stretch_with_the_words_asked_for() -> None:
    text = "\n".join(
        [*(f"Line {n} is about weather." for n in range(60)), "The cache is bounded by maxsize."]
    )
    found = snippet(text, set(terms("bounded cache")))
    assert "bounded by maxsize" in found
    assert len(found) <= 240
    assert len(snippet("word " * 1000, {"word"})) <= 240
    assert snippet("", {"word"}) == ""
