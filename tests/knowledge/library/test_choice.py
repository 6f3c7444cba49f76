"""Which embedder a library has, and that a library of vectors from an endpoint works."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library.choice import chosen, chosen_reader
from kapso_knowledge.library.library import Library
from kapso_knowledge.library.protocol import Learnt
from kapso_knowledge.nodes import Node, Place, text_hash
from tests.knowledge.net.site import Answer, Asked, Site


def test_wordllama_unless_another_is_named() -> None:
    assert chosen({}).name == chosen({"KAPSO_EMBEDDER": " wordllama "}).name
    assert chosen({"KAPSO_EMBEDDER": "tiny@http://127.0.0.1:8000/v1"}).name == "tiny@127.0.0.1:8000"


def test_nothing_reads_again_unless_it_is_named() -> None:
    assert chosen_reader({}) is None
    reader = chosen_reader({"KAPSO_READER": "wordllama"})
    assert reader is not None and reader.name == chosen({}).name
    with pytest.raises(LibraryError, match="KAPSO_READER=tiny@"):
        chosen_reader({"KAPSO_READER": "tiny@"})


@pytest.mark.parametrize("name", ["glove", "@http://x", "tiny@", "tiny@ftp://x"])
def test_what_is_no_embedder_is_said(name: str) -> None:
    with pytest.raises(LibraryError) as failure:
        chosen({"KAPSO_EMBEDDER": name})
    assert failure.value.help


def _meaning(asked: Asked) -> Answer:
    """A model that knows two subjects, whatever they are called."""
    assert asked.headers["authorization"] == "Bearer hunter2"
    rows = []
    for number, text in enumerate(json.loads(asked.body)["input"]):
        about = [
            float(any(word in text for word in words)) for words in (("cat", "feline"), ("dog", "hound"))
        ]
        rows.append({"index": number, "embedding": [*about, 0.1]})
    return Answer(json.dumps({"data": rows}))


def _node(id: str, text: str) -> Node:
    when = datetime(2026, 11, 1, tzinfo=UTC)
    return Node(id, "principle", text, text, "animals", Place(id), "1", when, text_hash(text))


def test_a_library_with_vectors_from_an_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Site({"/v1/embeddings": _meaning}) as site:
        monkeypatch.setenv("KAPSO_EMBEDDER", f"tiny@{site.url}/v1")
        monkeypatch.setenv("KAPSO_EMBEDDER_KEY", "hunter2")
        library = Library.open(tmp_path)
        nodes = [_node("aaaaaaaaaaaa", "cat"), _node("bbbbbbbbbbbb", "dog")]
        library.put(Learnt("animals", "", True, {"a": "1"}, nodes, []))
        assert library.search("hound", limit=1)[0].node.text == "dog"
        assert library.search("feline", limit=1)[0].node.text == "cat"
