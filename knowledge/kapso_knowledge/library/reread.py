"""The best hits in the order that a better, slower embedder than that of the vectors gives them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.library.passages import Passages
from kapso_knowledge.library.protocol import Embedder, Hit
from kapso_knowledge.library.search import Weights, is_aside
from kapso_knowledge.nodes import Node

_BATCH = 16
READ = 30
"""So many hits are read again."""


def reread(
    query: str, hits: Sequence[Hit], reader: Embedder, passages: Passages, weights: Weights
) -> list[Hit]:
    """The hits in their new order, their scores between those of the first and the last before."""
    if len(hits) < 2:
        return list(hits)
    before = np.array([hit.score for hit in hits])
    near = passages.near(query, [hit.node for hit in hits], reader)
    shares = (1 - weights.reader) * _spread(before) + weights.reader * _spread(near)
    shares *= np.array([weights.aside if is_aside(hit.node) else 1.0 for hit in hits])
    scores = before[-1] + shares * (before[0] - before[-1])
    why = f"read again by {reader.name}"
    order = np.argsort(-shares, kind="stable")
    return [replace(hits[at], score=float(scores[at]), why=(*hits[at].why, why)) for at in order]


def read_all(nodes: Sequence[Node], reader: Embedder, passages: Passages) -> Iterator[tuple[int, int]]:
    """Read what was not read yet on all cores: how many of how many, after each batch."""
    unread = passages.unread(nodes, reader)
    batches = [unread[at : at + _BATCH] for at in range(0, len(unread), _BATCH)]
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        done = 0
        for batch in pool.map(lambda batch: passages.read(batch, reader), batches):
            done += len(batch)
            yield done, len(unread)
    finally:
        pool.shutdown(cancel_futures=True)


def _spread(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """From 0 for the least to 1 for the most."""
    span = values.max() - values.min()
    return np.asarray((values - values.min()) / (span if span > 0 else 1))
