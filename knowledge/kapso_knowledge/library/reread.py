"""The best hits in the order that a better, slower embedder than that of the vectors gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.library.passages import Passages
from kapso_knowledge.library.protocol import Embedder, Hit

READ = 30
"""So many hits are read again."""
_SHARE = 0.7
"""What the second reading counts; measured: experiments/bench/results/retrieval.md."""


def reread(query: str, hits: Sequence[Hit], reader: Embedder, passages: Passages) -> list[Hit]:
    """The hits in their new order."""
    if len(hits) < 2:
        return list(hits)
    near = _spread(passages.near(query, [hit.node for hit in hits], reader))
    before = _spread(np.array([hit.score for hit in hits]))
    scores = (1 - _SHARE) * before + _SHARE * near
    order = np.argsort(-scores, kind="stable")
    why = f"read again by {reader.name}"
    return [replace(hits[at], score=float(scores[at]), why=(*hits[at].why, why)) for at in order]


def _spread(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """From 0 for the least to 1 for the most."""
    span = values.max() - values.min()
    return np.asarray((values - values.min()) / (span if span > 0 else 1))
