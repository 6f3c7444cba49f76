"""Vectors from an endpoint that speaks as OpenAI's does (`POST …/embeddings`): a choice, never a default.

The texts of the library go there. What it refuses as too much at once is asked for in halves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.errors import LibraryError
from kapso_knowledge.net.outcome import Unfetched
from kapso_knowledge.net.urls import host_of, shown

if TYPE_CHECKING:
    from kapso_knowledge.net.client import Client

_BATCH = 96  # texts; some providers take no more
_BATCH_CHARS = 200_000
_LONGEST = 24_000  # characters of one text: about 8,000 tokens, the usual limit
_TOO_MUCH = (400, 413, 422)


class RemoteEmbedder:
    """`name` holds model and host, so that a change of either makes the vectors anew.

    `api_key_env` names the variable that holds the key; None sends none. `dimensions` shortens the vectors,
    where the model can; else they are as long as they come.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        api_key_env: str | None = None,
        *,
        dimensions: int | None = None,
        environ: Mapping[str, str] | None = None,
        client: Client | None = None,
    ) -> None:
        self._url = base_url.rstrip("/") + "/embeddings"
        self._model = model
        self._asked_dimensions = dimensions
        self._key = _key(api_key_env, os.environ if environ is None else environ)
        self._given = client
        self.name = f"{model}@{host_of(self._url)}" + (f"/{dimensions}" if dimensions else "")

    @cached_property
    def dimensions(self) -> int:
        """As many as asked for, else as many as one text shows."""
        return self._asked_dimensions or len(self._ask(["dimensions"])[0])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Raises LibraryError when the endpoint does not answer as it should."""
        rows = [row for batch in _batches(texts) for row in self._in_parts(batch)]
        if not rows:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        if len({len(row) for row in rows}) > 1:
            raise self._error("its vectors have different lengths")
        vectors = np.asarray(rows, dtype=np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.isfinite(lengths).all():
            raise self._error("its vectors hold what is no number")
        return (vectors / np.where(lengths == 0, 1, lengths)).astype(np.float32, copy=False)

    def _in_parts(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            return self._ask(texts)
        except Unfetched as failure:
            if failure.status not in _TOO_MUCH:
                raise self._error(failure.reason) from failure
            if len(texts) > 1:
                middle = len(texts) // 2
                return self._in_parts(texts[:middle]) + self._in_parts(texts[middle:])
            if len(texts[0]) <= 1_000:  # it is not the length
                raise self._error(failure.reason) from failure
            return self._in_parts([texts[0][: len(texts[0]) // 2]])

    def _ask(self, texts: Sequence[str]) -> list[list[float]]:
        body: dict[str, Any] = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        if self._asked_dimensions:
            body["dimensions"] = self._asked_dimensions
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        answer = self._client.ask(
            self._url, body=body, headers=headers, secret=self._key, max_bytes=100_000_000
        )
        return self._rows(answer, len(texts))

    def _rows(self, answer: Any, count: int) -> list[list[float]]:
        """In the order of the texts, which is not always that of the answer."""
        try:
            items = sorted(answer["data"], key=lambda item: int(item["index"]))
            rows = [[float(value) for value in item["embedding"]] for item in items]
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise self._error("its answer is no list of vectors") from error
        if len(rows) != count or [int(item["index"]) for item in items] != list(range(count)):
            raise self._error(f"it answers {len(rows)} vectors for {count} texts")
        return rows

    @cached_property
    def _client(self) -> Client:
        from kapso_knowledge.net.client import Client  # 120 ms: httpx

        return self._given or Client(seconds=180.0)

    def _error(self, reason: str) -> LibraryError:
        return LibraryError(
            f"no vectors of `{self._model}` from `{shown(self._url)}`: {reason}",
            help="look at base_url, model and key; the embedder `wordllama` needs no network",
            slug="embedder",
        )


def _key(variable: str | None, environ: Mapping[str, str]) -> str | None:
    if variable is None:
        return None
    key = environ.get(variable, "").strip()
    if not key:
        raise LibraryError(
            f"`{variable}` is not set, and the embedder's key is to stand there",
            help=f"set it: `export {variable}=…`",
            slug="embedder",
        )
    return key


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        text = text[:_LONGEST] or " "  # an empty text is refused by most
        if batch and (len(batch) == _BATCH or size + len(text) > _BATCH_CHARS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch
