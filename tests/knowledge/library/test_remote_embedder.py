"""Vectors from an endpoint that speaks as OpenAI's does, and from ones that do so badly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.library.remote_embedder import RemoteEmbedder
from kapso_knowledge.net.client import Client
from tests.knowledge.net.site import Answer, Asked, Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def _vector(text: str) -> list[float]:
    return [float(len(text)), 1.0, float(ord(text[0]))]


def _items(texts: list[str]) -> list[dict[str, Any]]:
    return [{"object": "embedding", "index": n, "embedding": _vector(text)} for n, text in enumerate(texts)]


def _answers(
    site: Site, change: Callable[[list[dict[str, Any]]], Any] = lambda items: {"data": items}
) -> None:
    def page(asked: Asked) -> Answer:
        return Answer(json.dumps(change(_items(json.loads(asked.body)["input"]))))

    site.pages["/v1/embeddings"] = page


def _embedder(site: Site, **how: Any) -> RemoteEmbedder:
    return RemoteEmbedder(f"{site.url}/v1/", "tiny", client=Client(backoff_s=0.01), **how)


def test_vectors_come_in_order_and_of_length_one(site: Site) -> None:
    _answers(site, lambda items: {"data": items[::-1]})
    embedder = _embedder(site, api_key_env="KEY", environ={"KEY": "hunter2"})
    vectors = embedder.embed(["a", "bbb", ""])
    expected = np.array([_vector(text) for text in ("a", "bbb", " ")], dtype=np.float32)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), rtol=1e-6)
    assert embedder.dimensions == 3 and "hunter2" not in embedder.name
    assert site.asked[0].headers["authorization"] == "Bearer hunter2"
    assert json.loads(site.asked[0].body)["model"] == "tiny"


def test_many_texts_go_in_batches(site: Site) -> None:
    _answers(site)
    texts = [f"{n}" for n in range(250)]
    assert _embedder(site).embed(texts).shape == (250, 3)
    assert [len(json.loads(asked.body)["input"]) for asked in site.asked] == [96, 96, 58]


def test_what_is_too_much_goes_in_halves_and_what_is_too_long_is_shortened(site: Site) -> None:
    def page(asked: Asked) -> Answer:
        texts = json.loads(asked.body)["input"]
        if sum(map(len, texts)) > 5_000:
            return Answer('{"error": {"message": "maximum context length"}}', 400)
        return Answer(json.dumps({"data": _items(texts)}))

    site.pages["/v1/embeddings"] = page
    vectors = _embedder(site).embed(["a" * 4_000, "b" * 4_000, "c" * 20_000])
    assert vectors.shape == (3, 3)


def test_a_busy_endpoint_is_asked_again(site: Site) -> None:
    answers = iter([Answer("", 429), Answer("", 500), Answer(json.dumps({"data": _items(["a"])}))])
    site.pages["/v1/embeddings"] = lambda _: next(answers)
    assert _embedder(site).embed(["a"]).shape == (1, 3)


def test_no_text_asks_for_nothing_where_the_dimensions_are_given(site: Site) -> None:
    assert _embedder(site, dimensions=8).embed([]).shape == (0, 8)
    assert site.asked == []


def test_dimensions_are_asked_for_and_part_of_the_name(site: Site) -> None:
    _answers(site)
    embedder = _embedder(site, dimensions=3)
    embedder.embed(["a"])
    assert json.loads(site.asked[0].body)["dimensions"] == 3
    assert embedder.name != _embedder(site).name


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda items: {"data": items[:-1]}, "1 vectors for 2 texts"),
        (lambda items: {"data": [items[0], items[0]]}, "2 vectors for 2 texts"),
        (lambda items: {"data": "none"}, "no list of vectors"),
        (lambda items: [], "no list of vectors"),
        (lambda items: {"data": [items[0], {**items[1], "embedding": [1.0]}]}, "different lengths"),
        (lambda items: {"data": [{**item, "embedding": [float("nan")] * 3} for item in items]}, "no number"),
    ],
)
def test_answers_that_are_wrong_are_said(
    site: Site, change: Callable[[list[dict[str, Any]]], Any], says: str
) -> None:
    _answers(site, change)
    with pytest.raises(LibraryError, match=says):
        _embedder(site).embed(["a", "b"])


def test_a_refusal_tells_no_key(site: Site) -> None:
    site.pages["/v1/embeddings"] = Answer("wrong key: hunter2", 401)
    with pytest.raises(LibraryError) as failure:
        _embedder(site, api_key_env="KEY", environ={"KEY": "hunter2"}).embed(["a"])
    assert "wrong key: …" in failure.value.message and "hunter2" not in failure.value.message
    assert failure.value.help


def test_a_key_that_is_not_set_is_named(site: Site) -> None:
    with pytest.raises(LibraryError, match="`NO_SUCH_KEY` is not set"):
        _embedder(site, api_key_env="NO_SUCH_KEY", environ={})
