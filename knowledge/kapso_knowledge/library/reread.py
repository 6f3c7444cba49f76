"""The best hits read again by a better, slower embedder than that of the vectors.

It reads some twenty short texts a query instead of all the library: learning stays fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.library.protocol import Embedder, Hit

READ = 20
"""So many hits are read again."""
_SHARE = 0.7
"""What the second reading counts; measured: experiments/bench/results/retrieval.md."""
_LONGEST = 400
"""Characters: what a passage is about stands at its beginning, and time is spent by the character."""


def reread(query: str, hits: Sequence[Hit], reader: Embedder) -> list[Hit]:
    """The hits in their new order."""
    if len(hits) < 2:
        return list(hits)
    texts = [f"{hit.node.title}. {hit.node.text}"[:_LONGEST] for hit in hits]
    asked, *vectors = reader.embed([query, *texts])
    near = _spread(np.array([vector @ asked for vector in vectors]))
    before = _spread(np.array([hit.score for hit in hits]))
    scores = (1 - _SHARE) * before + _SHARE * near
    order = np.argsort(-scores, kind="stable")
    return [replace(hits[at], score=float(scores[at]), why=(*hits[at].why, "read again")) for at in order]


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 for the least to 1 for the most."""
    span = values.max() - values.min()
    return np.asarray((values - values.min()) / (span if span > 0 else 1))
